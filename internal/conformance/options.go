package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// options are those of the batch processors that the cases were made for.
type options struct {
	throw       bool // return an error when no record is done
	parallel    bool
	concurrency int
	stop        bool
	skipGroup   bool
	goOn        bool // a Kafka partition

	decode bool     // the payload must be a JSON object
	fields []string // that has these
	ignore bool     // drop what cannot be decoded

	successHookFails []string // identifiers
	failureHookFails bool
}

// defaultConcurrency is that of cases which are parallel and do not say how much.
const defaultConcurrency = 8

func parseOptions(text json.RawMessage) (options, error) {
	o := options{throw: true, concurrency: defaultConcurrency}
	if len(text) == 0 {
		return o, nil
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		return o, fmt.Errorf("options: %w", err)
	}
	for _, key := range slices.Sorted(maps.Keys(raw)) {
		if err := o.set(key, raw[key]); err != nil {
			return o, err
		}
	}
	return o, nil
}

func (o *options) set(key string, value json.RawMessage) error {
	var err error
	switch key {
	case "throwOnFullBatchFailure":
		err = read(value, &o.throw)
	case "mode":
		err = choose(value, &o.parallel, "sequential", "parallel")
	case "maxConcurrency":
		if err = read(value, &o.concurrency); err == nil && o.concurrency < 1 {
			err = fmt.Errorf("%d is less than 1", o.concurrency)
		}
	case "errorPolicy":
		err = choose(value, &o.stop, "continue", "stop")
	case "kafkaPolicy":
		err = o.kafkaPolicy(value)
	case "skipGroupOnError":
		err = read(value, &o.skipGroup)
	case "decode":
		err = choose(value, &o.decode, "none", "json")
	case "require":
		err = read(value, &o.fields)
	case "decodeErrorPolicy":
		err = choose(value, &o.ignore, "fail", "ignore")
	case "successHookThrowsFor":
		err = read(value, &o.successHookFails)
	case "failureHookThrows":
		err = read(value, &o.failureHookFails)
	default:
		return fmt.Errorf("unknown option %q", key)
	}
	if err != nil {
		return fmt.Errorf("option %q: %w", key, err)
	}
	return nil
}

func read(value json.RawMessage, into any) error {
	if bytes.Equal(value, []byte("null")) {
		return errors.New("it is null")
	}
	return json.Unmarshal(value, into)
}

// choose reads one of two words; chosen says whether it is the second.
func choose(value json.RawMessage, chosen *bool, first, second string) error {
	var word string
	if err := read(value, &word); err != nil {
		return err
	}
	if word != first && word != second {
		return fmt.Errorf("unknown value %q: it takes %q or %q", word, first, second)
	}
	*chosen = word == second
	return nil
}

// kafkaPolicy reads what a failure means for the records behind it.
func (o *options) kafkaPolicy(value json.RawMessage) error {
	var word string
	if err := read(value, &word); err != nil {
		return err
	}
	switch word {
	case "stop-partition": // what weir does by itself
	case "stop-batch":
		o.stop = true
	case "continue":
		o.goOn = true
	default:
		return fmt.Errorf(`unknown value %q: it takes "stop-partition", "stop-batch" or "continue"`, word)
	}
	return nil
}

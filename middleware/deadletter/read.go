package deadletter

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
)

// ErrNotLetter matches the error for what is no letter of this package's, nor an on-failure record
// of Lambda's.
var ErrNotLetter = errors.New("deadletter: not a letter")

// Parse reads a letter, such as the body of a message in a queue or an object. An on-failure record that
// Lambda wrote to S3 has a batch: a letter for each of its records. One in a queue or topic
// only says which records there were: one letter without content, whose Destination says so.
// Records of a batch have the identity that weir gives them, with a Kafka cluster as its ARN or servers name it.
//
// Parse also looks into what letters come in: a notification of SNS, and what the AWS CLI prints for
// messages that it received from a queue.
func Parse(data []byte) ([]Letter, error) { return parse(data, 2) }

// parse looks into as many wrappings.
func parse(data []byte, deep int) ([]Letter, error) {
	var l Letter
	err := json.Unmarshal(data, &l)
	if err == nil {
		return []Letter{l}, nil
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return nil, fmt.Errorf("%w: %w", ErrNotLetter, err)
	}
	if letters, is, err := parseFailure(data); is {
		return letters, err
	}
	var in struct {
		Type, Message *string
		Messages      []struct{ Body *string }
	}
	if deep > 0 && json.Unmarshal(data, &in) == nil {
		if in.Type != nil && *in.Type == "Notification" && in.Message != nil {
			return parse([]byte(*in.Message), deep-1)
		}
		if len(in.Messages) > 0 {
			return parseBodies(in.Messages, deep-1)
		}
	}
	if errors.Is(err, ErrNotLetter) {
		return nil, err
	}
	return nil, fmt.Errorf("%w: %w", ErrNotLetter, err)
}

func parseBodies(messages []struct{ Body *string }, deep int) (letters []Letter, err error) {
	var errs []error
	for i, m := range messages {
		some, err := []Letter(nil), ErrNotLetter
		if m.Body != nil {
			some, err = parse([]byte(*m.Body), deep)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("message %d: %w", i, err))
		}
		letters = append(letters, some...)
	}
	return letters, errors.Join(errs...)
}

// LineError is what Read yields for what it cannot read.
type LineError struct {
	Line int64 // where it begins, from 1
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap returns the cause.
func (e *LineError) Unwrap() error { return e.Err }

// Read yields the letters of a file of JSON lines, or of whole objects such as those of S3, one
// behind another; lists of them too. A line that is no letter yields a *LineError, and reading goes on behind it: the
// last line of a process that was killed may be a part of one. An error of the reader itself ends it.
func Read(r io.Reader) iter.Seq2[Letter, error] {
	return func(yield func(Letter, error) bool) {
		in := &input{r: bufio.NewReader(r)}
		for {
			value, at, err := in.next()
			if err == io.EOF {
				return
			}
			var letters []Letter
			if err == nil {
				letters, err = parseAll(value)
			}
			for _, l := range letters {
				if !yield(l, nil) {
					return
				}
			}
			if err != nil && !yield(Letter{}, &LineError{at, err}) || in.over {
				return
			}
		}
	}
}

// parseAll reads a letter, or a list of them.
func parseAll(value []byte) (letters []Letter, err error) {
	if value[0] != '[' {
		return Parse(value)
	}
	var list []json.RawMessage
	if err := json.Unmarshal(value, &list); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotLetter, err)
	}
	var errs []error
	for i, v := range list {
		some, err := Parse(v)
		if err != nil {
			errs = append(errs, fmt.Errorf("item %d: %w", i, err))
		}
		letters = append(letters, some...)
	}
	return letters, errors.Join(errs...)
}

// input splits what is read into JSON values.
type input struct {
	r    *bufio.Reader
	line int64 // read
	over bool
}

// next returns the next value and its line. One on a line of its own is not read as JSON yet.
func (in *input) next() (value []byte, at int64, err error) {
	for {
		line, err := in.r.ReadBytes('\n')
		if len(line) > 0 {
			in.line++
		}
		text := bytes.TrimSpace(bytes.TrimPrefix(line, []byte("\xef\xbb\xbf")))
		switch {
		case err != nil && err != io.EOF:
			in.over = true
			return nil, in.line, err
		case len(text) == 0 && err == io.EOF:
			return nil, in.line, io.EOF
		case len(text) == 0:
			continue
		case string(text) == "{" && in.follows(`"}`), string(text) == "[":
			return in.spread(line)
		}
		return text, in.line, nil
	}
}

// follows reports whether the next character is one of these. Behind a line that was torn off after its
// first character another begins.
func (in *input) follows(any string) bool {
	for n := 1; ; n++ {
		ahead, err := in.r.Peek(n)
		if err != nil {
			return false // or that much space that it is not worth it
		}
		if c := ahead[n-1]; c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return strings.IndexByte(any, c) >= 0
		}
	}
}

// spread reads a value over several lines.
func (in *input) spread(first []byte) (value []byte, at int64, err error) {
	at = in.line
	d := json.NewDecoder(io.MultiReader(bytes.NewReader(first), in.r))
	if err := d.Decode((*json.RawMessage)(&value)); err != nil {
		in.over = true
		return nil, at, fmt.Errorf("%w: a value over several lines, behind which nothing more can be read: %w", ErrNotLetter, err)
	}
	in.line += int64(bytes.Count(value, []byte("\n")))
	in.r = bufio.NewReader(io.MultiReader(d.Buffered(), in.r))
	return value, at, nil
}

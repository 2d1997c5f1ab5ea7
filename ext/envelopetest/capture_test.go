package envelopetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/weir-go/weir"
)

// seen is a record as a handler meets it, or as OnUndecodable does when damage is not nil,
// with what its methods return while it is there.
type seen struct {
	*weir.Message
	damage error
	raw    string
	pairs  [][2]string
	attrs  map[string]string
	custom map[string]weir.MessageAttribute
}

func look(m *weir.Message, names []string, damage error) seen {
	s := seen{m, damage, m.Raw(), nil, map[string]string{}, m.MessageAttributes()}
	for k, v := range m.Attributes() {
		s.pairs = append(s.pairs, [2]string{k, v})
	}
	for _, name := range names {
		s.attrs[name] = m.Attribute(name)
	}
	return s
}

// names lists what Attribute will be asked for.
func (s *source) names(event []byte) (names []string) {
	records, _ := split(event, s.origin)
	for _, record := range records {
		names = slices.AppendSeq(names, maps.Keys(s.model(record).attrs))
		if r, err := s.aws(record); err == nil {
			names = slices.AppendSeq(names, maps.Keys(r.attrs))
		}
	}
	return names
}

// source is one of weir's sources, and what the tests know about it.
type source struct {
	name   string
	origin string // its eventSource
	build  func(v weir.Verb, o weir.Option) *weir.Lambda
	model  func(record []byte) row
	aws    func(record []byte) (row, error)
}

var (
	sqs = &source{"SQS", "aws:sqs", func(v weir.Verb, o weir.Option) *weir.Lambda { return weir.SQS(v, o) }, modelSQS, awsSQS}
	kin = &source{"Kinesis", "aws:kinesis", func(v weir.Verb, o weir.Option) *weir.Lambda { return weir.Kinesis(v, o) }, modelKinesis, awsKinesis}
	ddb = &source{"DynamoDB", "aws:dynamodb", func(v weir.Verb, o weir.Option) *weir.Lambda { return weir.DynamoDB(v, o) }, modelDynamoDB, awsDynamoDB}
)

// read runs an event through the public API. Damaged records are dropped, so that nothing
// keeps a later one from being seen.
func (s *source) read(t *testing.T, event []byte) ([]seen, error) {
	t.Helper()
	var all []seen
	names := s.names(event)
	l := s.build(weir.EachMessage(func(_ context.Context, m *weir.Message) error {
		all = append(all, look(m, names, nil))
		return nil
	}), weir.OnUndecodable(func(_ context.Context, m *weir.Message, err error) error {
		all = append(all, look(m, names, err))
		return nil
	}))
	out, err := l.Invoke(t.Context(), event)
	var panicked *weir.PanicError
	if errors.As(err, &panicked) {
		t.Fatalf("a panic: %v\n%s", panicked.Value, panicked.Stack)
	}
	if want := `{"batchItemFailures":[]}`; err == nil && string(out) != want {
		t.Fatalf("response = %s, want %s", out, want)
	}
	for _, r := range all {
		if errors.As(r.damage, &panicked) {
			t.Fatalf("a panic: %v\n%s", panicked.Value, panicked.Stack)
		}
	}
	return all, err
}

// compare holds an event against the model and, where no difference is meant, against
// aws-lambda-go. It returns the number of records that went as far as the latter.
func (s *source) compare(t *testing.T, event []byte) (same int) {
	t.Helper()
	records, refusal := split(event, s.origin)
	got, err := s.read(t, event)
	switch {
	case err != nil && refusal == nil:
		t.Fatalf("weir refuses: %v", err)
	case err == nil && refusal != nil:
		t.Fatalf("weir accepts, but %v", refusal)
	case refusal != nil:
		// Of an event that is both, weir says what comes first.
		if !errors.Is(refusal, errSyntax) && !errors.Is(err, weir.ErrNotBatch) {
			t.Fatalf("weir says %v, want ErrNotBatch since %v", err, refusal)
		}
		return 0
	}
	if len(got) != len(records) {
		t.Fatalf("%d records, want %d", len(got), len(records))
	}
	for i, record := range records {
		if got[i].raw != string(record) {
			t.Fatalf("record %d: Raw = %s\nwant %s", i, got[i].raw, record)
		}
		want := s.model(record)
		if want.damaged != (got[i].damage != nil) {
			t.Fatalf("record %d: damaged = %v, want %v\n%s", i, got[i].damage, want.damaged, record)
		}
		check(t, fmt.Sprintf("record %d, model", i), got[i], want)
		if want.damaged || want.differs {
			continue
		}
		if want, err = s.aws(record); err != nil {
			continue // a wrong type in a field that weir does not read
		}
		check(t, fmt.Sprintf("record %d, aws-lambda-go", i), got[i], want)
		same++
	}
	return same
}

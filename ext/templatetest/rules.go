package templatetest

import (
	"slices"
	"strings"
)

// defaults that AWS takes: 3 and 30 seconds, 4 days.
const (
	defaultTimeout    = 3
	defaultVisibility = 30
	defaultRetention  = 345600
)

// checkRules holds what weir, and AWS's own advice, ask of a mapping.
func (s *stack) checkRules() {
	mappings := s.of("AWS::Lambda::EventSourceMapping")
	if len(mappings) != 1 {
		s.problem("%d event source mappings, not one", len(mappings))
	}
	for _, name := range mappings {
		m := s.resources[name]
		_, f := s.target(m.props["FunctionName"])
		if f == nil || f.kind != "AWS::Lambda::Function" {
			s.problem("%s: FunctionName %v is no function of the template", name, m.props["FunctionName"])
			continue
		}
		s.checkFunction(f)
		if types, _ := m.props["FunctionResponseTypes"].([]any); !slices.Contains(types, any("ReportBatchItemFailures")) {
			s.problem("%s: FunctionResponseTypes lacks ReportBatchItemFailures: Lambda would ignore what weir answers", name)
		}
		switch s.source(m) {
		case "AWS::SQS::Queue":
			s.checkQueue(name, m, f)
		case "AWS::Kinesis::Stream":
			s.checkStream(name, m)
		case "AWS::DynamoDB::Table":
			s.checkStream(name, m)
			s.checkTable(m)
		case kafka:
			s.checkStream(name, m)
			s.checkKafka(name, m, f)
		default:
			s.problem("%s: EventSourceArn %v is neither a queue, a stream, a table's stream nor a cluster", name, m.props["EventSourceArn"])
		}
	}
}

const kafka = "a cluster"

// source is the type of what a mapping reads.
func (s *stack) source(m *resource) string {
	arn := m.text("EventSourceArn")
	name, r := s.target(arn)
	switch {
	case r != nil && r.kind == "AWS::DynamoDB::Table" && !strings.HasSuffix(arn, ".StreamArn}"):
		return "" // the table's own ARN
	case r != nil && strings.Contains(arn, "."):
		return r.kind
	case slices.Contains(s.params, name) && m.props["Topics"] != nil:
		return kafka
	}
	return ""
}

func (s *stack) checkFunction(f *resource) {
	if f.text("Runtime") != "provided.al2023" || f.text("Handler") != "bootstrap" {
		s.problem("the function is not an executable named bootstrap on provided.al2023")
	}
	if list, _ := f.props["Architectures"].([]any); len(list) != 1 || list[0] != "arm64" {
		s.problem("the function is not for arm64")
	}
	if f.props["Timeout"] == nil {
		s.problem("the function has no Timeout: 3 seconds is short for a batch")
	}
	if _, log := s.target(f.get("LoggingConfig", "LogGroup")); log == nil || log.kind != "AWS::Logs::LogGroup" {
		s.problem("the function's LogGroup is none of the template")
	} else if log.props["RetentionInDays"] == nil {
		s.problem("the log group keeps everything for ever: give it RetentionInDays")
	}
}

func (s *stack) checkQueue(name string, m, f *resource) {
	for _, p := range []string{"StartingPosition", "DestinationConfig", "BisectBatchOnFunctionError", "MaximumRetryAttempts", "MaximumRecordAgeInSeconds", "ProvisionedPollerConfig", "Topics"} {
		if m.props[p] != nil {
			s.problem("%s: %s does not apply to a queue", name, p)
		}
	}
	source, q := s.target(m.props["EventSourceArn"])
	window, batch := m.number(0, "MaximumBatchingWindowInSeconds"), m.number(10, "BatchSize")
	fifo := q.props["FifoQueue"] == true
	switch {
	case fifo && window > 0:
		s.problem("%s: a FIFO queue takes no batching window", name)
	case fifo && batch > 10:
		s.problem("%s: a FIFO queue takes a BatchSize of at most 10", name)
	case batch > 10 && window == 0:
		s.problem("%s: a BatchSize of more than 10 needs a batching window", name)
	}
	if have, need := q.number(defaultVisibility, "VisibilityTimeout"), 6*f.number(defaultTimeout, "Timeout")+window; have < need {
		s.problem("%s: VisibilityTimeout is %v, less than 6 times the function's Timeout and the batching window, %v", source, have, need)
	}
	_, dead := s.target(q.get("RedrivePolicy", "deadLetterTargetArn"))
	if dead == nil || dead.kind != "AWS::SQS::Queue" || dead == q {
		s.problem("%s: it has no dead-letter queue: what never succeeds comes back until it expires", source)
		return
	}
	if q.number(0, "RedrivePolicy", "maxReceiveCount") < 5 {
		s.problem("%s: maxReceiveCount is less than 5: throttled invocations count as well", source)
	}
	if (dead.props["FifoQueue"] == true) != fifo {
		s.problem("%s: a FIFO queue's dead-letter queue is FIFO, a standard queue's standard", source)
	}
	if dead.number(defaultRetention, "MessageRetentionPeriod") <= q.number(defaultRetention, "MessageRetentionPeriod") {
		s.problem("%s: its dead-letter queue must keep messages for longer, since their age goes on", source)
	}
}

// checkStream holds for Kafka too: nothing may be tried for ever, and what is given up is told.
func (s *stack) checkStream(name string, m *resource) {
	switch m.props["StartingPosition"] {
	case "TRIM_HORIZON":
	case nil:
		s.problem("%s: StartingPosition is missing", name)
	default:
		s.problem("%s: StartingPosition %v may miss records while pollers start", name, m.props["StartingPosition"])
	}
	if m.number(-1, "MaximumRetryAttempts") < 0 || m.number(-1, "MaximumRecordAgeInSeconds") < 0 {
		s.problem("%s: without MaximumRetryAttempts and MaximumRecordAgeInSeconds one record can hold up the others for as long as the source keeps it", name)
	}
	if m.props["BisectBatchOnFunctionError"] != true {
		s.problem("%s: without BisectBatchOnFunctionError a bad record takes its batch along", name)
	}
	_, q := s.target(m.get("DestinationConfig", "OnFailure", "Destination"))
	switch {
	case q == nil || q.kind != "AWS::SQS::Queue":
		s.problem("%s: it has no destination on failure: what is given up vanishes", name)
	case q.props["FifoQueue"] == true:
		s.problem("%s: a FIFO queue cannot be a destination", name)
	}
}

func (s *stack) checkTable(m *resource) {
	name, table := s.target(m.props["EventSourceArn"])
	switch table.get("StreamSpecification", "StreamViewType") {
	case nil:
		s.problem("%s has no stream", name)
	case "KEYS_ONLY":
		s.problem("%s: its stream has no images, which weir.Change needs", name)
	}
	declared := []string{}
	list, _ := table.props["AttributeDefinitions"].([]any)
	for _, a := range list {
		declared = append(declared, object(a)["AttributeName"].(string))
	}
	keys, _ := table.props["KeySchema"].([]any)
	for _, k := range keys {
		if !slices.Contains(declared, object(k)["AttributeName"].(string)) {
			s.problem("%s: the key %v is not among its AttributeDefinitions", name, object(k)["AttributeName"])
		}
	}
}

func (s *stack) checkKafka(name string, m, f *resource) {
	lowest, highest := m.number(0, "ProvisionedPollerConfig", "MinimumPollers"), m.number(0, "ProvisionedPollerConfig", "MaximumPollers")
	if lowest == 0 || highest < lowest {
		s.problem("%s: partial responses from Kafka need provisioned mode: a ProvisionedPollerConfig with a minimum and a maximum", name)
	}
	if m.text("AmazonManagedKafkaEventSourceConfig", "ConsumerGroupId") == "" {
		s.problem("%s: without a ConsumerGroupId a new mapping begins from the start", name)
	}
	if f.number(defaultTimeout, "Timeout") > 840 {
		s.problem("%s: a function behind Kafka has at most 14 minutes", name)
	}
}

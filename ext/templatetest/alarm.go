package templatetest

import "fmt"

// metric is one that AWS publishes for a resource: its name, its dimension, and the property of the
// resource that is the dimension's value.
type metric struct{ namespace, name, dimension string }

var (
	oldest  = metric{"AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName"}
	visible = metric{"AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName"}
	failing = metric{"AWS/Lambda", "Errors", "FunctionName"}
	behind  = metric{"AWS/Lambda", "IteratorAge", "FunctionName"}
	lagging = metric{"AWS/Lambda", "OffsetLag", "FunctionName"}
)

// value is how a dimension of this metric names a resource.
func (m metric) value(resource string) string {
	if m.dimension == "QueueName" {
		return "${" + resource + ".QueueName}"
	}
	return "${" + resource + "}"
}

// checkAlarms holds that alarms look at what is there, and that none is missing: being behind,
// giving up, failing altogether.
func (s *stack) checkAlarms() {
	there := map[string]bool{}
	for _, name := range s.of("AWS::CloudWatch::Alarm") {
		a := s.resources[name]
		m := metric{a.text("Namespace"), a.text("MetricName"), ""}
		dimensions, _ := a.props["Dimensions"].([]any)
		if len(dimensions) != 1 {
			s.problem("%s: it has %d dimensions, not one", name, len(dimensions))
			continue
		}
		m.dimension = fmt.Sprint(object(dimensions[0])["Name"])
		value := fmt.Sprint(object(dimensions[0])["Value"])
		if m != oldest && m != visible && m != failing && m != behind && m != lagging {
			s.problem("%s: the metric %s %s by %s is not known here", name, m.namespace, m.name, m.dimension)
			continue
		}
		target, r := s.target(value)
		if r == nil || m.value(target) != value || (r.kind == "AWS::SQS::Queue") != (m.dimension == "QueueName") {
			s.problem("%s: its dimension %s is %s, which is none of the template's", name, m.dimension, value)
			continue
		}
		if actions, _ := a.props["AlarmActions"].([]any); len(actions) == 0 {
			s.problem("%s: it tells nobody: AlarmActions is missing", name)
		}
		if a.text("ComparisonOperator") != "GreaterThanThreshold" || a.text("TreatMissingData") != "notBreaching" {
			s.problem("%s: it does not go off above its threshold only", name)
		}
		there[fmt.Sprint(m, target)] = true
	}
	for _, name := range s.of("AWS::Lambda::EventSourceMapping") {
		s.wants(s.resources[name], there)
	}
}

// wants says which alarms a mapping must have.
func (s *stack) wants(m *resource, there map[string]bool) {
	want := func(why string, of metric, target string) {
		if !there[fmt.Sprint(of, target)] {
			s.problem("no alarm tells that %s: %s of %s", why, of.name, target)
		}
	}
	function, _ := s.target(m.props["FunctionName"])
	want("invocations fail", failing, function)
	source, q := s.target(m.props["EventSourceArn"])
	switch s.source(m) {
	case "AWS::SQS::Queue":
		want("messages wait", oldest, source)
		dead, _ := s.target(q.get("RedrivePolicy", "deadLetterTargetArn"))
		want("messages are given up", visible, dead)
		return
	case kafka:
		want("records wait", lagging, function)
	default:
		want("records wait", behind, function)
	}
	given, _ := s.target(m.get("DestinationConfig", "OnFailure", "Destination"))
	want("records are given up", visible, given)
}

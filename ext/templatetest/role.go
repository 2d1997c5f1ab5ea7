package templatetest

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// grant allows an action on a resource.
type grant struct{ action, on string }

// checkRoles holds what functions may do against what they need: no less, and no more.
func (s *stack) checkRoles() {
	for _, name := range s.of("AWS::Lambda::EventSourceMapping") {
		m := s.resources[name]
		_, f := s.target(m.props["FunctionName"])
		if f == nil {
			continue
		}
		roleName, role := s.target(f.props["Role"])
		if role == nil || role.kind != "AWS::IAM::Role" {
			s.problem("the function's Role %v is none of the template", f.props["Role"])
			continue
		}
		s.checkTrust(roleName, role)
		have, need := s.grants(roleName, role), s.needs(m, f)
		for _, g := range sorted(need) {
			if !have[g] {
				s.problem("%s: it lacks %s on %s", roleName, g.action, g.on)
			}
		}
		optional := grant{"sqs:ChangeMessageVisibility", m.text("EventSourceArn")}
		for _, g := range sorted(have) {
			if !need[g] && g != optional {
				s.problem("%s: nobody needs %s on %s", roleName, g.action, g.on)
			}
		}
	}
}

func sorted(set map[grant]bool) []grant {
	return slices.SortedFunc(maps.Keys(set), func(a, b grant) int { return strings.Compare(a.action+a.on, b.action+b.on) })
}

func (s *stack) checkTrust(name string, role *resource) {
	want := map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{
		"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": map[string]any{"Service": "lambda.amazonaws.com"},
	}}}
	if fmt.Sprint(role.props["AssumeRolePolicyDocument"]) != fmt.Sprint(want) { // maps print in order
		s.problem("%s: AssumeRolePolicyDocument is not for Lambda alone", name)
	}
}

var action = regexp.MustCompile(`^[a-z0-9-]+:[A-Za-z0-9]+$`)

// grants lists what a role allows, and finds statements that are none.
func (s *stack) grants(name string, role *resource) map[grant]bool {
	have := map[grant]bool{}
	policies, _ := role.props["Policies"].([]any)
	for _, p := range policies {
		doc := object(object(p)["PolicyDocument"])
		if doc["Version"] != "2012-10-17" {
			s.problem("%s: the Version of a policy is %v", name, doc["Version"])
		}
		statements, _ := doc["Statement"].([]any)
		if len(statements) == 0 {
			s.problem("%s: a policy has no Statement", name)
		}
		for _, st := range statements {
			s.statement(name, object(st), have)
		}
	}
	return have
}

func (s *stack) statement(name string, st map[string]any, have map[grant]bool) {
	for key := range st {
		if !slices.Contains([]string{"Sid", "Effect", "Action", "Resource"}, key) {
			s.problem("%s: %s in a statement is not known here", name, key)
		}
	}
	if st["Effect"] != "Allow" {
		s.problem("%s: Effect is %v", name, st["Effect"])
	}
	actions, resources := texts(st["Action"]), texts(st["Resource"])
	if len(actions) == 0 || len(resources) == 0 {
		s.problem("%s: a statement has no Action or no Resource", name)
	}
	for _, a := range actions {
		if !action.MatchString(a) {
			s.problem("%s: %s is not one action: name each", name, a)
		}
		for _, r := range resources {
			if r == "*" && !everywhere(a) {
				s.problem("%s: %s on everything: name the resource", name, a)
			}
			have[grant{a, r}] = true
		}
	}
}

// everywhere reports whether IAM knows no resources for an action. Source: "Actions, resources, and
// condition keys" of each service, Service Authorization Reference.
func everywhere(action string) bool {
	return action == "dynamodb:ListStreams" || strings.HasPrefix(action, "ec2:")
}

// texts takes a text or a list of them.
func texts(v any) (list []string) {
	if one, ok := v.(string); ok {
		return []string{one}
	}
	all, _ := v.([]any)
	for _, e := range all {
		list = append(list, fmt.Sprint(e))
	}
	return list
}

// needs lists what Lambda does with the function's role. Source: the execution role permissions on
// the pages of each source in the AWS Lambda Developer Guide.
func (s *stack) needs(m, f *resource) map[grant]bool {
	need := map[grant]bool{}
	add := func(on, service string, actions ...string) {
		for _, a := range actions {
			need[grant{service + ":" + a, on}] = true
		}
	}
	source := m.text("EventSourceArn")
	switch s.source(m) {
	case "AWS::SQS::Queue":
		add(source, "sqs", "ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
	case "AWS::Kinesis::Stream":
		add(source, "kinesis", "DescribeStream", "DescribeStreamSummary", "GetRecords", "GetShardIterator", "ListShards")
	case "AWS::DynamoDB::Table":
		add(source, "dynamodb", "DescribeStream", "GetRecords", "GetShardIterator")
		add("*", "dynamodb", "ListStreams")
	case kafka:
		add(source, "kafka", "DescribeClusterV2", "GetBootstrapBrokers")
		add(source, "kafka-cluster", "Connect", "DescribeClusterDynamicConfiguration")
		for _, topic := range texts(m.props["Topics"]) {
			add("replace("+source+",:cluster/,:topic/)/"+topic, "kafka-cluster", "DescribeTopic", "ReadData")
		}
		group := m.text("AmazonManagedKafkaEventSourceConfig", "ConsumerGroupId")
		add("replace("+source+",:cluster/,:group/)/"+group, "kafka-cluster", "DescribeGroup", "AlterGroup")
		add("*", "ec2", "CreateNetworkInterface", "DescribeNetworkInterfaces", "DescribeVpcs",
			"DeleteNetworkInterface", "DescribeSubnets", "DescribeSecurityGroups")
	}
	if to := m.text("DestinationConfig", "OnFailure", "Destination"); to != "" {
		add(to, "sqs", "SendMessage")
	}
	if log, _ := s.target(f.get("LoggingConfig", "LogGroup")); log != "" {
		add("${"+log+".Arn}", "logs", "CreateLogStream", "PutLogEvents")
	}
	return need
}

package templatetest

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// readCloudFormation reads a CloudFormation or SAM template.
func readCloudFormation(text string) *stack {
	s := newStack()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		s.problem("%v", err)
		return s
	}
	v, err := untag(&doc)
	if err != nil {
		s.problem("%v", err)
		return s
	}
	t := &template{stack: s, used: map[string]bool{}}
	t.read(v)
	return s
}

type template struct {
	*stack
	sam  bool
	used map[string]bool
}

// untag turns a YAML tree into plain values, short forms such as !Ref into their long ones.
func untag(n *yaml.Node) (any, error) {
	v, err := untagged(n)
	if err != nil || !strings.HasPrefix(n.Tag, "!") || strings.HasPrefix(n.Tag, "!!") {
		return v, err
	}
	switch name := n.Tag[1:]; name {
	case "Ref":
		return map[string]any{"Ref": v}, nil
	case "GetAtt":
		resource, attribute, _ := strings.Cut(fmt.Sprint(v), ".")
		return map[string]any{"Fn::GetAtt": []any{resource, attribute}}, nil
	default:
		return map[string]any{"Fn::" + name: v}, nil
	}
}

func untagged(n *yaml.Node) (any, error) {
	switch n.Kind {
	case yaml.DocumentNode:
		return untag(n.Content[0])
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i < len(n.Content); i += 2 {
			key := n.Content[i].Value
			if _, twice := m[key]; twice {
				return nil, fmt.Errorf("line %d: %s comes twice", n.Content[i].Line, key)
			}
			v, err := untag(n.Content[i+1])
			if err != nil {
				return nil, err
			}
			m[key] = v
		}
		return m, nil
	case yaml.SequenceNode:
		list := []any{}
		for _, c := range n.Content {
			v, err := untag(c)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	case yaml.ScalarNode:
		if strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") {
			return n.Value, nil
		}
		var v any
		if err := n.Decode(&v); err != nil {
			return nil, err
		}
		return plain(v)
	}
	return nil, fmt.Errorf("line %d: aliases are not known here", n.Line)
}

func object(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

func (t *template) read(v any) {
	top := object(v)
	for key := range top {
		if !slices.Contains([]string{"AWSTemplateFormatVersion", "Transform", "Description", "Parameters", "Resources"}, key) {
			t.problem("the section %s is not known here", key)
		}
	}
	if top["AWSTemplateFormatVersion"] != "2010-09-09" {
		t.problem("AWSTemplateFormatVersion is %v, not 2010-09-09", top["AWSTemplateFormatVersion"])
	}
	switch top["Transform"] {
	case nil:
	case "AWS::Serverless-2016-10-31":
		t.sam = true
	default:
		t.problem("the transform %v is not known here", top["Transform"])
	}
	for name, p := range object(top["Parameters"]) {
		t.params = append(t.params, name)
		if object(p)["Type"] != "String" || object(p)["Description"] == nil {
			t.problem("parameter %s is no String with a Description", name)
		}
	}
	slices.Sort(t.params)
	raw := object(top["Resources"])
	for name, r := range raw { // references may go forward
		kind, _ := object(r)["Type"].(string)
		t.resources[name] = &resource{kind: kind}
	}
	for _, name := range slices.Sorted(maps.Keys(raw)) {
		t.resource(name, object(raw[name]))
	}
	for _, p := range t.params {
		if !t.used[p] {
			t.problem("parameter %s is not used", p)
		}
	}
}

func (t *template) resource(name string, raw map[string]any) {
	for key := range raw {
		if !slices.Contains([]string{"Type", "Properties", "DependsOn", "Metadata"}, key) {
			t.problem("%s: %s is not known here", name, key)
		}
	}
	needs, _ := raw["DependsOn"].([]any)
	if one, ok := raw["DependsOn"].(string); ok {
		needs = []any{one}
	}
	for _, n := range needs {
		if _, ok := t.resources[fmt.Sprint(n)]; !ok {
			t.problem("%s: DependsOn %v: there is no such resource", name, n)
		}
	}
	props, ok := t.resolve(name, raw["Properties"]).(map[string]any)
	if !ok {
		t.problem("%s has no Properties", name)
		props = map[string]any{}
	}
	t.resources[name].props = props
	if t.resources[name].kind == "AWS::Serverless::Function" {
		t.expand(name, raw)
	}
}

var inSub = regexp.MustCompile(`\$\{([^!}][^}]*)\}`)

// resolve replaces intrinsic functions by texts.
func (t *template) resolve(where string, v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = t.resolve(where, v[i])
		}
		return out
	case map[string]any:
		if len(v) == 1 {
			for f, arg := range v {
				if f == "Ref" || strings.HasPrefix(f, "Fn::") {
					return t.call(where, f, arg)
				}
			}
		}
		out := map[string]any{}
		for key := range v {
			out[key] = t.resolve(where, v[key])
		}
		return out
	}
	return v
}

func (t *template) reference(where, ref string) string {
	t.used[ref] = true
	if err := t.exists(ref); err != nil {
		t.problem("%s: %v", where, err)
	}
	return "${" + ref + "}"
}

func (t *template) call(where, f string, arg any) any {
	args, _ := arg.([]any)
	switch {
	case f == "Ref":
		return t.reference(where, fmt.Sprint(arg))
	case f == "Fn::GetAtt" && len(args) == 2:
		return t.reference(where, fmt.Sprintf("%v.%v", args[0], args[1]))
	case f == "Fn::Sub":
		text, isText := arg.(string)
		own := map[string]any{}
		if !isText && len(args) == 2 {
			text, isText = args[0].(string)
			own = object(args[1])
		}
		if !isText {
			break
		}
		return inSub.ReplaceAllStringFunc(text, func(m string) string {
			name := m[2 : len(m)-1]
			if v, ok := own[name]; ok {
				return fmt.Sprint(t.resolve(where, v))
			}
			return t.reference(where, name)
		})
	case f == "Fn::Join" && len(args) == 2: // of a Split alone: that replaces
		split, _ := object(args[1])["Fn::Split"].([]any)
		if len(split) == 2 {
			return fmt.Sprintf("replace(%v,%v,%v)", t.resolve(where, split[1]), split[0], args[0])
		}
	}
	t.problem("%s: %s of %v is not known here", where, f, arg)
	return ""
}

// expand does what SAM's transform does: a function and a mapping for each of its events.
func (t *template) expand(name string, raw map[string]any) {
	f := t.resources[name]
	if !t.sam {
		t.problem("%s: %s needs the Transform of SAM", name, f.kind)
	}
	if method := object(raw["Metadata"])["BuildMethod"]; method != "go1.x" {
		t.problem("%s: BuildMethod is %v, so that sam build does not know it is Go", name, method)
	}
	t.checkShape(name, f.kind, f.props)
	for event, e := range object(f.props["Events"]) {
		m := object(object(e)["Properties"])
		t.event(name, event, fmt.Sprint(object(e)["Type"]), m)
		t.resources[name+event] = &resource{kind: "AWS::Lambda::EventSourceMapping", props: m}
	}
	f.kind = "AWS::Lambda::Function"
	f.props = maps.Clone(f.props)
	f.props["Code"] = map[string]any{"S3Key": f.props["CodeUri"]}
	delete(f.props, "CodeUri")
	delete(f.props, "Events")
}

// event turns the properties of an event into those of a mapping.
func (t *template) event(function, name, kind string, m map[string]any) {
	source := "Stream"
	if kind == "SQS" {
		source = "Queue"
	}
	if arn, ok := m[source]; ok {
		m["EventSourceArn"] = arn
	} else {
		t.problem("%s: event %s has no %s", function, name, source)
	}
	delete(m, source)
	m["FunctionName"] = "${" + function + "}"
	if group, ok := m["ConsumerGroupId"]; ok && kind == "MSK" {
		m["AmazonManagedKafkaEventSourceConfig"] = map[string]any{"ConsumerGroupId": group}
		delete(m, "ConsumerGroupId")
	}
	failure := object(object(m["DestinationConfig"])["OnFailure"])
	if failure["Type"] == "SQS" {
		delete(failure, "Type")
	}
}

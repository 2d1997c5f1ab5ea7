package templatetest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// stack is a template, whatever its form was.
type stack struct {
	params    []string
	resources map[string]*resource
	problems  []string
}

// resource is one of a stack's, as CloudFormation would describe it. Its properties are as JSON
// decodes them, and refer to others by texts: ${Orders} for Ref, ${Orders.Arn} for GetAtt.
type resource struct {
	kind  string
	props map[string]any
}

func newStack() *stack { return &stack{resources: map[string]*resource{}} }

func (s *stack) problem(format string, args ...any) {
	s.problems = append(s.problems, fmt.Sprintf(format, args...))
}

// of lists the names of the resources of a type, in order.
func (s *stack) of(kind string) (names []string) {
	for name, r := range s.resources {
		if r.kind == kind {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// exists reports whether a text such as ${Orders} or ${Orders.Arn} can be resolved.
func (s *stack) exists(ref string) error {
	name, attribute, isAttribute := strings.Cut(ref, ".")
	r, ok := s.resources[name]
	switch {
	case isAttribute && !ok:
		return fmt.Errorf("%s: there is no resource %s", ref, name)
	case isAttribute && shapes[r.kind] == nil:
		return fmt.Errorf("%s: the type %s is not known here", ref, r.kind)
	case isAttribute && !slices.Contains(shapes[r.kind].Attributes, attribute):
		return fmt.Errorf("%s: %s has no attribute %s", ref, r.kind, attribute)
	case !isAttribute && !ok && !slices.Contains(s.params, name) && !strings.HasPrefix(name, "AWS::"):
		return fmt.Errorf("%s: there is neither a resource nor a parameter of this name", ref)
	}
	return nil
}

var oneReference = regexp.MustCompile(`^\$\{([A-Za-z0-9]+)(?:\.[A-Za-z]+)?\}$`)

// target is the resource that a property refers to.
func (s *stack) target(value any) (name string, r *resource) {
	text, _ := value.(string)
	m := oneReference.FindStringSubmatch(text)
	if m == nil {
		return "", nil
	}
	return m[1], s.resources[m[1]]
}

// get walks down properties: get("RedrivePolicy", "maxReceiveCount").
func (r *resource) get(path ...string) any {
	var v any = r.props
	for _, p := range path {
		m, _ := v.(map[string]any)
		v = m[p]
	}
	return v
}

func (r *resource) text(path ...string) string {
	s, _ := r.get(path...).(string)
	return s
}

// number returns a property, or what AWS takes when it is not given.
func (r *resource) number(otherwise float64, path ...string) float64 {
	if n, ok := r.get(path...).(float64); ok {
		return n
	}
	return otherwise
}

// plain makes a value one that JSON could have decoded.
func plain(v any) (plain any, err error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return plain, json.Unmarshal(b, &plain)
}

// check lists what is wrong with a stack. What could not be read, or has not the shape it should, is
// not worth more words.
func (s *stack) check() []string {
	for _, look := range []func(){s.checkShapes, s.checkRules, s.checkRoles, s.checkAlarms} {
		if len(s.problems) == 0 {
			look()
		}
	}
	return s.problems
}

package templatetest

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// shape is what AWS says of a resource type: the attributes that GetAtt knows, and the properties.
type shape struct {
	Attributes []string `json:"attributes"`
	Properties any      `json:"properties"` // a JSON Schema
	schema     *jsonschema.Schema
}

//go:embed schema/cloudformation.json
var cloudFormationJSON []byte

var shapes = mustShapes(cloudFormationJSON)

func mustShapes(text []byte) map[string]*shape {
	var all map[string]*shape
	if err := json.Unmarshal(text, &all); err != nil {
		panic(err)
	}
	for kind, s := range all {
		c := jsonschema.NewCompiler()
		if err := c.AddResource("mem:///"+kind, s.Properties); err != nil {
			panic(fmt.Errorf("%s: %w", kind, err))
		}
		s.schema = c.MustCompile("mem:///" + kind)
	}
	return all
}

// checkShapes holds each resource against its type.
func (s *stack) checkShapes() {
	for _, name := range slices.Sorted(maps.Keys(s.resources)) {
		r := s.resources[name]
		s.checkShape(name, r.kind, r.props)
	}
}

func (s *stack) checkShape(name, kind string, props any) {
	sh, ok := shapes[kind]
	if !ok {
		s.problem("%s: the type %s is not known here", name, kind)
		return
	}
	if err := sh.schema.Validate(props); err != nil {
		s.problem("%s: %v", name, err)
	}
}

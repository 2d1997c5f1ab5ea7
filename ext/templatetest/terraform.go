package templatetest

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// translation says what of CloudFormation a Terraform resource is; see schema/README.md.
type translation struct {
	Type       string            `json:"type"`
	Attributes map[string]string `json:"attributes"`
	Required   []string          `json:"required"`
	Arguments  map[string]string `json:"arguments"`
}

//go:embed schema/terraform.json
var terraformJSON []byte

var translations = mustTranslations(terraformJSON)

func mustTranslations(text []byte) (all map[string]translation) {
	if err := json.Unmarshal(text, &all); err != nil {
		panic(err)
	}
	return all
}

// configuration is a Terraform file on its way to a stack.
type configuration struct {
	*stack
	eval *hcl.EvalContext
	used map[string]bool
}

// readTerraform reads a Terraform file.
func readTerraform(text string) *stack {
	c := &configuration{newStack(), &hcl.EvalContext{Functions: functions}, map[string]bool{}}
	file, diags := hclsyntax.ParseConfig([]byte(text), "main.tf", hcl.InitialPos)
	if diags.HasErrors() {
		c.problem("%v", diags)
		return c.stack
	}
	blocks := file.Body.(*hclsyntax.Body).Blocks
	c.declare(blocks)
	for _, b := range blocks {
		if b.Type == "resource" && len(b.Labels) == 2 {
			c.resource(b.Labels[0], b.Labels[1], b.Body)
		}
	}
	for _, p := range c.params {
		if !c.used[p] {
			c.problem("variable %s is not used", p)
		}
	}
	return c.stack
}

// camel makes dead_letters DeadLetters.
func camel(snake string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(snake, "_") {
		if part != "" {
			b.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
	}
	return b.String()
}

// declare makes all that can be referred to known to expressions, as texts.
func (c *configuration) declare(blocks hclsyntax.Blocks) {
	variables, types := map[string]cty.Value{}, map[string]map[string]cty.Value{}
	versions := false
	for _, b := range blocks {
		switch {
		case b.Type == "terraform":
			versions = strings.Contains(fmt.Sprint(slices.Collect(maps.Keys(b.Body.Attributes))), "required_version") && len(b.Body.Blocks) == 1
		case b.Type == "variable" && len(b.Labels) == 1:
			name := camel(b.Labels[0])
			c.params = append(c.params, name)
			variables[b.Labels[0]] = cty.StringVal("${" + name + "}")
			if b.Body.Attributes["type"] == nil || b.Body.Attributes["description"] == nil {
				c.problem("variable %s has no type or no description", b.Labels[0])
			}
		case b.Type == "resource" && len(b.Labels) == 2:
			kind, name := b.Labels[0], b.Labels[1]
			t, ok := translations[kind]
			if !ok {
				c.problem("%s.%s: the type is not known here", kind, name)
				continue
			}
			attributes := map[string]cty.Value{}
			for attribute, as := range t.Attributes {
				attributes[attribute] = cty.StringVal("${" + strings.TrimSuffix(camel(name)+"."+as, ".") + "}")
			}
			if types[kind] == nil {
				types[kind] = map[string]cty.Value{}
			}
			types[kind][name] = cty.ObjectVal(attributes)
			if t.Type != "" {
				if _, twice := c.resources[camel(name)]; twice {
					c.problem("two resources are named %s", name)
				}
				c.resources[camel(name)] = &resource{kind: t.Type, props: map[string]any{}}
			}
		default:
			c.problem("a block %s %v is not known here", b.Type, b.Labels)
		}
	}
	if !versions {
		c.problem("the terraform block does not say which versions are required")
	}
	slices.Sort(c.params)
	c.eval.Variables = map[string]cty.Value{"var": cty.ObjectVal(variables)}
	for kind, all := range types {
		c.eval.Variables[kind] = cty.ObjectVal(all)
	}
}

var functions = map[string]function.Function{
	"jsonencode": stdlib.JSONEncodeFunc,
	"replace": function.New(&function.Spec{
		Params: []function.Parameter{{Name: "in", Type: cty.String}, {Name: "old", Type: cty.String}, {Name: "new", Type: cty.String}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return cty.StringVal(fmt.Sprintf("replace(%s,%s,%s)", args[0].AsString(), args[1].AsString(), args[2].AsString())), nil
		},
	}),
	"filebase64sha256": function.New(&function.Spec{
		Params: []function.Parameter{{Name: "path", Type: cty.String}},
		Type:   function.StaticReturnType(cty.String),
		Impl:   func([]cty.Value, cty.Type) (cty.Value, error) { return cty.StringVal("digest"), nil },
	}),
}

// resource translates one resource.
func (c *configuration) resource(kind, name string, body *hclsyntax.Body) {
	t, ok := translations[kind]
	if !ok {
		return
	}
	props := map[string]any{}
	given := c.arguments(kind+"."+name, t, "", body, props)
	for _, r := range t.Required {
		if !slices.Contains(given, r) {
			c.problem("%s.%s: %s is required", kind, name, r)
		}
	}
	if t.Type != "" {
		c.resources[camel(name)].props = props
		return
	}
	_, role := c.target(props["Role"]) // a policy of its own belongs to its role
	if role == nil || role.kind != "AWS::IAM::Role" {
		c.problem("%s.%s: role %v is none", kind, name, props["Role"])
		return
	}
	delete(props, "Role")
	policies, _ := role.props["Policies"].([]any)
	role.props["Policies"] = append(policies, props)
}

// arguments translates those of a block and the blocks in it, and lists what was given.
func (c *configuration) arguments(where string, t translation, prefix string, body *hclsyntax.Body, props map[string]any) (given []string) {
	for _, name := range slices.Sorted(maps.Keys(body.Attributes)) {
		path := prefix + name
		given = append(given, path)
		to, ok := t.Arguments[path]
		if !ok {
			c.problem("%s: the argument %s is not known here", where, path)
			continue
		}
		v, ok := c.value(where+"."+path, body.Attributes[name].Expr)
		if ok && to != "-" {
			c.set(where+"."+path, props, to, v)
		}
	}
	for _, b := range body.Blocks {
		path := prefix + b.Type + "."
		if !slices.ContainsFunc(slices.Collect(maps.Keys(t.Arguments)), func(a string) bool { return strings.HasPrefix(a, path) }) {
			c.problem("%s: the block %s is not known here", where, path)
			continue
		}
		given = append(given, c.arguments(where, t, path, b.Body, props)...)
	}
	return given
}

// value evaluates an expression.
func (c *configuration) value(where string, e hclsyntax.Expression) (v any, ok bool) {
	for _, ref := range e.Variables() {
		if ref.RootName() == "var" && len(ref) > 1 {
			if step, isAttr := ref[1].(hcl.TraverseAttr); isAttr {
				c.used[camel(step.Name)] = true
			}
		}
	}
	result, diags := e.Value(c.eval)
	if diags.HasErrors() {
		c.problem("%s: %v", where, diags)
		return nil, false
	}
	b, err := ctyjson.Marshal(result, result.Type())
	if err == nil {
		err = json.Unmarshal(b, &v)
	}
	if err != nil {
		c.problem("%s: %v", where, err)
		return nil, false
	}
	return bare(v), true
}

// bare makes the ARN of a log group what CloudFormation calls it, which has :* at its end.
func bare(v any) any {
	if text, ok := v.(string); ok {
		return strings.ReplaceAll(text, ".BareArn}:*", ".Arn}")
	}
	return v
}

// set puts a value where CloudFormation has it.
func (c *configuration) set(where string, props map[string]any, to string, v any) {
	how, path, special := strings.Cut(to, ":")
	if !special {
		how, path = "", to
	}
	switch how {
	case "json":
		text, _ := v.(string)
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			c.problem("%s: not jsonencode'd: %v", where, err)
			return
		}
	case "map":
		list := []any{}
		for _, name := range slices.Sorted(maps.Keys(object(v))) {
			list = append(list, map[string]any{"Name": name, "Value": object(v)[name]})
		}
		v = list
	case "hash":
		v = []any{map[string]any{"AttributeName": v, "KeyType": "HASH"}}
	case "true":
		if v != true {
			c.problem("%s: must be true", where)
		}
		return
	}
	steps := strings.Split(path, ".")
	for i, step := range steps[:len(steps)-1] {
		if step, isList := strings.CutSuffix(step, "[]"); isList {
			list, _ := props[step].([]any)
			last := steps[i+1]
			if len(list) == 0 || object(list[len(list)-1])[last] != nil {
				list = append(list, map[string]any{})
			}
			props[step] = list
			props = object(list[len(list)-1])
			continue
		}
		if props[step] == nil {
			props[step] = map[string]any{}
		}
		props = object(props[step])
	}
	props[steps[len(steps)-1]] = v
}

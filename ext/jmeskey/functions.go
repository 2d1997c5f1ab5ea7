package jmeskey

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/jmespath/go-jmespath"
)

// functions are those of JMESPath, and how many arguments they take; of merge and not_null it is the least.
var functions = map[string]int{
	"abs": 1, "avg": 1, "ceil": 1, "contains": 2, "ends_with": 2, "floor": 1, "join": 2, "keys": 1, "length": 1, "map": 2,
	"max": 1, "max_by": 2, "merge": 1, "min": 1, "min_by": 2, "not_null": 1, "reverse": 1, "sort": 1, "sort_by": 2,
	"starts_with": 2, "sum": 1, "to_array": 1, "to_number": 1, "to_string": 1, "type": 1, "values": 1,
}

var variadic = []string{"merge", "not_null"}

// powertools is what to write instead of the functions that the Powertools add.
var powertools = map[string]string{
	"powertools_json": "an expression looks into the payload, which is the decoded body or data already: write ID for powertools_json(body).ID; " +
		"JSON in a string within it takes once.KeyFunc",
	"powertools_base64": "the data of Kinesis and the values of Kafka are decoded already; for base64 in a body let envelope.Base64 open it; " +
		"what is within a document takes once.KeyFunc",
	"powertools_base64_gzip": "let envelope.Gzip open the payload, with envelope.Base64 around it where a body has base64, or envelope.CloudWatchLogs for what CloudWatch sends; " +
		"what is within a document takes once.KeyFunc",
}

// check refuses calls that would fail for every record: of functions that there are not, and with a wrong
// number of arguments. The library looks for them when they are called.
func check(expression string) error {
	node, err := jmespath.NewParser().Parse(expression)
	if err != nil {
		return err
	}
	var errs []error
	walk(reflect.ValueOf(node), func(name string, args int) {
		want, known := functions[name]
		instead, theirs := powertools[name]
		switch {
		case theirs:
			errs = append(errs, fmt.Errorf("%s is of the Powertools, and not known here: %s", name, instead))
		case !known:
			errs = append(errs, fmt.Errorf("%s is no function of JMESPath: those are %s", name, strings.Join(names(), ", ")))
		case args < want, args > want && !slices.Contains(variadic, name):
			errs = append(errs, fmt.Errorf("%s takes %s, and is given %d", name, arguments(name, want), args))
		}
	})
	return errors.Join(errs...)
}

func names() (all []string) {
	for name := range functions {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

func arguments(name string, n int) string {
	switch {
	case slices.Contains(variadic, name):
		return "1 argument or more"
	case n == 1:
		return "1 argument"
	}
	return fmt.Sprintf("%d arguments", n)
}

// walk calls a function for each call in a syntax tree, whose fields are not exported.
func walk(node reflect.Value, call func(name string, args int)) {
	children := node.FieldByName("children")
	if node.FieldByName("nodeType").Int() == int64(jmespath.ASTFunctionExpression) {
		name := "what is called"
		if v := node.FieldByName("value").Elem(); v.Kind() == reflect.String {
			name = v.String()
		}
		call(name, children.Len())
	}
	for i := range children.Len() {
		walk(children.Index(i), call)
	}
}

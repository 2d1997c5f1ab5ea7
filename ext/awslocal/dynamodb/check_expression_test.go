package dynamodb_test

import (
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

var placeholder = regexp.MustCompile(`[:#]\w+`)

// mentioned returns the placeholders that an expression has.
func mentioned(expression string, names map[string]string, values attrs) (map[string]string, attrs) {
	var n map[string]string
	var v attrs
	for _, p := range placeholder.FindAllString(expression, -1) {
		if name, ok := names[p]; ok {
			if n == nil {
				n = map[string]string{}
			}
			n[p] = name
		}
		if value, ok := values[p]; ok {
			if v == nil {
				v = attrs{}
			}
			v[p] = value
		}
	}
	return n, v
}

// expressionChecks ask for expressions that must be refused, and how.
func expressionChecks() []check {
	vals := attrs{":n": num("1"), ":m": num("2"), ":s": str("x"), ":l": list(), ":t": yes(true), ":ss": strs("x"), ":bad": str("NOPE"), ":S": str("S")}
	names := map[string]string{"#a": "a"}
	var all []check
	add := func(kind, expression, message string, run func(b *bed, n map[string]string, v attrs) error) {
		name := expression
		if len(name) > 60 {
			name = name[:60]
		}
		all = append(all, check{"expression/" + kind + " refused: " + name, func(b *bed) {
			n, v := mentioned(expression, names, vals)
			b.refused(run(b, n, v), "ValidationException", message)
		}})
	}
	for expression, message := range map[string]string{
		"":                          "Invalid ConditionExpression: The expression can not be empty",
		"a":                         "Syntax error",
		"a = ":                      `Syntax error; token: "<EOF>"`,
		"a = :n)":                   "Syntax error",
		"(a = :n":                   "Syntax error",
		"a = :n AND":                "Syntax error",
		"a == :n":                   "Syntax error",
		"a = 1":                     "Syntax error",
		"a = 'x'":                   "Syntax error",
		"_a = :n":                   `token: "_"`,
		"a.b. = :n":                 "Syntax error",
		"a[-1] = :n":                "Syntax error",
		"a = b = :n":                "Syntax error",
		"status = :n":               "Attribute name is a reserved keyword; reserved keyword: status",
		"a.Name = :n":               "Attribute name is a reserved keyword; reserved keyword: Name",
		"a = :undefined":            "An expression attribute value used in expression is not defined; attribute value: :undefined",
		"#undefined = :n":           "An expression attribute name used in the document path is not defined; attribute name: #undefined",
		"foo(a)":                    "Invalid function name; function: foo",
		"ATTRIBUTE_EXISTS(a)":       "Invalid function name",
		"attribute_exists(a, b)":    "Incorrect number of operands",
		"attribute_exists(:n)":      "Operator or function requires a document path",
		"attribute_type(a, :bad)":   "Invalid attribute type name found; type: NOPE",
		"attribute_type(a, :n)":     "Incorrect operand type",
		"begins_with(a, :n)":        "Incorrect operand type",
		"begins_with(a)":            "Incorrect number of operands",
		"size(a)":                   "The function is not allowed to be used this way in an expression",
		"size(:n) = :m":             "Incorrect operand type",
		"if_not_exists(a, :n) = :n": "The function is not allowed",
		"attribute_exists(a) = :t":  "",
		"a < :t":                    "Incorrect operand type for operator or function; operator: <",
		"a > :l":                    "Incorrect operand type",
		"a BETWEEN :m AND :n":       "The BETWEEN operator requires upper bound to be greater than or equal to lower bound",
		"a BETWEEN :n AND :s":       "The BETWEEN operator requires same data type for lower and upper bounds",
		"a BETWEEN :n OR :m":        "Syntax error",
		"a IN ()":                   "Syntax error",
		"a = a":                     "The first operand must be distinct from the remaining operands",
		"#a = a":                    "The first operand must be distinct",
		"((a = :n))":                "The expression has redundant parentheses",
		"a = :n AND ((b = :n))":     "The expression has redundant parentheses",
		"NOT a":                     "Syntax error",
		strings.Repeat("a = :n OR ", 420) + "a = :n": "Expression size has exceeded the maximum allowed size",
		strings.Repeat("a>:n OR ", 300) + "a>:n":     "operator",
	} {
		add("condition", expression, message, func(b *bed, n map[string]string, v attrs) error {
			_, err := b.client.PutItem(b.ctx, &sdk.PutItemInput{TableName: b.simple(), Item: pk("a"), ConditionExpression: &expression, ExpressionAttributeNames: n, ExpressionAttributeValues: v})
			return err
		})
	}
	for expression, message := range map[string]string{
		"":                              "Invalid UpdateExpression: The expression can not be empty",
		"a = :n":                        "Syntax error",
		"SET":                           "Syntax error",
		"SET a":                         "Syntax error",
		"SET a :n":                      "Syntax error",
		"SET a = :n, ":                  "Syntax error",
		"SET a = :n SET b = :n":         `The "SET" section can only be used once in an update expression`,
		"SET a = :n + :s":               "Incorrect operand type for operator or function; operator or function: +, operand type: S",
		"SET a = status":                "reserved keyword: status",
		"SET status = :n":               "reserved keyword: status",
		"SET a = :undefined":            "attribute value: :undefined",
		"SET a = size(b)":               "The function is not allowed in an update expression; function: size",
		"SET a = foo(b)":                "Invalid function name; function: foo",
		"SET a = if_not_exists(b)":      "Incorrect number of operands",
		"SET a = if_not_exists(:n, :n)": "Operator or function requires a document path",
		"SET a = list_append(b, :n)":    "Incorrect operand type",
		"SET a = :n, a = :m":            "Two document paths overlap with each other",
		"SET a = :n REMOVE a.b":         "Two document paths overlap with each other",
		"SET a.b = :n, #a = :n":         "Two document paths overlap with each other",
		"SET a.b = :n REMOVE a[0]":      "Two document paths conflict with each other",
		"SET pk = :s":                   "Cannot update attribute pk. This attribute is part of the key",
		"REMOVE pk":                     "Cannot update attribute pk. This attribute is part of the key",
		"ADD a :s":                      "Incorrect operand type for operator or function; operator: ADD",
		"ADD a :l":                      "operator: ADD",
		"ADD a b":                       "Syntax error",
		"DELETE a :n":                   "Incorrect operand type for operator or function; operator: DELETE",
		"ADD a = :n":                    "Syntax error",
		"INSERT a :n":                   "Syntax error",
		"SET a = :n WHERE b":            "Syntax error",
	} {
		add("update", expression, message, func(b *bed, n map[string]string, v attrs) error {
			_, err := b.client.UpdateItem(b.ctx, &sdk.UpdateItemInput{TableName: b.simple(), Key: pk("a"), UpdateExpression: &expression, ExpressionAttributeNames: n, ExpressionAttributeValues: v})
			return err
		})
	}
	for expression, message := range map[string]string{
		"":        "Invalid ProjectionExpression: The expression can not be empty",
		"a,":      "Syntax error",
		"a b":     "Syntax error",
		"a, #a":   "Two document paths overlap",
		"a.b, a":  "Two document paths overlap",
		"count":   "reserved keyword: count",
		"size(a)": "",
	} {
		add("projection", expression, message, func(b *bed, n map[string]string, _ attrs) error {
			_, err := b.client.GetItem(b.ctx, &sdk.GetItemInput{TableName: b.simple(), Key: pk("a"), ProjectionExpression: &expression, ExpressionAttributeNames: n})
			return err
		})
	}
	return append(all, placeholderChecks...)
}

var placeholderChecks = []check{
	{"expression/unused value", func(b *bed) {
		_, err := b.client.UpdateItem(b.ctx, &sdk.UpdateItemInput{TableName: b.simple(), Key: pk("a"), UpdateExpression: aws.String("SET a = :a"), ExpressionAttributeValues: attrs{":a": num("1"), ":b": num("1")}})
		b.refused(err, "ValidationException", "Value provided in ExpressionAttributeValues unused in expressions: keys: {:b}")
	}},
	{"expression/unused name", func(b *bed) {
		_, err := b.client.UpdateItem(b.ctx, &sdk.UpdateItemInput{TableName: b.simple(), Key: pk("a"), UpdateExpression: aws.String("REMOVE #a"), ExpressionAttributeNames: map[string]string{"#a": "a", "#b": "b"}})
		b.refused(err, "ValidationException", "Value provided in ExpressionAttributeNames unused in expressions: keys: {#b}")
	}},
	{"expression/values without an expression", func(b *bed) {
		_, err := b.client.PutItem(b.ctx, &sdk.PutItemInput{TableName: b.simple(), Item: pk("a"), ExpressionAttributeValues: attrs{":a": num("1")}})
		b.refused(err, "ValidationException", "ExpressionAttributeValues can only be specified when using expressions")
	}},
	{"expression/names without an expression", func(b *bed) {
		_, err := b.client.PutItem(b.ctx, &sdk.PutItemInput{TableName: b.simple(), Item: pk("a"), ExpressionAttributeNames: map[string]string{"#a": "a"}})
		b.refused(err, "ValidationException", "ExpressionAttributeNames can only be specified when using expressions")
	}},
	{"expression/no values", func(b *bed) {
		_, err := b.client.PutItem(b.ctx, &sdk.PutItemInput{TableName: b.simple(), Item: pk("a"), ConditionExpression: aws.String("attribute_exists(pk)"), ExpressionAttributeValues: attrs{}})
		b.refused(err, "ValidationException", "ExpressionAttributeValues must not be empty")
	}},
	{"expression/placeholders that are none", func(b *bed) {
		t := b.simple()
		_, err := b.client.PutItem(b.ctx, &sdk.PutItemInput{TableName: t, Item: pk("a"), ConditionExpression: aws.String("attribute_exists(pk)"), ExpressionAttributeNames: map[string]string{"a": "a"}})
		b.refused(err, "ValidationException", "ExpressionAttributeNames contains invalid key")
		_, err = b.client.PutItem(b.ctx, &sdk.PutItemInput{TableName: t, Item: pk("a"), ConditionExpression: aws.String("attribute_exists(pk)"), ExpressionAttributeValues: attrs{"a": num("1")}})
		b.refused(err, "ValidationException", "ExpressionAttributeValues contains invalid key")
	}},
}

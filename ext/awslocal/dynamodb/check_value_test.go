package dynamodb_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// cutChanges brings what an update changes into the order of difference.
func cutChanges(want string) (string, bool) {
	list, ok := strings.CutPrefix(want, "changes ")
	if !ok {
		return "", false
	}
	var parts []string
	depth := 0
	for word := range strings.FieldsSeq(list) {
		if depth > 0 {
			parts[len(parts)-1] += " " + word
		} else {
			parts = append(parts, word)
		}
		depth += strings.Count(word, "{") + strings.Count(word, "[") - strings.Count(word, "}") - strings.Count(word, "]")
	}
	slices.Sort(parts)
	return strings.Join(parts, " "), true
}

// difference names the attributes that are not the same in two items, with their new values.
func difference(before, after attrs) string {
	var parts []string
	all := maps.Clone(before)
	maps.Copy(all, after)
	for name := range all {
		was, old := before[name]
		is, kept := after[name]
		switch {
		case !kept:
			parts = append(parts, name+":-")
		case !old || show(was) != show(is):
			parts = append(parts, name+":"+show(is))
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, " ")
}

// valueChecks ask which values are taken, and what is returned.
func valueChecks() []check {
	nest := func(n int) types.AttributeValue {
		v := num("1")
		for i := range n {
			if i%2 == 0 {
				v = list(v)
			} else {
				v = dict(attrs{"k": v})
			}
		}
		return v
	}
	digits38 := "12345678901234567890123456789012345678"
	taken := map[string]struct {
		v    types.AttributeValue
		want string
	}{
		"0":                          {num("0"), "0"},
		"-0":                         {num("-0.0"), "0"},
		"00012.500":                  {num("00012.500"), "12.5"},
		"+3":                         {num("+3"), "3"},
		".5":                         {num(".5"), "0.5"},
		"1.50e2":                     {num("1.50e2"), "150"},
		"-1E-3":                      {num("-1E-3"), "-0.001"},
		"38 digits":                  {num(digits38), digits38},
		"38 and a dot":               {num("-1.2345678901234567890123456789012345678"), "-1.2345678901234567890123456789012345678"},
		"1e38":                       {num("1e38"), "1" + strings.Repeat("0", 38)},
		"the greatest":               {num("9.9999999999999999999999999999999999999E+125"), strings.Repeat("9", 38) + strings.Repeat("0", 88)},
		"the least":                  {num("1E-130"), "0." + strings.Repeat("0", 129) + "1"},
		"many zeros":                 {num("1" + strings.Repeat("0", 60)), "1" + strings.Repeat("0", 60)},
		"number set":                 {nums("2", "1.0", "3e0"), "NS[1 2 3]"},
		"empty in a set":             {strs("", "a"), `SS["" "a"]`},
		"empty bytes in a set":       {bins([]byte("a"), []byte{}), "BS[ 61]"},
		"zero with a large exponent": {num("0e1000"), "0"},
		"empty string":               {str(""), `""`},
		"empty binary":               {bin(""), "0x"},
		"empty list":                 {list(), "[]"},
		"empty map":                  {dict(attrs{}), "{}"},
		"null":                       {null(), "null"},
		"false":                      {yes(false), "false"},
		"binary set":                 {bins([]byte("b"), []byte("a")), "BS[61 62]"},
		"text":                       {str("a\"\\\n\u0001\u2028é🎈</script>"), fmt.Sprintf("%q", "a\"\\\n\u0001\u2028é🎈</script>")},
		"binary":                     {bin("\x00\xff\xfe"), "0x00fffe"},
		"mixed list":                 {list(num("1"), null(), list(), dict(attrs{"k": str("")})), `[1 null [] {k:""}]`},
		"32 levels":                  {nest(31), show(nest(31))},
		"hundreds of KB":             {str(strings.Repeat("x", 399<<10)), fmt.Sprintf("%q", strings.Repeat("x", 399<<10))},
	}
	refused := map[string]struct {
		v       types.AttributeValue
		message string
	}{
		"39 digits":           {num(digits38 + "9"), "Attempting to store more than 38 significant digits in a Number"},
		"1e126":               {num("1e126"), "Number overflow. Attempting to store a number with magnitude larger than supported range"},
		"1e-131":              {num("1e-131"), "Number underflow. Attempting to store a number with magnitude smaller than supported range"},
		"1e999999999999":      {num("1e999999999999"), ""},
		"text as number":      {num("abc"), "The parameter cannot be converted to a numeric value"},
		"no number":           {num(""), "The parameter cannot be converted to a numeric value"},
		"NaN":                 {num("NaN"), "The parameter cannot be converted to a numeric value"},
		"hexadecimal":         {num("0x10"), "The parameter cannot be converted to a numeric value"},
		"underscore":          {num("1_000"), "The parameter cannot be converted to a numeric value"},
		"1e":                  {num("1e"), "The parameter cannot be converted to a numeric value"},
		"two dots":            {num("1.2.3"), "The parameter cannot be converted to a numeric value"},
		"space":               {num(" 1"), "The parameter cannot be converted to a numeric value"},
		"empty string set":    {strs(), "may not be empty"},
		"empty number set":    {nums(), "may not be empty"},
		"set with duplicates": {strs("a", "b", "a"), "contains duplicates"},
		"1 and 1.0 in a set":  {nums("1", "1.0"), "contains duplicates"},
		"null that is false":  {&types.AttributeValueMemberNULL{Value: false}, "Null attribute value types must have the value of true"},
		"nested bad number":   {list(dict(attrs{"x": num("x")})), "The parameter cannot be converted to a numeric value"},
		"33 levels":           {nest(32), "Nesting Levels have exceeded supported limits"},
		"more than 400 KB":    {str(strings.Repeat("x", 400<<10)), "Item size has exceeded the maximum allowed size"},
	}
	var all []check
	for name, tt := range taken {
		all = append(all, check{"value/" + name, func(b *bed) {
			t := b.simple()
			b.put(t, with(pk("a"), attrs{"v": tt.v}))
			b.equal(show(b.get(t, pk("a"))["v"]), tt.want)
		}})
	}
	for name, tt := range refused {
		all = append(all, check{"value/refused: " + name, func(b *bed) {
			_, err := b.client.PutItem(b.ctx, &sdk.PutItemInput{TableName: b.simple(), Item: with(pk("a"), attrs{"v": tt.v})})
			b.refused(err, "ValidationException", tt.message)
		}})
	}
	return append(all, check{"value/an update beyond 400 KB", func(b *bed) {
		t := b.simple()
		half := str(strings.Repeat("x", 220<<10))
		b.put(t, with(pk("a"), attrs{"v": half}))
		expression := "SET w = :w"
		_, err := b.client.UpdateItem(b.ctx, &sdk.UpdateItemInput{TableName: t, Key: pk("a"), UpdateExpression: &expression, ExpressionAttributeValues: attrs{":w": half}})
		b.refused(err, "ValidationException", "Item size to update has exceeded the maximum allowed size")
	}})
}

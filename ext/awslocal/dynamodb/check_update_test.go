package dynamodb_test

import (
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// updateChecks ask what one item becomes.
func updateChecks() []check {
	it := attrs{
		"pk": str("a"), "n": num("10"), "s": str("x"), "ss": strs("x", "y"), "ns": nums("1", "2"),
		"l": list(num("0"), num("1"), num("2")), "m": dict(attrs{"k": num("1"), "d": dict(attrs{"x": num("1")})}), "ll": list(list(num("1"), num("2")), dict(attrs{"x": num("1")})),
	}
	before := `{l:[0 1 2] ll:[[1 2] {x:1}] m:{d:{x:1} k:1} n:10 ns:NS[1 2] pk:"a" s:"x" ss:SS["x" "y"]}`
	vals := attrs{
		":1": num("1"), ":7": num("7"), ":8": num("8"), ":9": num("9"), ":half": num("0.5"), ":y": str("y"), ":l": list(num("7")), ":none": list(), ":ss": strs("y", "z"), ":xy": strs("x", "y"),
		":ns": nums("2.0", "3"), ":neg": num("-10"), ":big": num("9.9999999999999999999999999999999999999E+125"), ":huge": num("9E+125"), ":m": dict(attrs{"q": num("1")}), ":t": yes(true), ":tiny": num("1E-130"),
	}
	names := map[string]string{"#s": "s", "#dot": "a.b"}
	kept := func(changed string) string { return "changes " + changed }
	rows := map[string]string{ // the part of the item that is then different, or the refusal's message
		"SET n = :1":                        kept("n:1"),
		"SET n = n + :1":                    kept("n:11"),
		"SET n = n - :1":                    kept("n:9"),
		"SET n = :1 - n":                    kept("n:-9"),
		"SET n = n + :half":                 kept("n:10.5"),
		"SET n = n + :neg":                  kept("n:0"),
		"SET n = n + n":                     kept("n:20"),
		"SET n = s, #s = n":                 kept(`n:"x" s:10`),
		"SET a = n":                         kept("a:10"),
		"SET a = if_not_exists(a, :1)":      kept("a:1"),
		"SET n = if_not_exists(n, :1)":      kept(""),
		"SET n = if_not_exists(a, :1) + :7": kept("n:8"),
		"SET a = if_not_exists(b, n)":       kept("a:10"),
		"SET a = if_not_exists(b, if_not_exists(c, :1))":   kept("a:1"),
		"SET l = list_append(l, :l)":                       kept("l:[0 1 2 7]"),
		"SET l = list_append(:l, l)":                       kept("l:[7 0 1 2]"),
		"SET a = list_append(if_not_exists(a, :none), :l)": kept("a:[7]"),
		"SET l[1] = :7":                                    kept("l:[0 7 2]"),
		"SET l[9] = :7":                                    kept("l:[0 1 2 7]"),
		"SET l[9] = :9, l[5] = :7, l[7] = :8":              kept("l:[0 1 2 7 8 9]"),
		"SET m.k = :7":                                     kept("m:{d:{x:1} k:7}"),
		"SET m.fresh = :7":                                 kept("m:{d:{x:1} fresh:7 k:1}"),
		"SET m.d.y = m.k":                                  kept("m:{d:{x:1 y:1} k:1}"),
		"SET ll[0][1] = :7, ll[1].x = :8":                  kept("ll:[[1 7] {x:8}]"),
		"SET #dot = :1":                                    kept("a.b:1"),
		"SET m = :m":                                       kept("m:{q:1}"),
		"set n = :1 remove m":                              kept("n:1 m:-"),
		"REMOVE n":                                         kept("n:-"),
		"REMOVE gone":                                      kept(""),
		"REMOVE m.k, n":                                    kept("m:{d:{x:1}} n:-"),
		"REMOVE m.gone":                                    kept(""),
		"REMOVE l[0]":                                      kept("l:[1 2]"),
		"REMOVE l[0], l[1]":                                kept("l:[2]"),
		"REMOVE l[1], l[0]":                                kept("l:[2]"),
		"REMOVE l[9]":                                      kept(""),
		"REMOVE ll[0], ll[1].x":                            kept("ll:[{}]"),
		"SET l[1] = :7 REMOVE l[0]":                        kept("l:[7 2]"),
		"ADD n :1":                                         kept("n:11"),
		"ADD n :neg":                                       kept("n:0"),
		"ADD a :7":                                         kept("a:7"),
		"ADD a :7, b :8":                                   kept("a:7 b:8"),
		"ADD m.k :7":                                       kept("m:{d:{x:1} k:8}"),
		"ADD ss :ss":                                       kept(`ss:SS["x" "y" "z"]`),
		"ADD ns :ns":                                       kept("ns:NS[1 2 3]"),
		"ADD a :ss":                                        kept(`a:SS["y" "z"]`),
		"DELETE ss :ss":                                    kept(`ss:SS["x"]`),
		"DELETE ss :xy":                                    kept("ss:-"),
		"DELETE ns :ns":                                    kept("ns:NS[1]"),
		"DELETE a :ss":                                     kept(""),
		"SET a = :1 ADD n :1 DELETE ss :ss REMOVE m": kept(`a:1 n:11 ss:SS["x"] m:-`),

		"SET a = b":                  "The provided expression refers to an attribute that does not exist in the item",
		"SET a = b + :1":             "The provided expression refers to an attribute that does not exist in the item",
		"SET n = s + :1":             "An operand in the update expression has an incorrect data type",
		"SET a = list_append(n, :l)": "An operand in the update expression has an incorrect data type",
		"SET a = list_append(b, :l)": "The provided expression refers to an attribute that does not exist in the item",
		"SET a.b = :1":               "The document path provided in the update expression is invalid for update",
		"SET n.b = :1":               "The document path provided in the update expression is invalid for update",
		"SET n[0] = :1":              "The document path provided in the update expression is invalid for update",
		"SET m[0] = :1":              "The document path provided in the update expression is invalid for update",
		"SET l.a = :1":               "The document path provided in the update expression is invalid for update",
		"SET l[9].a = :1":            "The document path provided in the update expression is invalid for update",
		"REMOVE a.b":                 "The document path provided in the update expression is invalid for update",
		"ADD s :1":                   "An operand in the update expression has an incorrect data type",
		"ADD l :1":                   "An operand in the update expression has an incorrect data type",
		"ADD ns :ss":                 "An operand in the update expression has an incorrect data type",
		"DELETE ns :ss":              "An operand in the update expression has an incorrect data type",
		"ADD n :big":                 "Number overflow",
		"SET n = :huge + :huge":      "Number overflow",
		"SET n = n + :tiny":          "Number overflow",
	}
	var all []check
	for expression, want := range rows {
		all = append(all, check{"update/" + expression, func(b *bed) {
			t := b.simple()
			b.put(t, it)
			in := &sdk.UpdateItemInput{TableName: t, Key: pk("a"), UpdateExpression: &expression, ReturnValues: "ALL_NEW"}
			in.ExpressionAttributeNames, in.ExpressionAttributeValues = mentioned(expression, names, vals)
			out, err := b.client.UpdateItem(b.ctx, in)
			changed, ok := cutChanges(want)
			if !ok {
				b.refused(err, "ValidationException", want)
				b.equal(shown(b.get(t, pk("a"))), before)
				return
			}
			b.must(err)
			b.equal(difference(it, out.Attributes), changed)
			b.equal(shown(b.get(t, pk("a"))), shown(out.Attributes))
		}})
	}
	return append(all, check{"update/makes an item", func(b *bed) {
		t := b.simple()
		for _, expression := range []string{"SET x = :v", "ADD x :v", "REMOVE x"} {
			in := &sdk.UpdateItemInput{TableName: t, Key: pk(expression), UpdateExpression: &expression}
			if expression != "REMOVE x" {
				in.ExpressionAttributeValues = attrs{":v": num("1")}
			}
			_, err := b.client.UpdateItem(b.ctx, in)
			b.must(err)
		}
		b.holds(t, attrs{"pk": str("SET x = :v"), "x": num("1")})
		b.holds(t, attrs{"pk": str("ADD x :v"), "x": num("1")})
		b.holds(t, pk("REMOVE x"))
	}})
}

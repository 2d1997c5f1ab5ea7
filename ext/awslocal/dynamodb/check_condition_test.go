package dynamodb_test

import (
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// conditionChecks ask which conditions one item meets.
func conditionChecks() []check {
	it := attrs{
		"pk": str("a"), "n": num("10"), "s": str("hello"), "b": bin("\x01\x02"), "t": yes(true), "z": null(),
		"ss": strs("x", "y"), "ns": nums("1", "2"), "l": list(num("1"), str("two"), list(num("3"))), "m": dict(attrs{"k": str("v"), "deep": dict(attrs{"x": num("1")})}),
		"ten": num("10"), "e": str(""), "bs": bins([]byte("q")),
	}
	vals := attrs{
		":9": num("9"), ":10": num("10.0"), ":11": num("11"), ":s10": str("10"), ":hello": str("hello"), ":he": str("he"), ":ll": str("ll"),
		":x": str("x"), ":two": str("two"), ":1": num("1"), ":true": yes(true), ":null": null(), ":yx": strs("y", "x"), ":N": str("N"), ":S": str("S"),
		":b1": bin("\x01"), ":b12": bin("\x01\x02"), ":list": list(num("1"), str("two"), list(num("3"))), ":m": dict(attrs{"k": str("v"), "deep": dict(attrs{"x": num("1")})}),
		":5": num("5"), ":2": num("2"), ":L": str("L"), ":BOOL": str("BOOL"), ":q": bin("q"),
	}
	rows := map[bool][]string{
		true: {
			"n = :10", "n <> :9", "n <> :s10", "n < :11", "n <= :10", "n > :9", "n >= :10", "n = ten", "gone <> :9", "gone <> nothing",
			"n BETWEEN :9 AND :11", "n BETWEEN :10 AND :10", "n IN (:9, :10)", "n IN (:s10, ten)", "s BETWEEN :he AND :x",
			"s = :hello", "b = :b12", "b > :b1", "t = :true", "z = :null", "ss = :yx", "l = :list", "m = :m",
			"attribute_exists(n)", "attribute_exists(m.k)", "attribute_exists(l[2][0])", "attribute_exists(z)", "attribute_exists(e)",
			"attribute_not_exists(gone)", "attribute_not_exists(m.gone)", "attribute_not_exists(l[3])", "attribute_not_exists(n.k)", "attribute_not_exists(gone.k[0])",
			"attribute_type(n, :N)", "attribute_type(l, :L)", "attribute_type(t, :BOOL)",
			"begins_with(s, :he)", "begins_with(s, :hello)", "begins_with(b, :b1)",
			"contains(s, :ll)", "contains(ss, :x)", "contains(l, :two)", "contains(ns, :1)", "contains(bs, :q)",
			"size(s) = :5", "size(ss) = :2", "size(l) > :2", "size(m) = :2", "size(b) <= :2", "size(s) BETWEEN :2 AND :9", ":5 = size(s)", "size(e) < :1",
			"NOT n = :9", "NOT attribute_exists(gone)", "n = :9 OR s = :hello", "n = :10 AND s = :hello",
			"n = :9 AND s = :x OR t = :true", "t = :true OR n = :9 AND s = :x", "NOT n = :9 AND t = :true", "NOT (n = :9 OR s = :x)",
			"(n = :9 OR t = :true) AND s = :hello", "NOT NOT n = :10", "n=:10 and not s=:x or n in(:9)", "m.deep.x = :1", "#n = :10", "m.#k = l[1] OR #n = :10",
		},
		false: {
			"n = :9", "n = :s10", "n <> :10", "n < :10", "n > :10", "gone = :9", "gone < :9", "gone > :9", "gone = :null", "gone = nothing",
			"n BETWEEN :11 AND :11", "n IN (:9)", "s < :11", "n < :hello", "s > :9", "gone BETWEEN :9 AND :11", "gone IN (:9)", "z = :true",
			"attribute_exists(gone)", "attribute_not_exists(pk)", "attribute_exists(m.gone)", "attribute_exists(l[3])", "attribute_type(n, :S)", "attribute_type(gone, :S)",
			"begins_with(s, :ll)", "begins_with(n, :he)", "begins_with(gone, :he)", "contains(s, :x)", "contains(ss, :ll)", "contains(n, :1)", "contains(gone, :1)", "contains(ns, :x)",
			"size(s) = :2", "size(gone) = :2", "size(gone) < :2", "NOT n = :10", "n = :10 AND s = :x", "t = :true AND (n = :9 OR s = :x)", "gone > nothing",
		},
	}
	names := map[string]string{"#n": "n", "#k": "k"}
	var all []check
	for want, expressions := range rows {
		for _, expression := range expressions {
			name := "condition/met: "
			if !want {
				name = "condition/not met: "
			}
			all = append(all, check{name + expression, func(b *bed) {
				t := b.simple()
				b.put(t, it)
				in := &sdk.PutItemInput{TableName: t, Item: it, ConditionExpression: &expression}
				in.ExpressionAttributeNames, in.ExpressionAttributeValues = mentioned(expression, names, vals)
				_, err := b.client.PutItem(b.ctx, in)
				if !want {
					b.conditionFailed(err)
					return
				}
				b.must(err)
			}})
		}
	}
	return all
}

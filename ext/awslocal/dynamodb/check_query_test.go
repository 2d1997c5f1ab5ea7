package dynamodb_test

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// queryAll reads all pages; it returns the sort keys in their order, and how many pages there were.
func (b *bed) queryAll(in *sdk.QueryInput) (sorts string, pages int) {
	var parts []string
	for p := sdk.NewQueryPaginator(b.client, in); p.HasMorePages(); pages++ {
		out, err := p.NextPage(b.ctx)
		b.must(err)
		b.equal(out.Count, len(out.Items))
		for _, it := range out.Items {
			parts = append(parts, show(it["sk"]))
		}
	}
	return strings.Join(parts, " "), pages
}

// queryChecks ask which items of a partition are found.
func queryChecks() []check {
	sorts := map[types.ScalarAttributeType][]types.AttributeValue{
		"N": {num("-10"), num("-1.5"), num("0"), num("2"), num("10"), num("1e20")},
		"S": {str("a"), str("ab"), str("abc"), str("b"), str("é"), str("🎈")},
		"B": {bin("\x00"), bin("\x01"), bin("\x01\x02"), bin("\x7f"), bin("\x80"), bin("\xff")},
	}
	rows := []struct {
		sort      types.ScalarAttributeType
		condition string
		low, high types.AttributeValue
		want      string
	}{
		{"N", "", nil, nil, "-10 -1.5 0 2 10 100000000000000000000"},
		{"N", "sk = :l", num("2.0"), nil, "2"},
		{"N", "sk < :l", num("2"), nil, "-10 -1.5 0"},
		{"N", "sk <= :l", num("2"), nil, "-10 -1.5 0 2"},
		{"N", "sk > :l", num("2"), nil, "10 100000000000000000000"},
		{"N", "sk >= :l", num("2"), nil, "2 10 100000000000000000000"},
		{"N", "sk BETWEEN :l AND :h", num("-2"), num("2"), "-1.5 0 2"},
		{"N", "sk BETWEEN :l AND :h", num("3"), num("4"), ""},
		{"S", "", nil, nil, `"a" "ab" "abc" "b" "é" "🎈"`},
		{"S", "begins_with(sk, :l)", str("ab"), nil, `"ab" "abc"`},
		{"S", "sk > :l", str("b"), nil, `"é" "🎈"`},
		{"S", "sk BETWEEN :l AND :h", str("ab"), str("b"), `"ab" "abc" "b"`},
		{"B", "", nil, nil, "0x00 0x01 0x0102 0x7f 0x80 0xff"},
		{"B", "begins_with(sk, :l)", bin("\x01"), nil, "0x01 0x0102"},
		{"B", "sk >= :l", bin("\x7f"), nil, "0x7f 0x80 0xff"},
	}
	var all []check
	for _, r := range rows {
		name := fmt.Sprintf("query/%s %s", r.sort, r.condition)
		if r.low != nil {
			name += " " + show(r.low)
		}
		all = append(all, check{name, func(b *bed) {
			t := b.table("S", r.sort)
			var items []attrs
			for i := range sorts[r.sort] { // in an order of their own
				items = append(items, attrs{"pk": str("p"), "sk": sorts[r.sort][(i*5+2)%6]}, attrs{"pk": str("q"), "sk": sorts[r.sort][i]})
			}
			b.fill(t, items)
			in := &sdk.QueryInput{TableName: t, KeyConditionExpression: aws.String("pk = :p"), ExpressionAttributeValues: attrs{":p": str("p")}, ConsistentRead: aws.Bool(true)}
			if r.condition != "" {
				in.KeyConditionExpression = aws.String("pk = :p AND " + r.condition)
				in.ExpressionAttributeValues[":l"] = r.low
				if r.high != nil {
					in.ExpressionAttributeValues[":h"] = r.high
				}
			}
			forward, _ := b.queryAll(in)
			b.equal(forward, r.want)
			in.Limit = aws.Int32(1)
			paged, pages := b.queryAll(in)
			b.equal(paged, r.want)
			if n := len(strings.Fields(r.want)); pages < n || pages > n+1 {
				b.fail("%d pages for %d items", pages, n)
			}
			in.Limit, in.ScanIndexForward = aws.Int32(2), aws.Bool(false)
			backward, _ := b.queryAll(in)
			words := strings.Fields(r.want)
			for i, w := range strings.Fields(backward) {
				b.equal(w, words[len(words)-1-i])
			}
			b.equal(len(backward), len(r.want))
		}})
	}
	return append(all, append(queryRefusals(), otherQueryChecks...)...)
}

// queryRefusals are key conditions that are none.
func queryRefusals() []check {
	vals := attrs{":p": str("p"), ":n": num("1"), ":m": num("2"), ":e": str("")}
	var all []check
	for condition, message := range map[string]string{
		"sk = :n":                          "Query condition missed key schema element: pk",
		"pk > :p":                          "Query key condition not supported",
		"pk = :p OR sk = :n":               "Invalid operator used in KeyConditionExpression: OR",
		"pk = :p AND sk <> :n":             "Invalid operator used in KeyConditionExpression: <>",
		"pk = :p AND sk IN (:n)":           "Invalid operator used in KeyConditionExpression: IN",
		"pk = :p AND NOT sk = :n":          "Invalid operator used in KeyConditionExpression: NOT",
		"pk = :p AND attribute_exists(sk)": "Invalid operator used in KeyConditionExpression: attribute_exists",
		"pk = :p AND other = :n":           "",
		"pk = :p AND sk > :n AND sk < :m":  "",
		"pk = :n":                          "Condition parameter type does not match schema type",
		"pk = :p AND sk = :p":              "Condition parameter type does not match schema type",
		"pk = :p AND size(sk) = :n":        "",
		"pk = :e":                          "",
		"pk = :p AND sk BETWEEN :m AND :n": "The BETWEEN operator requires upper bound to be greater than or equal to lower bound",
	} {
		all = append(all, check{"query/refused: " + condition, func(b *bed) {
			in := &sdk.QueryInput{TableName: b.table("S", "N"), KeyConditionExpression: &condition}
			_, in.ExpressionAttributeValues = mentioned(condition, nil, vals)
			_, err := b.client.Query(b.ctx, in)
			b.refused(err, "ValidationException", message)
		}})
	}
	return all
}

// tenOf makes a table of ten items in one partition.
func tenOf(b *bed) (*string, *sdk.QueryInput) {
	t := b.table("S", "N")
	var items []attrs
	for i := range 10 {
		items = append(items, attrs{"pk": str("p"), "sk": num(fmt.Sprint(i)), "odd": yes(i%2 == 1), "x": str("x")})
	}
	b.fill(t, items)
	return t, &sdk.QueryInput{TableName: t, KeyConditionExpression: aws.String("pk = :p"), ExpressionAttributeValues: attrs{":p": str("p")}, ConsistentRead: aws.Bool(true)}
}

var otherQueryChecks = []check{
	{"query/filter", func(b *bed) {
		_, in := tenOf(b)
		in.FilterExpression = aws.String("odd = :t")
		in.ExpressionAttributeValues[":t"] = yes(true)
		in.Limit = aws.Int32(4)
		out, err := b.client.Query(b.ctx, in)
		b.must(err)
		b.equal(out.Count, 2)
		b.equal(out.ScannedCount, 4)
		b.equal(shown(out.LastEvaluatedKey), `{pk:"p" sk:3}`)
		all, _ := b.queryAll(in)
		b.equal(all, "1 3 5 7 9")
	}},
	{"query/filter on the key", func(b *bed) {
		_, in := tenOf(b)
		in.FilterExpression = aws.String("sk > :t")
		in.ExpressionAttributeValues[":t"] = num("1")
		_, err := b.client.Query(b.ctx, in)
		b.refused(err, "ValidationException", "Filter Expression can only contain non-primary key attributes: Primary key attribute: sk")
	}},
	{"query/count and projection", func(b *bed) {
		_, in := tenOf(b)
		in.Select = types.SelectCount
		out, err := b.client.Query(b.ctx, in)
		b.must(err)
		b.equal(out.Count, 10)
		b.equal(len(out.Items), 0)
		in.ProjectionExpression = aws.String("x")
		_, err = b.client.Query(b.ctx, in)
		b.refused(err, "ValidationException")
		in.Select = types.SelectSpecificAttributes
		out, err = b.client.Query(b.ctx, in)
		b.must(err)
		b.equal(shown(out.Items[0]), `{x:"x"}`)
	}},
	{"query/limit that ends with the last item", func(b *bed) {
		_, in := tenOf(b)
		in.Limit = aws.Int32(10)
		out, err := b.client.Query(b.ctx, in)
		b.must(err)
		b.equal(shown(out.LastEvaluatedKey), `{pk:"p" sk:9}`)
		in.Limit = aws.Int32(11)
		out, err = b.client.Query(b.ctx, in)
		b.must(err)
		b.equal(len(out.LastEvaluatedKey), 0)
		in.Limit = aws.Int32(0)
		_, err = b.client.Query(b.ctx, in)
		b.refused(err, "ValidationException")
	}},
	{"query/start", func(b *bed) {
		_, in := tenOf(b)
		in.ExclusiveStartKey = attrs{"pk": str("p"), "sk": num("6.5")} // no such item
		all, _ := b.queryAll(in)
		b.equal(all, "7 8 9")
		in.ExclusiveStartKey = attrs{"pk": str("other"), "sk": num("1")}
		_, err := b.client.Query(b.ctx, in)
		b.refused(err, "ValidationException", "The provided starting key is outside query boundaries based on provided conditions")
		in.ExclusiveStartKey = attrs{"pk": str("p")}
		_, err = b.client.Query(b.ctx, in)
		b.refused(err, "ValidationException", "The provided starting key is invalid")
	}},
	{"query/value first", func(b *bed) {
		_, in := tenOf(b)
		in.KeyConditionExpression = aws.String(":p = pk AND :n < sk")
		in.ExpressionAttributeValues[":n"] = num("7")
		all, _ := b.queryAll(in)
		b.equal(all, "8 9")
	}},
	{"query/parentheses", func(b *bed) {
		_, in := tenOf(b)
		in.KeyConditionExpression = aws.String("(sk > :n) AND (#p = :p)")
		in.ExpressionAttributeNames = map[string]string{"#p": "pk"}
		in.ExpressionAttributeValues[":n"] = num("7")
		all, _ := b.queryAll(in)
		b.equal(all, "8 9")
	}},
	{"query/1 MB a page", func(b *bed) {
		t := b.table("S", "N")
		for i := range 6 {
			b.put(t, attrs{"pk": str("p"), "sk": num(fmt.Sprint(i)), "v": bin(string(make([]byte, 300<<10)))})
		}
		in := &sdk.QueryInput{TableName: t, KeyConditionExpression: aws.String("pk = :p"), ExpressionAttributeValues: attrs{":p": str("p")}, ConsistentRead: aws.Bool(true)}
		all, pages := b.queryAll(in)
		b.equal(all, "0 1 2 3 4 5")
		b.equal(pages, 2)
	}},
	{"query/no index", func(b *bed) {
		_, in := tenOf(b)
		in.IndexName = aws.String("none")
		_, err := b.client.Query(b.ctx, in)
		b.refused(err, "ValidationException", "The table does not have the specified index: none")
	}},
}

var scanChecks = []check{
	{"scan/pages and segments", func(b *bed) {
		t := b.table("S", "N")
		var items []attrs
		for i := range 60 {
			items = append(items, attrs{"pk": str(fmt.Sprint("p", i/3)), "sk": num(fmt.Sprint(i % 3)), "v": num(fmt.Sprint(i))})
		}
		b.fill(t, items)
		for _, segments := range []int32{0, 1, 3} {
			for _, limit := range []int32{0, 1, 7} {
				seen := map[string]int{}
				for s := range max(1, segments) {
					in := &sdk.ScanInput{TableName: t, ConsistentRead: aws.Bool(true)}
					if segments > 0 {
						in.Segment, in.TotalSegments = &s, &segments
					}
					if limit > 0 {
						in.Limit = &limit
					}
					for p := sdk.NewScanPaginator(b.client, in); p.HasMorePages(); {
						out, err := p.NextPage(b.ctx)
						b.must(err)
						for _, it := range out.Items {
							seen[shown(it)]++
						}
					}
				}
				b.equal(len(seen), 60)
				for it, n := range seen {
					if n != 1 {
						b.fail("%s was seen %d times", it, n)
					}
				}
			}
		}
	}},
	{"scan/filter", func(b *bed) {
		t, _ := tenOf(b)
		out, err := b.client.Scan(b.ctx, &sdk.ScanInput{
			TableName: t, ConsistentRead: aws.Bool(true), FilterExpression: aws.String("sk > :n AND odd = :t"), ProjectionExpression: aws.String("sk"),
			ExpressionAttributeValues: attrs{":n": num("4"), ":t": yes(true)},
		})
		b.must(err)
		b.equal(out.Count, 3)
		b.equal(out.ScannedCount, 10)
		b.equal(shown(out.Items[0]), "{sk:5}")
	}},
}

// scanRefusals are scans that are none.
func scanRefusals() []check {
	var all []check
	for name, in := range map[string]sdk.ScanInput{
		"segment alone": {Segment: aws.Int32(0)}, "segments alone": {TotalSegments: aws.Int32(2)}, "a segment too many": {Segment: aws.Int32(2), TotalSegments: aws.Int32(2)},
		"limit 0": {Limit: aws.Int32(0)}, "an index": {IndexName: aws.String("none")}, "a start that is no key": {ExclusiveStartKey: attrs{"x": str("a")}},
	} {
		all = append(all, check{"scan/refused: " + name, func(b *bed) {
			in.TableName = b.simple()
			_, err := b.client.Scan(b.ctx, &in)
			b.refused(err, "ValidationException")
		}})
	}
	return all
}

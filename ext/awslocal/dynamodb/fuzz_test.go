package dynamodb

import (
	"encoding/json"
	"errors"
	"testing"
)

// FuzzExpression parses any text as every kind of expression, evaluates it on an item and applies
// it to the item. Nothing may panic, every error must be one of the protocol's, and the item that
// was there before must stay as it was.
func FuzzExpression(f *testing.F) {
	for _, text := range []string{
		"a = :n", "size(s) BETWEEN :n AND :n AND NOT (m.k <> #a OR attribute_exists(l[0]))", "contains(l, :s) or ss = :ss and begins_with(s, :s)",
		"a in (:n, :s, l[1], m.d.x)", "attribute_type(a, :S)", "a, m.k, l[1]", "#p = :s AND n > :n",
		"SET a = n + :n, l[9] = list_append(l, :l), m.d.x = if_not_exists(b, :s) REMOVE l[0], l[1] ADD n :n, ns :ns DELETE ss :ss",
		"SET m.k = :n - n REMOVE m.d, z[3].a ADD zz :ss", "ADD l[0] :n", "DELETE m.k :ss", "SET l[7] = :n, l[5] = l[0] REMOVE l[2], l[0]",
		"((a = :n))", "a.b[99999999999999999999]", "SET", "", "#", ":", "a[", "NOT NOT NOT", "\xff", "a <> \x00",
	} {
		f.Add(text)
	}
	const source = `{"p":{"S":"p"},"n":{"N":"5"},"s":{"S":"x"},"b":{"B":"AAE="},"ss":{"SS":["x","y"]},"ns":{"NS":["1","2"]},"z":{"NULL":true},"t":{"BOOL":true},
		"l":{"L":[{"N":"1"},{"S":"x"},{"L":[{"N":"2"}]}]},"m":{"M":{"k":{"N":"1"},"d":{"M":{"x":{"S":"x"}}}}}}`
	const literals = `{":n":{"N":"2"},":s":{"S":"x"},":S":{"S":"S"},":ss":{"SS":["x","z"]},":ns":{"NS":["2","3"]},":l":{"L":[{"N":"7"}]},":m":{"M":{}},":b":{"B":"AA=="},":z":{"NULL":true}}`
	var it item
	var values map[string]value
	if err := errors.Join(json.Unmarshal([]byte(source), &it), json.Unmarshal([]byte(literals), &values)); err != nil {
		f.Fatal(err)
	}
	var before item
	if err := json.Unmarshal([]byte(source), &before); err != nil {
		f.Fatal(err)
	}
	keys := schema{hash: keyAttribute{"p", kindS, maxHash}, sort: keyAttribute{"n", kindN, maxSort}}
	f.Fuzz(func(t *testing.T, text string) {
		ph := &placeholders{map[string]string{"#a": "a", "#p": "p", "#dot": "a.b"}, values, map[string]bool{}}
		check := func(err error) {
			var own *apiError
			if err != nil && !errors.As(err, &own) {
				t.Errorf("%q: %v is not an error of the protocol", text, err)
			}
		}
		c, err := parseCondition("ConditionExpression", &text, ph)
		check(err)
		if err == nil {
			if met := c.holds(it); met != c.holds(before) || met == (&condition{op: "NOT", kids: []*condition{c}}).holds(it) {
				t.Errorf("%q is met, and is not", text)
			}
			c.holds(nil)
			check(keys.outside(c))
			_, _, err = keys.split(c)
			check(err)
		}
		paths, err := projection(&text, ph)
		check(err)
		if err == nil {
			if part := it.project(paths); part.size() > it.size() {
				t.Errorf("%q makes the item larger", text)
			}
		}
		u, err := parseUpdate(&text, ph)
		check(err)
		if err == nil {
			after, err := u.apply(it)
			check(err)
			if err == nil {
				var again item
				if err := json.Unmarshal(after.append(nil), &again); err != nil || !again.equal(after) {
					t.Errorf("%q makes %s, which is read back as %s: %v", text, after.append(nil), again.append(nil), err)
				}
				after.project(u.paths())
			}
			if _, err := u.apply(nil); err != nil {
				check(err)
			}
		}
		if !it.equal(before) {
			t.Fatalf("%q changed the item that was there before", text)
		}
	})
}

package attr_test

import (
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/weir-go/weir/internal/attr"
)

// custom stands for a type with the SDK's Unmarshaler: only the name counts.
type custom struct{ A int }

func (*custom) UnmarshalDynamoDBAttributeValue(any) error { return nil }

type customValue string

func (customValue) UnmarshalDynamoDBAttributeValue(any) error { return nil }

type customInterface interface {
	UnmarshalDynamoDBAttributeValue(any) error
}

type (
	outer struct {
		Lines []struct {
			ByName map[string]*custom
		}
	}
	promoted struct {
		custom
		B int
	}
	ignored struct {
		A custom `dynamodbav:"-"`
		//lint:ignore U1000 a field that the plan must pass over
		b custom
		C int
	}
	recursive struct {
		Self  *recursive
		Kids  []recursive
		Price customValue
	}
	endless *endless
	keyed   struct{ A map[customValue]int }
)

func TestCompile(t *testing.T) {
	t.Parallel()
	const advice = " has its own UnmarshalDynamoDBAttributeValue, which cannot be called without the AWS SDK: " +
		"give the field a type without this method and convert it in your handler, or leave it out with the tag `dynamodbav:\"-\"`"
	for _, test := range []struct {
		typ  reflect.Type
		want string
	}{
		{reflect.TypeFor[ignored](), ""},
		{reflect.TypeFor[keyed](), ""},
		{reflect.TypeFor[map[string]any](), ""},
		{reflect.TypeFor[map[int]string](), ""},
		{reflect.TypeFor[any](), ""},
		{reflect.TypeFor[***order](), ""},
		{reflect.TypeFor[outer](), "attr: attr_test.outer.Lines[].ByName[]: type *attr_test.custom" + advice},
		{reflect.TypeFor[promoted](), "attr: attr_test.promoted: type attr_test.promoted" + advice},
		{reflect.TypeFor[recursive](), "attr: attr_test.recursive.Price: type attr_test.customValue" + advice},
		{reflect.TypeFor[struct{ A customInterface }](), "attr: struct { A attr_test.customInterface }.A: type attr_test.customInterface" + advice},
		{reflect.TypeFor[endless](), "attr: attr_test.endless: too many pointers"},
		{reflect.TypeFor[struct{ A **endless }](), "attr: struct { A **attr_test.endless }.A: too many pointers"},
		{reflect.TypeFor[int](), "attr: an item cannot be decoded into int: want a struct or a map with string keys"},
		{reflect.TypeFor[*[]string](), "attr: an item cannot be decoded into *[]string: want a struct or a map with string keys"},
		{reflect.TypeFor[map[struct{}]int](), "attr: an item cannot be decoded into map[struct {}]int: want a struct or a map with string keys"},
		{reflect.TypeFor[error](), "attr: an item cannot be decoded into error: want a struct or a map with string keys"},
	} {
		for range 2 { // the second time from the cache
			_, err := attr.Compile(test.typ)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("%s:\ngot  %s\nwant %s", test.typ, got, test.want)
			}
		}
	}
}

// A pointer in an interface is met at run time only.
func TestUnmarshalerInInterface(t *testing.T) {
	t.Parallel()
	item := map[string]any{}
	var dst any = &item
	if err := decode(t, `{"a":{"N":"1"}}`, &dst); err != nil || !reflect.DeepEqual(item, map[string]any{"a": 1.0}) {
		t.Errorf("got %v, %v", item, err)
	}
	o := order{Extra: new(custom)}
	err := decode(t, `{"extra":{"M":{"A":{"N":"1"}}},"id":{"S":"a"}}`, &o)
	if err == nil || !strings.HasPrefix(err.Error(), "extra: attr: *attr_test.custom: type *attr_test.custom has its own") {
		t.Errorf("got %v", err)
	}
}

func TestWrongDestination(t *testing.T) {
	t.Parallel()
	plan, err := attr.Compile(reflect.TypeFor[order]())
	if err != nil {
		t.Fatal(err)
	}
	for _, dst := range []reflect.Value{reflect.ValueOf(order{}), reflect.ValueOf(new(line)).Elem(), {}} {
		var s attr.Reader
		s.Reset(`{"id":{"S":"a"}}`)
		if err := plan.Item(&s, dst); err == nil || err.Error() != "cannot decode into a value that is not a settable attr_test.order" {
			t.Errorf("got %v", err)
		}
		if s.End(); s.Err() != nil {
			t.Error(s.Err())
		}
	}
}

func TestCompileAtOnce(t *testing.T) {
	t.Parallel()
	type node struct {
		Next *node
		V    int
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			var n node
			if err := decode(t, `{"next":{"M":{"next":{"M":{"v":{"N":"5"}}}}}}`, &n); err != nil || n.Next.Next.V != 5 {
				t.Errorf("got %+v, %v", n, err)
			}
		})
	}
	group.Wait()
}

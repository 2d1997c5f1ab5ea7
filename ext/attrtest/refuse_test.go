package attrtest

import (
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/weir-go/weir/internal/attr"
)

type money int

func (*money) UnmarshalDynamoDBAttributeValue(types.AttributeValue) error { return nil }

func TestSDKUnmarshalersAreRefused(t *testing.T) {
	t.Parallel()
	for _, typ := range []reflect.Type{
		reflect.TypeFor[struct{ A money }](),
		reflect.TypeFor[map[string][]*money](),
		reflect.TypeFor[struct{ A attributevalue.UnixTime }](),
		reflect.TypeFor[struct{ A attributevalue.Unmarshaler }](),
	} {
		_, err := attr.Compile(typ)
		if err == nil || !strings.Contains(err.Error(), "has its own UnmarshalDynamoDBAttributeValue") {
			t.Errorf("%s: got %v", typ, err)
		}
	}
}

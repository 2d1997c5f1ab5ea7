package sqssink_test

import (
	"context"
	"fmt"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/sqssink"
	"github.com/weir-go/weir/middleware/deadletter"
	"github.com/weir-go/weir/weirtest"
)

func Example() {
	client := &queue{} // sqs.NewFromConfig(cfg)
	sink := sqssink.New(client, "https://sqs.eu-west-1.amazonaws.com/111122223333/orders-dead")
	ship := func(ctx context.Context, order string) error { return weir.Permanent(fmt.Errorf("no such %s", order)) }
	fn := weir.SQS(weir.Each(ship), deadletter.To(sink, deadletter.Permanent()))
	out, _ := fn.Invoke(context.Background(), weirtest.SQS("lamp").JSON())
	fmt.Println(string(out))

	// Later, when there are lamps.
	letters, err := deadletter.Parse([]byte(*client.sent[0].MessageBody))
	if err != nil {
		panic(err)
	}
	in, err := sqssink.Redrive(&letters[0], "https://sqs.eu-west-1.amazonaws.com/111122223333/orders")
	fmt.Println(letters[0].Error, "-", *in.MessageBody, err)
	// Output:
	// {"batchItemFailures":[]}
	// permanent: no such lamp - lamp <nil>
}

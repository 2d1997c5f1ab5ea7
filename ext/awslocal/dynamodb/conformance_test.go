package dynamodb_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"

	"github.com/weir-go/weir/ext/awslocal/dynamodb"
)

// check is one question to a server. It fails by the methods of its bed.
type check struct {
	name string
	run  func(*bed)
}

// checks are all that a server is asked.
func checks() []check {
	var all []check
	for _, group := range [][]check{
		tableChecks, itemChecks, conditionChecks(), expressionChecks(), updateChecks(), valueChecks(), keyChecks(),
		batchChecks, queryChecks(), scanChecks, scanRefusals(), transactionChecks, lifeChecks, capacityChecks, raceChecks, streamChecks,
	} {
		all = append(all, group...)
	}
	return all
}

// TestConformance asks this package's server, and each other one whose endpoint is in the environment.
func TestConformance(t *testing.T) {
	t.Parallel()
	t.Run("weir", func(t *testing.T) {
		t.Parallel()
		srv := dynamodb.New()
		endpoint, err := srv.Start()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := srv.Close(); err != nil {
				t.Error(err)
			}
		})
		conform(t, endpoint, func(now time.Time) { srv.Expire(now) }, nil)
	})
	for _, other := range []struct {
		name, variable string
		differences    map[string]string
	}{
		{"dynalite", "WEIR_DYNALITE", dynaliteDifferences},
		{"other", "WEIR_DYNAMODB_ENDPOINT", nil},
	} {
		t.Run(other.name, func(t *testing.T) {
			t.Parallel()
			endpoint := os.Getenv(other.variable)
			if endpoint == "" {
				t.Skipf("%s is not set: it may hold the endpoint of a server to ask", other.variable)
			}
			conform(t, endpoint, nil, other.differences)
		})
	}
}

// conform runs all checks. A check among the differences must fail, every other must pass. expire
// has the server delete expired items; without it the check of that is skipped.
func conform(t *testing.T, endpoint string, expire func(time.Time), differences map[string]string) {
	names := map[string]bool{}
	prefix := "weir-" + strings.ToLower(rand.Text()[:6])
	t.Logf("tables are called %s-*", prefix)
	for i, c := range checks() {
		if names[c.name] {
			t.Errorf("two checks are called %s", c.name)
		}
		names[c.name] = true
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t, endpoint, fmt.Sprintf("%s-%d", prefix, i))
			b.expire = expire
			err := b.ask(c.run)
			if errors.Is(err, errSkipped) {
				t.Skip("the server cannot be told to expire items")
			}
			why, known := differences[c.name]
			if wrong := verdict(err, why, known); wrong != nil {
				t.Error(wrong)
			} else if known {
				t.Logf("differs as known (%s): %v", why, err)
			}
		})
	}
	for name := range differences {
		if !names[name] {
			t.Errorf("no check is called %s: take it off the list of differences", name)
		}
	}
}

// verdict is what is wrong with a check that ended with err, and that is known to fail or not.
func verdict(err error, why string, known bool) error {
	switch {
	case err == nil && known:
		return fmt.Errorf("passes, though it is known to differ (%s): take it off the list", why)
	case known:
		return nil
	}
	return err
}

// The suite is no use unless it can fail.
func TestVerdict(t *testing.T) {
	t.Parallel()
	failed := errors.New("failed")
	for _, tt := range []struct {
		err   error
		known bool
		want  string
	}{
		{nil, false, "<nil>"},
		{failed, false, "failed"},
		{failed, true, "<nil>"},
		{nil, true, "passes, though it is known to differ (reason): take it off the list"},
	} {
		if got := fmt.Sprint(verdict(tt.err, "reason", tt.known)); got != tt.want {
			t.Errorf("%v, known %v: %s, want %s", tt.err, tt.known, got, tt.want)
		}
	}
	// A server that knows no operation at all fails every check, by an error that names its line.
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	defer srv.Close()
	for _, c := range checks() {
		if err := newBed(t, srv.URL, "weir").ask(c.run); err == nil || !strings.HasPrefix(err.Error(), "check_") && !errors.Is(err, errSkipped) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// attrs is an item.
type attrs = map[string]types.AttributeValue

func str(s string) types.AttributeValue     { return &types.AttributeValueMemberS{Value: s} }
func num(n string) types.AttributeValue     { return &types.AttributeValueMemberN{Value: n} }
func bin(b string) types.AttributeValue     { return &types.AttributeValueMemberB{Value: []byte(b)} }
func yes(b bool) types.AttributeValue       { return &types.AttributeValueMemberBOOL{Value: b} }
func null() types.AttributeValue            { return &types.AttributeValueMemberNULL{Value: true} }
func strs(s ...string) types.AttributeValue { return &types.AttributeValueMemberSS{Value: s} }
func nums(s ...string) types.AttributeValue { return &types.AttributeValueMemberNS{Value: s} }
func bins(b ...[]byte) types.AttributeValue { return &types.AttributeValueMemberBS{Value: b} }
func dict(m attrs) types.AttributeValue     { return &types.AttributeValueMemberM{Value: m} }
func list(l ...types.AttributeValue) types.AttributeValue {
	if l == nil {
		l = []types.AttributeValue{}
	}
	return &types.AttributeValueMemberL{Value: l}
}

// bed is what a check has at hand: clients, and a name that no other check uses for its tables.
type bed struct {
	t       *testing.T
	ctx     context.Context
	client  *sdk.Client
	streams *dynamodbstreams.Client
	name    string
	expire  func(time.Time)
	made    []string // tables
}

var credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "SECRET"}, nil
})

func newBed(t *testing.T, endpoint, name string) *bed {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	return &bed{
		t: t, ctx: ctx, name: name,
		client:  sdk.New(sdk.Options{BaseEndpoint: &endpoint, Region: "us-east-1", Credentials: credentials}),
		streams: dynamodbstreams.New(dynamodbstreams.Options{BaseEndpoint: &endpoint, Region: "us-east-1", Credentials: credentials}),
	}
}

// failure is what a bed's methods panic with when the answer is not the expected one.
type failure struct{ error }

var errSkipped = errors.New("skipped")

// ask runs a check and deletes its tables.
func (b *bed) ask(run func(*bed)) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case failure:
			err = r.error
		default:
			panic(r)
		}
		for _, name := range b.made {
			_, _ = b.client.DeleteTable(b.ctx, &sdk.DeleteTableInput{TableName: &name}) // it may be gone
		}
	}()
	run(b)
	return nil
}

// fail ends the check, naming the line of the check that is not content.
func (b *bed) fail(format string, args ...any) {
	panic(failure{fmt.Errorf("%s: %s", line(), fmt.Sprintf(format, args...))})
}

// line finds the innermost line of a check on the stack.
func line() string {
	for l := range strings.Lines(string(debug.Stack())) {
		if _, at, ok := strings.Cut(l, "/check_"); ok {
			at, _, _ = strings.Cut(at, " ")
			return "check_" + strings.TrimSpace(at)
		}
	}
	return "a check"
}

func (b *bed) must(err error) {
	if err != nil {
		b.fail("%v", err)
	}
}

// refused wants an error with a code, whose message has all of the parts.
func (b *bed) refused(err error, code string, parts ...string) {
	var e interface {
		error
		ErrorCode() string
		ErrorMessage() string
	}
	if !errors.As(err, &e) || e.ErrorCode() != code {
		b.fail("error is %v, want %s", err, code)
	}
	for _, p := range parts {
		if !strings.Contains(e.ErrorMessage(), p) {
			b.fail("%s says %q, want it to say %q", code, e.ErrorMessage(), p)
		}
	}
}

// equal wants two values to print alike.
func (b *bed) equal(got, want any) {
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		b.fail("got %s, want %s", g, w)
	}
}

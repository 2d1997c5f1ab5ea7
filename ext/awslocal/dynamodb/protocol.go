package dynamodb

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// maxBody is the limit on a request. Source: BatchWriteItem, DynamoDB API Reference.
const maxBody = 16 << 20

// call is what a request brings along beside its input.
type call struct {
	op    string
	now   time.Time
	fault Fault
	body  []byte
}

// operation reads an input and applies it. The server is locked.
type operation func(*Server, *call) (any, error)

// operations are those that the server knows, by their targets.
var operations = map[string]operation{
	"DynamoDB_20120810.CreateTable":        typed((*Server).createTable),
	"DynamoDB_20120810.DescribeTable":      typed((*Server).describeTable),
	"DynamoDB_20120810.DeleteTable":        typed((*Server).deleteTable),
	"DynamoDB_20120810.ListTables":         typed((*Server).listTables),
	"DynamoDB_20120810.PutItem":            typed((*Server).putItem),
	"DynamoDB_20120810.GetItem":            typed((*Server).getItem),
	"DynamoDB_20120810.UpdateItem":         typed((*Server).updateItem),
	"DynamoDB_20120810.DeleteItem":         typed((*Server).deleteItem),
	"DynamoDB_20120810.BatchGetItem":       typed((*Server).batchGetItem),
	"DynamoDB_20120810.BatchWriteItem":     typed((*Server).batchWriteItem),
	"DynamoDB_20120810.Query":              typed((*Server).query),
	"DynamoDB_20120810.TransactWriteItems": typed((*Server).transactWriteItems),
	"DynamoDB_20120810.TransactGetItems":   typed((*Server).transactGetItems),
	"DynamoDB_20120810.Scan":               typed((*Server).scan),
	"DynamoDB_20120810.UpdateTimeToLive":   typed((*Server).updateTimeToLive),
	"DynamoDB_20120810.DescribeTimeToLive": typed((*Server).describeTimeToLive),

	"DynamoDBStreams_20120810.ListStreams":      typed((*Server).listStreams),
	"DynamoDBStreams_20120810.DescribeStream":   typed((*Server).describeStream),
	"DynamoDBStreams_20120810.GetShardIterator": typed((*Server).getShardIterator),
	"DynamoDBStreams_20120810.GetRecords":       typed((*Server).getRecords),
}

// typed decodes an operation's input, and refuses members that the operation does not look at:
// a client may rely on them.
func typed[In any](f func(*Server, *call, *In) (any, error)) operation {
	return func(s *Server, c *call) (any, error) {
		var in In
		d := json.NewDecoder(bytes.NewReader(c.body))
		d.DisallowUnknownFields()
		if err := d.Decode(&in); err != nil {
			var own *apiError
			if errors.As(err, &own) {
				return nil, own
			}
			if field, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
				return nil, invalid("%s: this server does not support the parameter %s", c.op, field)
			}
			return nil, refuse("SerializationException", "%v", err)
		}
		if _, err := d.Token(); err != io.EOF {
			return nil, refuse("SerializationException", "there is something behind the request")
		}
		entries := -1
		if t, ok := any(in).(interface{ entries() int }); ok {
			entries = t.entries()
		}
		if err := c.fault.before(entries); err != nil {
			return nil, err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		c.now = time.Now()
		return f(s, c, &in)
	}
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		s.answer(w, refuse("ValidationException", "the request could not be read: %v", err))
		return
	}
	if r.Method != http.MethodPost || r.URL.Path != "/" {
		s.answer(w, refuse("UnknownOperationException", "%s %s: requests are a POST to /", r.Method, r.URL.Path))
		return
	}
	target := r.Header.Get("X-Amz-Target")
	_, name, _ := strings.Cut(target, ".")
	apply, ok := operations[target]
	if !ok {
		s.answer(w, refuse("UnknownOperationException", "this server does not know the operation %q", target))
		return
	}
	c := &call{op: name, body: body, fault: s.count(name, body)}
	patience := r.Context()
	if c.fault.Late {
		patience = context.WithoutCancel(patience)
	}
	if !wait(patience, c.fault.Delay) || c.fault.Do == Refuse {
		hangUp()
	}
	out, err := s.apply(apply, c)
	if !wait(r.Context(), c.fault.Hold) || c.fault.Do == Cut {
		hangUp()
	}
	if c.fault.Do == InternalAfter {
		err = internalError()
	}
	if err != nil {
		out = err
	}
	s.answer(w, out)
}

func (s *Server) apply(op operation, c *call) (any, error) {
	if !utf8.Valid(c.body) {
		return nil, refuse("SerializationException", "the request is not valid UTF-8")
	}
	if deep(c.body) {
		return nil, tooDeep()
	}
	return op(s, c)
}

// deep says whether JSON is nested deeper than any request can be.
func deep(body []byte) bool {
	depth, quoted := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > 2*maxNesting+16 {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

// answer writes an output or an *apiError.
func (s *Server) answer(w http.ResponseWriter, out any) {
	status := http.StatusOK
	if e, ok := out.(*apiError); ok {
		status = e.status
	}
	body, err := json.Marshal(out)
	if err != nil { // a bug of ours: the client must not take it for success
		status, body = http.StatusInternalServerError, []byte(`{"__type":"InternalServerError","message":`+strconv.Quote(err.Error())+`}`)
	}
	s.mu.Lock()
	s.serial++
	id := s.serial
	s.mu.Unlock()
	h := w.Header()
	h.Set("Content-Type", "application/x-amz-json-1.0")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("X-Amz-Crc32", strconv.FormatUint(uint64(crc32.ChecksumIEEE(body)), 10))
	h.Set("X-Amzn-Requestid", fmt.Sprintf("%026d", id))
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that went away has no use for it
}

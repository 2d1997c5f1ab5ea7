package registry

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
)

// Confluent makes a Registry of the URL of a Confluent Schema Registry, or of another that
// speaks its protocol, such as Apicurio, Karapace or Redpanda.
func Confluent(baseURL string, opts ...Option) (*Registry, error) {
	u, err := url.Parse(baseURL)
	switch {
	case err != nil: // whose text would show the URL's password
		return nil, fmt.Errorf("registry: the URL of the registry cannot be parsed")
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return nil, fmt.Errorf("registry: %q is no URL of a registry: it takes http:// or https:// and a host", u.Redacted())
	}
	c := &confluentClient{base: u, http: configOf(opts).client}
	return newRegistry(confluent, c.schema, opts)
}

const (
	maxAnswer     = 16 << 20 // bytes
	maxReferences = 500
)

type confluentClient struct {
	base *url.URL
	http *http.Client
}

// confluentSchema is an answer. AVRO is the type where none is said.
type confluentSchema struct {
	Schema     string               `json:"schema"`
	SchemaType string               `json:"schemaType"`
	References []confluentReference `json:"references"`
}

type confluentReference struct {
	Name    string `json:"name"`
	Subject string `json:"subject"`
	Version int    `json:"version"`
}

func (c *confluentClient) schema(ctx context.Context, id ID) (Schema, error) {
	if binary.BigEndian.Uint32(id.bytes[:]) > math.MaxInt32 { // for which a registry has no route, as if it were none
		return Schema{}, fmt.Errorf("%w: its identifiers end at %d", ErrUnknownSchema, math.MaxInt32)
	}
	var a confluentSchema
	if err := c.get(ctx, c.base.JoinPath("schemas", "ids", id.String()), &a); err != nil {
		return Schema{}, err
	}
	s := Schema{Type: a.SchemaType, Text: a.Schema}
	if s.Type == "" {
		s.Type = "AVRO"
	}
	r := resolver{client: c, seen: map[confluentReference]bool{}, names: map[string]string{}}
	if err := r.add(ctx, a.References); err != nil {
		return Schema{}, err
	}
	s.References = r.found
	return s, nil
}

// resolver collects references, each after those that it has itself.
type resolver struct {
	client *confluentClient
	seen   map[confluentReference]bool
	names  map[string]string
	found  []Reference
}

func (r *resolver) add(ctx context.Context, refs []confluentReference) error {
	for _, ref := range refs {
		if r.seen[ref] { // or a circle, of which the format makes what it can
			continue
		}
		if len(r.seen) >= maxReferences {
			return fmt.Errorf("%w: it has more than %d references", errUnusable, maxReferences)
		}
		r.seen[ref] = true
		u := r.client.base.JoinPath("subjects", url.PathEscape(ref.Subject), "versions", strconv.Itoa(ref.Version))
		u.RawQuery = "deleted=true" // what is written must stay readable
		var a confluentSchema
		err := r.client.get(ctx, u, &a)
		if err == nil {
			err = r.add(ctx, a.References)
		}
		if err != nil {
			return fmt.Errorf("reference %q, version %d of %q: %w", ref.Name, ref.Version, ref.Subject, err)
		}
		switch text, known := r.names[ref.Name]; {
		case !known:
			r.names[ref.Name] = a.Schema
			r.found = append(r.found, Reference{ref.Name, a.Schema})
		case text != a.Schema:
			return fmt.Errorf("%w: it has two references with the name %q", errUnusable, ref.Name)
		}
	}
	return nil
}

// get asks for a JSON answer.
func (c *confluentClient) get(ctx context.Context, u *url.URL, into *confluentSchema) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "application/vnd.schemaregistry.v1+json, application/json;q=0.9")
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", u.Redacted(), err)
	case len(body) > maxAnswer:
		return fmt.Errorf("%s: an answer of more than %d bytes", u.Redacted(), maxAnswer)
	case resp.StatusCode != http.StatusOK:
		return refused(u, resp.StatusCode, body)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("%s: an answer that is no schema: %w", u.Redacted(), err)
	}
	return nil
}

// refused tells a registry that does not know a schema from a server that knows no registry, by
// the codes for no such subject, version or schema.
func refused(u *url.URL, status int, body []byte) error {
	var a struct {
		Code    int    `json:"error_code"`
		Message string `json:"message"`
	}
	known := json.Unmarshal(body, &a) == nil
	if known && status == http.StatusNotFound && a.Code >= 40401 && a.Code <= 40403 {
		return fmt.Errorf("%w: %s", ErrUnknownSchema, a.Message)
	}
	text := a.Message
	if !known || text == "" {
		text = string(bytes.ToValidUTF8(body[:min(len(body), 200)], []byte("?")))
	}
	if known && a.Code != 0 && refusesOne(status) { // a proxy's has no code, and may be for all
		return fmt.Errorf("%w: %s: %d %s: %s", errUnusable, u.Redacted(), status, http.StatusText(status), text)
	}
	return fmt.Errorf("%s: %d %s: %s", u.Redacted(), status, http.StatusText(status), text)
}

// refusesOne reports whether a status is about what was asked for, and not about who asks, how
// often, or where.
func refusesOne(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusProxyAuthRequired,
		http.StatusRequestTimeout, http.StatusTooManyRequests:
		return false
	}
	return status >= 400 && status < 500
}

package registry_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/ext/internal/fakeregistry"
	"github.com/weir-go/weir/ext/registry"
	"github.com/weir-go/weir/internal/assert"
)

func confluentAt(t *testing.T, url string, opts ...registry.Option) *registry.Registry {
	t.Helper()
	reg, err := registry.Confluent(url, opts...)
	assert.NoError(t, err)
	return reg
}

func unavailable(err error) bool {
	u := (*weir.UnavailableError)(nil)
	return errors.As(err, &u)
}

func TestConfluentAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status  int
		body    string
		unknown bool // or else unavailable
		text    string
	}{
		"no such schema":   {404, `{"error_code":40403,"message":"Schema 7 not found"}`, true, "Schema 7 not found"},
		"no such subject":  {404, `{"error_code":40401,"message":"Subject not found"}`, true, "Subject not found"},
		"no registry":      {404, `<html>not found</html>`, false, "404 Not Found: <html>"},
		"no such path":     {404, `{"error_code":404,"message":"HTTP 404 Not Found"}`, false, "HTTP 404 Not Found"},
		"not allowed":      {401, `{"error_code":40101,"message":"Unauthorized"}`, false, "401 Unauthorized: Unauthorized"},
		"its store fails":  {500, `{"error_code":50001,"message":"Error in the backend datastore"}`, false, "backend datastore"},
		"too many":         {429, ``, false, "429 Too Many Requests"},
		"code without 404": {500, `{"error_code":40403,"message":"odd"}`, false, "odd"},
		"no JSON":          {200, `{"schema":`, false, "an answer that is no schema"},
		"another JSON":     {200, `[]`, false, "an answer that is no schema"},
		"no text":          {200, `{}`, false, "no text"},
		"too long":         {200, strings.Repeat(" ", 16<<20+1), false, "more than 16777216 bytes"},
		"cut off":          {-1, `{"schema":"x"}`, false, "unexpected EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := fakeregistry.New(t)
			server.Before = func(w http.ResponseWriter, _ *http.Request) bool {
				if c.status < 0 {
					w.Header().Set("Content-Length", "1000")
				} else {
					w.WriteHeader(c.status)
				}
				_, _ = w.Write([]byte(c.body))
				return true
			}
			_, err := confluentAt(t, server.URL).Schema(t.Context(), registry.ConfluentID(7))
			assert.Error(t, err, "schema 7: ", c.text)
			assert.Equal(t, errors.Is(err, registry.ErrUnknownSchema), c.unknown, err.Error())
			assert.Equal(t, unavailable(err), !c.unknown, err.Error())
		})
	}
}

// A record that the registry will never have an answer for must not be waited for.
func TestConfluentRefusesOneSchema(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		fault  bool
	}{
		"invalid version":   {422, `{"error_code":42202,"message":"invalid version"}`, true},
		"bad request":       {400, `{"error_code":400,"message":"HTTP 400 Bad Request"}`, true},
		"HTTP to HTTPS":     {400, `Client sent an HTTP request to an HTTPS server.`, false},
		"another's JSON":    {400, `{"message":"no certificate"}`, false},
		"forbidden":         {403, `{"error_code":40301,"message":"denied"}`, false},
		"a proxy's":         {407, `{"error_code":407,"message":"who?"}`, false},
		"its time is over":  {408, `{"error_code":408,"message":"slow"}`, false},
		"too many":          {429, `{"error_code":42901,"message":"slow down"}`, false},
		"not the schema's":  {500, `{"error_code":50001,"message":"store"}`, false},
		"no route":          {404, `{"error_code":404,"message":"HTTP 404 Not Found"}`, false},
		"a redirect's code": {304, ``, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := fakeregistry.New(t)
			server.Before = func(w http.ResponseWriter, _ *http.Request) bool {
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
				return true
			}
			_, err := confluentAt(t, server.URL).Schema(t.Context(), registry.ConfluentID(7))
			assert.Error(t, err, "schema 7: ")
			assert.Equal(t, unavailable(err), !c.fault, err.Error())
		})
	}
}

// A registry takes an identifier that is no Java int for a path that it does not have.
func TestConfluentIdentifiersEnd(t *testing.T) {
	t.Parallel()
	server := fakeregistry.New(t)
	server.Add(1<<31-1, "AVRO", `"string"`)
	reg := confluentAt(t, server.URL)
	_, err := reg.Schema(t.Context(), registry.ConfluentID(1<<31-1))
	assert.NoError(t, err)
	for _, id := range []uint32{1 << 31, 1<<32 - 1} {
		_, err := reg.Schema(t.Context(), registry.ConfluentID(id))
		assert.Equal(t, errors.Is(err, registry.ErrUnknownSchema), true)
		assert.Equal(t, unavailable(err), false)
	}
	assert.Equal(t, len(server.Requests()), 1)
}

func TestConfluentIsNotThere(t *testing.T) {
	t.Parallel()
	server := fakeregistry.New(t)
	server.Before = func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }
	_, err := confluentAt(t, server.URL).Schema(t.Context(), registry.ConfluentID(7))
	assert.Equal(t, unavailable(err), true)
}

func TestConfluentIsSlow(t *testing.T) {
	t.Parallel()
	server := fakeregistry.New(t)
	server.Before = func(_ http.ResponseWriter, r *http.Request) bool { <-r.Context().Done(); return true }
	reg := confluentAt(t, server.URL, registry.Timeout(20*time.Millisecond))
	_, err := reg.Schema(t.Context(), registry.ConfluentID(7))
	assert.Error(t, err, "no answer within 20ms")
	assert.Equal(t, unavailable(err), true)
	assert.Equal(t, errors.Is(err, context.DeadlineExceeded), true)
}

func TestConfluentReferences(t *testing.T) {
	t.Parallel()
	ref := func(name string, version int) fakeregistry.Reference {
		return fakeregistry.Reference{Name: name, Subject: "the " + name + "/value", Version: version}
	}
	server := fakeregistry.New(t)
	// a needs b and c, which both need d; d needs a circle of e and f.
	server.Add(1, "JSON", "a", ref("b", 1), ref("c", 2))
	server.AddVersion("the b/value", 1, "JSON", "B", ref("d", 1))
	server.AddVersion("the c/value", 2, "JSON", "C", ref("d", 1))
	server.AddVersion("the d/value", 1, "JSON", "D", ref("e", 1))
	server.AddVersion("the e/value", 1, "JSON", "E", ref("f", 1))
	server.AddVersion("the f/value", 1, "JSON", "F", ref("e", 1))
	server.Add(2, "JSON", "a", ref("missing", 3))
	server.Add(3, "JSON", "a", ref("b", 1), ref("b", 9))
	server.AddVersion("the b/value", 9, "JSON", "other B")
	var mu sync.Mutex
	deleted := 0
	server.Before = func(_ http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		if r.URL.Query().Get("deleted") == "true" {
			deleted++
		}
		return false
	}
	reg := confluentAt(t, server.URL+"/")

	s, err := reg.Schema(t.Context(), registry.ConfluentID(1))
	assert.NoError(t, err)
	assert.Equal(t, s, registry.Schema{ID: registry.ConfluentID(1), Type: "JSON", Text: "a", References: []registry.Reference{
		{Name: "f", Text: "F"}, {Name: "e", Text: "E"}, {Name: "d", Text: "D"}, {Name: "b", Text: "B"}, {Name: "c", Text: "C"},
	}})
	assert.Equal(t, len(server.Requests()), 6)
	assert.Equal(t, server.Requests()[1], "/subjects/the%20b%2Fvalue/versions/1")
	assert.Equal(t, deleted, 5)

	_, err = reg.Schema(t.Context(), registry.ConfluentID(2))
	assert.Error(t, err, `schema 2: reference "missing", version 3 of "the missing/value": the registry does not know`)
	assert.Equal(t, errors.Is(err, registry.ErrUnknownSchema), true)

	_, err = reg.Schema(t.Context(), registry.ConfluentID(3))
	assert.Error(t, err, `two references with the name "b"`)
	assert.Equal(t, unavailable(err), false)
}

func TestConfluentIsFirstAvro(t *testing.T) {
	t.Parallel()
	server := fakeregistry.New(t)
	server.Add(1, "AVRO", `"string"`) // which sends no type
	s, err := confluentAt(t, server.URL).Schema(t.Context(), registry.ConfluentID(1))
	assert.NoError(t, err)
	assert.Equal(t, s.Type+s.Text, `AVRO"string"`)
}

type headers struct{ token string }

func (h headers) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", h.token)
	return http.DefaultTransport.RoundTrip(r)
}

func TestConfluentCredentials(t *testing.T) {
	t.Parallel()
	server := fakeregistry.New(t)
	server.Add(1, "AVRO", `"string"`)
	server.Before = func(w http.ResponseWriter, r *http.Request) bool {
		user, password, _ := r.BasicAuth()
		if user+password == "keysecret" || r.Header.Get("Authorization") == "Bearer t" {
			return false
		}
		w.WriteHeader(http.StatusUnauthorized)
		return true
	}
	in := strings.Replace(server.URL, "://", "://key:secret@", 1)
	wrong := strings.Replace(server.URL, "://", "://key:wrong1@", 1)
	client := &http.Client{Transport: headers{"Bearer t"}}
	for _, reg := range []*registry.Registry{confluentAt(t, in), confluentAt(t, server.URL, registry.Client(client))} {
		_, err := reg.Schema(t.Context(), registry.ConfluentID(1))
		assert.NoError(t, err)
	}
	_, err := confluentAt(t, wrong).Schema(t.Context(), registry.ConfluentID(1))
	assert.Error(t, err, "401")
	if strings.Contains(err.Error(), "wrong1") {
		t.Errorf("the password is in %v", err)
	}
}

func TestRegistryThatCannotBe(t *testing.T) {
	t.Parallel()
	for want, make := range map[string]func() (*registry.Registry, error){
		`"" is no URL`:            func() (*registry.Registry, error) { return registry.Confluent("") },
		`"registry:8081" is no`:   func() (*registry.Registry, error) { return registry.Confluent("registry:8081") },
		`"ftp://u:xxxxx@h" is no`: func() (*registry.Registry, error) { return registry.Confluent("ftp://u:secret@h") },
		"cannot be parsed":        func() (*registry.Registry, error) { return registry.Confluent("http://u:secret@h:x") },
		"Timeout(0s): it must":    func() (*registry.Registry, error) { return registry.Confluent("http://h", registry.Timeout(0)) },
		"RetryUnknown(-1ns)":      func() (*registry.Registry, error) { return registry.Confluent("http://h", registry.RetryUnknown(-1)) },
		"MaxSchemas(0)":           func() (*registry.Registry, error) { return registry.Confluent("http://h", registry.MaxSchemas(0)) },
		"Client(nil)":             func() (*registry.Registry, error) { return registry.Confluent("http://h", registry.Client(nil)) },
		"option 0 is nil":         func() (*registry.Registry, error) { return registry.New(nil, nil) },
		"nil was given":           func() (*registry.Registry, error) { return registry.Glue(nil) },
	} {
		_, err := make()
		assert.Error(t, err, want)
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("the password is in %v", err)
		}
	}
}

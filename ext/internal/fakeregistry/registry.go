// Package fakeregistry is a schema registry that speaks Confluent's protocol, for tests.
package fakeregistry

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// Server is a registry at a URL.
type Server struct {
	URL string

	// Before answers a request instead of the registry when it returns true. It must be set
	// before the first request.
	Before func(w http.ResponseWriter, r *http.Request) bool

	mu       sync.Mutex
	schemas  map[string]schema
	requests []string
}

// Reference is a schema that another one uses.
type Reference struct {
	Name    string `json:"name"`
	Subject string `json:"subject"`
	Version int    `json:"version"`
}

type schema struct {
	Schema     string      `json:"schema"`
	SchemaType string      `json:"schemaType,omitempty"`
	References []Reference `json:"references,omitempty"`
}

// New starts a registry, until the end of the test.
func New(t testing.TB) *Server {
	s := &Server{schemas: map[string]schema{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// Add gives the registry a schema of an id. AVRO is the type that registries leave out.
func (s *Server) Add(id int, typ, text string, refs ...Reference) {
	s.add(fmt.Sprintf("/schemas/ids/%d", id), typ, text, refs)
}

// AddVersion gives the registry what a reference leads to.
func (s *Server) AddVersion(subject string, version int, typ, text string, refs ...Reference) {
	s.add(fmt.Sprintf("/subjects/%s/versions/%d", subject, version), typ, text, refs)
}

func (s *Server) add(path, typ, text string, refs []Reference) {
	if typ == "AVRO" {
		typ = ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.schemas[path] = schema{text, typ, refs}
}

// Requests returns the paths that were asked for, in order.
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.requests...)
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests = append(s.requests, r.URL.EscapedPath())
	found, ok := s.schemas[r.URL.Path]
	s.mu.Unlock()
	if s.Before != nil && s.Before(w, r) {
		return
	}
	w.Header().Set("Content-Type", "application/vnd.schemaregistry.v1+json")
	if !ok {
		code := 40403
		if strings.HasPrefix(r.URL.Path, "/subjects/") {
			code = 40402
		}
		w.WriteHeader(http.StatusNotFound)
		_, _ = fmt.Fprintf(w, `{"error_code":%d,"message":"Schema not found"}`, code)
		return
	}
	_ = json.NewEncoder(w).Encode(found)
}

// Package schemacheck holds payloads to a JSON Schema before a handler sees them:
//
//	//go:embed order.schema.json
//	var order string
//
//	weir.SQS(weir.Each(ship), schemacheck.Check(schemacheck.Text(order)))
//	weir.SQS(schemacheck.Around(weir.Batch(store), schemacheck.Text(order)))
//
// A payload that is not valid, or not JSON, fails its record as undecodable with an *Error, which
// says where and why; weir.OnUndecodable decides such records. A schema that cannot be compiled is
// what weir.Lambda.Err says.
//
// The drafts are 4, 6, 7, 2019-09 and 2020-12; a schema says its own by $schema. What it refers to
// must be given: nothing is ever read from the network, nor from files but those of File.
//
// Numbers are compared with all their digits. Those of more than 1000 characters or with exponents
// beyond 1000 are not valid by any schema.
//
// A payload that is not valid is not searched for the places if it has more than 64 kB or is nested very deep: the
// validator keeps all of them, which a hostile payload could make fill the memory.
//
// Go's JSON takes a member for a field in whatever case it is spelt, and of two the last, while a
// schema sees each as another member. Say "additionalProperties": false where a payload must have
// no way around its schema.
package schemacheck

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/weir-go/weir/ext/internal/schemas"
)

// Schema is a compiled JSON Schema. It is safe for concurrent use.
type Schema struct {
	schema *schemas.Schema
	err    error
}

// Err says what is wrong with the schema. Lambdas that use it have it in their Err.
func (s *Schema) Err() error {
	if s == nil {
		return errors.New("schemacheck: the schema is nil: give one made by Text or File")
	}
	return s.err
}

// Option applies to Text and File.
type Option func(*settings) error

type settings struct {
	compiler   *jsonschema.Compiler
	references map[string]string
	fsys       fs.FS
}

// Reference gives a schema that others refer to, by the name that stands in their $ref: a relative
// one, such as address.json, or a URL.
func Reference[T string | []byte](name string, schema T) Option {
	return func(s *settings) error {
		if _, twice := s.references[name]; twice || name == "" {
			return fmt.Errorf("the reference %q is given twice, or has no name", name)
		}
		s.references[name] = string(schema)
		return nil
	}
}

// Draft says of which draft a schema without $schema is: 4, 6, 7, 2019-09, or 2020-12, which is the
// default.
func Draft(name string) Option {
	return func(s *settings) error {
		draft := map[string]*jsonschema.Draft{
			"4": jsonschema.Draft4, "6": jsonschema.Draft6, "7": jsonschema.Draft7, "2019-09": jsonschema.Draft2019, "2020-12": jsonschema.Draft2020,
		}[name]
		if draft == nil {
			return fmt.Errorf("no draft is called %q: give 4, 6, 7, 2019-09 or 2020-12", name)
		}
		s.compiler.DefaultDraft(draft)
		return nil
	}
}

// Formats holds payloads to the keyword format, which only drafts before 2019-09 do by themselves.
func Formats() Option {
	return func(s *settings) error {
		s.compiler.AssertFormat()
		return nil
	}
}

// Text makes a Schema of its JSON text.
func Text[T string | []byte](schema T, opts ...Option) *Schema {
	return compile("schema", opts, func(*settings) (string, error) { return string(schema), nil })
}

// File makes a Schema of a file, such as one of an embed.FS. References to files are found in fsys:
// those with a URL by the longest end of its path that is there.
func File(fsys fs.FS, name string, opts ...Option) *Schema {
	return compile(name, opts, func(s *settings) (string, error) {
		if fsys == nil {
			return "", errors.New("the file system is nil")
		}
		s.fsys = fsys
		text, err := fs.ReadFile(fsys, name)
		return string(text), err
	})
}

// base is where schemas are, for those without an $id of their own.
const base = "schema:///"

func compile(name string, opts []Option, read func(*settings) (string, error)) *Schema {
	s := settings{compiler: jsonschema.NewCompiler(), references: map[string]string{}}
	s.compiler.DefaultDraft(jsonschema.Draft2020)
	for i, o := range opts {
		if o == nil {
			return &Schema{err: fmt.Errorf("schemacheck: option %d is nil", i)}
		}
		if err := o(&s); err != nil {
			return &Schema{err: fmt.Errorf("schemacheck: %w", err)}
		}
	}
	text, err := read(&s)
	if err != nil {
		return &Schema{err: fmt.Errorf("schemacheck: read %s: %w", name, err)}
	}
	schema, err := schemas.Compile(s.compiler, base+(&url.URL{Path: name}).EscapedPath(), text, s.load)
	if err != nil {
		return &Schema{err: fmt.Errorf("schemacheck: compile %s: %w", name, err)}
	}
	return &Schema{schema: schema}
}

// load finds what a $ref has come to, which is absolute by then.
func (s *settings) load(at string) (string, error) {
	for name, text := range s.references {
		if schemas.Named(at, name) {
			return text, nil
		}
	}
	if u, err := url.Parse(at); err == nil && s.fsys != nil {
		for path, more := strings.TrimPrefix(u.Path, "/"), true; more; _, path, more = strings.Cut(path, "/") {
			if text, err := fs.ReadFile(s.fsys, path); err == nil {
				return string(text), nil
			}
		}
	}
	return "", fmt.Errorf("nothing was given for the reference to %s, and it is not looked for elsewhere: give it by schemacheck.Reference, or as a file beside it by schemacheck.File", at)
}

// Package corpus writes Lambda events in the shape in which AWS delivers them: compact JSON,
// AWS's order of keys. The same payload has the same bytes on every machine.
package corpus

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
)

// Source is where the records of an event come from.
type Source string

// The sources.
const (
	SQS      Source = "sqs"
	Kinesis  Source = "kinesis"
	DynamoDB Source = "dynamodb"
)

// Sources returns all of them.
func Sources() []Source { return []Source{SQS, Kinesis, DynamoDB} }

// Full is the size of an event with as many records as Lambda's limit permits.
const Full = 0

// Sizes are the numbers of records that are measured.
func Sizes() []int { return []int{1, 10, 100, 1000, Full} }

// limit is Lambda's on a synchronous event.
const limit = 6 << 20

const seed = 42

// Payload names one event.
type Payload struct {
	Source Source
	Size   int // number of records, or Full
}

// Payloads returns every source in every size.
func Payloads() []Payload {
	var all []Payload
	for _, s := range Sources() {
		for _, n := range Sizes() {
			all = append(all, Payload{s, n})
		}
	}
	return all
}

func (p Payload) String() string {
	if p.Size == Full {
		return string(p.Source) + "-6mb"
	}
	return string(p.Source) + "-" + strconv.Itoa(p.Size)
}

// Event returns the payload's bytes and its number of records.
func (p Payload) Event() ([]byte, int) {
	name := fnv.New64a()
	name.Write([]byte(p.String()))
	g := &generator{rand.New(rand.NewPCG(seed, name.Sum64()))}
	record := map[Source]func(int) string{SQS: g.sqs, Kinesis: g.kinesis, DynamoDB: g.dynamodb}[p.Source]
	var b bytes.Buffer
	b.WriteString(`{"Records":[`)
	i := 0
	for ; p.Size == Full || i < p.Size; i++ {
		r := record(i)
		if p.Size == Full && b.Len()+len(r)+len(",]}") > limit {
			break
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(r)
	}
	b.WriteString(`]}`)
	return b.Bytes(), i
}

// Records counts those of the payload's event.
func (p Payload) Records(event []byte) int {
	return bytes.Count(event, []byte(`"eventSourceARN":`))
}

// File is where Write puts the payload.
func (p Payload) File(dir string) string { return filepath.Join(dir, p.String()+".json") }

// Write puts the payload into a file of the folder.
func (p Payload) Write(dir string) error {
	b, _ := p.Event()
	return os.WriteFile(p.File(dir), b, 0o644)
}

// Parse is the inverse of String.
func Parse(name string) (Payload, error) {
	for _, p := range Payloads() {
		if p.String() == name {
			return p, nil
		}
	}
	return Payload{}, fmt.Errorf("no payload %q: there are %v", name, Payloads())
}

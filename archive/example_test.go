package archive_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing/fstest"

	"github.com/weir-go/weir/archive"
)

func ExampleFiles() {
	dir, err := os.MkdirTemp("", "archives")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	// Firehose writes one record behind the other, and compresses if it is told to.
	day := filepath.Join(dir, "2026", "11", "25", "18")
	_ = os.MkdirAll(day, 0o700)
	_ = os.WriteFile(filepath.Join(day, "orders-1"), gz(`{"id":"a"}{"id":"b"}`), 0o600)

	source := archive.Files([]string{dir})
	for line, err := range source.Lines(context.Background()) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(filepath.Base(line.Archive), line.Number, line.Time.Format("2006-01-02 15h"), string(line.Data))
	}
	size, _ := source.Size(context.Background())
	fmt.Println("all read:", source.Done() == size)
	// Output:
	// orders-1 1 2026-11-25 18h {"id":"a"}
	// orders-1 2 2026-11-25 18h {"id":"b"}
	// all read: true
}

func ExampleFS() {
	disk := fstest.MapFS{
		"monday.json":  {Data: []byte("{\"id\":\"a\"}\n\n{\"id\":\"b\"}\n")},
		"tuesday.json": {Data: gz("{\"id\":\"c\"}\n")},
		"README":       {Data: []byte("not to be replayed")},
	}
	for line, err := range archive.FS("orders", disk, archive.Match("*.json")).Lines(context.Background()) {
		fmt.Println(line.Archive, line.Number, string(line.Data), err)
	}
	// Output:
	// orders/monday.json 1 {"id":"a"} <nil>
	// orders/monday.json 3 {"id":"b"} <nil>
	// orders/tuesday.json 1 {"id":"c"} <nil>
}

package cutproxy_test

import (
	"bufio"
	"bytes"
	"net"
	"sync/atomic"
	"testing"

	"github.com/weir-go/weir/ext/internal/cutproxy"
)

// echo is a server that answers each line with itself, and counts them.
func echo(t *testing.T) (addr string, lines *atomic.Int64) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	lines = new(atomic.Int64)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				for s := bufio.NewScanner(c); s.Scan(); {
					lines.Add(1)
					if _, err := c.Write(append(s.Bytes(), '\n')); err != nil {
						return
					}
				}
			}()
		}
	}()
	return l.Addr().String(), lines
}

func TestProxy(t *testing.T) {
	t.Parallel()
	server, lines := echo(t)
	p := cutproxy.New(t, server)
	ask := func(line string) (string, error) {
		c, err := net.Dial("tcp", p.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.Write([]byte(line + "\n")); err != nil {
			t.Fatal(err)
		}
		return bufio.NewReader(c).ReadString('\n')
	}
	p.Rule(func(request []byte) cutproxy.Fate {
		switch {
		case bytes.HasPrefix(request, []byte("lose")):
			return cutproxy.Fate{Answer: []byte("lo")}
		case bytes.HasPrefix(request, []byte("other")):
			return cutproxy.Fate{Answer: []byte("not in it")}
		case bytes.HasPrefix(request, []byte("drop")):
			return cutproxy.Fate{Drop: true}
		}
		return cutproxy.Fate{}
	})
	for _, c := range []struct {
		line     string
		answered bool
		served   int64
	}{{"pass", true, 1}, {"lose", false, 2}, {"other", true, 3}, {"drop", false, 3}} {
		got, err := ask(c.line)
		if (err == nil) != c.answered || c.answered && got != c.line+"\n" || lines.Load() != c.served {
			t.Errorf("%s: answered %q, %v; the server has seen %d lines, want %d", c.line, got, err, lines.Load(), c.served)
		}
	}
	p.Rule(nil)
	if got, err := ask("lose"); got != "lose\n" || err != nil {
		t.Errorf("without a rule: %q, %v", got, err)
	}
}

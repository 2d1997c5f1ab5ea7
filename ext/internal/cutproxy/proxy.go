// Package cutproxy is a TCP proxy for tests that loses answers: it lets the server do what it
// was asked, and cuts the connection instead of saying so.
package cutproxy

import (
	"bytes"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// Proxy forwards connections to a server.
type Proxy struct {
	addr     string
	listener net.Listener
	t        testing.TB

	mu    sync.Mutex
	rule  func(request []byte) Fate
	conns map[net.Conn]bool
	all   sync.WaitGroup
}

// Fate is what becomes of a request.
type Fate struct {
	Drop   bool   // the connection is cut before the server sees the request
	Answer []byte // the connection is cut when this is in the server's answer
}

// New starts a proxy in front of a server, until the test ends.
func New(t testing.TB, server string) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{addr: server, listener: l, t: t, conns: map[net.Conn]bool{}}
	p.all.Go(p.accept)
	t.Cleanup(func() {
		l.Close()
		p.mu.Lock()
		for c := range p.conns {
			c.Close()
		}
		p.conns = nil
		p.mu.Unlock()
		p.all.Wait()
	})
	return p
}

// Addr is where clients find the proxy.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Rule has a function decide about all requests from now on: it is given what a client sent at
// once. Nil lets everything pass. It is called by one goroutine at a time.
func (p *Proxy) Rule(f func(request []byte) Fate) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rule = f
}

func (p *Proxy) fate(request []byte) Fate {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rule == nil {
		return Fate{}
	}
	return p.rule(request)
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return // it was closed
		}
		server, err := net.Dial("tcp", p.addr)
		if err != nil {
			p.t.Errorf("cutproxy: %v", err)
			client.Close()
			continue
		}
		if p.keep(client, server) {
			p.all.Go(func() { p.forward(client, server) })
		}
	}
}

// keep notes connections to close at the end, if that has not come.
func (p *Proxy) keep(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		if p.conns == nil {
			c.Close()
		} else {
			p.conns[c] = true
		}
	}
	return p.conns != nil
}

func (p *Proxy) forward(client, server net.Conn) {
	var last atomic.Pointer[Fate] // the last request's
	var back sync.WaitGroup
	back.Go(func() {
		defer client.Close()
		defer server.Close()
		var fate *Fate
		var answer []byte
		buf := make([]byte, 1<<16)
		for {
			n, err := server.Read(buf)
			if err != nil {
				return
			}
			if now := last.Load(); now != fate {
				fate, answer = now, nil
			}
			if fate != nil && fate.Answer != nil {
				if answer = append(answer, buf[:n]...); bytes.Contains(answer, fate.Answer) {
					return
				}
			}
			if _, err := client.Write(buf[:n]); err != nil {
				return
			}
		}
	})
	defer back.Wait()
	defer client.Close()
	defer server.Close()
	buf := make([]byte, 1<<20)
	for {
		n, err := client.Read(buf)
		if err != nil {
			return
		}
		fate := p.fate(buf[:n])
		if fate.Drop {
			return
		}
		last.Store(&fate) // before the server can answer
		if _, err := server.Write(buf[:n]); err != nil {
			return
		}
	}
}

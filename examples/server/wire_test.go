package main

import (
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
)

// A wire carries connections to a server until it is cut.
type wire struct {
	target string
	listen net.Listener

	mu    sync.Mutex
	cut   bool
	conns map[net.Conn]bool
	busy  sync.WaitGroup
}

// newWire returns the URL at the near end of a wire to base.
func newWire(t *testing.T, base string) (*wire, string) {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{target: u.Host, conns: map[net.Conn]bool{}}
	if w.listen, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	w.busy.Go(w.accept)
	t.Cleanup(func() {
		_ = w.listen.Close()
		w.set(true)
		w.busy.Wait()
	})
	u.Host = w.listen.Addr().String()
	return w, u.String()
}

// set cuts the wire, with all that is on it, or mends it.
func (w *wire) set(cut bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = cut
	for c := range w.conns {
		if cut {
			_ = c.Close()
		}
	}
}

func (w *wire) accept() {
	for {
		near, err := w.listen.Accept()
		if err != nil {
			return
		}
		if far, err := net.Dial("tcp", w.target); err == nil && w.hold(near, far) {
			w.busy.Go(func() { w.carry(far, near) })
			w.busy.Go(func() { w.carry(near, far) })
			continue
		}
		_ = near.Close()
	}
}

func (w *wire) hold(near, far net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cut {
		_ = far.Close()
		return false
	}
	w.conns[near], w.conns[far] = true, true
	return true
}

func (w *wire) carry(to, from net.Conn) {
	_, _ = io.Copy(to, from) // until either end is closed
	_ = to.Close()
	_ = from.Close()
	w.mu.Lock()
	delete(w.conns, from)
	w.mu.Unlock()
}

//go:build linux

package peers

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkTakeover is how long a client waits that comes back while its old
// connection, now silent, still holds the upload: from its HEAD to the answer
// that took the rest of its bytes. It comes back at once, or after 3 seconds.
// Where it is refused, it begins again with HEAD: at once after a 409, since by
// then it has the upload, and after 50 ms otherwise. "kept" is the part of the
// bytes that had arrived which it need not send again.
func BenchmarkTakeover(b *testing.B) {
	for _, back := range []struct {
		name  string
		after time.Duration
	}{{"at-once", 0}, {"after-3s", 3 * time.Second}} {
		for _, name := range []string{"gate", "tusd", "tusd-memory"} {
			b.Run(back.name+"/"+name, func(b *testing.B) {
				c := start(b, name)
				var waits []float64
				var kept atomic.Int64
				for b.Loop() {
					took := make([]float64, *takeover)
					err := together(atOnce, *takeover, func(i int) error {
						if i < atOnce { // one after the other: each waits for the server, not for the rest
							time.Sleep(time.Duration(i) * 100 * time.Millisecond)
						}
						wait, spared, err := takeOver(c, back.after)
						took[i] = wait.Seconds() * 1e3
						kept.Add(spared)
						return err
					})
					if err != nil {
						b.Fatal(err)
					}
					waits = append(waits, took...)
				}
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(quantile(waits, 0.5), "ms-p50")
				b.ReportMetric(quantile(waits, 0.99), "ms-p99")
				b.ReportMetric(float64(len(waits)), "takeovers")
				b.ReportMetric(float64(kept.Load())/float64(len(waits))/heldBytes, "kept")
			})
		}
	}
}

const (
	atOnce    = 50       // uploads that are held at a time
	heldBytes = 16 << 10 // that the silent client sent
)

// takeOver creates an upload, lets one client fall silent over it and another
// one finish it.
func takeOver(c *client, after time.Duration) (wait time.Duration, spared int64, err error) {
	s, err := c.create(heldSize, 0)
	if err != nil {
		return 0, 0, err
	}
	silent, err := s.hold(heldBytes)
	if err != nil {
		return 0, 0, err
	}
	defer silent.Close()
	time.Sleep(100*time.Millisecond + after) // the first for what was sent to be taken
	start := time.Now()
	for time.Since(start) < time.Minute {
		if s.received, err = s.offset(); err == nil {
			spared = s.received
			err = s.patch(heldSize, heldSize-s.received)
		}
		if err == nil {
			return time.Since(start), spared, nil
		}
		var r *refused
		if !errors.As(err, &r) || r.status != http.StatusConflict {
			time.Sleep(50 * time.Millisecond)
		}
	}
	return 0, 0, fmt.Errorf("nobody let the newcomer in: %w", err)
}

// hold sends a PATCH of all the rest on a connection of its own, but only n
// bytes of its body.
func (s *sent) hold(n int64) (net.Conn, error) {
	conn, err := net.Dial("tcp", s.c.host())
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequest(http.MethodPatch, s.url, nil)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(conn, "PATCH %s HTTP/1.1\r\nHost: %s\r\nTus-Resumable: 1.0.0\r\nContent-Type: %s\r\nUpload-Offset: %d\r\nContent-Length: %d\r\n\r\n",
		req.URL.Path, req.URL.Host, chunkType, s.received, heldSize-s.received)
	body := make([]byte, n)
	_, _ = newFilm(heldSize, s.received, n).Read(body)
	_, err = conn.Write(body)
	return conn, err
}

package streamgate

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/streamgate/streamgate/auth"
)

// through serves one handler behind the whole stack of a Gate.
func through(t *testing.T, h http.HandlerFunc) http.Handler {
	t.Helper()
	g, err := New(t.TempDir(), WithAuthenticator(auth.Everybody("ada")), WithLogger(slog.New(slog.DiscardHandler)),
		WithAllowedHosts("127.0.0.1", "example.com"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	stack, err := g.behindStack([]route{{path: "/x", service: "gateway", handler: h}})
	if err != nil {
		t.Fatal(err)
	}
	return stack
}

// countingConn counts the times that net/http hands a whole body to the
// connection, which is where the kernel's sendfile begins.
type countingConn struct {
	net.Conn
	calls *atomic.Int32
}

func (c countingConn) ReadFrom(r io.Reader) (int64, error) {
	c.calls.Add(1)
	return c.Conn.(io.ReaderFrom).ReadFrom(r)
}

type countingListener struct {
	net.Listener
	calls atomic.Int32
}

func (l *countingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return countingConn{c, &l.calls}, nil
}

func TestTheStackLeavesSendfileItsWay(t *testing.T) {
	const size = 1 << 20
	srv := httptest.NewUnstartedServer(through(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1048576")
		n, err := w.(io.ReaderFrom).ReadFrom(io.LimitReader(zeros{}, size))
		if n != size || err != nil {
			t.Errorf("ReadFrom: %d, %v", n, err)
		}
	}))
	listener := &countingListener{Listener: srv.Listener}
	srv.Listener = listener
	srv.Start()
	defer srv.Close()
	res, err := srv.Client().Get(srv.URL + "/x")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if n, err := io.Copy(io.Discard, res.Body); n != size || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
	if listener.calls.Load() != 1 {
		t.Errorf("the connection's ReadFrom was called %d times, want once", listener.calls.Load())
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestTheStackPromisesNoSendfileWhereThereIsNone(t *testing.T) {
	srv := httptest.NewUnstartedServer(through(t, func(w http.ResponseWriter, r *http.Request) {
		if _, ok := w.(io.ReaderFrom); ok || r.ProtoMajor != 2 {
			t.Errorf("over %s the writer is an io.ReaderFrom: %t", r.Proto, ok)
		}
	}))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()
	res, err := srv.Client().Get(srv.URL + "/x")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
}

func TestTheStackLeavesFlushDeadlinesAndEarlyHints(t *testing.T) {
	for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2": true} {
		t.Run(name, func(t *testing.T) {
			heard := make(chan struct{})
			srv := httptest.NewUnstartedServer(through(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Link", "</init.mp4>; rel=preload")
				w.WriteHeader(http.StatusEarlyHints)
				rc := http.NewResponseController(w)
				for what, err := range map[string]error{
					"SetReadDeadline":  rc.SetReadDeadline(time.Now().Add(time.Minute)),
					"SetWriteDeadline": rc.SetWriteDeadline(time.Now().Add(time.Minute)),
				} {
					if err != nil {
						t.Errorf("%s: %v", what, err)
					}
				}
				_, _ = io.WriteString(w, "first")
				if err := rc.Flush(); err != nil {
					t.Errorf("Flush: %v", err)
				}
				<-heard // the client has it although the answer goes on
				w.(http.Flusher).Flush()
			}))
			srv.EnableHTTP2 = http2
			if http2 {
				srv.StartTLS()
			} else {
				srv.Start()
			}
			defer srv.Close()
			hinted := false
			ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
				Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
					hinted = code == http.StatusEarlyHints && strings.Contains(h.Get("Link"), "init.mp4")
					return nil
				},
			})
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+"/x", nil)
			if err != nil {
				t.Fatal(err)
			}
			res, err := srv.Client().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			first := make([]byte, 5)
			if _, err := io.ReadFull(res.Body, first); err != nil || string(first) != "first" {
				t.Errorf("%q, %v", first, err)
			}
			close(heard)
			if !hinted || res.StatusCode != http.StatusOK {
				t.Errorf("103 came: %t; status %d", hinted, res.StatusCode)
			}
		})
	}
}

func TestTheStackCutsADeadlineThatPasses(t *testing.T) {
	srv := httptest.NewServer(through(t, func(w http.ResponseWriter, r *http.Request) {
		if err := http.NewResponseController(w).SetReadDeadline(time.Unix(1, 0)); err != nil {
			t.Error(err)
		}
		if _, err := io.ReadAll(r.Body); err == nil {
			t.Error("the deadline did not reach the connection")
		}
	}))
	defer srv.Close()
	body, writer := io.Pipe()
	defer writer.Close()
	if res, err := srv.Client().Post(srv.URL+"/x", "video/mp4", body); err == nil {
		res.Body.Close()
	}
}

func TestTheStackRefusesAnUnknownHost(t *testing.T) {
	h := through(t, func(http.ResponseWriter, *http.Request) { t.Error("the handler was reached") })
	r := httptest.NewRequest(http.MethodGet, "http://evil.example/x", nil)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusMisdirectedRequest || w.Header().Get("X-Request-ID") == "" {
		t.Errorf("status %d, %v", w.Code, w.Header())
	}
}

func TestTheStackTurnsAPanicIntoAProblem(t *testing.T) {
	h := through(t, func(http.ResponseWriter, *http.Request) { panic("canary") })
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/x", nil))
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "canary") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

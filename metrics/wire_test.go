package metrics_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"github.com/streamgate/streamgate/internal/middleware"
	"github.com/streamgate/streamgate/metrics"
)

// TestTheMiddlewareTakesNothingAway serves over real connections: sendfile where
// net/http has it and not where it has not, early hints, flushing, deadlines.
func TestTheMiddlewareTakesNothingAway(t *testing.T) {
	for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2": true} {
		t.Run(name, func(t *testing.T) {
			heard := make(chan struct{})
			r := must(metrics.New(nil))
			srv := httptest.NewUnstartedServer(must(r.Route("s", "/a"))(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if _, ok := w.(io.ReaderFrom); ok == http2 {
					t.Errorf("the writer is an io.ReaderFrom: %t", ok)
				}
				w.Header().Set("Link", "</init.mp4>; rel=preload")
				w.WriteHeader(http.StatusEarlyHints)
				rc := http.NewResponseController(w)
				if err := rc.SetWriteDeadline(time.Now().Add(time.Minute)); err != nil {
					t.Error(err)
				}
				_, _ = io.Copy(w, strings.NewReader("first"))
				if err := rc.Flush(); err != nil {
					t.Error(err)
				}
				<-heard // the client has it although the answer goes on
				_, _ = io.WriteString(w, "last")
			})))
			srv.EnableHTTP2 = http2
			start := srv.Start
			if http2 {
				start = srv.StartTLS
			}
			start()
			hinted := false
			req, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
				Got1xxResponse: func(code int, _ textproto.MIMEHeader) error {
					hinted = code == http.StatusEarlyHints
					return nil
				},
			}), http.MethodGet, srv.URL+"/a", nil)
			if err != nil {
				t.Fatal(err)
			}
			res, err := srv.Client().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			first := make([]byte, 5)
			if _, err := io.ReadFull(res.Body, first); err != nil || string(first) != "first" || !hinted {
				t.Errorf("%q, %v; 103 came: %t", first, err, hinted)
			}
			close(heard)
			if rest, err := io.ReadAll(res.Body); err != nil || string(rest) != "last" {
				t.Errorf("%q, %v", rest, err)
			}
			srv.Close() // waits for the handler
			x := scrape(t, r)
			route := `{service="s",route="/a",method="GET"`
			if got := x.values["streamgate_http_response_size_bytes_sum"+route+"}"]; got != 9 {
				t.Errorf("%v bytes were counted", got)
			}
			if got := x.values["streamgate_http_requests_total"+route+`,code="200"}`]; got != 1 {
				t.Errorf("%v requests were counted", got)
			}
		})
	}
}

// The access log and the metrics count by the same Recorder, and see the same.
func TestTheAccessLogAboveSeesTheSame(t *testing.T) {
	var log bytes.Buffer
	r := must(metrics.New(nil))
	h := middleware.Chain(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, "short and stout")
	}), middleware.Begin(middleware.BeginOptions{Logger: slog.New(slog.NewTextHandler(&log, nil))}), middleware.Recover, must(r.Route("s", "/a")))
	serve(h, httptest.NewRequest(http.MethodGet, "/a", http.NoBody))
	if !strings.Contains(log.String(), "status=418 bytes=15") {
		t.Error(log.String())
	}
	if got := scrape(t, r).values[`streamgate_http_response_size_bytes_sum{service="s",route="/a",method="GET"}`]; got != 15 {
		t.Errorf("%v bytes", got)
	}
}

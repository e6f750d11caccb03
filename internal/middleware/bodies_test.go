package middleware_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/streamgate/streamgate/internal/middleware"
	"github.com/streamgate/streamgate/internal/problem"
)

// short is longer than the bytes of a test take to arrive on a machine that is busy.
const short = 500 * time.Millisecond

func listen(t *testing.T, b *middleware.Bodies, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(b.Layer(h))
	s.EnableHTTP2 = true
	return s
}

func readAll(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		problem.Write(w, r, err)
		return
	}
	_, _ = fmt.Fprintf(w, "%d bytes", len(body))
}

func ignore(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "done") }

// write sends more than net/http holds back, so that it looks for the rest of
// the body while the handler runs.
func write(w http.ResponseWriter, _ *http.Request) {
	_, _ = io.WriteString(w, strings.Repeat("x", 64<<10))
}

func dial(t *testing.T, s *httptest.Server, request string) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	return conn, bufio.NewReader(conn)
}

func TestABodyThatStallsEndsWithItsConnection(t *testing.T) {
	for name, tt := range map[string]struct {
		method, rest string
		h            http.HandlerFunc
		status       int
	}{
		"one that is read":                {"POST", "Content-Length: 1000\r\n\r\n12345", readAll, 408},
		"one in chunks":                   {"POST", "Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n", readAll, 408},
		"one that nobody reads":           {"POST", "Content-Length: 1000\r\n\r\n12345", ignore, 200},
		"that of a GET":                   {"GET", "Content-Length: 1000\r\n\r\n", ignore, 200},
		"that of a GET for something big": {"GET", "Content-Length: 1000\r\n\r\n", write, 200},
		"that of a DELETE":                {"DELETE", "Content-Length: 1000\r\n\r\n1", ignore, 200},
	} {
		t.Run(name, func(t *testing.T) {
			s := listen(t, &middleware.Bodies{Timeout: short, Drain: short}, tt.h)
			s.Start()
			defer s.Close()
			_, answer := dial(t, s, tt.method+" / HTTP/1.1\r\nHost: x\r\n"+tt.rest)
			res, err := http.ReadResponse(answer, nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != tt.status {
				t.Errorf("status %d, want %d; %v", res.StatusCode, tt.status, err)
			}
			if _, err := answer.ReadByte(); err != io.EOF { //nolint:errorlint // bufio returns it as it is
				t.Errorf("the connection is open: %v", err)
			}
		})
	}
}

func TestAStalledBodyOverHTTP2Is408(t *testing.T) {
	s := listen(t, &middleware.Bodies{Timeout: short}, readAll)
	s.StartTLS()
	defer s.Close()
	body, writer := io.Pipe()
	defer writer.Close()
	res, err := s.Client().Post(s.URL, "text/plain", body)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusRequestTimeout || res.ProtoMajor != 2 {
		t.Errorf("%s %s", res.Proto, res.Status)
	}
}

// What arrived in time is not cut off afterwards: neither the handler, nor what
// it answers, nor the next request on the connection.
func TestTheDeadlineIsOnlyTheBodys(t *testing.T) {
	for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2": true} {
		t.Run(name, func(t *testing.T) {
			s := listen(t, &middleware.Bodies{Timeout: short, Drain: short}, func(w http.ResponseWriter, r *http.Request) {
				_, err := io.Copy(io.Discard, r.Body)
				for range 6 {
					time.Sleep(short / 2)
					_, _ = io.WriteString(w, "x")
					_ = http.NewResponseController(w).Flush()
				}
				if err != nil || r.Context().Err() != nil {
					t.Errorf("%s: %v, %v", r.Method, err, r.Context().Err())
				}
			})
			start := s.Start
			if http2 {
				start = s.StartTLS
			}
			start()
			defer s.Close()
			for _, method := range []string{"POST", "GET", "POST", "DELETE"} {
				r, err := http.NewRequestWithContext(t.Context(), method, s.URL, strings.NewReader("body"))
				if err != nil {
					t.Fatal(err)
				}
				res, err := s.Client().Do(r)
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(res.Body)
				_ = res.Body.Close()
				if string(got) != "xxxxxx" || err != nil || res.Close {
					t.Errorf("%s: %q, %v, close %t", method, got, err, res.Close)
				}
			}
		})
	}
}

func TestAHandlersOwnDeadlineReplacesIt(t *testing.T) {
	s := listen(t, &middleware.Bodies{Timeout: short}, func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(time.Minute))
		readAll(w, r)
	})
	s.Start()
	defer s.Close()
	conn, answer := dial(t, s, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na")
	time.Sleep(2 * short)
	if _, err := io.WriteString(conn, "b"); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(answer, nil)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("%v %v", res, err)
	}
}

func TestExpireEndsBodiesThatHaveNotArrived(t *testing.T) {
	b := new(middleware.Bodies)
	arrived, finish := make(chan struct{}), make(chan struct{})
	s := listen(t, b, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/stalled" {
			arrived <- struct{}{}
			readAll(w, r)
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		arrived <- struct{}{}
		<-finish
		if err := r.Context().Err(); err != nil {
			t.Error(err)
		}
	})
	s.Start()
	defer s.Close()
	_, stalled := dial(t, s, "POST /stalled HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na")
	_, whole := dial(t, s, "POST /whole HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab")
	<-arrived
	<-arrived
	time.Sleep(short) // it reads
	b.Expire()
	for name, tt := range map[string]struct {
		answer *bufio.Reader
		status int
	}{"stalled": {stalled, 408}, "whole": {whole, 200}} {
		if name == "whole" {
			close(finish)
		}
		res, err := http.ReadResponse(tt.answer, nil)
		if err != nil || res.StatusCode != tt.status {
			t.Errorf("%s: %v %v", name, res, err)
		}
	}
}

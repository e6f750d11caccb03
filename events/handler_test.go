package events_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/events"
)

// answer is a ResponseWriter whose body can be read while it is written.
type answer struct {
	mu      sync.Mutex
	header  http.Header
	code    int
	written strings.Builder // and not flushed
	flushed strings.Builder
	block   chan struct{} // Write waits for it, when it is not nil
}

func newAnswer() *answer { return &answer{header: make(http.Header)} }

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(code int) { a.code = code }

func (a *answer) Write(p []byte) (int, error) {
	if a.block != nil {
		<-a.block
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.written.Write(p)
}

func (a *answer) Flush() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.flushed.WriteString(a.written.String())
	a.written.Reset()
}

// take returns what was flushed since the last take, as lines.
func (a *answer) take() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	lines := []string{}
	for line := range strings.Lines(a.flushed.String()) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "data:") && !strings.HasPrefix(line, "event:") {
			lines = append(lines, line)
		}
	}
	a.flushed.Reset()
	return lines
}

// listen serves one request of ada's until the test is over.
func listen(t *testing.T, h http.Handler, lastEventID string) (a *answer, leave func()) {
	ctx, cancel := context.WithCancel(auth.NewContext(t.Context(), auth.Principal{ID: "ada"}))
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
	if lastEventID != "" {
		r.Header.Set("Last-Event-ID", lastEventID)
	}
	a = newAnswer()
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.ServeHTTP(a, r)
	}()
	return a, func() { cancel(); <-done }
}

func wantLines(t *testing.T, a *answer, want ...string) {
	t.Helper()
	synctest.Wait()
	if want == nil {
		want = []string{}
	}
	if diff := cmp.Diff(want, a.take()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestHandlerReplaysAndGoesOnLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, bus := newMemoryLog(), events.NewBus(nil)
		for _, owner := range []string{"ada", "ada", "bob", "ada"} {
			log.emit(events.Event{Owner: owner})
		}
		a, leave := listen(t, events.NewHandler(bus, log, nil), "1")
		defer leave()
		wantLines(t, a, "retry: 2000", "id: 2", "id: 4")

		bus.Publish(events.Event{ID: 4, Owner: "ada"}) // the replay had it
		bus.Publish(log.emit(events.Event{Owner: "ada"}))
		bus.Publish(log.emit(events.Event{Owner: "bob"}))
		wantLines(t, a, "id: 5")
	})
}

func TestHandlerReplaysMoreThanAPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, bus := newMemoryLog(), events.NewBus(nil)
		for range 250 {
			log.emit(events.Event{Owner: "ada"})
		}
		a, leave := listen(t, events.NewHandler(bus, log, nil), "0")
		defer leave()
		synctest.Wait()
		if got := a.take(); len(got) != 251 || got[250] != "id: 250" {
			t.Errorf("%d lines, the last is %q", len(got), got[len(got)-1])
		}
	})
}

func TestHandlerWithoutALastEventIDBeginsNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, bus := newMemoryLog(), events.NewBus(nil)
		log.emit(events.Event{Owner: "ada"})
		a, leave := listen(t, events.NewHandler(bus, log, nil), "")
		defer leave()
		wantLines(t, a, "retry: 2000")
		bus.Publish(log.emit(events.Event{Owner: "ada"}))
		wantLines(t, a, "id: 2")
	})
}

func TestHandlerBeginsNowAfterAnEventThatTheLogHasNotReached(t *testing.T) {
	const comment = ": the last event id is unknown here; this is what happens from now on"
	for name, tt := range map[string]struct {
		last  string
		first []string // what is sent of the three events that are there
	}{
		"the newest":             {"3", nil},
		"one above it":           {"4", []string{comment}},
		"one far above":          {"9223372036854775807", []string{comment}},
		"the beginning":          {"0", []string{"id: 1", "id: 3"}},
		"another owner's before": {"2", []string{"id: 3"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log, bus := newMemoryLog(), events.NewBus(nil)
				for _, owner := range []string{"ada", "bob", "ada"} {
					log.emit(events.Event{Owner: owner})
				}
				a, leave := listen(t, events.NewHandler(bus, log, nil), tt.last)
				defer leave()
				wantLines(t, a, append([]string{"retry: 2000"}, tt.first...)...)
				bus.Publish(log.emit(events.Event{Owner: "ada"}))
				wantLines(t, a, "id: 4")
			})
		})
	}
}

func TestHandlerOfAnEmptyLogBeginsAtItsBeginning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, bus := newMemoryLog(), events.NewBus(nil)
		a, leave := listen(t, events.NewHandler(bus, log, nil), "0")
		defer leave()
		wantLines(t, a, "retry: 2000")
	})
}

func TestHandlerDoesNotWaitForABodyThatIsNotSent(t *testing.T) {
	log, bus := newMemoryLog(), events.NewBus(nil)
	h := events.NewHandler(bus, log, nil)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r.WithContext(auth.NewContext(r.Context(), auth.Principal{ID: "ada"})))
	}))
	defer server.Close()
	defer bus.Close()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if status, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(status, " 200 ") {
		t.Errorf("%q, %v", status, err)
	}
}

func TestHandlerBringsASlowClientWhatTheBusDropped(t *testing.T) {
	for name, before := range map[string]int{"after events that were sent": 3, "from the first event on": 0} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log, bus := newMemoryLog(), events.NewBus(&events.BusOptions{Buffer: 4})
				for range 7 {
					log.emit(events.Event{Owner: "ada"}) // before the client came
				}
				a, leave := listen(t, events.NewHandler(bus, log, nil), "")
				defer leave()
				synctest.Wait()
				for range before {
					bus.Publish(log.emit(events.Event{Owner: "ada"}))
				}
				synctest.Wait()
				first := len(a.take()) + 7
				a.block = make(chan struct{})
				for range 50 {
					bus.Publish(events.Event{Owner: "ada", Type: events.UploadProgress})
					bus.Publish(log.emit(events.Event{Owner: "ada"}))
				}
				synctest.Wait()
				close(a.block)
				synctest.Wait()
				bus.Publish(log.emit(events.Event{Owner: "ada"}))
				var want []string
				for id := first; id <= 7+before+51; id++ {
					want = append(want, "id: "+strconv.Itoa(id))
				}
				wantLines(t, a, want...)
				if bus.Dropped() == 0 {
					t.Error("nothing was dropped")
				}
			})
		})
	}
}

func TestHandlerFillsAGapBeforeItGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, bus := newMemoryLog(), events.NewBus(&events.BusOptions{Buffer: 2})
		a, leave := listen(t, events.NewHandler(bus, log, nil), "")
		defer leave()
		wantLines(t, a, "retry: 2000")
		a.block = make(chan struct{})
		publish := func(n int) {
			for range n {
				bus.Publish(log.emit(events.Event{Owner: "ada"}))
				synctest.Wait()
			}
		}
		publish(4)            // 1 is being written, 2 and 3 wait, 4 is dropped
		a.block <- struct{}{} // 1 is out, so there is room
		synctest.Wait()
		publish(1) // 5 waits behind 3
		close(a.block)
		wantLines(t, a, "id: 1", "id: 2", "id: 3", "id: 4", "id: 5")
		if bus.Dropped() != 1 {
			t.Errorf("%d were dropped, want 1", bus.Dropped())
		}
	})
}

func TestHandlerKeepsASilentStreamAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, bus := newMemoryLog(), events.NewBus(nil)
		a, leave := listen(t, events.NewHandler(bus, log, nil), "")
		defer leave()
		time.Sleep(31 * time.Second)
		wantLines(t, a, "retry: 2000", ": heartbeat", ": heartbeat")
	})
}

func TestHandlerEndsWhenTheServerStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, bus := newMemoryLog(), events.NewBus(nil)
		h := events.NewHandler(bus, log, nil)
		a, leave := listen(t, h, "")
		synctest.Wait()
		bus.Publish(log.emit(events.Event{Owner: "ada"}))
		bus.Close()
		wantLines(t, a, "retry: 2000", "id: 1", ": the server is stopping")
		leave()

		late, leave := listen(t, h, "")
		leave()
		if late.code != http.StatusServiceUnavailable {
			t.Errorf("a client that comes late gets %d", late.code)
		}
	})
}

func TestHandlerEndsAStreamAfterItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, bus := newMemoryLog(), events.NewBus(nil)
		_, leave := listen(t, events.NewHandler(bus, log, &events.HandlerOptions{MaxDuration: time.Minute}), "")
		time.Sleep(59 * time.Second)
		synctest.Wait()
		if bus.Subscribers() != 1 {
			t.Error("it ended too early")
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if bus.Subscribers() != 0 {
			t.Error("it did not end")
		}
		leave()
	})
}

func TestHandlerRefuses(t *testing.T) {
	tests := map[string]struct {
		method, target, header string
		p                      auth.Principal
		status                 int
		allow                  string
	}{
		"nobody":                         {"GET", "/", "", auth.Principal{}, 401, ""},
		"a method that writes":           {"POST", "/", "", auth.Principal{ID: "ada"}, 405, "GET, HEAD"},
		"a path below":                   {"GET", "/x", "", auth.Principal{ID: "ada"}, 404, ""},
		"an id that is none":             {"GET", "/", "x\x00", auth.Principal{ID: "ada"}, 400, ""},
		"a negative id":                  {"GET", "/?last_event_id=-1", "", auth.Principal{ID: "ada"}, 400, ""},
		"an id that is too large":        {"GET", "/?last_event_id=9223372036854775808", "", auth.Principal{ID: "ada"}, 400, ""},
		"but answers HEAD with no body":  {"HEAD", "/", "", auth.Principal{ID: "ada"}, 200, ""},
		"but answers an empty path, too": {"HEAD", "", "", auth.Principal{ID: "ada"}, 200, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(auth.NewContext(t.Context(), tt.p), tt.method, "/", nil)
			u, err := r.URL.Parse("http://x" + tt.target)
			if err != nil {
				t.Fatal(err)
			}
			r.URL = u
			if tt.header != "" {
				r.Header.Set("Last-Event-ID", tt.header)
			}
			w := httptest.NewRecorder()
			events.NewHandler(events.NewBus(nil), newMemoryLog(), nil).ServeHTTP(w, r)
			if w.Code != tt.status || w.Header().Get("Allow") != tt.allow {
				t.Errorf("status %d, Allow %q", w.Code, w.Header().Get("Allow"))
			}
			if tt.method == "HEAD" && w.Body.Len() > 0 {
				t.Errorf("body %q", w.Body)
			}
		})
	}
}

// signedIn is a server of h where everybody is ada.
func signedIn(t *testing.T, h http.Handler, http2 bool) *httptest.Server {
	srv := httptest.NewUnstartedServer(auth.Middleware(auth.Everybody("ada"))(h))
	srv.EnableHTTP2 = http2
	srv.Config.ReadTimeout = time.Second // a stream outlives it
	srv.Config.WriteTimeout = time.Second
	if http2 {
		srv.StartTLS()
	} else {
		srv.Start()
	}
	t.Cleanup(srv.Close)
	return srv
}

func TestHandlerOverRealConnections(t *testing.T) {
	for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log, bus := newMemoryLog(), events.NewBus(nil)
			srv := signedIn(t, events.NewHandler(bus, log, nil), http2)
			res, err := srv.Client().Get(srv.URL + "/?last_event_id=0")
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if http2 != (res.ProtoMajor == 2) || res.Header.Get("Content-Type") != "text/event-stream" {
				t.Errorf("%s, %v", res.Proto, res.Header)
			}
			time.Sleep(1200 * time.Millisecond) // beyond the server's timeouts
			bus.Publish(log.emit(events.Event{Owner: "ada", Type: events.AssetReady, Asset: "film"}))
			lines := bufio.NewScanner(res.Body)
			for _, want := range []string{"retry: 2000", "", "id: 1", "event: asset.ready"} {
				if !lines.Scan() || lines.Text() != want {
					t.Fatalf("got %q (%v), want %q", lines.Text(), lines.Err(), want)
				}
			}
			bus.Close()
			rest := 0
			for lines.Scan() {
				rest++
			}
			if lines.Err() != nil {
				t.Errorf("the stream did not end well: %v", lines.Err())
			}
			if rest != 4 { // data, empty, comment, empty
				t.Errorf("%d lines more, want 4", rest)
			}
		})
	}
}

func TestHandlerCutsOffAClientThatDoesNotRead(t *testing.T) {
	log, bus := newMemoryLog(), events.NewBus(nil)
	h := events.NewHandler(bus, log, &events.HandlerOptions{WriteTimeout: 100 * time.Millisecond})
	srv := signedIn(t, h, false)
	res, err := srv.Client().Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	big := map[string]any{"text": strings.Repeat("x", 1<<20)}
	for range 6000 { // far more than the sockets hold, and time for the deadline
		if bus.Subscribers() == 0 {
			return
		}
		bus.Publish(events.Event{Owner: "ada", Data: big})
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("the client was not cut off")
}

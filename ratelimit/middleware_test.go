package ratelimit_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/sethvargo/go-limiter"
	"github.com/sethvargo/go-limiter/memorystore"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/ratelimit"
)

func newLimiter(tb testing.TB, limit ratelimit.Limit, key ratelimit.Key, o *ratelimit.Options) *ratelimit.Limiter {
	tb.Helper()
	l, err := ratelimit.New(limit, key, o)
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

var ok = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })

func send(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// fields are what a client is told of its limit.
func fields(w *httptest.ResponseRecorder) []string {
	h := w.Header()
	return []string{
		w.Result().Status[:3], strings.Join(h.Values("RateLimit-Policy"), ", "),
		strings.Join(h.Values("RateLimit"), ", "), h.Get("Retry-After"),
	}
}

func TestMiddlewareTellsClientsWhatTheyHave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newLimiter(t, ratelimit.Limit{Burst: 3, Rate: 0.5}, ratelimit.ByClientIP, &ratelimit.Options{Name: "watch"}).Middleware(ok)
		const policy = `"watch";q=3;w=6`
		for _, want := range [][]string{
			{"200", policy, `"watch";r=2;t=2`, ""},
			{"200", policy, `"watch";r=1;t=2`, ""},
			{"200", policy, `"watch";r=0;t=2`, ""},
			{"429", policy, `"watch";r=0;t=2`, "2"},
		} {
			if diff := cmp.Diff(want, fields(send(h, from("192.0.2.1:1")))); diff != "" {
				t.Error(diff)
			}
		}
		time.Sleep(1500 * time.Millisecond)
		if diff := cmp.Diff([]string{"429", policy, `"watch";r=0;t=1`, "1"}, fields(send(h, from("192.0.2.1:1")))); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"200", policy, `"watch";r=2;t=2`, ""}, fields(send(h, from("192.0.2.2:1")))); diff != "" {
			t.Error(diff)
		}
	})
}

func TestARefusalIsAProblem(t *testing.T) {
	h := newLimiter(t, ratelimit.Limit{Burst: 1, Rate: 1.0 / 3600}, ratelimit.ByClientIP, nil).Middleware(ok)
	send(h, from("192.0.2.1:1"))
	w := send(h, from("192.0.2.1:1"))
	var got map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"type": "urn:streamgate:problem:rate-limited", "title": "Too many requests", "status": 429.0,
		"detail": "you have sent too many requests; wait before the next one", "retry_after": 3600.0, "limit": "default",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"429", `"default";q=1;w=3600`, `"default";r=0;t=3600`, "3600"}, fields(w)); diff != "" {
		t.Error(diff)
	}
}

// TestNobodyIsSentBackTooSoonOrTooLate: a token of an hour has thousandths of
// 3.6 seconds, and what is told is exact to the second all the same.
func TestNobodyIsSentBackTooSoonOrTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newLimiter(t, ratelimit.Limit{Burst: 1, Rate: 1.0 / 3600}, ratelimit.ByClientIP, nil).Middleware(ok)
		time.Sleep(3 * time.Second)
		send(h, from("192.0.2.1:1"))
		w := send(h, from("192.0.2.1:1"))
		if diff := cmp.Diff([]string{"429", `"default";q=1;w=3600`, `"default";r=0;t=3597`, "3597"}, fields(w)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestTwoLimitsBothHaveTheirSay(t *testing.T) {
	a := newLimiter(t, ratelimit.Limit{Burst: 5, Rate: 5}, ratelimit.ByClientIP, &ratelimit.Options{Name: `a "quoted" \ name`})
	b := newLimiter(t, ratelimit.Limit{Burst: 1, Rate: 0.1}, ratelimit.ByClientIP, &ratelimit.Options{Name: "b"})
	h := a.Middleware(b.Middleware(ok))
	want := []string{"200", `"a \"quoted\" \\ name";q=5;w=1, "b";q=1;w=10`, `"a \"quoted\" \\ name";r=4;t=1, "b";r=0;t=10`, ""}
	for range 2 { // what one answer adds to is not the next one's
		if diff := cmp.Diff(want, fields(send(h, from("192.0.2.1:1")))); diff != "" {
			t.Error(diff)
		}
		h = a.Middleware(newLimiter(t, ratelimit.Limit{Burst: 1, Rate: 0.1}, ratelimit.ByClientIP, &ratelimit.Options{Name: "b"}).Middleware(ok))
		want[2] = strings.Replace(want[2], "r=4", "r=3", 1)
	}
}

func TestHeadersCanBeLeftOff(t *testing.T) {
	h := newLimiter(t, ratelimit.Limit{Burst: 1, Rate: 0.1}, ratelimit.ByClientIP, &ratelimit.Options{NoHeaders: true}).Middleware(ok)
	for _, want := range [][]string{{"200", "", "", ""}, {"429", "", "", "10"}} {
		if diff := cmp.Diff(want, fields(send(h, from("192.0.2.1:1")))); diff != "" {
			t.Error(diff)
		}
	}
}

func TestCost(t *testing.T) {
	tests := map[string]struct {
		cost float64
		want int // of 50 requests with ten tokens
	}{
		"a tenth lets ten times as many through":  {0.25, 40},
		"two lets half as many through":           {2, 5},
		"nothing is not limited":                  {0, 50},
		"less than nothing is not limited":        {-1, 50},
		"more than a bucket holds takes a bucket": {11, 1},
		"infinity takes a bucket":                 {math.Inf(1), 1},
		"what is no number costs what one does":   {math.NaN(), 10},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			cost := func(*http.Request) float64 { return tt.cost }
			l := newLimiter(t, ratelimit.Limit{Burst: 10, Rate: 0.001}, ratelimit.ByClientIP, &ratelimit.Options{Cost: cost})
			through := 0
			for range 50 {
				if send(l.Middleware(ok), from("192.0.2.1:1")).Code == http.StatusOK {
					through++
				}
			}
			if through != tt.want {
				t.Errorf("%d were let through", through)
			}
			if w := send(l.Peek(ok), from("192.0.2.2:1")); w.Code != http.StatusOK {
				t.Errorf("of a full bucket: %d", w.Code)
			}
		})
	}
}

func TestOnRefuseIsToldWhoIsRefused(t *testing.T) {
	var told []string
	o := &ratelimit.Options{OnRefuse: func(r *http.Request, key string) { told = append(told, r.Method+" "+key) }}
	l := newLimiter(t, ratelimit.Limit{Burst: 1, Rate: 0.1}, ratelimit.ByClientIP, o)
	send(l.Middleware(ok), from("192.0.2.1:1"))
	send(l.Middleware(ok), from("192.0.2.1:1"))
	send(l.Peek(ok), from("192.0.2.1:1"))
	if diff := cmp.Diff([]string{"GET 192.0.2.1", "GET 192.0.2.1"}, told); diff != "" {
		t.Error(diff)
	}
}

func TestTheResponseWriterIsHandedOnAsItCame(t *testing.T) {
	l := newLimiter(t, generous, ratelimit.ByClientIP, nil)
	w := httptest.NewRecorder()
	h := http.HandlerFunc(func(got http.ResponseWriter, _ *http.Request) {
		if got != http.ResponseWriter(w) {
			t.Errorf("a %T", got)
		}
	})
	l.Middleware(h).ServeHTTP(w, from("192.0.2.1:1"))
	l.Peek(h).ServeHTTP(w, from("192.0.2.1:1"))
}

// gate is the two-stage use: the address is looked at, then somebody signs in
// or fails to, and then one bucket is charged.
func gate(l *ratelimit.Limiter) http.Handler {
	signIn := func(r *http.Request) (auth.Principal, error) {
		name, password, _ := r.BasicAuth()
		if name != "" && password != "right" {
			return auth.Principal{}, errors.Join(auth.ErrUnauthenticated, l.Charge(r))
		}
		return auth.Principal{ID: name}, nil
	}
	return l.Peek(auth.Middleware(signIn)(l.Middleware(ok)))
}

func as(name, password, remote string) *http.Request {
	r := from(remote)
	if name != "" {
		r.SetBasicAuth(name, password)
	}
	return r
}

func TestTheGateChargesOneBucketOfTwo(t *testing.T) {
	l := newLimiter(t, ratelimit.Limit{Burst: 5, Rate: 0.001}, ratelimit.ByPrincipal(ratelimit.ByClientIP), nil)
	h := gate(l)
	left := func(key string) float64 {
		t.Helper()
		r, err := l.Take(t.Context(), key, 0)
		if err != nil {
			t.Fatal(err)
		}
		return math.Round(r.Remaining)
	}
	for _, step := range []struct {
		name           string
		r              *http.Request
		code           int
		address, bobby float64 // what is left
	}{
		{"who is signed in pays from their own bucket", as("bobby", "right", "192.0.2.1:1"), 200, 5, 4},
		{"from wherever", as("bobby", "right", "192.0.2.2:1"), 200, 5, 3},
		{"nobody pays from their address's", as("", "", "192.0.2.1:1"), 200, 4, 3},
		{"a wrong password is charged to the address", as("bobby", "wrong", "192.0.2.1:1"), 401, 3, 3},
		{"and another", as("bobby", "wrong", "192.0.2.1:1"), 401, 2, 3},
		{"and another", as("ada", "wrong", "192.0.2.1:1"), 401, 1, 3},
		{"and another", as("ada", "wrong", "192.0.2.1:1"), 401, 0, 3},
		{"whose bucket is empty then, for whatever comes from there", as("bobby", "right", "192.0.2.1:1"), 429, 0, 3},
		{"and nowhere else", as("bobby", "right", "192.0.2.2:1"), 200, 0, 2},
	} {
		if w := send(h, step.r); w.Code != step.code {
			t.Errorf("%s: %d", step.name, w.Code)
		}
		if got := [2]float64{left("192.0.2.1"), left("bobby")}; got != [2]float64{step.address, step.bobby} {
			t.Errorf("%s: %v are left", step.name, got)
		}
	}
}

func TestAttemptsThatAreUnderWayAtOnceAreEachPaidFor(t *testing.T) {
	l := newLimiter(t, ratelimit.Limit{Burst: 5, Rate: 1}, ratelimit.ByClientIP, nil)
	gone, cancel := context.WithCancel(t.Context())
	cancel() // the attacker does not wait for the answer
	for range 20 {
		if err := l.Charge(from("192.0.2.1:1").WithContext(gone)); err != nil {
			t.Fatal(err)
		}
	}
	w := send(l.Peek(ok), from("192.0.2.1:1"))
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "16" {
		t.Errorf("%d, after %s seconds", w.Code, w.Header().Get("Retry-After"))
	}
}

// TestNobodyIsSparedAChargeByHangingUp: the store is not told that they have.
func TestNobodyIsSparedAChargeByHangingUp(t *testing.T) {
	l := newLimiter(t, tenPerSecond, ratelimit.ByClientIP, &ratelimit.Options{Store: heedful{newMemory(t, tenPerSecond, nil)}})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Charge(from("192.0.2.1:1").WithContext(gone)); err != nil {
		t.Error(err)
	}
	if w := send(l.Middleware(ok), from("192.0.2.1:1").WithContext(gone)); w.Code != 499 {
		t.Errorf("who has gone away is answered %d", w.Code)
	}
}

// heedful is a store across a network: it gives up with the context.
type heedful struct{ ratelimit.Store }

func (h heedful) TakeN(ctx context.Context, key string, n float64) (ratelimit.Result, error) {
	if ctx.Err() != nil {
		return ratelimit.Result{}, ctx.Err()
	}
	return h.Store.TakeN(ctx, key, n)
}

func (h heedful) Charge(ctx context.Context, key string, n float64) (ratelimit.Result, error) {
	if ctx.Err() != nil {
		return ratelimit.Result{}, ctx.Err()
	}
	return h.Store.Charge(ctx, key, n)
}

func TestAnyStoreOfGoLimiterWorks(t *testing.T) {
	store, err := memorystore.New(&memorystore.Config{Tokens: 3, Interval: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close(t.Context())
	cost := func(r *http.Request) float64 { return float64(r.ContentLength) }
	l := newLimiter(t, ratelimit.Limit{Burst: 3, Rate: 3.0 / 3600}, ratelimit.ByClientIP, &ratelimit.Options{Store: store, Cost: cost})
	request := func(cost int64) *http.Request {
		r := from("192.0.2.1:1")
		r.ContentLength = cost
		return r
	}
	var got []int
	for _, step := range []struct {
		h    http.Handler
		cost int64
	}{
		{l.Peek(ok), 1},
		{l.Middleware(ok), 7}, // one token
		{l.Middleware(ok), 0}, // none
		{l.Middleware(ok), 1},
		{l.Peek(ok), 1},
	} {
		got = append(got, send(step.h, request(step.cost)).Code)
	}
	if err := l.Charge(request(1)); err != nil {
		t.Error(err)
	}
	w := send(l.Middleware(ok), request(1))
	got = append(got, w.Code, send(l.Peek(ok), request(1)).Code)
	if diff := cmp.Diff([]int{200, 200, 200, 200, 200, 429, 429}, got); diff != "" {
		t.Error(diff)
	}
	if s := send(l.Peek(ok), request(1)).Header().Get("Retry-After"); s != "1" {
		t.Errorf("who looks is told to wait for %s", s)
	}
	if s := w.Header().Get("Retry-After"); len(s) != 4 || s > "3600" {
		t.Errorf("Retry-After %s", s)
	}
	if got := w.Header().Get("RateLimit"); got != `"default";r=0;t=1200` {
		t.Errorf("RateLimit %s", got)
	}
}

func TestAStoreThatFailsIsNoReasonToLetAnybodyThrough(t *testing.T) {
	l := newLimiter(t, generous, ratelimit.ByClientIP, nil)
	if err := l.Store().Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, h := range map[string]http.Handler{"Middleware": l.Middleware(ok), "Peek": l.Peek(ok)} {
		w := send(h, from("192.0.2.1:1"))
		if w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), "stopped") {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	if err := l.Charge(from("192.0.2.1:1")); !errors.Is(err, limiter.ErrStopped) {
		t.Errorf("Charge: %v", err)
	}
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	other := newMemory(t, tenPerSecond, nil)
	tests := map[string]struct {
		key  ratelimit.Key
		o    *ratelimit.Options
		want string
	}{
		"no key":                  {nil, nil, "without a key"},
		"a name in two lines":     {ratelimit.ByClientIP, &ratelimit.Options{Name: "a\r\nb"}, "printable ASCII"},
		"a name beyond ASCII":     {ratelimit.ByClientIP, &ratelimit.Options{Name: "é"}, "printable ASCII"},
		"a store of other limits": {ratelimit.ByClientIP, &ratelimit.Options{Store: other}, "not of"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			l, err := ratelimit.New(generous, tt.key, tt.o)
			if l != nil || err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("New = %v, %v", l, err)
			}
		})
	}
}

package ratelimit_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"time"

	"github.com/sethvargo/go-limiter/memorystore"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/ratelimit"
)

// get sends a request from an address and prints the status.
func get(h http.Handler, remote string, header ...string) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.RemoteAddr = remote
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Println(strings.TrimSpace(fmt.Sprint(w.Code, " ", w.Header().Get("RateLimit"))))
}

func hello(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "hello") }

func Example() {
	limit, err := ratelimit.New(ratelimit.Limit{Burst: 2, Rate: 0.1}, ratelimit.ByClientIP, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	h := limit.Middleware(http.HandlerFunc(hello))
	get(h, "192.0.2.1:4711")
	get(h, "192.0.2.1:4712")
	get(h, "192.0.2.1:4713")
	get(h, "192.0.2.2:4711")
	// Output:
	// 200 "default";r=1;t=10
	// 200 "default";r=0;t=10
	// 429 "default";r=0;t=10
	// 200 "default";r=1;t=10
}

func ExampleByForwardedIP() {
	behind := ratelimit.ByForwardedIP(netip.MustParsePrefix("10.0.0.0/8"))
	limit, err := ratelimit.New(ratelimit.Limit{Burst: 1, Rate: 0.1}, behind, &ratelimit.Options{NoHeaders: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	h := limit.Middleware(http.HandlerFunc(hello))
	get(h, "10.0.0.1:80", "X-Forwarded-For", "192.0.2.1")
	get(h, "10.0.0.1:80", "X-Forwarded-For", "192.0.2.2")
	get(h, "10.0.0.1:80", "X-Forwarded-For", "203.0.113.7, 192.0.2.2")
	// Output:
	// 200
	// 200
	// 429
}

func ExampleForwardedIP() {
	address := ratelimit.ForwardedIP(netip.MustParsePrefix("10.0.0.0/8"))
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.RemoteAddr = "10.0.0.1:80"
	r.Header.Set("X-Forwarded-For", "203.0.113.7, 192.0.2.2, 10.0.0.2")
	fmt.Println(address(r), ratelimit.RemoteIP(r))
	// Output: 192.0.2.2 10.0.0.1
}

// A provider may give its customers more than 64 bits.
func ExampleByAddress() {
	customer := func(r *http.Request) netip.Addr {
		if p, err := ratelimit.RemoteIP(r).Prefix(48); err == nil {
			return p.Addr()
		}
		return netip.Addr{}
	}
	limit, err := ratelimit.New(ratelimit.Limit{Burst: 1, Rate: 0.1}, ratelimit.ByAddress(customer), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	h := limit.Middleware(http.HandlerFunc(hello))
	get(h, "[2001:db8:7:1::1]:80")
	get(h, "[2001:db8:7:2::1]:80")
	// Output:
	// 200 "default";r=0;t=10
	// 429 "default";r=0;t=10
}

// The address is looked at before somebody signs in. Then one bucket pays: that
// of the principal, or that of the address if there is none or the password was
// wrong.
func ExampleLimiter_Peek() {
	limit, err := ratelimit.New(ratelimit.Limit{Burst: 2, Rate: 0.1}, ratelimit.ByPrincipal(ratelimit.ByClientIP), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	signIn := func(r *http.Request) (auth.Principal, error) {
		if r.Header.Get("Authorization") == "Bearer wrong" {
			return auth.Principal{}, errors.Join(auth.ErrUnauthenticated, limit.Charge(r))
		}
		return auth.Principal{ID: "ada"}, nil
	}
	h := limit.Peek(auth.Middleware(signIn)(limit.Middleware(http.HandlerFunc(hello))))
	get(h, "192.0.2.1:80")
	get(h, "192.0.2.9:80", "Authorization", "Bearer wrong")
	get(h, "192.0.2.9:80", "Authorization", "Bearer wrong")
	get(h, "192.0.2.9:80", "Authorization", "Bearer wrong")
	// Output:
	// 200 "default";r=1;t=10
	// 401
	// 401
	// 429 "default";r=0;t=10
}

// A chunk of an upload costs a tenth of its creation.
func ExampleOptions_cost() {
	limit, err := ratelimit.New(ratelimit.Limit{Burst: 3, Rate: 0.1}, ratelimit.ByClientIP, &ratelimit.Options{
		Name: "upload",
		Cost: func(r *http.Request) float64 {
			if r.Method == http.MethodPatch {
				return 0.1
			}
			return 1
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	h := limit.Middleware(http.HandlerFunc(hello))
	send := func(method string) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, "/", nil))
		fmt.Println(method, w.Header().Get("RateLimit"))
	}
	send(http.MethodPost)
	for range 10 {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPatch, "/", nil))
	}
	send(http.MethodPost)
	// Output:
	// POST "upload";r=2;t=10
	// POST "upload";r=0;t=10
}

// Any store of go-limiter keeps the buckets, by its own limit.
func ExampleOptions_store() {
	store, err := memorystore.New(&memorystore.Config{Tokens: 1, Interval: time.Hour})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close(context.Background())
	limit, err := ratelimit.New(ratelimit.Limit{Burst: 1, Rate: 1.0 / 3600}, ratelimit.ByClientIP, &ratelimit.Options{Store: store, NoHeaders: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	h := limit.Middleware(http.HandlerFunc(hello))
	get(h, "192.0.2.1:80")
	get(h, "192.0.2.1:80")
	// Output:
	// 200
	// 429
}

// What is no request is limited by a key of its own.
func ExampleLimiter_Take() {
	limit, err := ratelimit.New(ratelimit.Limit{Burst: 10, Rate: 1}, ratelimit.ByClientIP, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		r, err := limit.Take(context.Background(), "mails to ada", 7)
		fmt.Println(r.OK, r.Wait.Round(time.Second), err)
	}
	// Output:
	// true 0s <nil>
	// false 4s <nil>
}

func ExampleMemory() {
	m, err := ratelimit.NewMemory(ratelimit.Limit{Burst: 1, Rate: 0.1}, &ratelimit.MemoryOptions{MaxKeys: 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, key := range []string{"a", "b", "a newcomer", "another newcomer", "a"} {
		tokens, remaining, _, ok, err := m.Take(context.Background(), key)
		fmt.Println(key, ok, tokens, remaining, err)
	}
	fmt.Printf("%+v\n", m.Stats())
	// Output:
	// a true 1 0 <nil>
	// b true 1 0 <nil>
	// a newcomer true 1 0 <nil>
	// another newcomer false 1 0 <nil>
	// a false 1 0 <nil>
	// {Keys:2 Allowed:3 Refused:2 Shared:2}
}

package ratelimit_test

import (
	"encoding/binary"
	"fmt"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/ratelimit"
)

// The tests of this file are ways round a limit that people try.

// tenEach is so slow that nothing flows back while a test runs.
var tenEach = ratelimit.Limit{Burst: 10, Rate: 0.001}

// through counts how many of n requests are let through.
func through(t *testing.T, key ratelimit.Key, n int, request func(i int) *http.Request) int {
	t.Helper()
	h := newLimiter(t, tenEach, key, nil).Middleware(ok)
	count := 0
	for i := range n {
		if send(h, request(i)).Code == http.StatusOK {
			count++
		}
	}
	return count
}

func TestAttackForgedXForwardedFor(t *testing.T) {
	keys := map[string]ratelimit.Key{
		"of an application that is asked directly": ratelimit.ByClientIP,
		"of one behind proxies":                    ratelimit.ByForwardedIP(proxies...),
		"of one that knows who is signed in":       ratelimit.ByPrincipal(ratelimit.ByForwardedIP(proxies...)),
	}
	attacks := map[string]func(i int) *http.Request{
		"another address each time": func(i int) *http.Request { return from("192.0.2.1:80", fmt.Sprintf("203.0.113.%d", i)) },
		"another proxy each time":   func(i int) *http.Request { return from("192.0.2.1:80", fmt.Sprintf("203.0.113.%d, 10.0.0.%d", i, i)) },
		"fields of all names": func(i int) *http.Request {
			r := from("192.0.2.1:80")
			for _, name := range []string{"X-Forwarded-For", "X-Real-Ip", "Forwarded", "True-Client-Ip", "Cf-Connecting-Ip", "X-Client-Ip", "X-Cluster-Client-Ip"} {
				r.Header.Set(name, fmt.Sprintf("203.0.113.%d", i))
			}
			return r
		},
	}
	for name, key := range keys {
		for attack, request := range attacks {
			if n := through(t, key, 100, request); n != 10 {
				t.Errorf("%s, %s: %d of 100 got through", attack, name, n)
			}
		}
	}
	t.Run("through the proxy, which appends the truth", func(t *testing.T) {
		for _, forged := range []string{"203.0.113.%d", "203.0.113.%d, 10.0.0.9", "unknown %d", "10.0.0.%d", ",%d,", "[::%d", "%d"} {
			n := through(t, ratelimit.ByForwardedIP(proxies...), 100, func(i int) *http.Request {
				return from("10.0.0.1:80", fmt.Sprintf(forged, i)+", 192.0.2.1")
			})
			if n != 10 {
				t.Errorf("%q: %d of 100 got through", forged, n)
			}
		}
	})
}

func TestAttackRotationWithinAnIPv6Network(t *testing.T) {
	n := through(t, ratelimit.ByClientIP, 1000, func(i int) *http.Request {
		var iid [8]byte
		binary.BigEndian.PutUint64(iid[:], uint64(i)*0x9e3779b97f4a7c15)
		a := netip.MustParseAddr("2001:db8:0:7::").As16()
		copy(a[8:], iid[:])
		return from(netip.AddrPortFrom(netip.AddrFrom16(a), uint16(i)).String())
	})
	if n != 10 {
		t.Errorf("%d of 1000 addresses of one network got through", n)
	}
}

func TestAttackAnIPv4AddressInIPv6Clothes(t *testing.T) {
	spellings := []string{"192.0.2.1:80", "[::ffff:192.0.2.1]:80", "[::ffff:c000:201]:80", "[::FFFF:192.0.2.1%eth0]:80"}
	n := through(t, ratelimit.ByClientIP, 100, func(i int) *http.Request { return from(spellings[i%len(spellings)]) })
	if n != 10 {
		t.Errorf("%d of 100 got through", n)
	}
}

func TestAttackNoAddress(t *testing.T) {
	spellings := []string{"", "@", "pipe", "unknown:80", "192.0.2.256:80"}
	n := through(t, ratelimit.ByClientIP, 100, func(i int) *http.Request { return from(spellings[i%len(spellings)]) })
	if n != 10 {
		t.Errorf("%d of 100 got through", n)
	}
}

func TestAttackAnAccountThatIsCalledLikeAnAddress(t *testing.T) {
	h := newLimiter(t, tenEach, ratelimit.ByPrincipal(ratelimit.ByClientIP), nil).Middleware(ok)
	for range 20 {
		r := from("203.0.113.1:80")
		send(h, r.WithContext(auth.NewContext(r.Context(), auth.Principal{ID: "192.0.2.1"})))
	}
	if w := send(h, from("192.0.2.1:80")); w.Code != http.StatusOK {
		t.Error("an account has emptied the bucket of an address")
	}
}

// megabytes that a test has more than before.
func megabytes(before uint64) float64 { return (float64(heap()) - float64(before)) / 1e6 }

func TestAttackAMillionIdentifiers(t *testing.T) {
	t.Run("are remembered in 40 MB", func(t *testing.T) {
		before := heap()
		m, _ := withClock(t, tenEach, nil)
		for i := range uint32(1_000_000) {
			a := netip.AddrFrom4([4]byte{byte(i >> 24), byte(i >> 16), byte(i >> 8), byte(i)})
			taken(t, m, a.String(), 1)
		}
		mb, keys := megabytes(before), m.Stats().Keys
		t.Logf("%d keys in %.1f MB, %.1f bytes each", keys, mb, mb*1e6/float64(keys))
		if keys != 1_000_000 || mb > 32 {
			t.Errorf("%d keys in %.1f MB", keys, mb)
		}
		check(t, m)
	})
	t.Run("get the tokens of one beyond the cap, and push nobody out", func(t *testing.T) {
		before := heap()
		m, _ := withClock(t, tenEach, &ratelimit.MemoryOptions{MaxKeys: 10_000})
		all(t, m, "debtor")
		admitted := 0
		for i := range 1_000_000 {
			if taken(t, m, fmt.Sprint(i), 1) {
				admitted++
			}
		}
		if mb := megabytes(before); mb > 1 || m.Stats().Keys > 10_000 || admitted != 10_000-1+10 {
			t.Errorf("%d admitted by %d keys in %.1f MB", admitted, m.Stats().Keys, mb)
		}
		if taken(t, m, "debtor", 1) {
			t.Error("the debtor is forgotten")
		}
		check(t, m)
	})
	t.Run("cost a full store no memory each", func(t *testing.T) {
		m, _ := withClock(t, tenEach, &ratelimit.MemoryOptions{MaxKeys: 10_000})
		var keys [20_000]string
		for i := range keys {
			keys[i] = fmt.Sprint(i)
			taken(t, m, keys[i], 1)
		}
		i := 0
		if n := testing.AllocsPerRun(10_000, func() { i++; taken(t, m, keys[i%len(keys)], 1) }); n > 0 {
			t.Errorf("%v allocations", n)
		}
	})
	t.Run("make room again when they are idle", func(t *testing.T) {
		m, clock := withClock(t, tenEach, &ratelimit.MemoryOptions{MaxKeys: 10_000})
		for i := range 20_000 { // each a little later, so that some of them are idle after 17 minutes
			taken(t, m, fmt.Sprint(i), 1)
			clock.advance(10 * time.Millisecond)
		}
		clock.advance(1000*time.Second - clock.now)
		for i := range 20_000 {
			taken(t, m, fmt.Sprint("again ", i), 1)
			clock.advance(time.Millisecond)
		}
		clock.advance(3 * time.Hour)
		shared := m.Stats().Shared
		for i := range 10_000 {
			if !taken(t, m, fmt.Sprint("new ", i), 1) {
				t.Fatal("somebody new is refused")
			}
		}
		if late := m.Stats().Shared - shared; late > 500 {
			t.Errorf("%d of 10000 met the shared bucket", late)
		}
		check(t, m)
	})
}

func TestNothingIsAllocatedForARequest(t *testing.T) {
	m, ctx := newMemory(t, generous, nil), t.Context()
	want := func(what string, most float64, f func()) {
		t.Helper()
		if n := testing.AllocsPerRun(100, f); n > most {
			t.Errorf("%s allocates %v times, not %v", what, n, most)
		}
	}
	want("Take", 0, func() { _, _, _, _, _ = m.Take(ctx, "192.0.2.1") })
	want("TakeN", 0, func() { _, _ = m.TakeN(ctx, "192.0.2.1", 0.1) })
	want("Charge", 0, func() { _, _ = m.Charge(ctx, "192.0.2.1", 0.1) })
	for _, remote := range []string{"192.0.2.1:80", "[2001:db8:0:7::1]:80"} {
		r, w := from(remote), discard{http.Header{}}
		for _, l := range []struct {
			name string
			most float64
			o    *ratelimit.Options
		}{{"with headers", 2, nil}, {"without", 0, &ratelimit.Options{NoHeaders: true}}} {
			h := newLimiter(t, generous, ratelimit.ByClientIP, l.o).Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
			want("Middleware "+l.name+" for "+remote, l.most, func() {
				clear(w.header)
				h.ServeHTTP(w, r)
			})
		}
	}
}

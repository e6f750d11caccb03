package ratelimit_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/ratelimit"
)

func from(remote string, forwarded ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.RemoteAddr = remote
	for _, f := range forwarded {
		r.Header.Add("X-Forwarded-For", f)
	}
	return r
}

func TestRemoteIP(t *testing.T) {
	tests := []struct{ name, remote, want, key string }{
		{"IPv4", "192.0.2.1:80", "192.0.2.1", "192.0.2.1"},
		{"IPv4 without a port", "192.0.2.1", "192.0.2.1", "192.0.2.1"},
		{"IPv6", "[2001:db8:1:2:3:4:5:6]:80", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2"},
		{"IPv6 that is shortened within its network", "[2001:db8::7]:80", "2001:db8::7", "2001:db8:0:0"},
		{"IPv6 that is shortened after it", "[2001:db8:1:2::7]:80", "2001:db8:1:2::7", "2001:db8:1:2"},
		{"IPv6 that is shortened across its end", "[2001:db8:1::7]:80", "2001:db8:1::7", "2001:db8:1:0"},
		{"IPv6 without brackets", "2001:db8::7", "2001:db8::7", "2001:db8:0:0"},
		{"IPv6 in other letters", "[2001:DB8:A:0002::7]:80", "2001:db8:a:2::7", "2001:db8:a:2"},
		{"a network that begins like the text", "[2001:db8:1:2abc::7]:80", "2001:db8:1:2abc::7", "2001:db8:1:2abc"},
		{"loopback", "[::1]:80", "::1", "0:0:0:0"},
		{"IPv4 in IPv6", "[::ffff:192.0.2.1]:80", "192.0.2.1", "192.0.2.1"},
		{"IPv4 in IPv6, in hexadecimal", "[::ffff:c000:201]:80", "192.0.2.1", "192.0.2.1"},
		{"a zone", "[fe80::1%eth0]:80", "fe80::1", "fe80:0:0:0"},
		{"nothing", "", "invalid IP", ":"},
		{"a socket", "@", "invalid IP", ":"},
		{"a name", "example.com:80", "invalid IP", ":"},
		{"a port alone", ":80", "invalid IP", ":"},
		{"no port after the colon", "192.0.2.1:", "invalid IP", ":"},
		{"a port that is none", "192.0.2.1:http", "invalid IP", ":"},
		{"a bracket that is not closed", "[2001:db8::7", "invalid IP", ":"},
		{"brackets around IPv4", "[192.0.2.1]:80", "invalid IP", ":"},
		{"words after the bracket", "[2001:db8::7]x", "invalid IP", ":"},
		{"leading zeros", "192.0.2.01:80", "invalid IP", ":"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := from(tt.remote, "203.0.113.99")
			got := []string{ratelimit.RemoteIP(r).String(), ratelimit.ByClientIP(r)}
			if diff := cmp.Diff([]string{tt.want, tt.key}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// proxies of the tests: a range, and one in IPv6 clothes.
var proxies = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:ffff::/48"), netip.MustParsePrefix("::ffff:172.16.0.0/108"),
}

func TestForwardedIP(t *testing.T) {
	tests := []struct {
		name, remote string
		forwarded    []string
		want         string
	}{
		{"one proxy", "10.0.0.1:80", []string{"192.0.2.1"}, "192.0.2.1"},
		{"two proxies", "10.0.0.1:80", []string{"192.0.2.1, 10.0.0.2"}, "192.0.2.1"},
		{"two proxies, a field each", "10.0.0.1:80", []string{"192.0.2.1", "10.0.0.2"}, "192.0.2.1"},
		{"an IPv6 proxy", "[2001:db8:ffff::1]:80", []string{"192.0.2.1"}, "192.0.2.1"},
		{"a proxy in IPv6 clothes", "[::ffff:10.0.0.1]:80", []string{"192.0.2.1"}, "192.0.2.1"},
		{"a range in IPv6 clothes", "172.16.0.1:80", []string{"192.0.2.1"}, "192.0.2.1"},
		{"an IPv6 client", "10.0.0.1:80", []string{"2001:db8::1"}, "2001:db8::1"},
		{"a client with a port", "10.0.0.1:80", []string{"192.0.2.1:4711"}, "192.0.2.1"},
		{"an IPv6 client with a port", "10.0.0.1:80", []string{"[2001:db8::1]:4711"}, "2001:db8::1"},
		{"spaces and tabs", "10.0.0.1:80", []string{" 192.0.2.1\t,\t10.0.0.2 "}, "192.0.2.1"},
		{"no field", "10.0.0.1:80", nil, "10.0.0.1"},
		{"an empty field", "10.0.0.1:80", []string{""}, "10.0.0.1"},
		{"nobody but proxies", "10.0.0.1:80", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		{"past the proxies", "192.0.2.9:80", []string{"192.0.2.1"}, "192.0.2.9"},
		{"past the proxies, naming one", "192.0.2.9:80", []string{"192.0.2.1, 10.0.0.1"}, "192.0.2.9"},
		{"a forged beginning", "10.0.0.1:80", []string{"203.0.113.5, 192.0.2.1"}, "192.0.2.1"},
		{"a forged beginning that names a proxy", "10.0.0.1:80", []string{"10.0.0.9, 192.0.2.1, 10.0.0.2"}, "192.0.2.1"},
		{"a forged field before", "10.0.0.1:80", []string{"203.0.113.5", "192.0.2.1"}, "192.0.2.1"},
		{"what a proxy did not know", "10.0.0.1:80", []string{"192.0.2.1, unknown, 10.0.0.2"}, "10.0.0.2"},
		{"an obfuscated name", "10.0.0.1:80", []string{"_hidden"}, "10.0.0.1"},
		{"an empty element", "10.0.0.1:80", []string{"192.0.2.1,,10.0.0.2"}, "10.0.0.2"},
		{"no address of the connection", "@", []string{"192.0.2.1"}, "invalid IP"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := ratelimit.ForwardedIP(proxies...)(from(tt.remote, tt.forwarded...)).String(); got != tt.want {
				t.Errorf("%s, not %s", got, tt.want)
			}
		})
	}
	t.Run("whoever trusts nobody believes nobody", func(t *testing.T) {
		for _, address := range []ratelimit.Address{ratelimit.ForwardedIP(), ratelimit.ForwardedIP(netip.Prefix{})} {
			if got := address(from("10.0.0.1:80", "192.0.2.1")).String(); got != "10.0.0.1" {
				t.Error(got)
			}
		}
	})
	t.Run("Forwarded is not read", func(t *testing.T) {
		r := from("10.0.0.1:80")
		r.Header.Set("Forwarded", "for=192.0.2.1")
		if got := ratelimit.ByForwardedIP(proxies...)(r); got != "10.0.0.1" {
			t.Error(got)
		}
	})
}

func FuzzForwardedIP(f *testing.F) {
	f.Add("10.0.0.1:80", "192.0.2.1, 10.0.0.2", "203.0.113.5")
	f.Add("[2001:db8:ffff::1]:80", "[2001:db8::1]:4711,10.0.0.1", ",,")
	f.Add("@", " ", "::ffff:10.0.0.1")
	f.Fuzz(func(t *testing.T, remote, field, forged string) {
		address := ratelimit.ForwardedIP(proxies...)
		got := address(from(remote, field))
		if got.Is4In6() || got.Zone() != "" {
			t.Errorf("%v", got)
		}
		if trusts(ratelimit.RemoteIP(from(remote))) {
			// What is before the last address that is no proxy's changes nothing.
			before := address(from(remote, "192.0.2.77, "+field))
			if after := address(from(remote, forged+", 192.0.2.77, "+field)); after != before {
				t.Errorf("%q makes %v of %v", forged, after, before)
			}
		} else if got != ratelimit.RemoteIP(from(remote)) {
			t.Errorf("%q is believed: %v", remote, got)
		}
		// A key of an address is canonical: its text is that of another key never.
		key := ratelimit.ByForwardedIP(proxies...)(from(remote, field))
		if parsed, err := netip.ParseAddr(strings.TrimSuffix(key+"::", "::")); got.Is4() && (err != nil || parsed != got) {
			t.Errorf("the key of %v is %q", got, key)
		}
		if got.Is6() {
			network, err := netip.ParseAddr(key + "::")
			if err != nil || !netip.PrefixFrom(network, 64).Contains(got) || strings.Count(key, ":") != 3 {
				t.Errorf("the key of %v is %q (%v)", got, key, err)
			}
		}
	})
}

func trusts(addr netip.Addr) bool {
	for _, p := range []string{"10.0.0.0/8", "2001:db8:ffff::/48", "172.16.0.0/12"} {
		if netip.MustParsePrefix(p).Contains(addr) {
			return true
		}
	}
	return false
}

func TestByPrincipal(t *testing.T) {
	key := ratelimit.ByPrincipal(ratelimit.ByClientIP)
	tests := map[string]struct{ id, want string }{
		"nobody has an address":                   {"", "192.0.2.1"},
		"somebody has an id":                      {"ada", "ada"},
		"a mail address":                          {"ada@example.com", "ada@example.com"},
		"an id like an address":                   {"192.0.2.1", "=192.0.2.1"},
		"an id like a network":                    {"2001:db8:0:7", "=2001:db8:0:7"},
		"an id like no address":                   {":", "=:"},
		"an id like one that is told from others": {"=192.0.2.1", "==192.0.2.1"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := from("192.0.2.1:80")
			r = r.WithContext(auth.NewContext(r.Context(), auth.Principal{ID: tt.id}))
			if got := key(r); got != tt.want {
				t.Errorf("%q", got)
			}
		})
	}
}

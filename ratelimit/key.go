package ratelimit

import (
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	"github.com/streamgate/streamgate/auth"
)

// Key tells who sends a request: those with the same key share a bucket. It is
// called concurrently and more than once for a request. A key that a client can
// choose freely limits nobody.
type Key func(*http.Request) string

// ByClientIP is the Key of the connection's address, see RemoteIP and ByAddress.
func ByClientIP(r *http.Request) string { return addressKey(RemoteIP(r), r.RemoteAddr) }

// ByForwardedIP is the Key of the address that trusted proxies tell, see
// ForwardedIP and ByAddress.
func ByForwardedIP(trusted ...netip.Prefix) Key { return ByAddress(ForwardedIP(trusted...)) }

// ByAddress is the Key of an address: an IPv4 address as it is written
// ("192.0.2.1"), and for IPv6 the first 64 bits ("2001:db8:0:7"), since that is
// what one subscriber has, and whoever has it can use 2^64 addresses in it.
// Whoever has no address shares the key ":" with all others who have none.
func ByAddress(address Address) Key {
	return func(r *http.Request) string { return addressKey(address(r), r.RemoteAddr) }
}

// ByPrincipal is the Key of who is signed in, as auth.FromContext tells, and for
// nobody that of otherwise. The id of a principal is the key, unless it could be
// mistaken for that of an address: then "=" stands before it.
func ByPrincipal(otherwise Key) Key {
	return func(r *http.Request) string {
		id := auth.FromContext(r.Context()).ID
		switch {
		case id == "":
			return otherwise(r)
		case id[0] == '=' || likeAddress(id):
			return "=" + id
		}
		return id
	}
}

// likeAddress says whether addressKey could return s.
func likeAddress(s string) bool {
	return strings.ContainsAny(s, ".:") && strings.Trim(s, "0123456789abcdef.:") == ""
}

// noAddress is the key of all whose address nobody knows.
const noAddress = ":"

// addressKey is the key of addr. Where remote begins with it, it is a part of
// remote, and nothing is allocated: which is the normal case.
func addressKey(addr netip.Addr, remote string) string {
	var space [40]byte
	var text []byte
	switch {
	case addr.Is4():
		text = addr.AppendTo(space[:0])
	case addr.Is6():
		text = appendNetwork(space[:0], addr)
		remote = strings.TrimPrefix(remote, "[")
	default:
		return noAddress
	}
	if strings.HasPrefix(remote, string(text)) {
		return remote[:len(text)]
	}
	return string(text)
}

// appendNetwork writes the first four groups of an IPv6 address, all of them.
func appendNetwork(b []byte, addr netip.Addr) []byte {
	a := addr.As16()
	for i := 0; i < 8; i += 2 {
		if i > 0 {
			b = append(b, ':')
		}
		b = strconv.AppendUint(b, uint64(a[i])<<8|uint64(a[i+1]), 16)
	}
	return b
}

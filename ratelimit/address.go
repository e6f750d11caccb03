package ratelimit

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Address tells from which address a request comes; the zero Addr where nobody
// knows. An IPv4 address in IPv6 clothes (::ffff:192.0.2.1) is the IPv4 address,
// and there are no zones.
type Address func(*http.Request) netip.Addr

// RemoteIP is the Address of the connection, and believes nothing else. Behind
// a proxy that is the proxy.
func RemoteIP(r *http.Request) netip.Addr {
	return parseAddress(r.RemoteAddr)
}

// ForwardedIP returns the Address for an application behind proxies: the ranges
// name them, and nothing but their word is believed. Each of them has to append
// the address that it was asked from to X-Forwarded-For, which is what proxies
// do. The field is read from its end, where the proxies have written: the last
// address in it that is none of theirs is the client, and what stands before
// that was the client's to write and is not looked at. A request from elsewhere
// is one that came past the proxies: its field means nothing.
//
// Where a proxy has written something that is no address, and where all of them
// are proxies, the last one that was understood is the answer: nobody gets a
// bucket by nonsense.
//
// Forwarded (RFC 7239) is not read: a proxy that writes the one field passes on
// the other as the client has written it, so who reads both believes the client.
func ForwardedIP(trusted ...netip.Prefix) Address {
	proxies := make([]netip.Prefix, 0, len(trusted))
	for _, p := range trusted {
		proxies = append(proxies, unmapPrefix(p).Masked())
	}
	return func(r *http.Request) netip.Addr {
		addr := RemoteIP(r)
		for _, field := range slices.Backward(r.Header["X-Forwarded-For"]) {
			for more := true; more; {
				if !within(addr, proxies) {
					return addr
				}
				var hop string
				field, hop, more = cutLast(field)
				before := parseAddress(hop)
				if !before.IsValid() {
					return addr
				}
				addr = before
			}
		}
		return addr
	}
}

// cutLast cuts the last element off a list.
func cutLast(list string) (rest, last string, more bool) {
	if i := strings.LastIndexByte(list, ','); i >= 0 {
		return list[:i], strings.Trim(list[i+1:], " \t"), true
	}
	return "", strings.Trim(list, " \t"), false
}

// unmapPrefix makes ::ffff:192.0.2.0/120 what it means, 192.0.2.0/24.
func unmapPrefix(p netip.Prefix) netip.Prefix {
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		return netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p
}

func within(addr netip.Addr, ranges []netip.Prefix) bool {
	for _, p := range ranges {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// parseAddress reads an address with or without a port: 192.0.2.1:80,
// [2001:db8::1]:80, 2001:db8::1, [2001:db8::1].
func parseAddress(s string) netip.Addr {
	if host, port, found := strings.Cut(s, "]"); found {
		if len(host) < 2 || host[0] != '[' || !isPort(port) {
			return netip.Addr{}
		}
		addr := parseBare(host[1:])
		if !strings.Contains(host, ":") { // brackets are for IPv6
			return netip.Addr{}
		}
		return addr
	}
	if i := strings.IndexByte(s, ':'); i >= 0 && strings.IndexByte(s[i+1:], ':') < 0 {
		if !isPort(s[i:]) {
			return netip.Addr{}
		}
		s = s[:i]
	}
	return parseBare(s)
}

func parseBare(s string) netip.Addr {
	addr, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}
	}
	return addr.Unmap().WithZone("")
}

// isPort accepts a colon and a port, or nothing.
func isPort(s string) bool {
	if s == "" {
		return true
	}
	if s[0] != ':' || len(s) < 2 || len(s) > 6 {
		return false
	}
	return strings.Trim(s[1:], "0123456789") == ""
}

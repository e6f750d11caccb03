package hls

import (
	"strconv"
	"strings"
)

// acceptsGzip reads an Accept-Encoding header (RFC 9110 §12.5.3): whether gzip
// may be sent and is wanted at least as much as the bytes as they are.
func acceptsGzip(header string) bool {
	gzip, identity, others := -1.0, -1.0, -1.0 // weights; -1 is not mentioned
	for part := range strings.SplitSeq(header, ",") {
		coding, q := weighted(part)
		switch {
		case strings.EqualFold(coding, "gzip"), strings.EqualFold(coding, "x-gzip"):
			gzip = q
		case strings.EqualFold(coding, "identity"):
			identity = q
		case coding == "*":
			others = q
		}
	}
	if gzip < 0 {
		gzip = others
	}
	return gzip > 0 && gzip >= identity
}

// weighted splits "gzip;q=0.5" into its name and its weight, which is 1 where
// there is none and 0 where it is none.
func weighted(s string) (name string, q float64) {
	name, parameters, ok := strings.Cut(s, ";")
	name = strings.TrimSpace(name)
	if !ok {
		return name, 1
	}
	key, value, ok := strings.Cut(strings.TrimSpace(parameters), "=")
	if !ok || !strings.EqualFold(strings.TrimSpace(key), "q") {
		return name, 0
	}
	q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil || !(q >= 0 && q <= 1) {
		return name, 0
	}
	return name, q
}

// matches reads an If-None-Match header (RFC 9110 §13.1.2) by weak comparison.
func matches(header, etag string) bool {
	for header = strings.TrimSpace(header); header != ""; {
		if header[0] == '*' {
			return true
		}
		tag := strings.TrimPrefix(header, "W/")
		if tag == "" || tag[0] != '"' {
			return false
		}
		end := strings.IndexByte(tag[1:], '"')
		if end < 0 {
			return false
		}
		if tag[:end+2] == etag {
			return true
		}
		header = strings.TrimLeft(tag[end+2:], " \t,")
	}
	return false
}

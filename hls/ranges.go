package hls

import (
	"strconv"
	"strings"
)

// A byteRange is the bytes from start, of which there are length.
type byteRange struct {
	start, length int64
}

// parseRange reads a Range header (RFC 9110 §14) against a body of that size.
//
// Only a single range is answered as one. Several in one header get the whole
// body, as §14.2 allows: never more bytes than there are, however many ranges
// overlap. So does a header that does not parse. partial is false for both;
// an error is a range of which nothing is there.
func parseRange(header string, size int64) (r byteRange, partial bool, err error) {
	whole := byteRange{0, size}
	spec, ok := strings.CutPrefix(header, "bytes=")
	if !ok || strings.Contains(spec, ",") {
		return whole, false, nil
	}
	first, last, ok := strings.Cut(strings.TrimSpace(spec), "-")
	if !ok {
		return whole, false, nil
	}
	if first == "" {
		return suffixRange(last, size)
	}
	start, ok := parsePosition(first)
	if !ok {
		return whole, false, nil
	}
	end := size - 1
	if last != "" {
		end, ok = parsePosition(last)
		if !ok || end < start {
			return whole, false, nil
		}
		end = min(end, size-1)
	}
	if start >= size {
		return whole, false, ErrRange
	}
	return byteRange{start, end - start + 1}, true, nil
}

// suffixRange is the last n bytes.
func suffixRange(n string, size int64) (byteRange, bool, error) {
	length, ok := parsePosition(n)
	switch {
	case !ok:
		return byteRange{0, size}, false, nil
	case length == 0 || size == 0:
		return byteRange{0, size}, false, ErrRange
	}
	length = min(length, size)
	return byteRange{size - length, length}, true, nil
}

// parsePosition reads digits and nothing else. What does not fit is further
// than any body is long.
func parsePosition(s string) (int64, bool) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 1<<63 - 1, true
	}
	return n, true
}

// contentRange is the header's value for a range of a body of that size.
func (r byteRange) contentRange(size int64) string {
	return "bytes " + strconv.FormatInt(r.start, 10) + "-" + strconv.FormatInt(r.start+r.length-1, 10) + "/" + strconv.FormatInt(size, 10)
}

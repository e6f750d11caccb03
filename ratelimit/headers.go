package ratelimit

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"
)

// The fields of draft-ietf-httpapi-ratelimit-headers, §3 and §4, as net/http
// spells them. Both are lists: more than one limit may have its say. What t is
// has changed from -10 (the time until there is more) to -11 (the time in which
// there is no more than r): what stands here is true of both.
const (
	policyField = "Ratelimit-Policy"
	limitField  = "Ratelimit"
)

// policy is the RateLimit-Policy of a limit: q, the quota, is what a full bucket
// holds, and w, the window, the seconds in which an empty one fills.
func policy(name string, l Limit) string {
	return name + ";q=" + strconv.Itoa(l.Burst) + ";w=" + strconv.FormatInt(max(seconds(l.refill()), 1), 10)
}

// quote makes a name the String of a structured field (RFC 9651 §3.3.3).
func quote(name string) (string, error) {
	if name == "" {
		return "", errors.New("ratelimit: the name of a limit is empty")
	}
	b := []byte{'"'}
	for i := range len(name) {
		c := name[i]
		if c < ' ' || c > '~' {
			return "", errors.New("ratelimit: the name of a limit goes into a header field: printable ASCII alone")
		}
		if c == '"' || c == '\\' {
			b = append(b, '\\')
		}
		b = append(b, c)
	}
	return string(append(b, '"')), nil
}

// tell writes both fields. It allocates the value of RateLimit and the list that
// it stands in.
func (l *Limiter) tell(h http.Header, res Result) {
	if l.policy == nil {
		return
	}
	if _, more := h[policyField]; more {
		h.Add(policyField, l.policy[0])
	} else {
		h[policyField] = l.policy
	}
	h[limitField] = append(h[limitField], l.status(res))
}

// status is the RateLimit of a bucket: r, the whole tokens that remain, and t,
// the seconds until there is one more. A full bucket has no t.
func (l *Limiter) status(res Result) string {
	var space [96]byte
	b := append(space[:0], l.name...)
	b = append(b, ";r="...)
	b = strconv.AppendInt(b, res.whole(), 10)
	next := res.Next()
	if !res.OK {
		next = min(next, res.Wait) // which is exact, and what Retry-After says
	}
	if next > 0 {
		b = append(b, ";t="...)
		b = strconv.AppendInt(b, seconds(next), 10)
	}
	return string(b)
}

// seconds rounds up what is more than a microsecond, in which nobody is back.
func seconds(d time.Duration) int64 {
	return int64(math.Ceil((d - time.Microsecond).Seconds()))
}

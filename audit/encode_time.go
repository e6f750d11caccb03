package audit

import (
	"sync/atomic"
	"time"
)

// stamp is a second as text. Most events happen in the second of the one before.
type stamp struct {
	unix int64
	text string // up to the seconds
}

var latest atomic.Pointer[stamp]

// The seconds of the years 1 to 9999: those that RFC 3339 has digits for.
const (
	firstSecond = -62135596800
	lastSecond  = 253402300799
)

// appendTime appends t as RFC 3339 in UTC, with as many digits as it needs. A time
// that has no year of four digits becomes the zero one.
func appendTime(dst []byte, t time.Time) []byte {
	second, nano := t.Unix(), t.Nanosecond()
	if second < firstSecond || second > lastSecond {
		second, nano = firstSecond, 0
	}
	if s := latest.Load(); s != nil && s.unix == second {
		dst = append(dst, s.text...)
	} else {
		begin := len(dst)
		dst = time.Unix(second, 0).UTC().AppendFormat(dst, "2006-01-02T15:04:05")
		if s == nil || second > s.unix { // not for old times, which come in any order
			latest.Store(&stamp{second, string(dst[begin:])})
		}
	}
	return append(appendFraction(dst, nano), 'Z')
}

// appendFraction appends the fraction of a second without zeros at its end.
func appendFraction(dst []byte, nano int) []byte {
	if nano == 0 {
		return dst
	}
	digits := 9
	for ; nano%10 == 0; digits-- {
		nano /= 10
	}
	dst = append(dst, ".000000000"[:digits+1]...)
	for i := len(dst) - 1; nano > 0; i-- {
		dst[i] = byte('0' + nano%10)
		nano /= 10
	}
	return dst
}

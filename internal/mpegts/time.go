package mpegts

// Clock is how many ticks a second the times of a transport stream have.
const Clock = 90_000

const (
	timeMask = 1<<33 - 1
	// ahead is how much earlier than it is decoded a picture is said to arrive:
	// a tenth of a second. At the very beginning, where that would be before the
	// clock's own 0, it is less.
	ahead = Clock / 10
)

// Ticks converts ticks of a timescale to those of the transport stream, rounded
// to the nearest.
func Ticks(ticks int64, timescale uint32) int64 {
	scale := int64(max(timescale, 1))
	whole, rest := ticks/scale, ticks%scale
	if rest < 0 {
		whole, rest = whole-1, rest+scale
	}
	return whole*Clock + (rest*Clock+scale/2)/scale
}

// appendPES appends the header of a PES packet (ISO/IEC 13818-1 §2.4.3.6), with
// so many stuffing bytes. size is that of its payload. Times are taken modulo
// 2^33 as the format has them.
func appendPES(dst []byte, id byte, size int, pts, dts int64, stuffing int) []byte {
	flags, length := byte(0x80), 5+stuffing
	if pts != dts {
		flags, length = 0xc0, 10+stuffing
	}
	rest := 3 + length + size
	if rest > 0xffff {
		rest = 0 // of video alone: it ends where the next begins
	}
	dst = append(dst, 0, 0, 1, id, byte(rest>>8), byte(rest), 0x84, flags, byte(length))
	if pts == dts {
		dst = appendTime(dst, 2, pts)
	} else {
		dst = appendTime(appendTime(dst, 3, pts), 1, dts)
	}
	for range stuffing {
		dst = append(dst, 0xff)
	}
	return dst
}

// pesHeader is how long what appendPES appends is without stuffing.
func pesHeader(pts, dts int64) int {
	if pts != dts {
		return 19
	}
	return 14
}

func appendTime(dst []byte, mark byte, t int64) []byte {
	v := uint64(t) & timeMask
	return append(dst, mark<<4|byte(v>>29)&0xe|1, byte(v>>22), byte(v>>14)|1, byte(v>>7), byte(v<<1)|1)
}

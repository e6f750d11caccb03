package cache_test

import "math/rand/v2"

// viewers is what a video service's cache is asked while many watch: who begins
// a film takes its multivariant playlist, a media playlist and an init segment,
// and then one video and one audio segment after the other. Films are chosen by
// popularity (zipf 0.9 over 400), half the viewers leave before the end, one in
// ten begins in the middle, and the rendition changes now and then.
func viewers(r *rand.Rand, size int) []uint64 {
	choose := zipf(r, 400, 0.9)
	watching := make([]viewer, size/10)
	for i := range watching {
		watching[i] = begin(r, choose())
		watching[i].segment = r.IntN(watching[i].end)
	}
	keys := make([]uint64, 0, accesses+3)
	for len(keys) < accesses {
		v := &watching[r.IntN(len(watching))]
		keys = append(keys, v.next(r)...)
		if v.segment >= v.end {
			*v = begin(r, choose())
		}
	}
	return keys[:accesses]
}

const (
	renditions = 3
	notBegun   = -1
)

type viewer struct {
	film      uint64
	rendition uint64
	segment   int
	start     int
	end       int
}

func begin(r *rand.Rand, film uint64) viewer {
	length := 40 + int(film*37%160)
	v := viewer{film: film, rendition: r.Uint64N(renditions), segment: notBegun, end: length}
	if r.IntN(10) == 0 {
		v.start = r.IntN(length)
	}
	if r.IntN(2) == 0 {
		v.end = v.start + 1 + r.IntN(length-v.start)
	}
	return v
}

// next is what the viewer asks for next.
func (v *viewer) next(r *rand.Rand) []uint64 {
	const playlists, audio = 100, 50
	if v.segment == notBegun {
		v.segment = v.start
		return []uint64{v.key(playlists, 0), v.key(playlists, 1+int(v.rendition)), v.key(playlists, 10+int(v.rendition))}
	}
	keys := []uint64{v.key(v.rendition, v.segment), v.key(audio, v.segment)}
	v.segment++
	if r.IntN(40) == 0 {
		v.rendition = r.Uint64N(renditions)
	}
	return keys
}

func (v *viewer) key(track uint64, n int) uint64 { return v.film<<32 | track<<16 | uint64(n) }

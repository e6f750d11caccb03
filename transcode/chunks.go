package transcode

import (
	"slices"
	"time"
)

// Chunk is a part of a source that is encoded by itself. It holds the pictures that
// show from Start until End, and no other chunk has any of them.
type Chunk struct {
	Number int
	Start  time.Duration   // 0 of the first: with whatever shows before
	End    time.Duration   // 0 of the last: with whatever comes
	Key    time.Duration   // of the source's key frame at which decoding begins; 0 is the beginning
	Cuts   []time.Duration // where its segments begin after the first
	Lasts  time.Duration   // from Start until its end
}

const (
	// opening is how long the first chunk is, with which the film can be watched.
	opening = 12 * time.Second
	// shortest and longest are how long others are. What is shorter costs more: chunks of
	// 12 seconds take a twentieth more bytes than the whole, for an encoder begins with
	// what it knows nothing of, and their beginning is decoded twice. What is longer is
	// lost when a worker dies, and keeps one busy for minutes.
	shortest = 24 * time.Second
	longest  = 60 * time.Second
	// perSlot is how many chunks there are for each worker, at least, of a film that is
	// long enough: they end at the same time then, to a quarter.
	perSlot = 4
	// again is how much of the source may be decoded for nothing at the beginning of a
	// chunk, as a share of what it has.
	again = 0.5
)

// Chunks cuts a source, whose last picture ends at end, or 0 where that is not known,
// into chunks for so many workers. They begin where segments begin, see Plan.Cuts, and soon after a key
// frame of the source. keys are when those show, in order; nil where that is not known
// or nothing can seek to them: then there is one chunk.
//
// The first chunk is short, for with it the film can be watched.
func (p *Plan) Chunks(cuts, keys []time.Duration, end time.Duration, workers int) []Chunk {
	known := end // that there is so much of it
	if end <= 0 && len(keys) > 0 {
		known = keys[len(keys)-1]
	}
	length := min(max(known/time.Duration(perSlot*max(workers, 1)), shortest), longest)
	chunk := Chunk{}
	var chunks []Chunk
	for {
		want := length
		if len(chunks) == 0 {
			want = opening
		}
		n := p.boundary(cuts, keys, chunk.Start, want, known)
		if n < 0 {
			break
		}
		next := chunk.follow(cuts[n], keyBefore(keys, cuts[n]-p.preroll()))
		chunk.End, chunk.Lasts, chunk.Cuts = cuts[n], cuts[n]-chunk.Start, slices.Clone(cuts[:n])
		chunks, cuts = append(chunks, chunk), cuts[n+1:]
		chunk = next
	}
	chunk.Cuts, chunk.Lasts = slices.Clone(cuts), max(end-chunk.Start, 0)
	return append(chunks, chunk)
}

func (c *Chunk) follow(start, key time.Duration) Chunk {
	return Chunk{Number: c.Number + 1, Start: start, Key: key}
}

// boundary is the cut at which the chunk that begins at start ends, or -1: of those
// around want the one with the least to be decoded in vain, and the nearest of these.
func (p *Plan) boundary(cuts, keys []time.Duration, start, want, end time.Duration) int {
	best, vain := -1, time.Duration(0)
	for n, cut := range cuts {
		if cut-start < want*3/4 {
			continue
		}
		if end-cut < min(want, shortest)/2 || best >= 0 && cut-start > want*5/4 {
			break
		}
		key := keyBefore(keys, cut-p.preroll())
		if key <= 0 || cut-key > time.Duration(again*float64(want)) {
			continue
		}
		cost := cut - key + (cut-start-want).Abs()/16
		if best < 0 || cost < vain {
			best, vain = n, cost
		}
	}
	return best
}

// preroll is how much before its first picture a chunk needs the source: a filter
// against interlacing looks at the frame before.
func (p *Plan) preroll() time.Duration {
	if v := p.source.Video; p.Deinterlace && v.rate() > 0 {
		return time.Duration(2 * float64(time.Second) / v.rate())
	}
	return 0
}

// Since counts moments, which are a file's own timestamps, from its beginning: key
// frames as ffmpeg.Runner tells them, from ffmpeg.Source.Start.
func Since(start time.Duration, at []time.Duration) []time.Duration {
	since := make([]time.Duration, len(at))
	for i := range at {
		since[i] = at[i] - start
	}
	return since
}

// thinned leaves out key frames of a picture that has them closer than every half a
// second, such as of codecs for editing, all of whose frames are: of each second the first
// stays, and the last of all. A chunk that is cut by them decodes up to a second more, of
// the half a minute that it has; each task reads them, and a day has two million.
func thinned(keys []time.Duration) []time.Duration {
	n := len(keys)
	if n < 2 || keys[n-1]-keys[0] >= time.Duration(n-1)*thick {
		return keys
	}
	thin := keys[:1:1]
	for _, k := range keys[1 : n-1] {
		if k-thin[len(thin)-1] >= time.Second {
			thin = append(thin, k)
		}
	}
	return append(thin, keys[n-1])
}

// thick is how close key frames are that are too many.
const thick = 500 * time.Millisecond

// keyBefore is the last key frame up to a moment, or 0.
func keyBefore(keys []time.Duration, at time.Duration) time.Duration {
	n, exact := slices.BinarySearch(keys, at)
	switch {
	case exact:
		return at
	case n == 0:
		return 0
	}
	return keys[n-1]
}

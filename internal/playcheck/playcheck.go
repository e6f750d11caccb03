// Package playcheck compares what a player gets from an HLS presentation with
// what a player gets from the file that it was made of. ffprobe and ffmpeg are
// the player: once on the file, with its edit list, once on the multivariant
// playlist. It is for tests.
package playcheck

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// shortWork is how many pixels of a film are decoded in a short run.
const shortWork = 8e9

// syncTolerance is by how many seconds a time may err beside a tick of the
// clocks that it is written in.
const syncTolerance = 0.001

// Result is the verdict over one file. It plays when there are no Problems.
type Result struct {
	Tracks   []Track
	Problems []string // what does not play as it should
	Notes    []string // what differs and may
	Segments int      // fetched, of all media playlists
	Bytes    int64    // fetched
	Took     time.Duration
}

// Track is one presented audio or video track.
type Track struct {
	Kind, Codec string
	Packets     int           // presented by the source
	Frames      int           // decoded from the source: pictures, or blocks of samples
	Preroll     int           // packets that the playlist has before the first presented one
	Tail        int           // packets that it has after the last presented one
	ExtraFrames int           // pictures, or samples, that the playlist shows beyond those of the source
	Shift       time.Duration // presentation time in the playlist less that in the source
}

// Plays says whether everything that is presented is there.
func (r Result) Plays() bool { return len(r.Problems) == 0 }

// Reason is the first problem in a line, or "" where there is none.
func (r Result) Reason() string {
	if r.Plays() {
		return ""
	}
	return r.Problems[0]
}

// Packets is how many packets the source presents.
func (r Result) Packets() (n int) {
	for _, t := range r.Tracks {
		n += t.Packets
	}
	return n
}

// Frames is how many frames the source decodes to.
func (r Result) Frames() (n int) {
	for _, t := range r.Tracks {
		n += t.Frames
	}
	return n
}

func (r *Result) problem(format string, args ...any) {
	r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
}

func (r *Result) note(format string, args ...any) {
	r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
}

// Compare plays the presentation at the URL master beside the file source:
//
//   - every presented packet of every audio and video track is there, once, in
//     order; more may stand before the first and after the last;
//   - every presented picture and every audio sample decodes to the same, at the
//     same time but for one shift that all tracks share;
//   - a segment from the middle decodes to the same when it is played alone;
//   - ffmpeg complains of nothing that it does not complain of in the source;
//   - the playlists and segments are as RFC 8216 and CMAF want them (see Structure).
//
// Of a film with more pixels than shortWork the pictures and samples are only
// compared where STREAMGATE_CORPUS_ALL is set, which make corpus does: to decode
// two such films took most of the time of all tests.
//
// The test is skipped without ffmpeg.
func Compare(t testing.TB, source, master string) Result {
	t.Helper()
	Require(t)
	began := time.Now()
	c := &comparison{dir: t.TempDir(), source: source, master: master}
	if err := c.probe(t); err != nil {
		c.result.problem("%v", err)
	} else {
		c.packets()
		if c.short = os.Getenv("STREAMGATE_CORPUS_ALL") == "" && c.pixels() > shortWork; c.short {
			c.result.note("too long a film to compare its pictures here; make corpus does")
		}
		c.decode(t)
		c.sync()
		c.words()
	}
	c.structure(t)
	c.result.Took = time.Since(began)
	return c.result
}

// comparison is one run of Compare.
type comparison struct {
	dir, source, master string
	wanted, there       *probed
	pairs               []pair
	short               bool // nothing is decoded
	result              Result
	sourceWords         []string // complaints
	masterWords         []string
}

// pair is a track of the source and the stream of the presentation that has it.
type pair struct {
	want, have *stream
	packets    []unit // of want: what is presented, and what is decoded for it in between
	name       string
	shift      float64 // seconds that have is later than want
	tolerance  float64 // seconds: a tick of both clocks
	exact      bool    // every packet is there
	lone       bool    // but for a first one with a hole after it
	frames     []unit  // what the presentation decodes to
	track      *Track
}

func (c *comparison) probe(t testing.TB) error {
	var err error
	if c.wanted, err = probe(t.Context(), c.dir, c.source); err != nil {
		return fmt.Errorf("the source cannot be read: %w", err)
	}
	if c.there, err = probe(t.Context(), c.dir, c.master); err != nil {
		return fmt.Errorf("the playlist cannot be read: %w", err)
	}
	c.sourceWords, c.masterWords = c.wanted.complaints, c.there.complaints
	c.match()
	return nil
}

// match finds for each track of the source the stream of its kind that shares
// most packets with it.
func (c *comparison) match() {
	taken := map[*stream]bool{}
	for _, w := range c.wanted.streams {
		shown := presented(w.packets)
		if len(shown) == 0 {
			c.result.note("%s %s presents nothing", w.Type, w.Codec)
			continue
		}
		var best *stream
		most := -1
		for _, h := range c.there.streams {
			if n := shared(shown, h.packets); h.Type == w.Type && !taken[h] && n > most {
				best, most = h, n
			}
		}
		if best == nil {
			c.result.problem("%s track (%s) is not in the playlist", w.Type, w.Codec)
			continue
		}
		taken[best] = true
		c.pairs = append(c.pairs, pair{want: w, have: best, name: name(w, c.wanted.streams)})
		c.result.Tracks = append(c.result.Tracks, Track{Kind: w.Type, Codec: w.Codec, Packets: len(shown)})
	}
	for i := range c.pairs {
		c.pairs[i].track = &c.result.Tracks[i]
	}
}

func shared(a, b []unit) (n int) {
	there := count(b)
	for _, u := range a {
		if there[u.key]--; there[u.key] >= 0 {
			n++
		}
	}
	return n
}

// name is "video" or "audio", and which of them where there are several.
func name(s *stream, all []*stream) string {
	which, of := 0, 0
	for _, o := range all {
		if o.Type == s.Type {
			if of++; o == s {
				which = of
			}
		}
	}
	if of == 1 {
		return s.Type
	}
	return s.Type + " " + strconv.Itoa(which)
}

// pixels is how many the video tracks have in all pictures together.
func (c *comparison) pixels() (n float64) {
	for _, p := range c.pairs {
		n += float64(p.want.Width) * float64(p.want.Height) * float64(len(p.want.packets))
	}
	return n
}

// words compares what the tools said.
func (c *comparison) words() {
	fresh := newComplaints(c.sourceWords, c.masterWords)
	if slices.ContainsFunc(c.result.Tracks, func(t Track) bool { return t.Preroll > 0 }) {
		n := len(fresh)
		fresh = slices.DeleteFunc(fresh, func(line string) bool { return strings.Contains(line, "DTS discontinuity") })
		if len(fresh) < n {
			c.result.note("ffmpeg notices that the packets before the first presented one follow closely on each other")
		}
	}
	if len(fresh) > 0 {
		c.result.problem("ffmpeg complains: %s", strings.Join(fresh, "; "))
	}
}

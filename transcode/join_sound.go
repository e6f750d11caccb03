package transcode

import (
	"errors"
	"io"
	"slices"
	"time"

	"github.com/streamgate/streamgate/internal/fmp4"
)

// soundQueue is a stream of sound as far as it was written.
type soundQueue struct {
	reader *fmp4.Reader
	track  int
	lead   time.Duration
	heard  int64         // what begins before was written by another Joiner, in nanoseconds
	ahead  []fmp4.Sample // read and not written
	marks  []mark        // fragments of which something may not be written, in their order
	done   bool
	more   bool // the file is cut off, and will go on
}

// A mark is where a fragment lies, and when its last packet is heard, in nanoseconds.
type mark struct {
	at, last int64
}

// goesOn is where another queue begins to read that writes on, from what is heard then.
func (q *soundQueue) goesOn(heard int64) int64 {
	for len(q.marks) > 0 && q.marks[0].last < heard {
		q.marks = q.marks[1:]
	}
	if len(q.marks) > 0 {
		return q.marks[0].at
	}
	return q.reader.Offset()
}

// write writes what begins before end, in nanoseconds of the files of commands.
func (q *soundQueue) write(out *fmp4.Writer, end int64) error {
	for {
		if err := q.read(end); err != nil {
			return err
		}
		n := 0
		for n < len(q.ahead) && n < maxSound && ticks(q.ahead[n].Shown, q.reader.Track.Timescale) < end {
			n++
		}
		if n == 0 {
			return nil
		}
		now := q.ahead[:n]
		timed := make([]fmp4.Timed, n)
		for i := range now {
			timed[i] = fmp4.Timed{Sample: now[i], Decode: now[i].Shown}
		}
		move(timed, q.reader.Track.Timescale, q.lead)
		err := out.Fragment(q.track, timed, func(w io.Writer) error { return q.reader.Samples(w, fmp4.Fragment{Samples: now}) })
		if err != nil {
			return err
		}
		q.ahead = slices.Clone(q.ahead[n:])
	}
}

// read reads ahead until end, or what makes a fragment.
func (q *soundQueue) read(end int64) error {
	for !q.done && len(q.ahead) < maxSound {
		if n := len(q.ahead); n > 0 && ticks(q.ahead[n-1].Shown, q.reader.Track.Timescale) >= end {
			break
		}
		at := q.reader.Offset()
		f, err := q.reader.Next()
		switch {
		case errors.Is(err, io.EOF) && q.more:
			return ErrBehind
		case errors.Is(err, io.EOF):
			q.done = true
		case err != nil:
			return err
		default:
			q.marks = append(q.marks, mark{at, ticks(f.Samples[len(f.Samples)-1].Shown, q.reader.Track.Timescale)})
		}
		q.ahead = append(q.ahead, f.Samples...)
		q.prime()
	}
	return nil
}

// maxSound is how many packets are written in one fragment: some ten seconds.
const maxSound = 512

// prime leaves out what an encoder writes before the first that is heard, and what was
// written before.
func (q *soundQueue) prime() {
	scale := q.reader.Track.Timescale
	begin := int64(Shift) / int64(time.Second) * int64(scale)
	zero := int64(Shift - q.lead) // the beginning of the joined file, in nanoseconds
	q.ahead = slices.DeleteFunc(q.ahead, func(s fmp4.Sample) bool {
		return s.Shown+int64(s.Duration) <= begin || ticks(s.Shown, scale) < zero || ticks(s.Shown, scale) < q.heard
	})
}

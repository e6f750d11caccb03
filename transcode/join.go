package transcode

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/streamgate/streamgate/internal/fmp4"
	"github.com/streamgate/streamgate/internal/problem"
)

// Part is a file that a command of a Plan has written.
type Part struct {
	io.ReaderAt

	Size int64
}

// Sound is the file of a stream of sound, whole or as far as there is any.
type Sound struct {
	Part

	ID       int    // the number of the track, beside no rung; 0 is its place
	Language string // ISO 639-2/T
	More     bool   // it goes on: the Part is the beginning of a file, and ends with a fragment
}

// ErrBehind means that a chunk has pictures whose sound is not there yet.
var ErrBehind = errors.New("transcode: the sound of a chunk is not all there")

// lead is by how much later than it is everything stands in a joined file: what is
// decoded before it shows, and a packet that is heard in part, need room.
const lead = 100 * time.Millisecond

// Joiner puts the chunks of a rung into one file, with all sound beside, as they come:
// an MP4 in fragments of a segment each, which plays up to its end at any time. What
// has been written never changes. It is not for concurrent use.
type Joiner struct {
	out   *fmp4.Writer
	lead  time.Duration // by how much later than in the source everything stands
	sound []*soundQueue
	state Joined
}

// Joined is how far a file has been joined: what has to be kept beside its size so that
// another Joiner goes on with it after a crash.
type Joined struct {
	Chunks    int    `json:"chunks"`
	Fragments uint32 `json:"fragments"`
	Entries   []byte `json:"entries,omitempty"`   // how the rung is coded; nil for sound alone
	Timescale uint32 `json:"timescale,omitempty"` // of the rung
	Shown     int64  `json:"shown"`               // the last picture, in ticks
	Heard     int64  `json:"heard"`               // sound up to here was written, in nanoseconds

	// Sound is where each file of it is read on, so that what was written is not read
	// again for each chunk; nil for from its beginning.
	Sound []int64 `json:"sound,omitempty"`
}

// NewJoiner writes the beginning of a file to dst: of a rung, whose first chunk is
// first, and of sound; first is nil for sound alone. It reads no more than the
// descriptions. Errors match ErrOutput, or are those of the files and dst.
func NewJoiner(dst io.Writer, first *Part, sound []Sound) (*Joiner, error) {
	return newJoiner(dst, first, sound, lead)
}

// NewSoundJoiner is NewJoiner for sound that is to be heard beside a file, of which it
// is: everything stands by so much later than in what the commands were made for, or
// earlier; what would begin before 0 is left out. Finish writes it all.
func NewSoundJoiner(dst io.Writer, sound []Sound, later time.Duration) (*Joiner, error) {
	return newJoiner(dst, nil, sound, later)
}

func newJoiner(dst io.Writer, first *Part, sound []Sound, later time.Duration) (*Joiner, error) {
	j := &Joiner{lead: later, state: Joined{Shown: math.MinInt64, Heard: math.MinInt64}}
	var tracks []fmp4.Track
	if first != nil {
		r, err := open(*first)
		if err != nil {
			return nil, err
		}
		j.state.Entries, j.state.Timescale = r.Track.Entries, r.Track.Timescale
		tracks = append(tracks, r.Track)
	}
	heard, err := j.listen(sound)
	if err != nil {
		return nil, err
	}
	j.out, err = fmp4.NewWriter(dst, append(tracks, heard...))
	return j, err
}

// ResumeJoiner goes on where another was when it told its State: dst ends where that
// one's did then, and sound is the same, or more of it.
func ResumeJoiner(dst io.Writer, state Joined, sound []Sound) (*Joiner, error) {
	j := &Joiner{lead: lead, state: state, out: fmp4.Resume(dst, state.Fragments)}
	_, err := j.listen(sound)
	return j, err
}

// State is how far it has come, as of the last call that succeeded.
func (j *Joiner) State() Joined {
	j.state.Fragments = j.out.Fragments()
	return j.state
}

func (j *Joiner) listen(sound []Sound) (tracks []fmp4.Track, err error) {
	for i, s := range sound {
		r, err := open(s.Part)
		if err != nil {
			return nil, err
		}
		r.Track.Language, r.Track.ID = s.Language, uint32(s.ID)
		tracks = append(tracks, r.Track)
		number := len(tracks)
		if j.state.Entries != nil {
			number++
		}
		if s.ID > 0 {
			number = s.ID
		}
		if i < len(j.state.Sound) {
			if err := r.SkipTo(j.state.Sound[i]); err != nil {
				return nil, unusable(err)
			}
		}
		j.sound = append(j.sound, &soundQueue{reader: r, track: number, lead: j.lead, heard: j.state.Heard, more: s.More})
	}
	return tracks, nil
}

func open(p Part) (*fmp4.Reader, error) {
	r, err := fmp4.NewReader(p, p.Size)
	if err != nil {
		return nil, unusable(err)
	}
	return r, nil
}

func unusable(err error) error {
	if errors.Is(err, fmp4.ErrFormat) || errors.Is(err, io.ErrUnexpectedEOF) {
		return problem.Because(ErrOutput, err, "a file that ffmpeg wrote cannot be read")
	}
	return err
}

// Append writes the next chunk, and the sound that is heard with it; ErrBehind where
// that is not there yet. Where it fails, the file is of no use beyond what it was
// before.
func (j *Joiner) Append(ctx context.Context, chunk Part) error {
	r, err := open(chunk)
	if err != nil {
		return err
	}
	if !bytes.Equal(r.Track.Entries, j.state.Entries) || r.Track.Timescale != j.state.Timescale {
		return problem.Errorf(ErrOutput, "chunk %d is coded in another way than the first", j.state.Chunks)
	}
	fragment, err := r.Next()
	for err == nil {
		var next fmp4.Fragment
		if next, err = r.Next(); err != nil && !errors.Is(err, io.EOF) {
			break
		}
		if failed := errors.Join(ctx.Err(), j.fragment(r, fragment, next)); failed != nil {
			return failed
		}
		fragment = next
	}
	if !errors.Is(err, io.EOF) {
		return unusable(err)
	}
	j.state.Chunks++
	return nil
}

// Finish writes the sound that goes on after the last picture.
func (j *Joiner) Finish() error { return j.soundUntil(math.MaxInt64) }

// fragment writes a group of pictures; next is the one that follows in the chunk, empty
// for its last.
func (j *Joiner) fragment(r *fmp4.Reader, f, next fmp4.Fragment) error {
	tick := max(int64(r.Track.Timescale)/25_000, 1)
	timed, err := schedule(f.Samples, tick)
	if err != nil {
		return err
	}
	first, last := bounds(f.Samples)
	switch {
	case !f.Samples[0].Sync || f.Samples[0].Shown != first:
		return problem.Errorf(ErrOutput, "chunk %d has a fragment that does not begin with a key frame", j.state.Chunks)
	case first <= j.state.Shown:
		return problem.Errorf(ErrOutput, "chunk %d shows pictures that were shown before", j.state.Chunks)
	}
	j.state.Shown = last.Shown
	end := last.Shown + int64(last.Duration)
	final := &timed[len(timed)-1]
	if len(next.Samples) > 0 {
		end, _ = bounds(next.Samples)
		final.Duration = uint32(max(end-maxEarly*tick-final.Decode, 1))
	} else {
		final.Duration = uint32(max(end-final.Shown, 1)) // the film may be over then
	}
	move(timed, r.Track.Timescale, j.lead)
	write := func(w io.Writer) error { return r.Samples(w, f) }
	if err := j.out.Fragment(1, timed, write); err != nil {
		return fmt.Errorf("transcode: joining chunks: %w", unusable(err))
	}
	return j.soundUntil(ticks(end, r.Track.Timescale))
}

// maxEarly is how many pictures may be decoded before the first one of the next
// fragment shows: their time is not counted as the last picture's.
const maxEarly = 16

// bounds are when the first picture shows, and the one that shows last.
func bounds(samples []fmp4.Sample) (first int64, last fmp4.Sample) {
	first, last = math.MaxInt64, fmp4.Sample{Shown: math.MinInt64}
	for _, s := range samples {
		first = min(first, s.Shown)
		if s.Shown > last.Shown {
			last = s
		}
	}
	return first, last
}

// move takes the Shift of commands back and adds a lead.
func move(samples []fmp4.Timed, scale uint32, lead time.Duration) {
	by := int64((lead - Shift) * time.Duration(scale) / time.Second)
	for i := range samples {
		samples[i].Shown += by
		samples[i].Decode += by
	}
}

// ticks are a time in nanoseconds.
func ticks(n int64, scale uint32) int64 {
	if n == math.MaxInt64 {
		return n
	}
	return int64(Ratio{int64(scale), 1}.at(n))
}

func (j *Joiner) soundUntil(end int64) error {
	for _, q := range j.sound {
		if err := q.write(j.out, end); err != nil {
			return fmt.Errorf("transcode: joining sound: %w", unusable(err))
		}
	}
	j.state.Heard, j.state.Sound = end, nil
	for _, q := range j.sound {
		j.state.Sound = append(j.state.Sound, q.goesOn(end))
	}
	return nil
}

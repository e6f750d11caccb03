package transcode

import (
	"context"
	"errors"
	"io"
	"math"
	"slices"
	"time"

	"github.com/streamgate/streamgate/internal/fmp4"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/media"
)

// ordered is what OrderCommand wrote, with when its pictures show.
type ordered struct {
	from  Part
	movie fmp4.Movie
}

// maxOrdered is how many pictures a file may have: those of a day at 60 a second. Of
// each, some seven bytes are in memory.
const maxOrdered = 24 * 3600 * 60

// orderOf reads the file of OrderCommand and finds out when its pictures show: the
// first one when it is decoded, and the others after it, one each time that one is
// decoded. ErrSource says what is uncertain.
func orderOf(ctx context.Context, from Part) (*ordered, error) {
	r, err := open(from)
	if err != nil {
		return nil, err
	}
	ix, err := entryOf(r.Track.Entries)
	if err != nil {
		return nil, err
	}
	o := &ordering{ordered: &ordered{from: from, movie: fmp4.Movie{Track: r.Track}}, order: ix}
	for i := range o.ranks {
		o.ranks[i].step = steps[i]
	}
	for {
		f, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, unusable(err)
		}
		if err := o.fragment(from, &f); err != nil {
			return nil, uncertain(err)
		}
	}
	return o.finish()
}

// uncertain is an error of media as one of this package.
func uncertain(err error) error {
	if told, ok := errors.AsType[*problem.Error](err); ok && errors.Is(err, media.ErrUnsupported) {
		return problem.Errorf(ErrSource, "%s", told.Detail)
	}
	return err
}

// entryOf is how pictures are coded of an stsd box that says so once.
func entryOf(stsd []byte) (*media.PictureOrder, error) {
	const head = 16
	if len(stsd) < head || stsd[head-1] != 1 {
		return nil, problem.Errorf(ErrSource, "the picture is coded in several ways")
	}
	o, err := media.NewPictureOrder(stsd[head:])
	return o, uncertain(err)
}

// ordering is an order that is being found out.
type ordering struct {
	*ordered

	order  *media.PictureOrder
	ranks  [len(steps)]ranks
	shifts [len(steps)][]int8 // by how many pictures later each is shown than it is decoded
	depth  [len(steps)]int64  // by how many it is shown earlier, at most
	last   int64              // when the last picture is decoded
	uneven int                // from this picture on they are decoded at one rate
}

// fragment takes the pictures of a fragment.
func (o *ordering) fragment(r io.ReaderAt, f *fmp4.Fragment) error {
	m := &o.movie
	at := f.Decode
	for i := range f.Samples {
		s := &f.Samples[i]
		if err := o.decoded(at); err != nil {
			return err
		}
		at += int64(s.Duration)
		p, err := o.order.Next(r, media.Sample{Offset: s.Offset, Size: s.Size})
		if err != nil {
			return err
		}
		n := int64(len(m.Sizes))
		if n == maxOrdered {
			return problem.Errorf(ErrSource, "there are more than %d pictures", maxOrdered)
		}
		m.Sizes = append(m.Sizes, s.Size)
		if p.IDR || p.Intra && s.Sync {
			m.Syncs = append(m.Syncs, uint32(n+1))
		}
		if !o.rank(p, n) {
			return problem.Errorf(ErrSource, "a picture is missing, or is counted in an unusual way")
		}
	}
	return nil
}

// decoded holds when a picture is decoded against the rate of those before it. AVI that
// was made of what has such times may have a hole between the first ones, whose times
// were made up: they are decoded before the first one shows.
func (o *ordering) decoded(at int64) error {
	m := &o.movie
	n := len(m.Sizes)
	switch step := at - o.last; {
	case n == 0 || step == int64(m.Lasts):
	case n > maxAhead:
		return problem.Errorf(ErrSource, "pictures do not come at one rate")
	case step <= 0 || step > min(int64(m.Track.Timescale)*maxLasts, math.MaxUint32/256):
		return problem.Errorf(ErrSource, "pictures lie apart by no time, or by more than %d seconds", maxLasts)
	default:
		m.Lasts, o.uneven = uint32(step), n-1
	}
	o.last = at
	return nil
}

// maxLasts is how long a picture may last, in seconds.
const maxLasts = 10

// rank numbers the picture that is decoded as the nth from 0, by each step that may be.
func (o *ordering) rank(p media.Picture, n int64) (ok bool) {
	for i := range o.ranks {
		k := &o.ranks[i]
		if k.gone {
			continue
		}
		shift := k.take(p) - n
		if o.depth[i] = max(o.depth[i], -shift); o.depth[i] > maxAhead {
			k.gone = true
		}
		if k.gone {
			o.shifts[i] = nil
			continue
		}
		o.shifts[i], ok = append(o.shifts[i], int8(shift)), true
	}
	return ok
}

// finish gives all pictures their times.
func (o *ordering) finish() (*ordered, error) {
	m := &o.movie
	if len(m.Sizes) < 2 || m.Lasts == 0 {
		return nil, problem.Errorf(ErrSource, "one picture has no rate")
	}
	i := o.chosen()
	switch {
	case i < 0:
		return nil, problem.Errorf(ErrSource, "a picture is missing")
	case o.uneven > 0 && (int64(o.uneven) > o.depth[i] || len(m.Sizes) < 2*maxAhead):
		return nil, problem.Errorf(ErrSource, "pictures do not come at one rate")
	}
	m.Shifts = make([]uint8, len(m.Sizes))
	for n, shift := range o.shifts[i] {
		m.Shifts[n] = uint8(int64(shift) + o.depth[i])
	}
	m.Start = o.last - int64(len(m.Sizes)-1)*int64(m.Lasts) - int64(Shift/time.Second)*int64(m.Track.Timescale)
	if m.Start < 0 {
		return nil, problem.Errorf(ErrSource, "pictures are decoded before the file begins")
	}
	return o.ordered, nil
}

// chosen is the step by which all pictures had their numbers; -1 is none. A file that
// lost its end may have a picture without those that show before it.
func (o *ordering) chosen() int {
	if i := slices.IndexFunc(o.ranks[:], func(k ranks) bool { return !k.gone && k.ahead == 0 }); i >= 0 {
		return i
	}
	return slices.IndexFunc(o.ranks[:], func(k ranks) bool { return !k.gone })
}

// write writes the pictures as MP4.
func (o *ordered) write(ctx context.Context, dst io.Writer) error {
	r, err := open(o.from)
	if err != nil {
		return err
	}
	return o.movie.Write(dst, func(dst io.Writer) error {
		for {
			f, err := r.Next()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err == nil {
				err = ctx.Err()
			}
			if err == nil {
				err = r.Samples(dst, f)
			}
			if err != nil {
				return err
			}
		}
	})
}

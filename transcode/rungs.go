package transcode

import (
	"fmt"
	"math"
	"slices"
	"time"
)

const (
	// near is how much smaller than the next rung one has to be: what is nearer is
	// left out, for nobody sees it, and a player that switches gains nothing.
	near = 0.8
	// fast is by how much more a picture of more than 30 frames a second may take.
	fast = 1.5
	// wide is by how much more or less one may take that is wider or narrower than 16:9.
	wide = 2.0
	// slight is by how much a rate of frames may exceed a cap: 60 is one for 59.94 and
	// for what a clock of milliseconds makes of 60.
	slight = 1.01
)

// climb makes the rungs of the ladder.
func (p *Plan) climb() {
	v := p.source.Video
	p.Deinterlace = v.Interlaced
	p.ToneMap = (v.Range == PQ || v.Range == HLG) && !p.profile.HDR
	p.Timescale = timescale(v)
	width, height := v.Display()
	width, height = max(width&^1, 2), max(height&^1, 2)
	next := 0 // the short side of the rung above
	itself := p.Carriage != Encoded && v.everywhere(&p.profile)
	if itself {
		next = min(width, height)
	}
	for _, r := range p.candidates(min(width, height), !itself) {
		o := p.output(r, width, height)
		switch {
		case itself && r.Height == min(width, height):
			p.leave("%s is the source itself", o.Name)
		case next > 0 && float64(r.Height) > near*float64(next):
			p.leave("%s is too near to %d lines", o.Name, next)
		case itself && v.Bitrate > 0 && v.Bitrate <= o.MaxRate && o.Every == 1 && o.Interval == 0:
			p.leave("%s may take %d kbit/s, and the source takes %d", o.Name, o.MaxRate/1000, v.Bitrate/1000)
		default:
			p.Video = append(p.Video, o)
			next = r.Height
		}
	}
	slices.Reverse(p.Video)
}

// candidates are the rungs that are not larger than the source, from the largest;
// with one of its own size where it is between two, or below all, and that is wanted.
func (p *Plan) candidates(short int, own bool) []Rung {
	var list []Rung
	for _, r := range p.profile.Rungs {
		if r.Height <= short {
			list = append(list, r)
			continue
		}
		if own && (len(list) == 0 || list[len(list)-1].Height < short) {
			list = append(list, r.sized(short))
		}
		break
	}
	slices.Reverse(list)
	return list
}

// sized is the rung that is made for a source between two rungs, or below all.
func (r Rung) sized(short int) Rung {
	f := float64(short) / float64(r.Height)
	r.MaxRate, r.Buffer = scaleBits(r.MaxRate, f*f), scaleBits(r.Buffer, f*f)
	r.Height = short
	return r
}

// output is a rung for a picture of a size.
func (p *Plan) output(r Rung, width, height int) Output {
	f := float64(r.Height) / float64(min(width, height))
	o := Output{Name: fmt.Sprintf("%dp", r.Height), Width: even(float64(width) * f), Height: even(float64(height) * f), CRF: r.CRF, Every: 1}
	if width <= height {
		o.Width = even(float64(r.Height))
	} else {
		o.Height = even(float64(r.Height))
	}
	if p.profile.Video != H264 {
		o.Name += "-" + string(p.profile.Video)
	}
	rate := p.capped(&o, r.MaxFPS)
	more := min(max(float64(o.Width)*float64(o.Height)/(float64(r.Height)*float64(r.Height)*16/9), 1/wide), wide)
	if rate > 30*slight {
		more *= fast
	}
	o.MaxRate, o.Buffer = scaleBits(r.MaxRate, more), scaleBits(r.Buffer, more)
	return o
}

// capped keeps the rate of frames within a cap, and returns it.
func (p *Plan) capped(o *Output, limit int) float64 {
	v := p.source.Video
	rate := v.rate()
	over := rate > float64(limit)*slight
	switch {
	case v.Constant && rate > 0:
		if over {
			o.Every = int(math.Ceil(rate / (float64(limit) * slight)))
		}
		o.Rate = Ratio{v.Rate.Num, v.Rate.Den * int64(o.Every)}
		return rate / float64(o.Every)
	case over:
		o.Interval = time.Second / time.Duration(limit)
		return float64(limit)
	}
	return rate
}

// timescale is one in which every frame of a constant rate begins at a whole tick,
// and finer than a millisecond.
func timescale(v *Video) int {
	const fine = 90_000
	if !v.Constant || !v.Rate.positive() || v.Rate.Num > 1<<20 {
		return fine
	}
	n := int(v.Rate.Num)
	for n < 10_000 {
		n *= 10
	}
	return n
}

// even is the nearest even number that is not 0.
func even(n float64) int { return max(2*int(math.Round(n/2)), 2) }

// scaleBits rounds to 10 kbit.
func scaleBits(bits int64, f float64) int64 {
	return int64(math.Round(float64(bits)*f/10_000)) * 10_000
}

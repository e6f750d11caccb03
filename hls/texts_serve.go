package hls

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/streamgate/streamgate/captions"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/media"
)

const (
	// maxTextSamples and maxTextBytes are how many samples of subtitles a segment
	// shows, and how many bytes of cues; what a file has beyond is left out of it.
	maxTextSamples = 1024
	maxTextBytes   = 256 << 10
	// keptSample is how large a sample is whose cues are kept in the cache: a
	// document of TTML may hold those of a whole film.
	keptSample = 4 << 10
)

// numbered is a cue with a number that no other of its track has.
type numbered struct {
	captions.Cue

	number int
}

// serveText answers for subtitles within the file.
func (p *player) serveText(w http.ResponseWriter, r *http.Request, of *presentation, t target) error {
	x := of.texts()
	s := x.find(t.track)
	if s == nil {
		return problem.Errorf(ErrNotFound, "there is no such track")
	}
	switch t.what {
	case mediaPlaylist:
		return p.sendDocument(w, r, &x.playlist, true)
	case subtitleSegment:
		last := len(x.timing.times) - 2
		if t.segment > last {
			return problem.Errorf(ErrNotFound, "there is no segment %d; the last one is %d", t.segment, last)
		}
		from, to := x.timing.span(t.segment)
		cues, err := p.textCues(r.Context(), of, s.text, from, to, limits{maxTextSamples, maxTextBytes})
		if err != nil {
			return err
		}
		return p.sendCues(w, r, x.timing.head, cues)
	case subtitleFile:
		cues, err := p.textCues(r.Context(), of, s.text, 0, math.MaxInt64, limits{captions.MaxCues, captions.MaxBytes})
		if err != nil {
			return err
		}
		return p.sendCues(w, r, captions.Header+"\n", cues)
	}
	return errPath
}

func (p *player) sendCues(w http.ResponseWriter, r *http.Request, head string, cues []numbered) error {
	d := newDocument(subtitleType, func() []byte {
		b := []byte(head)
		for i := range cues {
			b = captions.Append(b, cues[i].number, &cues[i].Cue)
		}
		return append(b, '\n')
	})
	return p.sendDocument(w, r, &d, true)
}

// limits are how much is made of a track at once.
type limits struct{ samples, bytes int }

// textCues returns the cues of which something is shown from one time until
// before another.
func (p *player) textCues(ctx context.Context, of *presentation, text int, from, to time.Duration, most limits) ([]numbered, error) {
	samples, err := p.textSamples(ctx, of, text, from, to)
	if err != nil || len(samples) == 0 {
		return nil, err
	}
	src, err := p.openSource(ctx, of)
	if err != nil {
		return nil, err
	}
	defer src.Close() //nolint:errcheck // it was only read
	var list []numbered
	size := 0
	for i := range samples[:min(len(samples), most.samples)] {
		cues, err := p.sampleCues(ctx, of, text, src, &samples[i])
		if err != nil {
			return nil, err
		}
		for j, c := range cues {
			if c.End <= from || c.Start >= to {
				continue
			}
			if size += len(c.Text) + len(c.Settings) + cueOverhead; size > most.bytes {
				return list, nil
			}
			list = append(list, numbered{c, samples[i].Number + j*cuesApart})
		}
	}
	return list, nil
}

const (
	cueOverhead = 50        // about what a cue takes beside its text, in bytes
	cuesApart   = 1_000_000 // more than a track has samples
)

// textSamples are the samples that show something in that time.
func (p *player) textSamples(ctx context.Context, of *presentation, text int, from, to time.Duration) ([]media.TextSample, error) {
	first, last := from.Milliseconds(), int64(math.MaxInt64)
	if to != math.MaxInt64 {
		last = (to + time.Millisecond - 1).Milliseconds()
	}
	if of.blocks == "" {
		return of.index.TextSamples(nil, nil, text, first, last)
	}
	blocks, err := p.openBlocks(ctx, of)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errIndex, err)
	}
	defer blocks.Close() //nolint:errcheck // it was only read
	samples, err := of.index.TextSamples(nil, blocks, text, first, last)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errIndex, err)
	}
	return samples, nil
}

// sampleCues are those of one sample; none, where it cannot be read: a viewer is
// better off with the rest.
func (p *player) sampleCues(ctx context.Context, of *presentation, text int, src source, s *media.TextSample) ([]captions.Cue, error) {
	key := ""
	if s.Size >= keptSample {
		key = "text\x00" + of.source + "\x00" + of.revision + "\x00" + strconv.Itoa(text) + "\x00" + strconv.Itoa(s.Number)
		if v, ok := p.cache.Get(key); ok {
			if cues, ok := v.([]captions.Cue); ok {
				return cues, nil
			}
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	track := of.index.Texts[text]
	data, err := track.Read(src, s)
	if err != nil && !errors.Is(err, media.ErrInvalid) {
		return nil, fmt.Errorf("reading sample %d of text track %d: %w", s.Number, track.ID, err)
	}
	sample := captions.Sample{Coding: track.Codec, Data: data, Start: milliseconds(max(s.Start, 0)), End: milliseconds(s.End), Zero: milliseconds(s.Zero)}
	cues, err := sample.Cues()
	if err != nil {
		cues = nil
	}
	if key != "" {
		p.cache.Set(key, cues, (&cueList{cues: cues}).memory())
	}
	return cues, nil
}

func milliseconds(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }

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
func (p *player) serveText(w http.ResponseWriter, r *http.Request, of *presentation, file *mediaFile, t target) error {
	x := of.texts()
	s := x.find(file, t.track)
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
		cues, err := p.textCues(r.Context(), s, from, to, forSegment)
		if err != nil {
			return err
		}
		d := newDocument(subtitleType, func() []byte { return appendCues([]byte(x.timing.head), cues) })
		return p.sendDocument(w, r, &d, true)
	case subtitleFile:
		return p.sendTextFile(w, r, s)
	}
	return errPath
}

// sendTextFile sends a track as one file, which is kept in the cache: all of its
// samples have to be read for it.
func (p *player) sendTextFile(w http.ResponseWriter, r *http.Request, s *subtitle) error {
	key := s.cacheKey("file")
	if v, ok := p.cache.Get(key); ok {
		if d, ok := v.(*document); ok {
			return p.sendDocument(w, r, d, true)
		}
	}
	cues, err := p.textCues(r.Context(), s, 0, math.MaxInt64, forFile)
	if err != nil {
		return err
	}
	file := appendCues([]byte(captions.Header+"\n"), cues)
	d := newDocument(subtitleType, func() []byte { return file })
	p.cache.Set(key, &d, 2*int64(len(file)))
	return p.sendDocument(w, r, &d, true)
}

// cacheKey names something of a track.
func (s *subtitle) cacheKey(what string) string {
	return "text\x00" + s.file.source + "\x00" + s.file.revision + "\x00" + s.name + "\x00" + what
}

func appendCues(b []byte, cues []numbered) []byte {
	for i := range cues {
		b = captions.Append(b, cues[i].number, &cues[i].Cue)
	}
	return append(b, '\n')
}

// limits are how much is made of a track at once: of so many samples, of so many
// bytes that are read, so many bytes of cues. What a file has beyond is left out.
type limits struct{ samples, read, cues int }

var (
	forSegment = limits{1024, 2 * media.MaxTextSample, 256 << 10}
	forFile    = limits{captions.MaxCues, 16 << 20, captions.MaxBytes}
)

// textCues returns the cues of which something is shown from one time until
// before another.
func (p *player) textCues(ctx context.Context, s *subtitle, from, to time.Duration, most limits) ([]numbered, error) {
	samples, err := p.textSamples(ctx, s, from, to)
	if err != nil || len(samples) == 0 {
		return nil, err
	}
	src, err := p.openSource(ctx, s.file)
	if err != nil {
		return nil, err
	}
	defer src.Close() //nolint:errcheck // it was only read
	var list []numbered
	for i := range samples[:min(len(samples), most.samples)] {
		cues, read, err := p.sampleCues(ctx, s, src, &samples[i])
		if err != nil {
			return nil, err
		}
		if most.read -= read; most.read < 0 {
			return list, nil
		}
		for j, c := range cues {
			if c.End <= from || c.Start >= to {
				continue
			}
			if most.cues -= len(c.Text) + len(c.Settings) + cueOverhead; most.cues < 0 {
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
func (p *player) textSamples(ctx context.Context, s *subtitle, from, to time.Duration) ([]media.TextSample, error) {
	first, last := from.Milliseconds(), int64(math.MaxInt64)
	if to != math.MaxInt64 {
		last = (to + time.Millisecond - 1).Milliseconds()
	}
	index := s.file.index
	if s.file.blocks == "" {
		return index.TextSamples(nil, nil, s.text, first, last)
	}
	blocks, err := p.openBlocks(ctx, s.file)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errIndex, err)
	}
	defer blocks.Close() //nolint:errcheck // it was only read
	samples, err := index.TextSamples(nil, blocks, s.text, first, last)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errIndex, err)
	}
	return samples, nil
}

// sampleCues are those of one sample; none, where it cannot be read: a viewer is
// better off with the rest. It tells how many bytes that took.
func (p *player) sampleCues(ctx context.Context, s *subtitle, src source, at *media.TextSample) (_ []captions.Cue, read int, _ error) {
	key := ""
	if at.Size >= keptSample {
		key = s.cacheKey(strconv.Itoa(at.Number))
		if v, ok := p.cache.Get(key); ok {
			if cues, ok := v.([]captions.Cue); ok {
				return cues, 0, nil
			}
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	track := s.file.index.Texts[s.text]
	data, err := track.Read(src, at)
	if err != nil && !errors.Is(err, media.ErrInvalid) {
		return nil, 0, fmt.Errorf("reading sample %d of text track %d: %w", at.Number, track.ID, err)
	}
	if read = len(data); err != nil {
		read = media.MaxTextSample // it may have been unpacked so far
	}
	sample := captions.Sample{Coding: track.Codec, Data: data, Start: milliseconds(max(at.Start, 0)), End: milliseconds(at.End), Zero: milliseconds(at.Zero)}
	cues, err := sample.Cues()
	if err != nil {
		cues = nil
	}
	if key != "" {
		p.cache.Set(key, cues, (&cueList{cues: cues}).memory())
	}
	return cues, read, nil
}

func milliseconds(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }

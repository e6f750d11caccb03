package transcode

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// planned is a plan as it is kept: Ladder makes the rest of it anew.
type planned struct {
	Source  Source          `json:"source"`
	Profile Profile         `json:"profile"`
	Keys    []time.Duration `json:"keys"` // key frames of the picture, see thinned
	Chunks  []Chunk         `json:"chunks"`

	Encoder ffmpeg.EncoderChoice `json:"encoder,omitzero"` // of all rungs and chunks
}

// plan looks at the file, and has done what is to be done.
func (t *Transcoder) plan(ctx context.Context, w *work) error {
	in, done, err := t.input(ctx, w)
	if err != nil {
		return err
	}
	defer done()
	tools, err := t.Programs.Tools(ctx)
	if err != nil {
		return err
	}
	found, err := t.Programs.Probe(ctx, in)
	if err != nil {
		return err
	}
	times, end, err := t.straighten(ctx, w, &in, &found)
	if err != nil {
		return err
	}
	defer end()
	if v := found.Video; len(v) > 0 && v[0].PixelFormat == "" && tools.Has(ffmpeg.Decoder, v[0].Codec) {
		return problem.Errorf(ErrSource, "no picture in it can be decoded, though ffmpeg knows how they are coded (%s): the file is damaged, or has lost all but its beginning", v[0].Codec)
	}
	kept := planned{Source: SourceOf(found, w.upload.Metadata[metaOf] == ""), Profile: t.profiles[w.Profile]}
	if kept.Source.animated() {
		if times, err = t.times(ctx, in, &kept.Source); err == nil {
			err = kept.Source.animate(times, Ratio{int64(found.Video[0].Rate.Num), int64(found.Video[0].Rate.Den)})
		}
		if err != nil {
			return err
		}
	}
	if limit := t.o.MaxDuration; limit > 0 && kept.Source.Duration > limit {
		return problem.Errorf(ErrSource, "it lasts %s; files of up to %s are taken here", kept.Source.Duration.Round(time.Second), limit)
	}
	pictures, unsure, shut, err := t.order(ctx, w, in, found, &kept.Source)
	if err != nil {
		return err
	}
	defer shut()
	if w.Sound {
		kept.Profile.Rungs = nil
	}
	if err := t.number(ctx, w.asset, &kept.Source); err != nil {
		return err
	}
	p, err := Ladder(kept.Source, kept.Profile)
	if err != nil {
		return err
	}
	p.unsure(unsure)
	if err := t.choose(ctx, &p, &kept); err != nil {
		return err
	}
	if err := p.needs(tools); err != nil {
		return err
	}
	if len(p.Video) > 0 {
		if times == nil {
			if times, err = t.times(ctx, pictures, &kept.Source); err != nil {
				return err
			}
		}
		kept.Keys = Since(found.Start, times.Keys)
	}
	if p.Carriage == Encoded {
		kept.cut(&p, p.Cuts(kept.end()), t.o.AtOnce)
	}
	kept.Keys = thinned(kept.Keys)
	return t.spread(ctx, w, &p, &kept)
}

// end is when the source is over, as far as it tells.
func (k *planned) end() time.Duration {
	end := k.Source.Duration
	if n := len(k.Keys); n > 0 {
		end = max(end, k.Keys[n-1])
	}
	return end
}

func (k *planned) cut(p *Plan, cuts []time.Duration, workers int) {
	k.Chunks = nil
	if len(p.Video) > 0 {
		k.Chunks = p.Chunks(cuts, k.Keys, k.end(), workers)
	}
}

// needs says what ffmpeg lacks for the plan.
func (p *Plan) needs(tools *ffmpeg.Tools) error {
	codecs, filters := p.Needs()
	var parts []ffmpeg.Part
	for _, c := range codecs {
		parts = append(parts, ffmpeg.Part{Kind: ffmpeg.Encoder, Name: c})
	}
	for _, f := range filters {
		parts = append(parts, ffmpeg.Part{Kind: ffmpeg.Filter, Name: f})
	}
	return tools.Need(parts...)
}

// spread writes the plan down and has its tasks done.
func (t *Transcoder) spread(ctx context.Context, w *work, p *Plan, kept *planned) error {
	key, err := t.keepPlan(ctx, w, kept)
	if err != nil {
		return err
	}
	err = t.update(ctx, w, true, func(tx metadata.Tx, u *metadata.Upload, r *record) error {
		r.Plan, r.Carry, r.Left, r.Rungs, r.Sounds = key, p.Carriage, p.Left, nil, nil
		r.Straight, r.Ordered = w.Straight, w.Ordered
		r.take(p, kept)
		r.Began = time.Now().UTC()
		if r.Sound { // there is nothing else to do
			r.Planned, r.Asked, r.Parts[partExtras] = true, true, w.by()
		}
		if err := t.says(ctx, tx, u); err != nil {
			return err
		}
		switch p.Carriage {
		case Remuxed:
			return t.submit(ctx, tx, u, kindRemux, jobs.Urgent, args{})
		case AsItCame:
			if err := t.submitSound(ctx, tx, u, r, p, jobs.Normal); err != nil {
				return err
			}
			return t.submit(ctx, tx, u, kindAssemble, jobs.Normal, args{})
		case Encoded:
		}
		r.Planned = true
		if err := t.submitSound(ctx, tx, u, r, p, jobs.Urgent); err != nil {
			return err
		}
		return t.submitChunks(ctx, tx, u, kept, true)
	})
	if err == nil {
		t.tellBegin(ctx, w, p)
	}
	return err
}

// take has the rungs of a plan. What has come of sound beside stays.
func (r *record) take(p *Plan, kept *planned) {
	sound := slices.DeleteFunc(r.Rungs, func(x rung) bool { return !x.Sound })
	if len(sound) == 0 && p.Carriage == AsItCame && len(p.Audio) > 0 {
		sound = []rung{{Sound: true, Name: string(p.profile.Audio), State: metadata.Processing}}
	}
	r.Rungs, r.Chunks = nil, len(kept.Chunks)
	for _, o := range p.Video {
		r.Rungs = append(r.Rungs, rung{Name: o.Name, Width: o.Width, Height: o.Height, State: metadata.Processing})
	}
	r.Rungs = append(r.Rungs, sound...)
}

// submitSound has each stream of sound made.
func (t *Transcoder) submitSound(ctx context.Context, tx metadata.Tx, u *metadata.Upload, r *record, p *Plan, priority int) error {
	for _, a := range p.Audio {
		r.Sounds = append(r.Sounds, a.Stream)
		if err := t.submit(ctx, tx, u, kindSound, priority, args{Stream: a.Stream}); err != nil {
			return err
		}
	}
	return nil
}

// submitChunks has the chunks encoded; with early the first of them in the smallest
// rung before all else, and in the others after the second: what plays does not wait for
// them, and as soon as they are there it plays in all rungs.
func (t *Transcoder) submitChunks(ctx context.Context, tx metadata.Tx, u *metadata.Upload, kept *planned, early bool) error {
	order := kept.Chunks
	if early && len(order) > 0 {
		if err := t.submit(ctx, tx, u, kindVideo, jobs.Urgent, args{First: true}); err != nil {
			return err
		}
		if len(order) > 1 {
			order = slices.Concat(order[1:2], order[:1], order[2:])
		}
	}
	for i := range order {
		if err := t.submit(ctx, tx, u, kindVideo, jobs.Normal, args{Chunk: order[i].Number}); err != nil {
			return err
		}
	}
	return nil
}

// says has the asset say that it is being transcoded, where it said that ffmpeg is
// missing.
func (t *Transcoder) says(ctx context.Context, tx metadata.Tx, u *metadata.Upload) error {
	a, err := tx.Asset(ctx, u.Asset)
	if err != nil || a.Waiting != metadata.WaitFFmpeg {
		return err
	}
	a.Waiting, a.Reason = metadata.WaitTranscoder, reasonGoesOn
	return tx.UpdateAsset(ctx, a)
}

func (t *Transcoder) keepPlan(ctx context.Context, w *work, kept *planned) (string, error) {
	key := partKey(w.upload, "plan", w.by(), "")
	_, err := t.write(ctx, key, func(dst io.Writer) error { return json.NewEncoder(dst).Encode(kept) })
	if err != nil {
		return "", fmt.Errorf("transcode: keeping the plan of %s: %w", w.upload.ID, err)
	}
	return key, nil
}

const (
	maxPlan   = 64 << 20 // bytes of a plan
	planBlock = 1 << 20  // that are asked for at once
)

// planOf reads the plan of a transcode.
func (t *Transcoder) planOf(ctx context.Context, r *record) (*Plan, *planned, error) {
	blob, err := t.Files.Open(ctx, r.Plan)
	if err != nil {
		return nil, nil, fmt.Errorf("transcode: reading a plan: %w", err)
	}
	defer blob.Close() //nolint:errcheck // it was only read
	kept, size := new(planned), min(blob.Info().Size, maxPlan)
	from := t.ahead(blob, size, planBlock)
	if err := json.NewDecoder(io.NewSectionReader(from, 0, size)).Decode(kept); err != nil {
		return nil, nil, fmt.Errorf("transcode: reading a plan: %w", err)
	}
	p, err := Ladder(kept.Source, kept.Profile)
	if err == nil && kept.Encoder.Name != "" {
		err = p.Encode(kept.Encoder)
	}
	return &p, kept, err
}

// climb plans the rungs of what plays: they are cut where that is.
func (t *Transcoder) climb(ctx context.Context, w *work) error {
	p, kept, err := t.planOf(ctx, w.record)
	if err != nil {
		return err
	}
	if len(p.Video) > 0 {
		index, err := t.indexOf(ctx, w.asset)
		if err != nil {
			return err
		}
		kept.cut(p, CutsOf(index, kept.Source.Video.Start), t.o.AtOnce)
	}
	key, err := t.keepPlan(ctx, w, kept)
	if err != nil {
		return err
	}
	return t.update(ctx, w, false, func(tx metadata.Tx, u *metadata.Upload, r *record) error {
		r.Plan, r.Planned = key, true
		r.take(p, kept)
		return t.submitChunks(ctx, tx, u, kept, false)
	})
}

func (t *Transcoder) indexOf(ctx context.Context, a *metadata.Asset) (*media.Index, error) {
	blob, err := t.Files.Open(ctx, a.Index)
	if err != nil {
		return nil, err
	}
	defer blob.Close() //nolint:errcheck // it was only read
	return media.Read(blob, blob.Info().Size)
}

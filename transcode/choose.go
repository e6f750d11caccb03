package transcode

import (
	"context"
	"errors"

	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// choose has the pictures of a plan encoded by the best encoder that works here: that
// of the hardware that the profile wants, or one in software. It is written down with
// the plan, for all chunks have to be encoded alike.
func (t *Transcoder) choose(ctx context.Context, p *Plan, kept *planned) error {
	if len(p.Video) == 0 {
		return nil
	}
	want := p.profile.Hardware
	if p.profile.HDR {
		want = ffmpeg.None // see Plan.Encode
	}
	choice, err := t.Programs.Encoder(ctx, string(p.profile.Video), want)
	if errors.Is(err, ffmpeg.ErrIncomplete) {
		return nil // Plan.Needs says what is missing
	}
	if err != nil {
		return err
	}
	if err := p.Encode(choice); err != nil {
		t.o.Logger.InfoContext(ctx, "an encoder that ffmpeg has is not used", "encoder", choice.Name, "reason", err)
		return nil
	}
	if choice.Hardware != ffmpeg.None {
		if err := t.trial(ctx, p); err != nil {
			if ctx.Err() != nil {
				return err
			}
			t.o.Logger.WarnContext(ctx, "an accelerator does not take the options of a ladder; software encodes", "encoder", choice.Name, "reason", reason(err))
			return p.Encode(ffmpeg.EncoderChoice{Name: encoders[p.profile.Video].name})
		}
	}
	kept.Encoder = choice
	return nil
}

// trial encodes a moment as rungs are encoded: drivers differ in what they know.
func (t *Transcoder) trial(ctx context.Context, p *Plan) error {
	res, err := t.Programs.Run(ctx, p.TrialCommand())
	if err != nil {
		return err
	}
	return res.Close()
}

// accelerate tries the hardware that profiles want, so that the log says from the
// beginning what does not work.
func (t *Transcoder) accelerate(ctx context.Context) {
	for _, p := range t.profiles {
		p, err := p.complete()
		if err != nil || p.Hardware == ffmpeg.None || p.HDR {
			continue
		}
		choice, err := t.Programs.Encoder(ctx, string(p.Video), p.Hardware)
		if err != nil {
			continue // whoever transcodes will hear of it
		}
		t.o.Logger.InfoContext(ctx, "pictures are encoded", "profile", p.Name, "encoder", choice.Name, "hardware", string(p.Hardware), "reason", choice.Reason)
	}
}

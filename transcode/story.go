package transcode

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/streamgate/streamgate/metadata"
)

// What the log tells of a transcode at the level of information: one line when it is
// known what is to be done, and one when it is over.

// tellBegin says what a transcode is about.
func (t *Transcoder) tellBegin(ctx context.Context, w *work, p *Plan) {
	rungs := make([]string, len(p.Video))
	for i := range p.Video {
		rungs[i] = p.Video[i].Name
	}
	t.o.Logger.InfoContext(ctx, "a transcode begins", "asset", w.upload.Asset, "transcode", w.upload.ID, "profile", w.Profile,
		"source", p.source.String(), "carriage", string(p.Carriage), "rungs", strings.Join(rungs, " "), "left_out", len(p.Left))
}

// tellEnd says how a transcode has ended, and how long it took since it was asked for.
func (t *Transcoder) tellEnd(ctx context.Context, u *metadata.Upload, r *record) {
	outcome, took := r.state(u), time.Since(u.CreatedAt).Round(time.Millisecond)
	about := []any{"asset", u.Asset, "transcode", u.ID, "profile", r.Profile, "outcome", string(outcome), "took", took}
	if outcome != Done {
		about = append(about, "reason", u.Error)
	}
	t.o.Logger.InfoContext(ctx, "a transcode has ended", about...)
}

// String says what a source is, in a line: such as "matroska,webm of 12.5s: vp8
// 1920×1080, vorbis".
func (s *Source) String() string {
	var streams []string
	if v := s.Video; v != nil {
		streams = append(streams, fmt.Sprintf("%s %d×%d", v.Codec, v.Width, v.Height))
	}
	for _, a := range s.Audio {
		streams = append(streams, a.Codec)
	}
	length := "unknown length"
	if s.Duration > 0 {
		length = s.Duration.Round(100 * time.Millisecond).String()
	}
	return s.Format + " of " + length + ": " + strings.Join(streams, ", ")
}

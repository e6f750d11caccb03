package transcode_test

import (
	"context"
	"slices"
	"testing"

	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/transcode"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// buggy are programs that end what calls them.
type buggy struct{ transcode.Programs }

func (buggy) Probe(context.Context, ffmpeg.Input) (*ffmpeg.Source, error) { panic("a bug") }

// A task that ends without a word to its transcode leaves no asset that waits for ever.
func TestATranscodeEndsWithATaskThatCannotSayThatItFailed(t *testing.T) {
	cases := []struct {
		name  string
		o     houseOptions
		after func(h *house, p *held, asset string)
		want  metadata.UploadState
	}{
		{"it panics", houseOptions{Options: transcode.Options{Attempts: 1}, programs: buggy{newHeld(t)}}, nil, metadata.UploadFailed},
		{"an operator cancels it", smallOptions(), func(h *house, p *held, _ string) {
			h.until("a chunk is encoded", func() bool { return p.waiting() == 1 })
			page, err := h.queue.List(h.t.Context(), jobs.Query{Kinds: []string{"transcode-video"}, States: []jobs.State{jobs.Running}})
			if err != nil || len(page.Jobs) != 1 {
				h.t.Fatal(page, err)
			}
			if _, err := h.queue.Cancel(h.t.Context(), page.Jobs[0].ID); err != nil {
				h.t.Fatal(err)
			}
		}, metadata.UploadCanceled},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := newHeld(t)
			if c.o.programs == nil {
				c.o.programs = p
			}
			h := newHouse(t, t.TempDir(), c.o)
			id := h.send(longFilm(t), "").ID
			if c.after != nil {
				c.after(h, p, id)
			}
			h.until("all tasks end", h.idle)
			if u := h.transcodes(id)[0]; u.State != c.want || u.Error == "" {
				t.Errorf("%s: %s", u.State, u.Error)
			}
			if a := h.asset(id); a.State != metadata.Failed || a.Waiting != "" {
				t.Errorf("%+v", a)
			}
			if keys := h.stored(); len(keys) != 1 {
				t.Errorf("%d files are left: %q", len(keys), keys)
			}
		})
	}
}

// TestATaskOfNoTranscodeFails has somebody submit tasks by hand, of what is none.
func TestATaskOfNoTranscodeFails(t *testing.T) {
	h := newHouse(t, t.TempDir(), houseOptions{Options: transcode.Options{Attempts: 1}, programs: buggy{newHeld(t)}})
	id := h.send(longFilm(t), "").ID
	h.until("all tasks end", h.idle)
	uploads, err := h.meta.UploadsOf(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	before := h.stored()
	for _, u := range uploads {
		if u.Protocol == metadata.ProtocolTranscode {
			continue
		}
		for _, kind := range []string{"transcode-plan", "transcode-tidy"} {
			j, err := jobs.NewJob(kind, map[string]string{"transcode": u.ID, "asset": id})
			if err != nil {
				t.Fatal(err)
			}
			if j, err = submitted(h, j); err != nil || j.State != jobs.Failed {
				t.Errorf("%s is %s: %v", kind, j.State, err)
			}
		}
	}
	if after := h.stored(); !slices.Equal(before, after) {
		t.Errorf("%q became %q", before, after)
	}
}

// submitted is a job that has ended.
func submitted(h *house, j jobs.Job) (jobs.Job, error) {
	got, err := h.queue.Submit(h.t.Context(), j)
	if err != nil {
		return j, err
	}
	h.until("all tasks end", h.idle)
	got, err = h.queue.Get(h.t.Context(), got.ID)
	return *got, err
}

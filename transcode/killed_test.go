package transcode_test

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/transcode"
)

// A task that takes its process with it each time ends its transcode, with the last one.
// The database is left as the processes before would have: the task runs on one that is
// gone, for the 20th time.
func TestATranscodeWhoseTaskKillsItsProcessEachTimeFails(t *testing.T) {
	cases := []struct {
		name    string
		crashes int // before this one
		state   metadata.State
	}{
		{"for the last time", 19, metadata.Failed},
		{"for the last time but one", 18, metadata.Processing},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			h := newHouse(t, dir, houseOptions{programs: nothing{}, idle: true})
			id := h.send(foreignFilm(t), "").ID
			h.stop()
			db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "db"))
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range []string{
				`UPDATE river_job SET state = 'running', attempt = 1, attempted_at = created_at`,
				`UPDATE jobs SET node = 'one that is gone', generation = 20, crashes = ` + map[int]string{18: "18", 19: "19"}[c.crashes],
			} {
				if _, err := db.Exec(text); err != nil {
					t.Fatal(err)
				}
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			h = newHouse(t, dir, houseOptions{programs: newHeld(t), idle: true})
			if c.state == metadata.Processing { // and is not begun again
				if err := h.queue.Pause(t.Context(), "transcode-plan"); err != nil {
					t.Fatal(err)
				}
			}
			if err := h.queue.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			want := transcode.Failed
			if c.state == metadata.Processing {
				want = transcode.Waiting
				h.until("it waits again", func() bool {
					page, err := h.queue.List(t.Context(), jobs.Query{States: []jobs.State{jobs.Waiting}})
					return err == nil && len(page.Jobs) == 1
				})
			} else {
				h.until("all tasks end", h.idle)
			}
			a := h.asset(id)
			if a.State != c.state || (a.Waiting == "") != (c.state == metadata.Failed) || (a.State == metadata.Failed) != strings.Contains(a.Error, "failed too often") {
				t.Errorf("%+v", a)
			}
			s, err := h.coder.Status(t.Context(), h.transcodes(id)[0].ID)
			if err != nil || s.State != want {
				t.Errorf("%+v, %v", s, err)
			}
			if keys := h.stored(); len(keys) != 1 {
				t.Errorf("%d files are stored: %q", len(keys), keys)
			}
		})
	}
}

// What Inspect has refused, and nobody has said so before the process ended, is ended by
// a look, also where the task has been taken away.
func TestATranscodeThatIsLostIsEndedByALook(t *testing.T) {
	h := idleHouse(t)
	id := h.send(foreignFilm(t), "").ID
	h.change(id, func(_ *metadata.Asset, uploads []*metadata.Upload) {
		uploads[1].State, uploads[1].Error = metadata.UploadFailed, "it holds no media"
	})
	if err := h.coder.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := h.emitted(); len(got) != 1 || h.asset(id).State != metadata.Processing {
		t.Errorf("it has a task, and was ended: %q", got)
	}
	page, err := h.queue.List(t.Context(), jobs.Query{})
	if err != nil || len(page.Jobs) != 1 {
		t.Fatalf("%d jobs: %v", len(page.Jobs), err)
	}
	if _, err := h.queue.Cancel(t.Context(), page.Jobs[0].ID); err != nil {
		t.Fatal(err)
	}
	page, err = h.queue.List(t.Context(), jobs.Query{Kinds: []string{"transcode-lost"}})
	if err != nil || len(page.Jobs) != 1 {
		t.Fatalf("%d tasks see to that: %v", len(page.Jobs), err)
	}
	if _, err := h.queue.Cancel(t.Context(), page.Jobs[0].ID); err != nil { // that one, too
		t.Fatal(err)
	}
	for range 2 { // the second finds nothing more
		if err := h.coder.Recover(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	a := h.asset(id)
	if got := h.emitted(); len(got) != 2 || !strings.HasPrefix(got[1], string(events.TranscodeFailed)) || a.State != metadata.Failed || a.Waiting != "" || a.Error == "" {
		t.Errorf("%+v, told: %q", a, got)
	}
}

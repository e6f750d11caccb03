package transcode_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/transcode"
)

// What ended longer ago than the retention goes, unless something plays of it.
func TestTranscodesThatEndedLongAgoAreForgotten(t *testing.T) {
	cases := []struct {
		name  string
		keep  time.Duration
		make  func(u *metadata.Upload) // what became of it
		stays bool
	}{
		{"one that was cancelled", time.Nanosecond, func(u *metadata.Upload) { ended(u, metadata.UploadCanceled) }, false},
		{"one that has failed", time.Nanosecond, func(u *metadata.Upload) { ended(u, metadata.UploadFailed) }, false},
		{"a ladder beside what plays", time.Nanosecond, func(u *metadata.Upload) { u.Key = ""; ended(u, metadata.UploadComplete) }, false},
		{"one whose file was replaced", time.Nanosecond, func(u *metadata.Upload) { u.State, u.Key = metadata.UploadComplete, "" }, false},
		{"one that ended lately", time.Hour, func(u *metadata.Upload) { ended(u, metadata.UploadFailed) }, true},
		{"any, where all are kept", -1, func(u *metadata.Upload) { ended(u, metadata.UploadFailed) }, true},
		{"one that goes on", time.Nanosecond, func(*metadata.Upload) {}, true},
		{"one to which rungs are yet to join", time.Nanosecond, func(u *metadata.Upload) { u.State = metadata.UploadComplete }, true},
		{"that of what plays", time.Nanosecond, func(u *metadata.Upload) { ended(u, metadata.UploadComplete) }, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t, t.TempDir(), houseOptions{programs: nothing{}, idle: true, Options: transcode.Options{Retention: c.keep}})
			a := h.send(foreignFilm(t), "")
			h.change(a.ID, func(a *metadata.Asset, uploads []*metadata.Upload) {
				a.State, a.Waiting = metadata.Ready, "" // so that nobody begins another
				c.make(uploads[1])
			})
			before, err := h.meta.UploadsOf(t.Context(), a.ID)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // the second finds nothing more
				if err := h.coder.Recover(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if stays := len(h.transcodes(a.ID)) == 1; stays != c.stays {
				t.Errorf("it stays: %t", stays)
			}
			after, err := h.meta.UploadsOf(t.Context(), a.ID)
			if err != nil || !cmp.Equal(before[0], after[0]) {
				t.Errorf("what the client sent is %+v: %v", after[0], err)
			}
		})
	}
}

// ended has a transcode ended, as its record says.
func ended(u *metadata.Upload, s metadata.UploadState) {
	u.State, u.Metadata["record"] = s, `{"profile":"default","ended":true}`
}

// Who tries again and again what fails leaves the last few.
func TestTranscodesOfAnAssetThatEndedDoNotPileUp(t *testing.T) {
	h := idleHouse(t)
	id := h.send(foreignFilm(t), "").ID
	var begun []string
	for range 12 {
		begun = append(begun, h.transcodes(id)[len(h.transcodes(id))-1].ID)
		if err := h.coder.Cancel(t.Context(), begun[len(begun)-1]); err != nil {
			t.Fatal(err)
		}
		if _, err := h.coder.Submit(t.Context(), id, ""); err != nil {
			t.Fatal(err)
		}
	}
	var left []string
	for _, u := range h.transcodes(id) {
		left = append(left, u.ID)
	}
	if len(left) != 11 || left[10] == begun[11] || !cmp.Equal(left[:10], begun[2:]) {
		t.Errorf("of %q\n%q are left", begun, left)
	}
	if err := h.queue.Start(t.Context()); err != nil { // the tasks of those that are gone
		t.Fatal(err)
	}
	if err := h.coder.Cancel(t.Context(), left[10]); err != nil {
		t.Fatal(err)
	}
	h.until("all tasks end", h.idle)
	if keys := h.stored(); len(keys) != 1 {
		t.Errorf("%d files are left: %q", len(keys), keys)
	}
}

func TestADeletedAssetTakesItsTranscodesAlong(t *testing.T) {
	h := idleHouse(t)
	a := h.send(foreignFilm(t), "")
	cancel(h, a)
	if _, err := h.coder.Submit(t.Context(), a.ID, ""); err != nil {
		t.Fatal(err)
	}
	h.delete(a)
	page, err := h.coder.List(t.Context(), transcode.Query{})
	if err != nil || len(page.Transcodes) > 0 {
		t.Errorf("%+v, %v", page.Transcodes, err)
	}
}

func TestAllTranscodesComeInPages(t *testing.T) {
	h := idleHouse(t)
	film := foreignFilm(t)
	var want []string // newest first
	for range 5 {
		want = slices.Insert(want, 0, h.transcodes(h.send(film, "").ID)[0].ID)
	}
	cancel(h, h.asset(h.transcode(want[2]).Asset))
	for name, c := range map[string]struct {
		q    transcode.Query
		want []string
	}{
		"of everybody":        {transcode.Query{}, want},
		"of one":              {transcode.Query{Owner: "ann"}, want},
		"of somebody else":    {transcode.Query{Owner: "bob"}, nil},
		"that were cancelled": {transcode.Query{State: transcode.Canceled}, want[2:3]},
	} {
		for limit := range 6 {
			var got []string
			for q := c.q; ; {
				q.Limit = limit
				page, err := h.coder.List(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				for _, s := range page.Transcodes {
					got = append(got, s.ID)
				}
				if q.Cursor = page.Next; q.Cursor == "" || len(got) > len(want) {
					break
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s in pages of %d (-want +got):\n%s", name, limit, diff)
			}
		}
	}
	for _, cursor := range []string{"x", "1", "1.", ".x", want[0], "x." + want[0]} {
		if _, err := h.coder.List(t.Context(), transcode.Query{Cursor: cursor}); err == nil {
			t.Errorf("the cursor %q is taken", cursor)
		}
	}
}

// transcode is the row of one.
func (h *house) transcode(id string) *metadata.Upload {
	h.t.Helper()
	u, err := h.meta.Upload(h.t.Context(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	return u
}

package transcode_test

import (
	"testing"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/transcode"
)

// nothing are programs that are never asked for.
type nothing struct{ transcode.Programs }

// idleHouse takes files and has nothing done.
func idleHouse(t *testing.T) *house {
	t.Helper()
	return newHouse(t, t.TempDir(), houseOptions{programs: nothing{}, idle: true})
}

func foreignFilm(t *testing.T) string {
	t.Helper()
	return makeFilm(t, "film.avi", lasting(movingPicture, "3")+"-c:v mpeg4 -q:v 5")
}

func playingFilm(t *testing.T) string {
	t.Helper()
	return makeFilm(t, "film.mp4", lasting(movingPicture, "3")+"-c:v libx264 -preset ultrafast")
}

// change changes an asset and its uploads.
func (h *house) change(id string, fn func(a *metadata.Asset, uploads []*metadata.Upload)) {
	h.t.Helper()
	ctx := h.t.Context()
	err := h.meta.Update(ctx, func(tx metadata.Tx) error {
		a, err := tx.Asset(ctx, id)
		if err != nil {
			return err
		}
		uploads, err := tx.UploadsOf(ctx, id)
		if err != nil {
			return err
		}
		fn(a, uploads)
		for _, u := range uploads {
			if err := tx.UpdateUpload(ctx, u); err != nil {
				return err
			}
		}
		return tx.UpdateAsset(ctx, a)
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func TestAFileThatWaitsIsTranscodedOnce(t *testing.T) {
	h := idleHouse(t)
	a := h.send(foreignFilm(t), "")
	of := &metadata.Upload{ID: h.transcodes(a.ID)[0].Metadata["of"]}
	if err := h.meta.Update(t.Context(), func(tx metadata.Tx) error { return h.coder.Wait(t.Context(), tx, a, of) }); err != nil {
		t.Fatal(err)
	}
	if n := len(h.transcodes(a.ID)); n != 1 {
		t.Errorf("%d transcodes", n)
	}
}

// TestWhatIsTranscodedLaterIsNotTakenForANewFile transcodes what failed, or waited,
// while it was the source of its asset.
func TestWhatIsTranscodedLaterIsNotTakenForANewFile(t *testing.T) {
	cases := []struct {
		name  string
		state metadata.State
		again func(h *house, id string) error
	}{
		{"tried again on demand", metadata.Failed, func(h *house, id string) error {
			_, err := h.coder.Submit(h.t.Context(), id, "")
			return err
		}},
		{"found when there is a transcoder", metadata.Processing, func(h *house, _ string) error { return h.coder.Recover(h.t.Context()) }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			h := idleHouse(t)
			id := h.send(foreignFilm(t), "").ID
			cancel(h, h.asset(id))
			h.change(id, func(a *metadata.Asset, uploads []*metadata.Upload) {
				uploads[0].Key = a.Source
				if a.State = c.state; c.state == metadata.Processing {
					a.Waiting = metadata.WaitTranscoder
				}
			})
			if err := c.again(h, id); err != nil {
				t.Fatal(err)
			}
			if err := h.up.Recover(t.Context()); err != nil {
				t.Fatal(err)
			}
			if of, err := h.meta.Upload(t.Context(), h.transcodes(id)[0].Metadata["of"]); err != nil || of.Key != "" {
				t.Errorf("the upload still has %q: %v", of.Key, err)
			}
			made := h.transcodes(id)
			if len(made) != 2 || made[1].State != metadata.UploadTranscoding {
				t.Errorf("%d transcodes, the last of them %s", len(made), made[len(made)-1].State)
			}
		})
	}
}

func TestTheEndOfATranscodeLeavesOtherFilesToBeLookedAt(t *testing.T) {
	cases := []struct {
		name    string
		forget  bool // the other has no transcode
		waiting string
	}{
		{"one that is being transcoded", false, metadata.WaitTranscoder},
		{"one that nobody has looked at", true, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			h := idleHouse(t)
			a := h.send(playingFilm(t), "")
			h.send(foreignFilm(t), "?asset_id="+a.ID)
			h.send(foreignFilm(t), "?asset_id="+a.ID)
			made := h.transcodes(a.ID)
			if len(made) != 2 {
				t.Fatalf("%d transcodes of two files", len(made))
			}
			if c.forget {
				h.change(a.ID, func(_ *metadata.Asset, uploads []*metadata.Upload) {
					uploads[len(uploads)-1].State = metadata.UploadCanceled
				})
			}
			if err := h.coder.Cancel(t.Context(), made[0].ID); err != nil {
				t.Fatal(err)
			}
			now := h.asset(a.ID)
			if now.State != metadata.Processing || !now.Playable || now.Waiting != c.waiting || now.Source != a.Source {
				t.Errorf("%+v", now)
			}
			if err := h.up.Recover(t.Context()); err != nil {
				t.Fatal(err)
			}
			list := h.transcodes(a.ID)
			if last := list[len(list)-1]; last.State != metadata.UploadTranscoding || h.asset(a.ID).Waiting == "" {
				t.Errorf("the other file is left: %s", last.State)
			}
		})
	}
}

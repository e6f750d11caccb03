package transcode_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/streamgate/streamgate/metadata"
)

// An old store has all transcodes two hours older than they are, and counts those that
// are read.
type old struct {
	metadata.Store

	read int
}

const ages = 2 * time.Hour

// Transcodes implements metadata.Store.
func (s *old) Transcodes(ctx context.Context, q metadata.TranscodeQuery) ([]*metadata.Upload, error) {
	q.Before = q.Before.Add(ages)
	list, err := s.Store.Transcodes(ctx, q)
	s.read += len(list)
	for _, u := range list {
		u.CreatedAt, u.UpdatedAt = u.CreatedAt.Add(-ages), u.UpdatedAt.Add(-ages)
	}
	return list, err
}

// TestATranscodeWhoseTasksAreForgottenFails has one beside it that is new, and one that
// has a task.
func TestATranscodeWhoseTasksAreForgottenFails(t *testing.T) {
	for _, c := range []struct {
		name string
		wrap func(metadata.Store) metadata.Store
		want metadata.State
	}{
		{"which is new", nil, metadata.Processing},
		{"which is old", func(s metadata.Store) metadata.Store { return &old{Store: s} }, metadata.Failed},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t, t.TempDir(), houseOptions{programs: nothing{}, idle: true, wrap: c.wrap})
			waits := h.send(foreignFilm(t), "").ID
			id := h.send(foreignFilm(t), "").ID
			u := h.transcodes(id)[0]
			forgotten := *u
			forgotten.ID = metadata.NewID()
			err := h.meta.Update(t.Context(), func(tx metadata.Tx) error { // under an id that no task has
				return errors.Join(tx.DeleteUpload(t.Context(), u.ID), tx.InsertUpload(t.Context(), &forgotten))
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := h.coder.Recover(t.Context()); err != nil {
				t.Fatal(err)
			}
			if a := h.asset(id); a.State != c.want || (a.Error != "") != (c.want == metadata.Failed) {
				t.Errorf("without a task: %s, %q", a.State, a.Error)
			}
			if a := h.asset(waits); a.State != metadata.Processing {
				t.Errorf("with a task: %s, %q", a.State, a.Error)
			}
		})
	}
}

// TestOfWhatHasEndedNothingIsReadAgain has many transcodes that have ended, older than one
// that goes on, whose tasks are forgotten in the end. What plays is read the first time.
func TestOfWhatHasEndedNothingIsReadAgain(t *testing.T) {
	aged := &old{}
	h := newHouse(t, t.TempDir(), houseOptions{programs: nothing{}, idle: true, wrap: func(s metadata.Store) metadata.Store {
		aged.Store = s
		return aged
	}})
	a := h.send(foreignFilm(t), "")
	goes := h.transcodes(a.ID)[0]
	const many = 250
	err := h.meta.Update(t.Context(), func(tx metadata.Tx) error {
		plays := &metadata.Asset{ID: metadata.NewID(), Owner: a.Owner, State: metadata.Ready, Source: "x"}
		if err := tx.InsertAsset(t.Context(), plays); err != nil {
			return err
		}
		for range many {
			u := &metadata.Upload{ID: metadata.NewID(), Asset: plays.ID, Owner: a.Owner, Key: "x", Protocol: metadata.ProtocolTranscode, Metadata: map[string]string{}, CreatedAt: goes.CreatedAt.Add(-time.Minute)}
			ended(u, metadata.UploadComplete)
			if err := tx.InsertUpload(t.Context(), u); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	look := func() int {
		t.Helper()
		aged.read = 0
		if err := h.coder.Recover(t.Context()); err != nil {
			t.Fatal(err)
		}
		return aged.read
	}
	if n := look(); n != many+1 {
		t.Errorf("%d are read at first, of %d", n, many+1)
	}
	if n := look(); n != 0 {
		t.Errorf("%d are read within the hour", n)
	}
	h.coder.LookAgain()
	if n := look(); n == 0 || n > 100 {
		t.Errorf("%d are read an hour later, want a page", n)
	}
	forgotten := *goes
	forgotten.ID = metadata.NewID()
	err = h.meta.Update(t.Context(), func(tx metadata.Tx) error {
		return errors.Join(tx.DeleteUpload(t.Context(), goes.ID), tx.InsertUpload(t.Context(), &forgotten))
	})
	if err != nil {
		t.Fatal(err)
	}
	h.coder.LookAgain()
	look()
	if now := h.asset(a.ID); now.State != metadata.Failed || now.Error == "" {
		t.Errorf("without a task: %s, %q", now.State, now.Error)
	}
}

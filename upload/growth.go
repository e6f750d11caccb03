package upload

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime/debug"
	"sync"
	"time"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/rendition"
	"github.com/streamgate/streamgate/storage"
)

const (
	// lookTimeout bounds how long an upload is held up by a look at what has arrived.
	lookTimeout = 5 * time.Second
	// maxLooking is how many looks there are at the same time; other files get theirs
	// later.
	maxLooking = 2
	// maxLooks bounds the memory of looks. To forget one costs a look.
	maxLooks = 4096
	// lookStep is how many bytes have to arrive between two looks, at least; and
	// half of what is there.
	lookStep = 64 << 10

	never = math.MaxInt64
)

// looks remembers from which offset on it may be worth to look at what has
// arrived of an upload again: so that a file costs some ten looks, however many
// requests it comes by.
type looks struct {
	mu   sync.Mutex
	next map[string]int64
	now  int // how many are looked at
}

// begin says whether to look. Whoever hears yes calls end.
func (l *looks) begin(id string, offset int64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if offset < l.next[id] || l.now >= maxLooking {
		return false
	}
	l.now++
	return true
}

func (l *looks) end(id string, next int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now--
	if l.next == nil || len(l.next) >= maxLooks {
		l.next = make(map[string]int64)
	}
	l.next[id] = next
}

// grow lets the asset play from the bytes that are durable, as soon as they are
// enough. Nothing that goes wrong here is the upload's affair.
func (s *session) grow(ctx context.Context) {
	up, u := s.up, s.u
	files, ok := up.files.(storage.DraftReader)
	if !ok || up.o.NoEarlyPlay || !up.o.inspects || u.Part() || u.Rendition != "" || s.lost || s.draft == nil || s.durable == 0 {
		return
	}
	if s.durable == u.Size || !up.looks.begin(u.ID, s.durable) { // all of it is looked at in a moment
		return
	}
	next := int64(never)
	defer func() {
		if p := recover(); p != nil {
			up.o.Logger.ErrorContext(ctx, "panic while looking at an upload", "upload", u.ID, "panic", p, "stack", string(debug.Stack()))
		}
		up.looks.end(u.ID, next)
	}()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookTimeout)
	defer cancel()
	plays, err := s.lookAt(ctx, files)
	if plays != nil {
		err = up.startGrowth(ctx, u, plays)
	}
	switch {
	case err == nil && plays != nil, errors.Is(err, media.ErrWhole), aboutFile(err):
		return // what is wrong with it is said when it is complete
	case err != nil && !errors.Is(err, media.ErrMore):
		up.o.Logger.WarnContext(ctx, "an upload could not be looked at before it is complete", "upload", u.ID, "error", err)
	}
	next = s.durable + max(s.durable/2, lookStep)
}

// lookAt returns what is known of the file if it plays, nil if it does not yet.
func (s *session) lookAt(ctx context.Context, files storage.DraftReader) (*media.Index, error) {
	blob, err := files.OpenDraft(ctx, s.u.Key)
	if err != nil {
		return nil, err
	}
	defer blob.Close() //nolint:errcheck // it was only read
	g, err := media.ParseGrowing(ctx, blob, s.durable, s.u.Size, &media.Options{Cut: s.up.o.Cut})
	switch {
	case err != nil:
		return nil, err
	case s.up.o.MaxDuration > 0 && lasting(g.Known()) > s.up.o.MaxDuration:
		return nil, media.ErrWhole
	case g.Index(s.durable) == nil:
		return nil, media.ErrMore
	}
	return g.Known(), nil
}

// startGrowth makes the asset play from the upload, unless it plays something, or
// another of its files is complete.
func (up *Uploader) startGrowth(ctx context.Context, u *metadata.Upload, known *media.Index) error {
	return up.meta.Update(ctx, func(tx metadata.Tx) error {
		a, err := tx.Asset(ctx, u.Asset)
		if err != nil {
			return err
		}
		if a.State != metadata.Uploading || a.Source != "" || a.Growth != "" {
			return nil
		}
		a.Growth, a.Playable, a.Tracks = u.ID, true, rendition.Tracks(known)
		if err := tx.UpdateAsset(ctx, a); err != nil {
			return err
		}
		e := up.event(ctx, events.AssetUpdated, u)
		e.Data = map[string]any{"playable": true}
		return tx.Emit(ctx, &e)
	})
}

// stopGrowth ends that an asset plays from an upload that will not be complete.
func (up *Uploader) stopGrowth(ctx context.Context, tx metadata.Tx, a *metadata.Asset, u *metadata.Upload) error {
	if a.Growth != u.ID || !a.Growing() {
		return nil
	}
	a.Growth, a.Playable, a.Tracks = "", false, nil
	a.Ungrow("")
	if err := tx.UpdateAsset(ctx, a); err != nil {
		return err
	}
	e := up.event(ctx, events.AssetUpdated, u)
	e.Data = map[string]any{"playable": false}
	return tx.Emit(ctx, &e)
}

// endGrowth is stopGrowth for an upload that has lost bytes which may have been
// played: its client may send others.
func (up *Uploader) endGrowth(ctx context.Context, u *metadata.Upload) error {
	if u.Part() {
		return nil
	}
	err := up.meta.Update(ctx, func(tx metadata.Tx) error {
		a, err := tx.Asset(ctx, u.Asset)
		if err != nil {
			return err
		}
		return up.stopGrowth(ctx, tx, a, u)
	})
	if err != nil {
		return fmt.Errorf("upload: ending the playback of %s: %w", u.ID, err)
	}
	return nil
}

// settleGrowth ends that the asset plays from the file that was refused.
func (f *family) settleGrowth() {
	a := f.asset
	switch {
	case a.Growing() && a.Growth == f.own.ID:
		a.Growth, a.Playable, a.Tracks = "", false, nil
		a.Ungrow("")
	case !a.Playable:
		a.Growth = ""
		a.Ungrow("")
	}
}

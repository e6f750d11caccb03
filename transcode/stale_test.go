package transcode_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/storage/disk"
)

// guarded is a store that is looked at before it makes, appends and cuts off.
type guarded struct {
	*disk.Store

	creating, appending func(key string) error
	cut                 func(size int64)
}

type guardedDraft struct {
	storage.Draft

	cut func(size int64)
}

func (d *guardedDraft) Truncate(size int64) error {
	d.cut(size)
	return d.Draft.Truncate(size)
}

func (s *guarded) Create(ctx context.Context, key string) (storage.Draft, error) {
	if s.creating != nil {
		if err := s.creating(key); err != nil {
			return nil, err
		}
	}
	return s.Store.Create(ctx, key)
}

func (s *guarded) Append(ctx context.Context, key string) (storage.Draft, error) {
	if s.appending != nil {
		if err := s.appending(key); err != nil {
			return nil, err
		}
	}
	d, err := s.Store.Append(context.WithoutCancel(ctx), key) // a worker that is late has not heard of its end
	if err != nil || s.cut == nil {
		return d, err
	}
	return &guardedDraft{d, s.cut}, nil
}

// A worker that sleeps while another takes its task over would write where that has
// published.
func TestARungThatIsJoinedAgainLiesElsewhere(t *testing.T) {
	var mu sync.Mutex
	var keys []string
	o := smallOptions()
	o.store = func(s *disk.Store) storage.Store {
		return &guarded{Store: s, creating: func(key string) error {
			if !strings.Contains(key, "/rungs/") {
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			keys = append(keys, key)
			if len(keys) == 2 { // its index
				return errors.New("the worker is gone")
			}
			return nil
		}}
	}
	h := newHouse(t, t.TempDir(), o)
	id := h.send(makeFilm(t, "film.avi", lasting(movingPicture, "3")+"-c:v mpeg4 -q:v 5"), "").ID
	a := h.over(id)
	slices.Sort(keys)
	if n := len(keys); n != 4 || len(slices.Compact(keys)) != n {
		t.Errorf("keys of two runs: %q", keys)
	}
	if len(a.Renditions) != 2 {
		t.Fatalf("%+v", a)
	}
	h.until("all tasks end", h.idle)
	if keys := h.stored(); len(keys) != 6 { // as it came, what plays, the rung, with their indexes, and thumbnails
		t.Errorf("%d files are stored: %q", len(keys), keys)
	}
}

// What another run of the task has made durable and told of stays, whatever one does
// that has not heard of it.
func TestAWorkerThatIsLateCutsNothingOff(t *testing.T) {
	cases := []struct {
		name string
		late func(h *house, u *metadata.Upload, job int64) // while the worker is about to open the draft
	}{
		{"another has appended meanwhile", func(h *house, u *metadata.Upload, _ int64) {
			u.Offset += 1000
			if err := h.meta.Update(h.t.Context(), func(tx metadata.Tx) error { return tx.UpdateUpload(h.t.Context(), u) }); err != nil {
				h.t.Fatal(err)
			}
		}},
		{"it has lost its task", func(h *house, _ *metadata.Upload, job int64) {
			if _, err := h.queue.Cancel(h.t.Context(), job); err != nil {
				h.t.Fatal(err)
			}
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := newHeld(t)
			o := heldOptions(p)
			late, goOn := make(chan string), make(chan struct{})
			var appends atomic.Int32
			var files *disk.Store
			o.store = func(s *disk.Store) storage.Store {
				files = s
				return &guarded{
					Store: s, cut: func(size int64) { t.Errorf("cut off at %d", size) },
					appending: func(key string) error {
						if strings.HasSuffix(key, "/source") && appends.Add(1) == 2 { // the first finds nothing yet
							late <- key
							<-goOn
						}
						return nil
					},
				}
			}
			h := newHouse(t, t.TempDir(), o)
			id := h.send(longFilm(t), "").ID
			for range 3 { // the second chunk is appended
				p.go1 <- struct{}{}
			}
			key := <-late
			d, err := files.Append(t.Context(), key)
			if err != nil {
				t.Fatal(err)
			}
			if _, err = d.Write(make([]byte, 1000)); err == nil {
				err = errors.Join(d.Sync(), d.Close())
			}
			if err != nil {
				t.Fatal(err)
			}
			page, err := h.queue.List(t.Context(), jobs.Query{Kinds: []string{"transcode-assemble"}, States: []jobs.State{jobs.Running}})
			if err != nil || len(page.Jobs) != 1 {
				t.Fatal(page, err)
			}
			job := page.Jobs[0].ID
			c.late(h, h.transcodes(id)[0], job)
			close(goOn)
			h.until("the task ends", func() bool {
				j, err := h.queue.Get(t.Context(), job)
				return err == nil && j.State.Ended()
			})
		})
	}
}

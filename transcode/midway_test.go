package transcode_test

import (
	"context"
	"iter"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/storage/disk"
	"github.com/streamgate/streamgate/transcode"
)

// A halt stops a task at a point, once, until it is let go.
type halt struct {
	came   atomic.Bool
	at, on chan struct{}
}

func newHalt() *halt { return &halt{at: make(chan struct{}), on: make(chan struct{})} }

func (h *halt) here() {
	if h.came.CompareAndSwap(false, true) { // nobody else waits for it
		close(h.at)
		<-h.on
	}
}

// listed is a store that is looked at when it is listed, too.
type listed struct {
	guarded

	listing func(prefix string)
}

func (s *listed) List(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	s.listing(prefix)
	return s.Store.List(ctx, prefix)
}

// A point is where something happens to a transcode: in the middle of the task that puts
// together what plays, and of those around it.
type point struct {
	name  string
	halts func(o *houseOptions, halt func())
}

// creating is the point at which a file is made whose key has that in it.
func creating(part string) func(o *houseOptions, halt func()) {
	return func(o *houseOptions, halt func()) {
		o.store = func(s *disk.Store) storage.Store {
			return &guarded{Store: s, creating: func(key string) error {
				if strings.Contains(key, part) {
					halt()
				}
				return nil
			}}
		}
	}
}

var points = []point{
	{"as the plan is kept", creating("/parts/plan")},
	{"as a chunk is kept", creating("/parts/v0")},
	{"as what plays is opened", func(o *houseOptions, halt func()) {
		o.store = func(s *disk.Store) storage.Store {
			return &guarded{Store: s, appending: func(string) error { halt(); return nil }}
		}
	}},
	{"when what plays is whole, and nobody has looked at it", func(o *houseOptions, halt func()) { o.before = halt }},
	{"as the index of what plays is kept", creating("/index")},
	{"when what plays was looked at", func(o *houseOptions, halt func()) {
		o.after = func() error { halt(); return nil }
	}},
	{"as the poster is kept", creating("/poster")},
	{"as thumbnails are kept", creating("/thumbnails/")},
	{"as a rung is joined", creating("/rungs/128p")},
	{"as the index of a rung is kept", creating("-index")},
	{"when all is done, and nobody has said so", func(o *houseOptions, halt func()) {
		o.store = func(s *disk.Store) storage.Store {
			return &listed{guarded{Store: s}, func(prefix string) {
				if strings.HasPrefix(prefix, "assets/") {
					halt()
				}
			}}
		}
	}},
}

// TestWhateverHappensInTheMiddleLeavesNothingBehind cancels a transcode, deletes its
// asset, and replaces its file, at each point: each time the asset ends as it should, and
// nothing is stored that it does not refer to.
func TestWhateverHappensInTheMiddleLeavesNothingBehind(t *testing.T) {
	film, other := makeFilm(t, "film.avi", lasting(movingPicture, "3")+"-c:v mpeg4 -q:v 5"), playingFilm(t)
	cases := []struct {
		name   string
		happen func(h *house, a *metadata.Asset)
		ends   func(t *testing.T, h *house, was *metadata.Asset)
	}{
		{"it is cancelled", func(h *house, a *metadata.Asset) {
			if err := h.coder.Cancel(h.t.Context(), h.transcodes(a.ID)[0].ID); err != nil {
				h.t.Error(err)
			}
		}, wasCanceled},
		{"its asset is deleted", (*house).delete, wasDeleted},
		{"its file is replaced", func(h *house, a *metadata.Asset) { h.send(other, "?asset_id="+a.ID) }, wasReplaced},
	}
	n := 0
	for _, p := range points {
		for _, c := range cases {
			if n++; testing.Short() && n%4 != 1 {
				t.Attr("short", "every fourth step")
				continue
			}
			t.Run(c.name+" "+p.name, func(t *testing.T) {
				o, stop := smallOptions(), newHalt()
				p.halts(&o, stop.here)
				h := newHouse(t, t.TempDir(), o)
				goOn := sync.OnceFunc(func() { close(stop.on) })
				t.Cleanup(goOn) // or the house could not stop
				a := h.send(film, "")
				h.until("that point comes", func() bool {
					select {
					case <-stop.at:
						return true
					default:
						return h.idle()
					}
				})
				select {
				case <-stop.at:
				default:
					t.Fatal("all ended, and that point did not come")
				}
				a = h.asset(a.ID)
				c.happen(h, a)
				goOn()
				h.until("all tasks end", h.idle)
				c.ends(t, h, a)
			})
		}
	}
}

func wasCanceled(t *testing.T, h *house, was *metadata.Asset) {
	u, a, plays := h.transcodes(was.ID)[0], h.asset(was.ID), was.Source != ""
	s, err := h.coder.Status(t.Context(), u.ID)
	if err != nil || s.State != transcode.Canceled || s.Error == "" {
		t.Errorf("the transcode is %+v, %v", s, err)
	}
	want := metadata.Failed
	if plays {
		want = metadata.Ready
	}
	if a.State != want || a.Playable != plays || a.Waiting != "" || (a.Error == "") != plays {
		t.Errorf("%+v", a)
	}
	h.onlyWhatIsUsed(a)
	if err := h.up.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	if now := h.asset(a.ID); now.Version != a.Version {
		t.Errorf("it was changed afterwards: %+v", now)
	}
}

func wasDeleted(t *testing.T, h *house, _ *metadata.Asset) {
	if keys := h.stored(); len(keys) > 0 {
		t.Errorf("%d files are left: %q", len(keys), keys)
	}
}

func wasReplaced(t *testing.T, h *house, was *metadata.Asset) {
	a := h.asset(was.ID)
	if a.State != metadata.Ready || !a.Playable || a.Source == was.Source || a.Kept() != a.Source || a.Waiting != "" || a.Thumbnails != nil || len(a.Renditions) != 1 {
		t.Errorf("%+v", a)
	}
	h.onlyWhatIsUsed(a)
}

// onlyWhatIsUsed asks that the asset plays if it says so, and that all that is stored is
// of it, and all that it is made of is stored.
func (h *house) onlyWhatIsUsed(a *metadata.Asset) {
	h.t.Helper()
	used := append(a.Thumbnails.Keys(), a.Source, a.Index, a.Kept()) // of posters stored says nothing
	for _, r := range a.Renditions {
		used = append(used, r.Source, r.Index)
	}
	for _, c := range a.Captions {
		used = append(used, c.Key)
	}
	slices.Sort(used)
	used = slices.DeleteFunc(slices.Compact(used), func(key string) bool { return key == "" })
	got := h.stored()
	slices.Sort(got)
	if !slices.Equal(used, got) {
		h.t.Errorf("there are\n\t%s\nand should be\n\t%s", strings.Join(got, "\n\t"), strings.Join(used, "\n\t"))
	}
	if lists := len(h.playlists(a.ID)); a.Playable != (lists > 0) {
		h.t.Errorf("playable: %t, with %d playlists", a.Playable, lists)
	}
}

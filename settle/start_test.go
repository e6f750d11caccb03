package settle_test

import (
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/streamgate/streamgate/internal/testclip"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/settle"
	"github.com/streamgate/streamgate/storage"
)

func TestStartFindsWhatIsLeftToDo(t *testing.T) {
	h := open(t, t.TempDir())
	clip := testclip.MP4(t)
	first, second := h.film(clip), h.film(clip)
	s := h.settler(nil, h.files, h.meta)
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer s.Stop(t.Context()) //nolint:errcheck // below
	third := h.film(clip)
	s.Queue(third)
	s.Queue(third)
	s.Queue("what is not there")
	for _, id := range []string{first, second, third} {
		soon(t, "it is settled", func() bool { return h.asset(id).Settling.State == metadata.Settled })
	}
	if err := s.Start(t.Context()); err == nil {
		t.Error("it was started twice")
	}
	if err := errors.Join(s.Stop(t.Context()), s.Stop(t.Context())); err != nil {
		t.Error(err)
	}
	s.Queue(first) // is no matter
}

// What half-written files there are of assets that nobody will settle goes, too.
func TestStartRemovesDraftsOfAssetsThatAreGone(t *testing.T) {
	h := open(t, t.TempDir())
	for _, key := range []string{"assets/" + metadata.NewID() + "/settled/" + metadata.NewID() + "/source", "assets/x/y/source"} {
		draft, err := h.files.Create(t.Context(), key)
		if err == nil {
			err = draft.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	s := h.settler(nil, h.files, h.meta)
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	soon(t, "the draft is gone", func() bool { return len(h.keys()) == 1 })
	if err := s.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	h.onlyKeys("draft assets/x/y/source") // an upload's
}

// With other processes about, what is young may be theirs.
func TestWhatIsYoungMayBeAnothersWhereOthersSettle(t *testing.T) {
	h := open(t, t.TempDir())
	id := h.film(testclip.MP4(t))
	h.carry()
	draft, err := h.files.Create(t.Context(), "assets/"+id+"/settled/"+metadata.NewID()+"/source")
	if err != nil {
		t.Fatal(err)
	}
	defer draft.Close()
	s, err := settle.New(h.files, h.meta, &settle.Options{Reserve: -1})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Settle(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if got := h.keys(); !strings.HasPrefix(got[len(got)-1], "draft ") {
		t.Errorf("there are %v", got)
	}
}

func TestWhatFailsIsTriedAgain(t *testing.T) {
	h := open(t, t.TempDir())
	id := h.film(testclip.MP4(t))
	var mu sync.Mutex
	left, told := 2, []error{}
	at := steps{func(step string) error {
		mu.Lock()
		defer mu.Unlock()
		if step == "commit" && left > 0 {
			left--
			return storage.ErrFull
		}
		return nil
	}}
	s, err := settle.New(stepFiles{h.files, at}, h.meta, &settle.Options{
		Alone: true, Reserve: -1, Retry: time.Millisecond, Logger: slog.New(slog.DiscardHandler),
		Failed: func(_ string, err error) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, err)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	soon(t, "it is settled", func() bool { return h.asset(id).Settling.State == metadata.Settled })
	if err := s.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if len(told) != 2 || !errors.Is(told[0], storage.ErrFull) {
		t.Errorf("told: %v", told)
	}
}

// Stop ends what runs, and nothing is left of it but what the next start removes.
func TestStopEndsWhatRuns(t *testing.T) {
	h := open(t, t.TempDir())
	id := h.film(testclip.MP4(t))
	h.carry()
	writing, stopped := make(chan struct{}), make(chan struct{})
	var once sync.Once
	at := steps{func(step string) error {
		if step == "write" {
			once.Do(func() { close(writing); <-stopped })
		}
		return nil
	}}
	s := h.settler(nil, stepFiles{h.files, at}, h.meta)
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-writing
	done := make(chan error, 1)
	go func() { done <- s.Stop(t.Context()) }()
	time.AfterFunc(10*time.Millisecond, func() { close(stopped) })
	if err := <-done; err != nil {
		t.Error(err)
	}
	if a := h.asset(id); a.Settling.State != "" {
		t.Errorf("%+v", a.Settling)
	} else {
		h.onlyKeys(a.Source, a.Index)
	}
}

func TestNewSaysWhatIsMissing(t *testing.T) {
	h := open(t, t.TempDir())
	if _, err := settle.New(nil, h.meta, nil); err == nil {
		t.Error("no files, and no error")
	}
	if _, err := settle.New(h.files, nil, nil); err == nil {
		t.Error("no metadata, and no error")
	}
}

func TestAnAssetIsSettledOnceAtATime(t *testing.T) {
	h := open(t, t.TempDir())
	id := h.film(testclip.MP4(t))
	var s *settle.Settler
	var inner error
	at := steps{func(step string) error {
		if step == "create" && inner == nil {
			inner = s.Settle(t.Context(), id)
		}
		return nil
	}}
	s = h.settler(nil, stepFiles{h.files, at}, h.meta)
	if err := s.Settle(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(inner, storage.ErrBusy) {
		t.Errorf("%v, want ErrBusy", inner)
	}
}

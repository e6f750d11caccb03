package upload_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/sqlite"
	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/storage/disk"
	"github.com/streamgate/streamgate/upload"
)

// claiming is a store as if several processes had it.
type claiming struct {
	metadata.Store

	mu  sync.Mutex
	who map[string]string
}

func (s *claiming) Claim(_ context.Context, name, who string, _ time.Duration) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if has := s.who[name]; has != "" && has != who {
		return false, nil
	}
	s.who[name] = who
	return true, nil
}

func (s *claiming) Release(_ context.Context, name, who string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.who[name] == who {
		delete(s.who, name)
	}
	return nil
}

// TestAnotherProcessLeavesAloneWhatIsInHand has one Uploader look at a file while
// another, as in a process of its own, recovers what a crash could have left: the draft
// of an index stays, and nothing is looked at twice. Once the first is gone without a
// word, it is.
func TestAnotherProcessLeavesAloneWhatIsInHand(t *testing.T) {
	dir := t.TempDir()
	files, err := disk.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	db, err := sqlite.Open(filepath.Join(dir, "db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	store := &claiming{Store: db.Metadata(), who: map[string]string{}}
	looking, goOn := make(chan *upload.Completed), make(chan error)
	one, err := upload.New(files, store, &upload.Options{OnComplete: func(_ context.Context, c *upload.Completed) error {
		looking <- c
		return <-goOn
	}})
	if err != nil {
		t.Fatal(err)
	}
	looked := 0
	two, err := upload.New(files, store, &upload.Options{OnComplete: func(context.Context, *upload.Completed) error {
		looked++
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	answered := make(chan int)
	go func() {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(string(film(64<<10))))
		one.ServeHTTP(w, r.WithContext(auth.NewContext(r.Context(), auth.Principal{ID: "ann"})))
		answered <- w.Code
	}()
	c := <-looking
	index := upload.IndexKey(c.Upload.Asset, c.Upload.ID)
	draft, err := files.Create(t.Context(), index)
	if err != nil {
		t.Fatal(err)
	}
	if err := two.Recover(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := files.Append(t.Context(), index); err == nil {
		t.Error("the draft of the index was removed and made anew")
	} else if err := draft.Sync(); err != nil {
		t.Errorf("the draft of the index: %v", err)
	}
	if err := two.Inspect(t.Context(), c.Upload); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("inspecting it, too: %v, want %v", err, storage.ErrBusy)
	}
	if looked != 0 {
		t.Errorf("it was looked at %d times more", looked)
	}
	if err := draft.Close(); err != nil {
		t.Error(err)
	}
	goOn <- context.DeadlineExceeded // it could not be done now, which Recover is for
	if got := <-answered; got != http.StatusCreated {
		t.Errorf("answered %d", got)
	}
	if err := two.Recover(t.Context()); err != nil {
		t.Error(err)
	}
	if looked != 1 {
		t.Errorf("it was looked at %d times once it was free, want once", looked)
	}
	if _, err := files.Append(t.Context(), index); err == nil {
		t.Error("the draft of the index is still there")
	}
}

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

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/sqlite"
	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/storage/disk"
	"github.com/streamgate/streamgate/upload"
)

// claiming is a store as if several processes had it.
type claiming struct {
	metadata.Store

	mu     sync.Mutex
	who    map[string]string
	claims int
}

func (s *claiming) Claim(_ context.Context, name, who string, _ time.Duration) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.claims++
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

// lapse has every claim be over, as those of a process that is frozen.
func (s *claiming) lapse() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.who)
}

// TestAProcessThatWasFrozenDecidesNothingAgain freezes one within its look at a file,
// until another has done all that was to be done. What it finds when it goes on is decided.
func TestAProcessThatWasFrozenDecidesNothingAgain(t *testing.T) {
	whole := corpusFile(t, goodFilm)
	for _, tt := range []struct {
		name       string
		file       []byte
		transcoder bool
		want       map[events.Type]int
	}{
		{"of a file that plays", whole, false, map[events.Type]int{events.UploadComplete: 1, events.AssetReady: 1}},
		{"of a broken one", whole[:len(whole)/3], false, map[events.Type]int{events.UploadComplete: 1, events.AssetFailed: 1}},
		{"of one that waits for the transcoder", corpusFile(t, foreign), true, map[events.Type]int{events.UploadComplete: 1, events.AssetUpdated: 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			slow := &slowStore{open: make(chan struct{})}
			h := newHouseOn(t, &upload.Options{OnComplete: upload.Inspect, Transcoder: tt.transcoder}, func(s storage.Store) storage.Store {
				slow.Store = s
				return slow
			})
			store := &claiming{Store: h.meta, who: map[string]string{}}
			frozen, err := upload.New(slow, store, &upload.Options{Transcoder: tt.transcoder})
			if err != nil {
				t.Fatal(err)
			}
			other, err := upload.New(slow.Store, store, &upload.Options{Transcoder: tt.transcoder})
			if err != nil {
				t.Fatal(err)
			}
			server := httptest.NewServer(mount(frozen))
			defer server.Close()
			id := idOf(h.tusCreate(len(tt.file)))
			answered := make(chan answer, 1)
			go func() { answered <- h.patch(server.URL+"/v1/uploads/"+id, 0, tt.file) }()
			for h.upload(id).State != metadata.UploadComplete { // bounded by the test's deadline
				time.Sleep(time.Millisecond)
			}
			store.lapse()
			if err := other.Recover(t.Context()); err != nil {
				t.Fatal(err)
			}
			decided := h.asset(h.upload(id).Asset)
			close(slow.open)
			<-answered
			if now := h.asset(decided.ID); now.Version != decided.Version {
				t.Errorf("the asset was changed once more: %+v, was %+v", now, decided)
			}
			pending, err := h.meta.Events().Pending(t.Context(), 0, 100)
			if err != nil {
				t.Fatal(err)
			}
			got := map[events.Type]int{}
			for _, e := range pending {
				got[e.Type]++
			}
			delete(got, events.AssetCreated)
			delete(got, events.UploadCreated)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}

// TestUploadsThatGoOnAreNotClaimed recovers beside uploads that have a draft each.
func TestUploadsThatGoOnAreNotClaimed(t *testing.T) {
	h := newHouse(t, nil)
	store := &claiming{Store: h.meta, who: map[string]string{}}
	up, err := upload.New(h.files, store, nil)
	if err != nil {
		t.Fatal(err)
	}
	urls := []string{h.tusCreate(100), h.tusCreate(100)}
	for _, url := range urls {
		h.want(h.patch(url, 0, film(60)), http.StatusNoContent)
	}
	if err := up.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	if store.claims != 0 {
		t.Errorf("%d claims for %d uploads", store.claims, len(urls))
	}
	for _, url := range urls {
		h.want(h.patch(url, 60, film(40)), http.StatusNoContent)
	}
}

// watched is a store that tells when a blob is opened, and opens it when it may.
type watched struct {
	storage.Store

	opens chan string
	may   chan struct{}
}

func (s *watched) Open(ctx context.Context, key string) (storage.Blob, error) {
	s.opens <- key
	<-s.may
	return s.Store.Open(ctx, key)
}

// TestWhatIsInspectedIsNotRecoveredBesideIt has a transcoder inspect what it made, while
// the process looks for what a crash has left.
func TestWhatIsInspectedIsNotRecoveredBesideIt(t *testing.T) {
	slow := &watched{opens: make(chan string, 10), may: make(chan struct{})}
	h := newHouseOn(t, &upload.Options{OnComplete: upload.Inspect, Transcoder: true}, func(s storage.Store) storage.Store {
		slow.Store = s
		return slow
	})
	id := h.newAsset("alice", metadata.Processing)
	u := &metadata.Upload{ID: metadata.NewID(), Asset: id, Owner: "alice", State: metadata.UploadComplete, Protocol: metadata.ProtocolTranscode}
	u.Key = upload.SourceKey(id, u.ID)
	if err := h.meta.Update(t.Context(), func(tx metadata.Tx) error { return tx.InsertUpload(t.Context(), u) }); err != nil {
		t.Fatal(err)
	}
	draft, err := h.files.Create(t.Context(), u.Key)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := draft.Write(corpusFile(t, goodFilm)); err != nil {
		t.Fatal(err)
	}
	if err := draft.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	inspected, recovered := make(chan error, 1), make(chan error, 1)
	go func() { inspected <- h.up.Inspect(t.Context(), u) }()
	<-slow.opens
	go func() { recovered <- h.up.Recover(t.Context()) }()
	select {
	case err := <-recovered:
		if err != nil {
			t.Error(err)
		}
	case <-slow.opens:
		t.Error("it is looked at twice at the same time")
	}
	close(slow.may)
	if err := <-inspected; err != nil {
		t.Error(err)
	}
	if a := h.asset(id); a.State != metadata.Ready || a.Source != u.Key {
		t.Errorf("%+v", a)
	}
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

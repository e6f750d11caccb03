package upload_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/upload"
)

// A turnstile is an OnComplete that inspects one upload at a time, in the order
// that the test calls them in.
type turnstile struct {
	came chan string // ids of uploads whose bytes are all here
	mu   sync.Mutex
	pass map[string]chan struct{}
}

func newTurnstile() *turnstile {
	return &turnstile{came: make(chan string, 10), pass: map[string]chan struct{}{}}
}

func (g *turnstile) gate(id string) chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.pass[id] == nil {
		g.pass[id] = make(chan struct{})
	}
	return g.pass[id]
}

func (g *turnstile) inspect(ctx context.Context, c *upload.Completed) error {
	g.came <- c.Upload.ID
	select {
	case <-g.gate(c.Upload.ID):
		return upload.Inspect(ctx, c)
	case <-time.After(2 * time.Minute): // the test has failed already
		return errors.New("nobody let it pass")
	}
}

// A running upload is a request that waits for its inspection.
type running struct {
	id     string
	answer chan answer
}

// begin sends a file to an asset and returns once its bytes are all here.
func (h *house) begin(g *turnstile, asset string, file []byte) running {
	h.t.Helper()
	r := running{answer: make(chan answer, 1)}
	go func() { r.answer <- h.do("POST", "?asset_id="+asset, bytes.NewReader(file)) }()
	select {
	case r.id = <-g.came:
	case <-time.After(time.Minute):
		h.t.Fatal("the bytes did not come")
	}
	return r
}

// decide lets it be inspected and returns the answer.
func (r running) decide(g *turnstile) answer {
	close(g.gate(r.id))
	return <-r.answer
}

// whole says that an asset plays a file, and that nothing else is stored.
func (h *house) whole(id string, file []byte) {
	h.t.Helper()
	h.carry()
	a := h.asset(id)
	if a.State != metadata.Ready || !a.Playable || a.Error != "" || a.SHA256 != sumOf(file) || a.Size != int64(len(file)) {
		h.t.Fatalf("asset is %+v", a)
	}
	if !bytes.Equal(h.read(a.Source), file) || len(h.read(a.Index)) == 0 {
		h.t.Error("the stored bytes are others")
	}
	if blobs, drafts := h.blobs(); blobs != 2 || drafts != 0 {
		h.t.Errorf("%d blobs and %d drafts are left", blobs, drafts)
	}
}

func broken(file []byte) []byte { return file[:len(file)/3] }

func TestOfTwoUploadsAtOnceTheLastToBecomeReadyPlays(t *testing.T) {
	first, second := corpusFile(t, goodFilm), corpusFile(t, otherFilm)
	for name, order := range map[string][2]int{"in the order in which they came": {0, 1}, "in the other order": {1, 0}} {
		t.Run(name, func(t *testing.T) {
			g := newTurnstile()
			h := newHouse(t, &upload.Options{OnComplete: g.inspect})
			id := h.newAsset("alice", metadata.Uploading)
			files := [][]byte{first, second}
			uploads := []running{h.begin(g, id, first), h.begin(g, id, second)}

			h.want(uploads[order[0]].decide(g), 201)
			h.carry() // of what was replaced, nothing may be another's
			if a := h.asset(id); !a.Playable || a.State != metadata.Processing || a.SHA256 != sumOf(files[order[0]]) {
				t.Errorf("while the other is inspected, the asset is %+v", a)
			}
			h.want(uploads[order[1]].decide(g), 201)
			h.whole(id, files[order[1]])
		})
	}
}

func TestManyUploadsToOneAssetAtOnceLeaveOneThatPlays(t *testing.T) {
	h := newHouse(t, &upload.Options{OnComplete: upload.Inspect})
	files := [][]byte{corpusFile(t, goodFilm), corpusFile(t, otherFilm), broken(corpusFile(t, goodFilm))}
	for range 10 {
		id := h.newAsset("alice", metadata.Uploading)
		var all sync.WaitGroup
		for _, file := range files {
			all.Go(func() { h.do("POST", "?asset_id="+id, bytes.NewReader(file)) })
		}
		all.Wait()
		h.carry()
		a := h.asset(id)
		if a.State != metadata.Ready || !a.Playable || a.Error != "" {
			t.Fatalf("asset is %+v", a)
		}
		if got := h.read(a.Source); sumOf(got) != a.SHA256 || int64(len(got)) != a.Size || len(h.read(a.Index)) == 0 {
			t.Fatal("the stored bytes are others")
		}
		stored := 0
		for _, err := range h.files.List(t.Context(), "assets/"+id+"/") {
			if err != nil {
				t.Fatal(err)
			}
			stored++
		}
		if stored != 2 {
			t.Fatalf("%d files are left", stored)
		}
	}
}

func TestBadFileLeavesTheRestOfItsAssetAlone(t *testing.T) {
	good := corpusFile(t, goodFilm)
	bad := broken(good)
	refused := func(h *house, a answer, state string) {
		h.t.Helper()
		if got := h.want(a, http.StatusUnprocessableEntity).json(h.t); got["state"] != state || got["detail"] == "" {
			h.t.Errorf("answered %v, want the state %s", got, state)
		}
	}
	t.Run("when another became ready while it was inspected", func(t *testing.T) {
		g := newTurnstile()
		h := newHouse(t, &upload.Options{OnComplete: g.inspect})
		id := h.newAsset("alice", metadata.Uploading)
		slow, quick := h.begin(g, id, bad), h.begin(g, id, good)
		h.want(quick.decide(g), 201)
		refused(h, slow.decide(g), "ready")
		h.whole(id, good)
		if u := h.upload(slow.id); u.State != metadata.UploadFailed || u.Error == "" {
			t.Errorf("the bad upload is %s with %q", u.State, u.Error)
		}
	})
	t.Run("when another is yet to be inspected", func(t *testing.T) {
		g := newTurnstile()
		h := newHouse(t, &upload.Options{OnComplete: g.inspect})
		id := h.newAsset("alice", metadata.Uploading)
		one, two := h.begin(g, id, bad), h.begin(g, id, good)
		refused(h, one.decide(g), "processing")
		h.carry()
		h.want(two.decide(g), 201)
		h.whole(id, good)
	})
	t.Run("when another is arriving", func(t *testing.T) {
		h := newHouse(t, &upload.Options{OnComplete: upload.Inspect})
		id := h.newAsset("alice", metadata.Uploading)
		url := h.tusCreate(len(good), "Upload-Metadata", "asset_id "+b64(id))
		h.want(h.patch(url, 0, good[:1000]), 204)
		refused(h, h.do("POST", "?asset_id="+id, bytes.NewReader(bad)), "uploading")
		h.want(h.patch(url, 1000, good[1000:]), 204)
		h.whole(id, good)
	})
	t.Run("and by tus it is refused, too", func(t *testing.T) {
		h := newHouse(t, &upload.Options{OnComplete: upload.Inspect})
		id := h.post(good, "").ID
		url := h.tusCreate(len(bad), "Upload-Metadata", "asset_id "+b64(id))
		refused(h, h.patch(url, 0, bad), "ready")
		h.want(h.tus("HEAD", url, nil), 410)
		h.whole(id, good)
	})
}

func TestFailedAssetKeepsOneFileAtMost(t *testing.T) {
	h := newHouse(t, &upload.Options{OnComplete: upload.Inspect})
	good := corpusFile(t, goodFilm)
	id := h.post(broken(good), "").ID
	for i := range 4 {
		a := h.post(good[:len(good)/3-1-i], "?asset_id="+id)
		if a.State != metadata.Failed || a.Error == "" || a.Size != int64(len(good)/3-1-i) {
			t.Fatalf("asset is %+v", a)
		}
	}
	h.carry()
	if blobs, _ := h.blobs(); blobs != 1 {
		t.Errorf("five bad files left %d", blobs)
	}
	h.post(good, "?asset_id="+id)
	h.whole(id, good)
}

// What is to be removed stands in the outbox in the transaction that replaces
// it: a process that dies after that leaves it to the next.
func TestWhatIsReplacedIsRemovedThroughTheOutbox(t *testing.T) {
	h := newHouse(t, &upload.Options{OnComplete: upload.Inspect})
	first := h.post(corpusFile(t, goodFilm), "")
	h.carry()
	second := h.post(corpusFile(t, otherFilm), "?asset_id="+first.ID)
	pending, err := h.meta.Events().Pending(t.Context(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var got []any
	for _, e := range pending {
		if e.Type == events.AssetReplaced && e.Asset == first.ID && e.Owner == "alice" {
			got = append(got, e.Data["keys"])
		}
	}
	if diff := cmp.Diff([]any{[]any{first.Source, first.Index}}, got); diff != "" {
		t.Error(diff)
	}
	h.read(first.Source) // still there
	h.whole(second.ID, corpusFile(t, otherFilm))
}

func TestAssetThatIsDeletedWhileItIsInspectedIsNoFault(t *testing.T) {
	for name, carried := range map[string]bool{"before its files are removed": false, "after its files are removed": true} {
		t.Run(name, func(t *testing.T) {
			g := newTurnstile()
			h := newHouse(t, &upload.Options{OnComplete: g.inspect})
			id := h.newAsset("alice", metadata.Uploading)
			u := h.begin(g, id, corpusFile(t, goodFilm))
			err := h.meta.Update(t.Context(), func(tx metadata.Tx) error {
				e, err := metadata.DeletedEvent(t.Context(), tx, h.asset(id))
				if err != nil {
					return err
				}
				return errors.Join(tx.DeleteAsset(t.Context(), id), tx.Emit(t.Context(), e))
			})
			if err != nil {
				t.Fatal(err)
			}
			if carried {
				h.carry()
			}
			a := h.want(u.decide(g), 404)
			h.carry()
			if strings.Contains(a.body, "assets/") || h.log.Len() != 0 {
				t.Errorf("answered %s, log: %s", a.body, h.log)
			}
			if blobs, drafts := h.blobs(); blobs+drafts != 0 {
				t.Errorf("%d blobs and %d drafts are left", blobs, drafts)
			}
		})
	}
}

func TestRecoverInspectsEveryFileOfAnAsset(t *testing.T) {
	good, other := corpusFile(t, goodFilm), corpusFile(t, otherFilm)
	for name, tc := range map[string]struct {
		files []([]byte)
		want  []byte
	}{
		"the last good one plays":                 {[][]byte{good, other}, other},
		"a bad one after it does not end it":      {[][]byte{good, broken(good)}, good},
		"nor does a bad one before it":            {[][]byte{broken(good), other}, other},
		"and a bad one between them is no matter": {[][]byte{good, broken(good), other}, other},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, &upload.Options{OnComplete: func(context.Context, *upload.Completed) error {
				return errors.New("the process is about to die")
			}})
			id := h.newAsset("alice", metadata.Uploading)
			for _, file := range tc.files {
				h.want(h.do("POST", "?asset_id="+id, bytes.NewReader(file)), 201)
			}
			up, err := upload.New(h.files, h.meta, nil) // Inspect is the default
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if err := up.Recover(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			h.whole(id, tc.want)
		})
	}
}

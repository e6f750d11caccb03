package upload_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/upload"
)

// restart puts a new Uploader over the same stores in place of the old one, as
// a process that starts after a crash does.
func (h *house) restart(meta metadata.Store) {
	h.t.Helper()
	up, err := upload.New(h.files, meta, &upload.Options{OnComplete: takeAsItIs})
	if err != nil {
		h.t.Fatal(err)
	}
	if err := up.Recover(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	h.up, h.http.Config.Handler = up, mount(up)
}

// isJoined fails unless there is one asset, made of the file, and nothing else.
func (h *house) isJoined(a answer, file []byte) {
	h.t.Helper()
	h.carry()
	u := h.upload(idOf(a.location(h.t)))
	asset := h.asset(a.header.Get("StreamGate-Asset"))
	if u.State != metadata.UploadComplete || asset.SHA256 != sumOf(file) || !bytes.Equal(h.read(asset.Source), file) {
		h.t.Errorf("the upload is %s, the sum of the asset %s", u.State, asset.SHA256)
	}
	if blobs, drafts := h.blobs(); blobs != 1 || drafts != 0 {
		h.t.Errorf("%d blobs and %d drafts are left", blobs, drafts)
	}
	page, err := h.meta.Search(h.t.Context(), metadata.Query{})
	if err != nil || len(page.Assets) != 1 {
		h.t.Errorf("there are %d assets, %v", len(page.Assets), err)
	}
	open, err := h.meta.OpenUploads(h.t.Context(), "", 10)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, u := range open {
		if u.State != metadata.UploadComplete || u.Key != "" {
			h.t.Errorf("an upload waits: %+v", u)
		}
	}
	if strings.Contains(h.log.String(), "left behind") {
		h.t.Errorf("the log says %s", h.log)
	}
}

// Rows 29 and 30 of the list of attacks: a concatenation that breaks at any step
// is repeated, by the same request, and nothing is lost or left.
func TestJoiningSurvivesAFaultAtEveryStep(t *testing.T) {
	full := problem.Because(storage.ErrFull, errors.New("ENOSPC"), "the disk is full")
	file := film(1_000_003)
	for _, step := range []string{"create", "write", "short write", "sync", "commit", "after commit"} {
		for _, restarted := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, restarted %v", step, restarted), func(t *testing.T) {
				disk := &faulty{}
				h := newHouseOn(t, nil, func(s storage.Store) storage.Store { disk.Store = s; return disk })
				urls := h.parts(file, 3)
				disk.fault.Store(&fault{step, full})
				first := h.final(urls)
				disk.fault.Store(nil)
				if first.status != 507 && first.status != 201 { // nothing syncs but what is committed
					t.Fatalf("answered %d %s", first.status, first.body)
				}
				if restarted {
					h.restart(h.meta)
				}
				second := h.want(h.final(urls), 201)
				if second.location(t) != first.location(t) {
					t.Errorf("first %s, then %s", first.location(t), second.location(t))
				}
				h.isJoined(second, file)
			})
		}
	}
}

func TestJoiningSurvivesADatabaseThatGoesAway(t *testing.T) {
	file := film(1_000_003)
	for pass := range int64(4) { // the creation, the completion, what OnComplete writes, and nothing
		t.Run(fmt.Sprint("after ", pass, " writes"), func(t *testing.T) {
			h := newHouse(t, nil)
			urls := h.parts(file, 3)
			db := &brittle{Store: h.meta}
			db.pass.Store(-1)
			h.restart(db)
			db.pass.Store(pass)
			first := h.final(urls)
			if first.status != 503 && (first.status != 201 || pass < 2) {
				t.Errorf("answered %d %s", first.status, first.body)
			}
			h.restart(h.meta)
			second := h.want(h.final(urls), 201)
			h.isJoined(second, file)
		})
	}
}

// A part whose bytes are committed, and whose row does not say so.
func TestAPartThatACrashCutOffIsComplete(t *testing.T) {
	file := film(20_000)
	for name, find := range map[string]func(h *house, urls []string){
		"found at the start": func(h *house, _ []string) { h.restart(h.meta) },
		"found by HEAD":      func(h *house, urls []string) { h.want(h.tus("HEAD", urls[0], nil), 200) },
		"found when joined":  func(*house, []string) {},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, nil)
			urls := h.parts(file, 2)
			urls[0] = h.tusCreate(10_000, "Upload-Concat", "partial")
			db := &brittle{Store: h.meta}
			db.pass.Store(-1)
			h.restart(db)
			h.want(h.patch(urls[0], 0, file[:5000]), 204)
			db.pass.Store(0)
			h.want(h.patch(urls[0], 5000, file[5000:10_000]), 503)
			db.pass.Store(-1)
			find(h, urls)
			a := h.want(h.final(urls), 201)
			if u := h.upload(idOf(a.location(t))); u.Size != int64(len(file)) || u.SHA256 != sumOf(file) {
				t.Errorf("the upload is %+v", u)
			}
		})
	}
}

// The process dies between two steps of what follows the completion.
func TestWhatPartsLeaveIsRemovedThroughACrash(t *testing.T) {
	h := newHouse(t, nil)
	file := film(30_000)
	urls := h.parts(file, 3)
	a := h.want(h.final(urls), 201)
	if blobs, _ := h.blobs(); blobs != 4 {
		t.Fatalf("%d blobs are there, want the parts and the whole", blobs)
	}
	stuck := &stubborn{Store: h.files}
	stuck.pass.Store(1)
	remove := metadata.RemoveFiles(h.meta, stuck)
	pending, err := h.meta.Events().Pending(t.Context(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	failed := 0
	for _, e := range pending {
		if err := remove(t.Context(), e); err != nil {
			failed++
		}
	}
	if blobs, _ := h.blobs(); failed != 1 || blobs != 3 {
		t.Fatalf("%d events failed and %d blobs are left; want one removed, and then the crash", failed, blobs)
	}
	h.isJoined(a, file)
}

// stubborn is a store that removes so many blobs and then none.
type stubborn struct {
	storage.Store
	pass atomic.Int64
}

func (s *stubborn) Delete(ctx context.Context, key string) error {
	if s.pass.Add(-1) < 0 {
		return problem.Errorf(storage.ErrUnavailable, "the disk does not answer")
	}
	return s.Store.Delete(ctx, key)
}

func TestCancelledPartsAreRemovedThroughACrash(t *testing.T) {
	stuck := &stubborn{}
	h := newHouseOn(t, nil, func(s storage.Store) storage.Store { stuck.Store = s; return stuck })
	whole, expired := h.part(film(1000)), h.part(film(1000))
	h.want(h.tus("DELETE", whole, nil), 204)
	h.age(expired)
	if err := h.up.Expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	if blobs, _ := h.blobs(); blobs != 2 {
		t.Fatalf("%d blobs are left", blobs)
	}
	stuck.pass.Store(10)
	h.carry()
	if blobs, _ := h.blobs(); blobs != 0 {
		t.Errorf("%d blobs are left", blobs)
	}
}

func TestRecoverRemovesPartsOfNobody(t *testing.T) {
	h := newHouse(t, nil)
	kept := []string{h.part(film(1000)), h.tusCreate(1000, "Upload-Concat", "partial")}
	h.want(h.patch(kept[1], 0, film(500)), 204)
	for i, key := range []string{metadata.NewID() + "/source", metadata.NewID() + "/source", "theirs/source", metadata.NewID() + "/other"} {
		d, err := h.files.Create(t.Context(), metadata.PartPrefix+key)
		if err != nil {
			t.Fatal(err)
		}
		if i%2 == 1 {
			if err := d.Commit(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		_ = d.Close()
	}
	h.restart(h.meta)
	if blobs, drafts := h.blobs(); blobs != 2 || drafts != 2 { // of each a kept part, and what is not ours
		t.Errorf("%d blobs and %d drafts are left", blobs, drafts)
	}
	h.want(h.patch(kept[1], 500, film(1000)[500:]), 204)
}

func TestAFinalUploadWhoseAssetIsGoneIsNotMadeAgain(t *testing.T) {
	h := newHouse(t, nil)
	urls := h.parts(film(30_000), 3)
	a := h.want(h.final(urls), 201)
	ctx := t.Context()
	err := h.meta.Update(ctx, func(tx metadata.Tx) error {
		id := a.header.Get("StreamGate-Asset")
		return errors.Join(tx.DeleteAsset(ctx, id), tx.Emit(ctx, &events.Event{Type: events.AssetDeleted, Asset: id}))
	})
	if err != nil {
		t.Fatal(err)
	}
	h.want(h.final(urls), 410)
	h.carry()
	if blobs, drafts := h.blobs(); blobs != 0 || drafts != 0 {
		t.Errorf("%d blobs and %d drafts are left", blobs, drafts)
	}
}

func TestPartsThatAreLostEndTheFinalUpload(t *testing.T) {
	for name, left := range map[string]int{"all": 0, "the end": 5000} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, nil)
			file := film(30_000)
			urls := h.parts(file, 3)
			key := h.upload(idOf(urls[1])).Key
			if err := h.files.Delete(t.Context(), key); err != nil {
				t.Fatal(err)
			}
			if left > 0 {
				h.put(key, file[10_000:10_000+left])
			}
			a := h.want(h.final(urls), 410)
			if asset := h.asset(a.header.Get("StreamGate-Asset")); asset.State != metadata.Failed || asset.Error == "" {
				t.Errorf("the asset is %+v", asset)
			}
			if _, err := h.files.Stat(t.Context(), h.upload(idOf(a.location(t))).Key); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("what was joined is still there: %v", err)
			}
			h.want(h.tus("HEAD", urls[0], nil), 200)
		})
	}
}

// put commits a blob.
func (h *house) put(key string, b []byte) {
	h.t.Helper()
	d, err := h.files.Create(h.t.Context(), key)
	if err != nil {
		h.t.Fatal(err)
	}
	if _, err := d.Write(b); err != nil {
		h.t.Fatal(err)
	}
	if err := d.Commit(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
}

func TestAFinalUploadThatNobodyRepeatsExpires(t *testing.T) {
	disk := &faulty{}
	h := newHouseOn(t, nil, func(s storage.Store) storage.Store { disk.Store = s; return disk })
	urls := h.parts(film(30_000), 3)
	disk.fault.Store(&fault{"commit", storage.ErrFull})
	a := h.want(h.final(urls), 507)
	disk.fault.Store(nil)
	url := a.location(t)
	if head := h.want(h.tus("HEAD", url, nil), 200).header; head.Get("Upload-Expires") == "" || head.Get("Upload-Offset") != "" {
		t.Errorf("HEAD answers %v", head)
	}
	h.age(url)
	h.want(h.final(urls), 410)
	if err := h.up.Expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	if asset := h.asset(a.header.Get("StreamGate-Asset")); asset.State != metadata.Failed {
		t.Errorf("the asset is %s", asset.State)
	}
	if blobs, drafts := h.blobs(); blobs != 3 || drafts != 0 {
		t.Errorf("%d blobs and %d drafts are left, want the parts", blobs, drafts)
	}
}

package upload_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/upload"
)

// A fault makes one step of a store fail.
type fault struct {
	step string
	err  error
}

// faulty is a store whose steps fail when they are told to.
type faulty struct {
	storage.Store
	fault atomic.Pointer[fault]
}

func (f *faulty) at(step string) error {
	if f := f.fault.Load(); f != nil && f.step == step {
		return f.err
	}
	return nil
}

func (f *faulty) Create(ctx context.Context, key string) (storage.Draft, error) {
	if err := f.at("create"); err != nil {
		return nil, err
	}
	d, err := f.Store.Create(ctx, key)
	return f.wrap(d, err)
}

func (f *faulty) Append(ctx context.Context, key string) (storage.Draft, error) {
	if err := f.at("append"); err != nil {
		return nil, err
	}
	d, err := f.Store.Append(ctx, key)
	return f.wrap(d, err)
}

func (f *faulty) wrap(d storage.Draft, err error) (storage.Draft, error) {
	if err != nil {
		return nil, err
	}
	return &faultyDraft{d, f}, nil
}

type faultyDraft struct {
	storage.Draft
	of *faulty
}

func (d *faultyDraft) Write(p []byte) (int, error) {
	if err := d.of.at("write"); err != nil {
		return 0, err
	}
	if err := d.of.at("short write"); err != nil {
		n, _ := d.Draft.Write(p[:len(p)/3])
		return n, err
	}
	return d.Draft.Write(p)
}

func (d *faultyDraft) Truncate(n int64) error {
	if err := d.of.at("truncate"); err != nil {
		return err
	}
	return d.Draft.Truncate(n)
}

func (d *faultyDraft) Sync() error {
	if err := d.of.at("sync"); err != nil {
		return err
	}
	return d.Draft.Sync()
}

func (d *faultyDraft) Commit(ctx context.Context) error {
	if err := d.of.at("commit"); err != nil {
		_ = d.Close()
		return err
	}
	if err := d.Draft.Commit(ctx); err != nil {
		return err
	}
	return d.of.at("after commit")
}

// Row 29 of the list of attacks: whatever fails, the client is told what to do
// and goes on where it was once there is room.
func TestUploadSurvivesAFaultAtEveryStep(t *testing.T) {
	full := problem.Because(storage.ErrFull, errors.New("ENOSPC"), "the disk is full")
	broken := problem.Because(storage.ErrUnavailable, errors.New("EIO"), "the disk does not answer")
	steps := []string{"create", "append", "write", "short write", "truncate", "sync", "commit", "after commit"}
	for _, step := range steps {
		for status, err := range map[int]error{507: full, 503: broken} {
			t.Run(fmt.Sprint(step, " answers ", status), func(t *testing.T) {
				disk := &faulty{}
				h := newHouseOn(t, &upload.Options{}, func(s storage.Store) storage.Store { disk.Store = s; return disk })
				file := film(300_000)
				url := h.tusCreate(len(file))
				for at := 0; at < len(file); at = h.offset(url) {
					disk.fault.Store(&fault{step, err})
					end := min(at+100_000, len(file))
					if a := h.patch(url, at, file[at:end]); a.status != 204 {
						h.want(a, status)
					}
					disk.fault.Store(nil)
					now := h.offset(url)
					if now < at {
						t.Fatalf("%d acknowledged bytes became %d", at, now)
					}
					if now < end {
						h.want(h.patch(url, now, file[now:end]), 204)
					}
				}
				a := h.asset(h.upload(idOf(url)).Asset)
				if a.State != metadata.Processing || a.SHA256 != sumOf(file) || !bytes.Equal(h.read(a.Source), file) {
					t.Errorf("asset is %s, sum %s", a.State, a.SHA256)
				}
			})
		}
	}
}

func TestClientsAreToldNoKeys(t *testing.T) {
	for status, kind := range map[int]error{
		404: storage.ErrNotFound, 507: storage.ErrFull, 503: storage.ErrUnavailable, 423: storage.ErrBusy, 409: storage.ErrExists,
	} {
		t.Run(kind.Error(), func(t *testing.T) {
			disk := &faulty{}
			h := newHouseOn(t, nil, func(s storage.Store) storage.Store { disk.Store = s; return disk })
			for _, step := range []string{"create", "write", "commit"} {
				disk.fault.Store(&fault{step, problem.Because(kind, errors.New("errno"), "trouble at %q", "assets/a/b/source")})
				a := h.want(h.do("POST", "", bytes.NewReader(film(1000))), status)
				if got := a.json(t); strings.Contains(a.body, "source") || got["detail"] == nil {
					t.Errorf("at %s: %s", step, a.body)
				}
				disk.fault.Store(nil)
			}
		})
	}
}

func (h *house) offset(url string) int {
	h.t.Helper()
	head := h.want(h.tus("HEAD", url, nil), 200)
	n, err := strconv.Atoi(head.header.Get("Upload-Offset"))
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

func TestPlainBodyOnAFullDiskIsResumedOnceThereIsRoom(t *testing.T) {
	disk := &faulty{}
	h := newHouseOn(t, nil, func(s storage.Store) storage.Store { disk.Store = s; return disk })
	file := film(600_000)
	disk.fault.Store(&fault{"short write", storage.ErrFull})
	a := h.want(h.do("POST", "", bytes.NewReader(file)), 507)
	disk.fault.Store(nil)
	url := a.location(t)
	at := h.offset(url)
	if at == 0 {
		t.Error("nothing of what was written is kept")
	}
	h.want(h.patch(url, at, file[at:]), 204)
	if got := h.asset(a.header.Get("StreamGate-Asset")); got.SHA256 != sumOf(file) {
		t.Error("the stored bytes are others")
	}
}

// brittle is a metadata store whose next updates fail.
type brittle struct {
	metadata.Store
	pass atomic.Int64 // how many updates succeed yet; negative: all
}

func (b *brittle) Update(ctx context.Context, fn func(metadata.Tx) error) error {
	if b.pass.Load() == 0 {
		return problem.Errorf(metadata.ErrUnavailable, "the database is away")
	}
	if b.pass.Load() > 0 {
		b.pass.Add(-1)
	}
	return b.Store.Update(ctx, fn)
}

func TestUploadSurvivesADatabaseThatGoesAway(t *testing.T) {
	for pass := range int64(4) {
		t.Run(fmt.Sprint("after ", pass, " writes"), func(t *testing.T) {
			h := newHouse(t, nil)
			db := &brittle{Store: h.meta}
			up, err := upload.New(h.files, db, nil)
			if err != nil {
				t.Fatal(err)
			}
			h.http.Config.Handler = mount(up)
			db.pass.Store(-1)
			file := film(200_000)
			url := h.tusCreate(len(file))
			db.pass.Store(pass)
			for _, end := range []int{100_000, 200_000} {
				at := end - 100_000
				if a := h.patch(url, at, file[at:end]); a.status != 204 {
					h.want(a, 503)
					break
				}
			}
			db.pass.Store(-1)
			for at := h.offset(url); at < len(file); at = h.offset(url) {
				h.want(h.patch(url, at, file[at:min(at+100_000, len(file))]), 204)
			}
			if err := up.Recover(t.Context()); err != nil { // Inspect's write may be what failed
				t.Fatal(err)
			}
			a := h.asset(h.upload(idOf(url)).Asset)
			if a.State != metadata.Failed || a.SHA256 != sumOf(file) { // no real film: it fails only when inspected
				t.Errorf("asset is %s, sum %s", a.State, a.SHA256)
			}
		})
	}
}

func TestRecoverFinishesWhatACrashCutOff(t *testing.T) {
	h := newHouse(t, nil)
	file := film(100_000)
	var calls atomic.Int64
	restart := func(meta metadata.Store, noHash bool) *upload.Uploader {
		up, err := upload.New(h.files, meta, &upload.Options{NoHash: noHash, OnComplete: func(ctx context.Context, c *upload.Completed) error {
			calls.Add(1)
			return takeAsItIs(ctx, c)
		}})
		if err != nil {
			t.Fatal(err)
		}
		h.http.Config.Handler = mount(up)
		return up
	}

	// Committed, and the process died before its row said so; hashed by nobody.
	db := &brittle{Store: h.meta}
	db.pass.Store(-1)
	restart(db, true)
	url := h.tusCreate(len(file))
	h.want(h.patch(url, 0, file[:50_000]), 204)
	db.pass.Store(0)
	h.want(h.patch(url, 50_000, file[50_000:]), 503)

	// A draft that belongs to nothing, and half an index.
	for _, key := range []string{
		upload.SourceKey(metadata.NewID(), metadata.NewID()), upload.IndexKey(metadata.NewID(), metadata.NewID()),
	} {
		d, err := h.files.Create(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		_ = d.Close()
	}

	up := restart(h.meta, false)
	open := h.tusCreate(1000) // lives on
	h.want(h.patch(open, 0, film(1000)[:500]), 204)
	for range 2 {
		if err := up.Recover(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	u := h.upload(idOf(url))
	a := h.asset(u.Asset)
	if u.State != metadata.UploadComplete || a.State != metadata.Processing || a.SHA256 != sumOf(file) || a.Type != "video/mp4" {
		t.Errorf("upload is %s, asset %s with %s", u.State, a.State, a.SHA256)
	}
	if calls.Load() == 0 {
		t.Error("OnComplete was not called")
	}
	if blobs, drafts := h.blobs(); blobs != 1 || drafts != 1 {
		t.Errorf("%d blobs and %d drafts are left", blobs, drafts)
	}
	h.want(h.patch(open, 500, film(1000)[500:]), 204)
}

func TestBytesThatTheRowDoesNotKnowAreNotTrusted(t *testing.T) {
	h := newHouse(t, nil)
	file := film(100_000)
	url := h.tusCreate(len(file))
	h.want(h.patch(url, 0, file[:40_000]), 204)
	key := h.upload(idOf(url)).Key
	d, err := h.files.Append(t.Context(), key) // as a crash leaves it: longer, with anything in it
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Write(make([]byte, 20_000)); err != nil {
		t.Fatal(err)
	}
	_ = d.Close()
	if at := h.offset(url); at != 40_000 {
		t.Fatalf("ends at %d", at)
	}
	h.want(h.patch(url, 40_000, file[40_000:]), 204)
	if a := h.asset(h.upload(idOf(url)).Asset); a.SHA256 != sumOf(file) || !bytes.Equal(h.read(a.Source), file) {
		t.Error("the stored bytes are others")
	}
}

func TestDraftThatLostBytesIsSentAgainAndHashedWhole(t *testing.T) {
	for name, left := range map[string]int64{"all": 0, "some": 30_000} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, nil)
			file := film(100_000)
			url := h.tusCreate(len(file))
			h.want(h.patch(url, 0, file[:40_000]), 204)
			key := h.upload(idOf(url)).Key
			d, err := h.files.Append(t.Context(), key)
			if err != nil {
				t.Fatal(err)
			}
			if err := d.Truncate(left); err != nil {
				t.Fatal(err)
			}
			_ = d.Close()
			a := h.want(h.patch(url, 40_000, file[40_000:]), 409)
			if got := a.header.Get("Upload-Offset"); got != strconv.FormatInt(left, 10) {
				t.Fatalf("ends at %s, want %d", got, left)
			}
			h.want(h.patch(url, int(left), file[left:]), 204)
			if a := h.asset(h.upload(idOf(url)).Asset); a.SHA256 != sumOf(file) || a.Type != "video/mp4" {
				t.Errorf("sum %s, type %s", a.SHA256, a.Type)
			}
		})
	}
}

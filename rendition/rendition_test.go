package rendition_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/internal/testclip"
	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/sqlite"
	"github.com/streamgate/streamgate/rendition"
	"github.com/streamgate/streamgate/storage/disk"
	"github.com/streamgate/streamgate/upload"
)

// house is an asset that plays, in real stores.
type house struct {
	files *disk.Store
	meta  metadata.Store
	asset string
}

func newHouse(t *testing.T) *house {
	t.Helper()
	dir := t.TempDir()
	files, err := disk.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sqlite.Open(filepath.Join(dir, "x.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = db.Close(), files.Close() })
	h := &house{files: files, meta: db.Metadata(), asset: metadata.NewID()}
	a := &metadata.Asset{ID: h.asset, Owner: "ann", State: metadata.Processing}
	u := &metadata.Upload{ID: metadata.NewID(), Asset: a.ID, Owner: "ann", State: metadata.UploadComplete, Key: upload.SourceKey(a.ID, "u")}
	h.put(t, u.Key, testclip.MP4(t))
	h.update(t, func(tx metadata.Tx) error {
		return errors.Join(tx.InsertAsset(t.Context(), a), tx.InsertUpload(t.Context(), u))
	})
	if err := upload.Inspect(t.Context(), &upload.Completed{Upload: u, Asset: a, Files: files, Meta: h.meta}); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *house) put(t *testing.T, key string, b []byte) {
	t.Helper()
	d, err := h.files.Create(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := d.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := d.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (h *house) update(t *testing.T, fn func(metadata.Tx) error) {
	t.Helper()
	if err := h.meta.Update(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

// file puts a file below the asset.
func (h *house) file(t *testing.T, name, folder string, b []byte) rendition.File {
	t.Helper()
	f := rendition.File{Name: name, Key: "assets/" + h.asset + "/" + folder + "/source", Index: "assets/" + h.asset + "/" + folder + "/index"}
	h.put(t, f.Key, b)
	return f
}

func (h *house) names(t *testing.T) (list []string) {
	t.Helper()
	a, err := h.meta.Asset(t.Context(), h.asset)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range a.Renditions {
		list = append(list, r.Name+" "+string(r.State)+" "+filepath.Base(filepath.Dir(r.Source)))
	}
	return list
}

func TestAFileIsAddedAndReplacedByName(t *testing.T) {
	h := newHouse(t)
	for _, folder := range []string{"one", "two"} {
		if err := rendition.Add(t.Context(), h.files, h.meta, h.asset, h.file(t, "360p", folder, testclip.MP4(t))); err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff([]string{"source ready .", "360p ready two"}, h.names(t)); d != "" {
		t.Error(d)
	}
	log, err := h.meta.Events().Pending(t.Context(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	remove := metadata.RemoveFiles(h.meta, h.files)
	for _, e := range log {
		if err := remove(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	left := 0
	for _, err := range h.files.List(t.Context(), "assets/"+h.asset+"/") {
		if left++; err != nil {
			t.Fatal(err)
		}
	}
	if left != 4 { // the source, the rendition, and an index of each
		t.Errorf("%d files are there, want 4", left)
	}
}

func TestWhatCannotBeAddedChangesNothing(t *testing.T) {
	h := newHouse(t)
	for name, c := range map[string]struct {
		file rendition.File
		want error
	}{
		"no media":          {h.file(t, "360p", "text", []byte("this is no film, whatever its name says")), media.ErrUnsupported},
		"no name":           {h.file(t, "", "none", testclip.MP4(t)), metadata.ErrInvalid},
		"the source's name": {h.file(t, metadata.SourceRendition, "source", testclip.MP4(t)), metadata.ErrInvalid},
	} {
		if err := rendition.Add(t.Context(), h.files, h.meta, h.asset, c.file); !errors.Is(err, c.want) && !errors.Is(err, media.ErrInvalid) && !errors.Is(err, media.ErrNoMedia) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if err := rendition.Add(t.Context(), h.files, h.meta, metadata.NewID(), rendition.File{Name: "360p"}); !errors.Is(err, metadata.ErrNotFound) {
		t.Errorf("an asset that is not there: %v", err)
	}
	a := &metadata.Asset{ID: metadata.NewID(), Owner: "ann", State: metadata.Uploading}
	h.update(t, func(tx metadata.Tx) error { return tx.InsertAsset(t.Context(), a) })
	if err := rendition.Add(t.Context(), h.files, h.meta, a.ID, rendition.File{Name: "360p"}); !errors.Is(err, rendition.ErrNoSource) {
		t.Errorf("an asset that does not play: %v", err)
	}
	if d := cmp.Diff([]string{"source ready ."}, h.names(t)); d != "" {
		t.Error(d)
	}
}

func TestAnIndexThatIsGoneIsMadeAnew(t *testing.T) {
	h := newHouse(t)
	a, err := h.meta.Asset(t.Context(), h.asset)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.files.Delete(t.Context(), a.Index); err != nil {
		t.Fatal(err)
	}
	if err := rendition.Add(t.Context(), h.files, h.meta, h.asset, h.file(t, "360p", "one", testclip.MP4(t))); err != nil {
		t.Fatal(err)
	}
}

package streamgate_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/internal/testclip"
	"github.com/streamgate/streamgate/storage/disk"
)

// filesOf returns the files in a data directory that hold somebody's bytes.
func filesOf(t *testing.T, dir string) []string {
	t.Helper()
	found := []string{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // removed while we look
		}
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		name := entry.Name()
		if strings.HasPrefix(name, "streamgate.db") || filepath.Dir(path) == dir && info.Size() < 100 {
			return err // the database; lock and layout of the store
		}
		found = append(found, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func wantNoFiles(t *testing.T, dir string) {
	t.Helper()
	eventually(t, "no file was left", func() bool { return len(filesOf(t, dir)) == 0 })
}

func TestADeletedAssetLeavesNoFile(t *testing.T) {
	dir := t.TempDir()
	c := serve(t, startGate(t, dir), "")
	id := c.upload()
	if len(filesOf(t, dir)) == 0 {
		t.Fatal("the upload left no file")
	}
	c.do(http.MethodDelete, "/v1/assets/"+id, nil).want(t, http.StatusNoContent)
	wantNoFiles(t, dir)
	wantProblem(t, c.get("/v1/assets/"+id), http.StatusNotFound)
	eventually(t, "it stopped playing", func() bool {
		return c.get("/play/"+id+"/master.m3u8").StatusCode == http.StatusNotFound
	})
}

func TestDeletingAnAssetEndsItsUpload(t *testing.T) {
	dir := t.TempDir()
	c := serve(t, startGate(t, dir), "")
	clip := testclip.MP4(t)
	tus := []string{"Tus-Resumable", "1.0.0", "Content-Type", "application/offset+octet-stream"}
	a := c.do(http.MethodPost, "/v1/uploads", nil, append(tus, "Upload-Length", "1000000")...).want(t, http.StatusCreated)
	location, err := a.Location()
	if err != nil {
		t.Fatal(err)
	}
	path := strings.TrimPrefix(location.String(), c.base)
	c.do(http.MethodPatch, path, strings.NewReader(string(clip[:1000])), append(tus, "Upload-Offset", "0")...).want(t, http.StatusNoContent)
	if len(filesOf(t, dir)) == 0 {
		t.Fatal("there is no draft")
	}

	c.do(http.MethodDelete, "/v1/assets/"+a.Header.Get("StreamGate-Asset"), nil).want(t, http.StatusNoContent)
	wantNoFiles(t, dir)
	next := c.do(http.MethodPatch, path, strings.NewReader(string(clip[1000:2000])), append(tus, "Upload-Offset", "1000")...)
	if next.StatusCode != http.StatusNotFound && next.StatusCode != http.StatusGone {
		t.Errorf("the upload goes on: status %d", next.StatusCode)
	}
	wantNoFiles(t, dir)
}

func TestAnUploadThatRunsWhileItsAssetIsDeletedLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	c := serve(t, startGate(t, dir), "")
	clip := testclip.MP4(t)
	asset := make(chan string, 1)
	rest, writer := io.Pipe()
	go func() {
		_, _ = writer.Write(clip[:len(clip)/2])
		c.do(http.MethodDelete, "/v1/assets/"+<-asset, nil).want(t, http.StatusNoContent)
		_, _ = writer.Write(clip[len(clip)/2:])
		writer.Close()
	}()
	go func() {
		eventually(t, "the asset was there", func() bool {
			list, _ := c.get("/v1/assets").json(t)["assets"].([]any)
			if len(list) == 0 {
				return false
			}
			asset <- list[0].(map[string]any)["id"].(string)
			return true
		})
	}()
	a := c.do(http.MethodPost, "/v1/uploads", rest)
	if a.StatusCode != http.StatusNotFound && a.StatusCode != http.StatusGone {
		t.Errorf("status %d: %s", a.StatusCode, a.body)
	}
	wantNoFiles(t, dir)
}

// failing is a store that dies at the second deletion, as a process does.
type failing struct {
	*disk.Store
	deletions atomic.Int32
}

func (f *failing) Delete(ctx context.Context, key string) error {
	if f.deletions.Add(1) > 1 {
		return errors.New("the process is dead")
	}
	return f.Store.Delete(ctx, key)
}

func TestADeletionThatACrashCutOffIsFinished(t *testing.T) {
	blobs, meta := t.TempDir(), t.TempDir()
	files, err := disk.Open(blobs)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = files.Close() }) // after the Gate
	half := &failing{Store: files}
	before := startGate(t, meta, streamgate.WithStorage(half))
	c := serve(t, before, "")
	id := c.upload()
	want := len(filesOf(t, blobs))
	c.do(http.MethodDelete, "/v1/assets/"+id, nil).want(t, http.StatusNoContent)
	eventually(t, "a second file was to be removed", func() bool { return half.deletions.Load() > 1 })
	if got := len(filesOf(t, blobs)); got == 0 || got == want {
		t.Errorf("%d files of %d are left: this is no crash half-way", got, want)
	}
	stopGate(t, before)

	startGate(t, meta, streamgate.WithStorage(files))
	wantNoFiles(t, blobs)
}

func TestADeletionTakesNoOthersFiles(t *testing.T) {
	g := startGate(t, t.TempDir())
	c := serve(t, g, "")
	kept, gone := c.upload(), c.upload()
	keys := func(id string) (all []string) {
		for info, err := range g.Files().List(t.Context(), "assets/"+id+"/") {
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, info.Key)
		}
		return all
	}
	before := keys(kept)
	c.do(http.MethodDelete, "/v1/assets/"+gone, nil).want(t, http.StatusNoContent)
	eventually(t, "its files were gone", func() bool { return len(keys(gone)) == 0 })
	if diff := cmp.Diff(before, keys(kept)); diff != "" || len(before) == 0 {
		t.Errorf("-want +got:\n%s", diff)
	}
	plays(t, c, c.base+"/play/"+kept+"/master.m3u8")
}

package streamgate_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/internal/testclip"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/upload"
)

// films makes a folder with the clip and other files in it.
func films(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	clip := testclip.MP4(t)
	for name, content := range map[string][]byte{
		"My film.mp4": clip,
		"half.mp4":    clip[:len(clip)/2],
		"page.mp4":    []byte("<!doctype html><script>alert(1)</script>"),
		"empty.mp4":   {},
	} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func TestAnImportedFilePlaysWhereItLies(t *testing.T) {
	dir, folder := t.TempDir(), films(t)
	film := filepath.Join(folder, "My film.mp4")
	g := startGate(t, dir, streamgate.WithImportFolder(folder))
	c := serve(t, g, "")
	a, err := g.Import(t.Context(), "ada", film, &streamgate.ImportOptions{Tags: []string{"new"}, Hash: true})
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(testclip.MP4(t))
	got := []any{a.Title, a.Tags, a.State, a.Playable, a.Owner, a.Size, a.SHA256, a.Filename, a.Type}
	want := []any{
		"My film",
		[]string{"new"},
		metadata.Ready, true, "ada", int64(len(testclip.MP4(t))),
		hex.EncodeToString(sum[:]), "My film.mp4", "video/mp4",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	plays(t, c, c.base+"/play/"+a.ID+"/master.m3u8")
	wantProblem(t, c.as("bob").get("/play/"+a.ID+"/master.m3u8"), http.StatusNotFound)

	c.do(http.MethodDelete, "/v1/assets/"+a.ID, nil).want(t, http.StatusNoContent)
	wantNoFiles(t, dir)
	if _, err := os.Stat(film); err != nil {
		t.Errorf("the file itself: %v", err)
	}
}

func TestAnImportedFileIsNotCopied(t *testing.T) {
	dir, folder := t.TempDir(), films(t)
	g := startGate(t, dir, streamgate.WithImportFolder(folder))
	if _, err := g.Import(t.Context(), "ada", filepath.Join(folder, "My film.mp4"), nil); err != nil {
		t.Fatal(err)
	}
	for _, name := range filesOf(t, dir) {
		if info, err := os.Stat(name); err == nil && info.Size() >= int64(len(testclip.MP4(t))) {
			t.Errorf("%s has %d bytes", name, info.Size())
		}
	}
}

func TestAnImportedFileThatChangesStopsPlaying(t *testing.T) {
	folder := films(t)
	film := filepath.Join(folder, "My film.mp4")
	g := startGate(t, t.TempDir(), streamgate.WithImportFolder(folder))
	c := serve(t, g, "")
	a, err := g.Import(t.Context(), "ada", film, nil)
	if err != nil {
		t.Fatal(err)
	}
	media := references(t, c, c.base+"/play/"+a.ID+"/master.m3u8")
	segments := references(t, c, media[0])
	if err := os.Chtimes(film, time.Time{}, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	wantProblem(t, c.at(segments[len(segments)-1]), http.StatusGone)
}

func TestABrokenFileBecomesAFailedAsset(t *testing.T) {
	folder := films(t)
	g := startGate(t, t.TempDir(), streamgate.WithImportFolder(folder))
	a, err := g.Import(t.Context(), "ada", filepath.Join(folder, "half.mp4"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if a.State != metadata.Failed || a.Error == "" || a.Playable {
		t.Errorf("state %s, error %q", a.State, a.Error)
	}
}

func TestImportRefuses(t *testing.T) {
	dir, folder := t.TempDir(), films(t)
	outside := filepath.Join(films(t), "My film.mp4")
	if err := os.Symlink(outside, filepath.Join(folder, "link.mp4")); err != nil {
		t.Fatal(err)
	}
	g := startGate(t, dir, streamgate.WithImportFolder(folder))
	tests := map[string]struct {
		owner, path string
		o           *streamgate.ImportOptions
		want        error // nil: any
	}{
		"a file outside of the folders":          {"ada", outside, nil, storage.ErrInvalidKey},
		"a way out of them":                      {"ada", filepath.Join(folder, "..", filepath.Base(filepath.Dir(outside)), "My film.mp4"), nil, storage.ErrInvalidKey},
		"a link out of them":                     {"ada", filepath.Join(folder, "link.mp4"), nil, nil},
		"a file that is not there":               {"ada", filepath.Join(folder, "none.mp4"), nil, storage.ErrNotFound},
		"a folder":                               {"ada", folder, nil, nil},
		"what is no media":                       {"ada", filepath.Join(folder, "page.mp4"), nil, upload.ErrType},
		"an empty file":                          {"ada", filepath.Join(folder, "empty.mp4"), nil, upload.ErrType},
		"nobody as its owner":                    {"", filepath.Join(folder, "My film.mp4"), nil, nil},
		"a title with a line break in its midst": {"ada", filepath.Join(folder, "My film.mp4"), &streamgate.ImportOptions{Title: "a\nb"}, metadata.ErrInvalid},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a, err := g.Import(t.Context(), tt.owner, tt.path, tt.o)
			if err == nil || a != nil || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
	page, err := g.Metadata().Search(t.Context(), metadata.Query{})
	if err != nil || len(page.Assets) != 0 {
		t.Errorf("%d assets, %v", len(page.Assets), err)
	}
	if left := filesOf(t, dir); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
}

package metadata_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
)

// still is a picture in a format.
func still(t *testing.T, format string, width, height int) []byte {
	t.Helper()
	var b bytes.Buffer
	picture := image.NewPaletted(image.Rect(0, 0, width, height), color.Palette{color.Black})
	err := map[string]func() error{
		"jpeg": func() error { return jpeg.Encode(&b, picture, nil) },
		"png":  func() error { return png.Encode(&b, picture) },
		"gif":  func() error { return gif.Encode(&b, picture, nil) },
	}[format]()
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (s *captioned) poster(method, id string, picture []byte) call {
	return call{method: method, path: "/" + id + "/poster", body: string(picture), typ: "application/octet-stream"}
}

func TestAPosterIsSetReplacedAndTakenAway(t *testing.T) {
	s := newCaptioned(t, nil)
	a := s.asset("ann", "a film")
	jpg, transparent := still(t, "jpeg", 16, 9), still(t, "png", 16, 9)
	got := s.expect(http.StatusCreated, s.poster(http.MethodPut, a.ID, jpg))
	first := got["poster"].(string)
	if !strings.HasPrefix(first, "/play/"+a.ID+"/") || !strings.HasSuffix(first, "/poster.jpg") {
		t.Errorf("it is at %s", first)
	}
	if now := s.read(a.ID); s.file(now.Poster) != string(jpg) || now.PosterSent() != int64(len(jpg)) {
		t.Errorf("%s has %d bytes", now.Poster, now.PosterSent())
	}
	got = s.expect(http.StatusOK, s.poster(http.MethodPut, a.ID, transparent))
	if second := got["poster"].(string); second == first || !strings.HasSuffix(second, "/poster.png") {
		t.Errorf("another is at %s", second)
	}
	s.deliver()
	equal(t, "files", left(t, s.files), []string{s.read(a.ID).Poster})
	s.expect(http.StatusNoContent, s.poster(http.MethodDelete, a.ID, nil))
	s.expect(http.StatusNotFound, s.poster(http.MethodDelete, a.ID, nil))
	s.deliver()
	equal(t, "files", len(left(t, s.files)), 0)
	equal(t, "poster", s.expect(http.StatusOK, call{path: "/" + a.ID})["poster"], nil)
}

func TestPostersThatAreNone(t *testing.T) {
	s := newCaptioned(t, nil)
	a := s.asset("ann", "a film")
	foreign := s.asset("bob", "another film")
	for _, c := range []struct {
		name   string
		id     string
		body   []byte
		header http.Header
		status int
	}{
		{"of another format", a.ID, still(t, "gif", 16, 9), nil, http.StatusUnprocessableEntity},
		{"a page", a.ID, []byte("<svg/>"), nil, http.StatusUnprocessableEntity},
		{"nothing", a.ID, nil, nil, http.StatusUnprocessableEntity},
		{"with too many pixels", a.ID, still(t, "png", 8193, 1), nil, http.StatusUnprocessableEntity},
		{"too large", a.ID, make([]byte, metadata.MaxPosterBytes+1), nil, http.StatusRequestEntityTooLarge},
		{"for another version", a.ID, still(t, "jpeg", 16, 9), http.Header{"If-Match": {`"7"`}}, http.StatusPreconditionFailed},
		{"of another's asset", foreign.ID, still(t, "jpeg", 16, 9), nil, http.StatusNotFound},
		{"of no asset", "none", still(t, "jpeg", 16, 9), nil, http.StatusNotFound},
	} {
		t.Run(c.name, func(t *testing.T) {
			put := s.poster(http.MethodPut, c.id, c.body)
			put.header = c.header
			s.expect(c.status, put)
			equal(t, "files", len(left(t, s.files)), 0)
		})
	}
	s.expect(http.StatusMethodNotAllowed, s.poster(http.MethodGet, a.ID, nil))
	s.files.fail("commit", storage.ErrFull)
	s.expect(http.StatusInsufficientStorage, s.poster(http.MethodPut, a.ID, still(t, "jpeg", 16, 9)))
	equal(t, "files", len(left(t, s.files)), 0)
}

func TestAPosterThatWasMadeGivesWay(t *testing.T) {
	s := newCaptioned(t, nil)
	a := s.asset("ann", "a film")
	ctx := t.Context()
	revise := func(revision string) {
		t.Helper()
		if err := s.store.Update(ctx, func(tx metadata.Tx) error {
			now, err := tx.Asset(ctx, a.ID)
			if err != nil {
				return err
			}
			now.Revision = revision
			return tx.UpdateAsset(ctx, now)
		}); err != nil {
			t.Fatal(err)
		}
	}
	set := func(picture []byte, revision string) error {
		return metadata.SetPoster(ctx, s.files, s.store, a.ID, metadata.Poster{Picture: picture, Revision: revision})
	}
	revise("r2")
	small, large := still(t, "jpeg", 16, 9), still(t, "jpeg", 32, 18)
	if err := set(small, "r1"); !errors.Is(err, metadata.ErrConflict) {
		t.Errorf("of another film: %v", err)
	}
	if err := set(small, "r2"); err != nil {
		t.Fatal(err)
	}
	made := s.read(a.ID)
	if made.Poster == "" || made.PosterSent() != 0 {
		t.Errorf("made: %q, %d", made.Poster, made.PosterSent())
	}
	if err := set(large, "r2"); err != nil || s.read(a.ID).Poster != made.Poster {
		t.Errorf("a second that was made: %v, %q", err, s.read(a.ID).Poster)
	}
	if err := set(large, ""); err != nil || s.read(a.ID).PosterSent() != int64(len(large)) {
		t.Errorf("one that was chosen: %v, %q", err, s.read(a.ID).Poster)
	}
	s.deliver()
	equal(t, "files", left(t, s.files), []string{s.read(a.ID).Poster})
	if err := set([]byte("<svg/>"), "r2"); !errors.Is(err, metadata.ErrInvalid) {
		t.Errorf("no picture: %v", err)
	}
	if err := metadata.SetPoster(ctx, s.files, s.store, metadata.NewID(), metadata.Poster{Picture: small}); !errors.Is(err, metadata.ErrNotFound) {
		t.Errorf("of no asset: %v", err)
	}
	equal(t, "files", left(t, s.files), []string{s.read(a.ID).Poster})
}

func TestAPosterThatACrashLeftIsRemovedWithTheNext(t *testing.T) {
	s := newCaptioned(t, nil)
	a := s.asset("ann", "a film")
	lost, err := s.files.Create(t.Context(), "assets/"+a.ID+"/posters/lost.jpg")
	if err == nil {
		err = errors.Join(lost.Commit(t.Context()), lost.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	s.expect(http.StatusCreated, s.poster(http.MethodPut, a.ID, still(t, "jpeg", 16, 9)))
	s.deliver()
	equal(t, "young files", len(left(t, s.files)), 2)
	s.files.age = -2 * time.Hour
	s.deliver()
	equal(t, "old files", left(t, s.files), []string{s.read(a.ID).Poster})
}

func TestAPosterThatWasSentCountsForItsOwner(t *testing.T) {
	s := newCaptioned(t, nil)
	a := s.asset("ann", "a film")
	picture := still(t, "jpeg", 16, 9)
	s.expect(http.StatusCreated, s.poster(http.MethodPut, a.ID, picture))
	stored, err := s.store.Stored(t.Context(), "ann")
	if err != nil || stored != int64(len(picture)) {
		t.Errorf("%d bytes, %v; want %d", stored, err, len(picture))
	}
}

func TestPosterEventsSayWhatChanged(t *testing.T) {
	s := newCaptioned(t, nil)
	a := s.asset("ann", "a film")
	s.expect(http.StatusCreated, s.poster(http.MethodPut, a.ID, still(t, "jpeg", 16, 9)))
	key := s.read(a.ID).Poster
	s.expect(http.StatusNoContent, s.poster(http.MethodDelete, a.ID, nil))
	var data []any
	for _, e := range s.outbox() {
		if e.Type == events.AssetUpdated {
			data = append(data, e.Data)
		}
	}
	equal(t, "events", data, []any{map[string]any{"poster": true}, map[string]any{"poster": false, "keys": []any{key}}})
}

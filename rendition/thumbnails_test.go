package rendition_test

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/rendition"
)

func picture(t *testing.T, width, height int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, width, height)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// stored are how many files an asset has.
func (h *house) stored(t *testing.T) (n int) {
	t.Helper()
	for _, err := range h.files.List(t.Context(), "assets/"+h.asset+"/") {
		if n++; err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// follow does what events ask for.
func (h *house) follow(t *testing.T) {
	t.Helper()
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
}

func TestThumbnailsAreStoredAndReplaced(t *testing.T) {
	h := newHouse(t)
	had := h.stored(t)
	layout := metadata.Thumbnails{Columns: 2, Rows: 2, Width: 16, Height: 8, Interval: 1, Count: 5}
	last := picture(t, 32, 8)
	for range 2 {
		err := rendition.SetThumbnails(t.Context(), h.files, h.meta, h.asset, layout, func(n int) ([]byte, error) {
			if n == 1 {
				return last, nil
			}
			return picture(t, 32, 16), nil
		})
		if err != nil {
			t.Fatal(err)
		}
		h.follow(t)
	}
	a, err := h.meta.Asset(t.Context(), h.asset)
	if err != nil {
		t.Fatal(err)
	}
	want := layout
	want.Prefix, want.Largest = a.Thumbnails.Prefix, int64(len(picture(t, 32, 16)))
	if d := cmp.Diff(&want, a.Thumbnails); d != "" {
		t.Error(d)
	}
	if n := h.stored(t) - had; n != 2 {
		t.Errorf("%d images are there, want 2", n)
	}
}

func TestBadThumbnailsLeaveNothing(t *testing.T) {
	h := newHouse(t)
	had := h.stored(t)
	good := metadata.Thumbnails{Columns: 2, Rows: 2, Width: 16, Height: 8, Interval: 1, Count: 8}
	set := func(t metadata.Thumbnails, change func(*metadata.Thumbnails)) metadata.Thumbnails {
		change(&t)
		return t
	}
	broken := errors.New("no more pictures")
	for name, c := range map[string]struct {
		layout metadata.Thumbnails
		image  func(n int) ([]byte, error)
		want   error
	}{
		"no tiles":     {set(good, func(t *metadata.Thumbnails) { t.Count = 0 }), nil, metadata.ErrInvalid},
		"no interval":  {set(good, func(t *metadata.Thumbnails) { t.Interval = 0 }), nil, metadata.ErrInvalid},
		"a huge image": {set(good, func(t *metadata.Thumbnails) { t.Columns = 1 << 20 }), nil, metadata.ErrInvalid},
		"another size": {good, func(int) ([]byte, error) { return picture(t, 16, 16), nil }, metadata.ErrInvalid},
		"no JPEG":      {good, func(int) ([]byte, error) { return []byte("<svg/>"), nil }, metadata.ErrInvalid},
		"one too few": {good, func(n int) ([]byte, error) {
			if n == 1 {
				return nil, broken
			}
			return picture(t, 32, 16), nil
		}, broken},
	} {
		if err := rendition.SetThumbnails(t.Context(), h.files, h.meta, h.asset, c.layout, c.image); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if n := h.stored(t) - had; n != 0 {
			t.Errorf("%s: %d images are there", name, n)
		}
	}
}

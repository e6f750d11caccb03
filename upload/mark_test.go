package upload_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/upload"
)

// fullOnce is a database that has no room for one change.
type fullOnce struct {
	metadata.Store
	full atomic.Bool
}

func (f *fullOnce) Update(ctx context.Context, fn func(metadata.Tx) error) error {
	if f.full.Swap(false) {
		return metadata.ErrFull
	}
	return f.Store.Update(ctx, fn)
}

func TestWhatArrivedIsKeptWhereTheDatabaseHasNoRoomForAllOfIt(t *testing.T) {
	for name, headers := range map[string][]string{
		"of an upload": nil,
		"of a part":    {"Upload-Concat", "partial"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, nil)
			meta := &fullOnce{Store: h.meta}
			up, err := upload.New(h.files, meta, &upload.Options{OnComplete: takeAsItIs})
			if err != nil {
				t.Fatal(err)
			}
			h.http.Config.Handler = mount(up)
			file := film(8 << 20)
			url := h.tusCreate(len(file), headers...)
			w := h.write(url, 0)
			w.send(file[:6<<20])
			h.drafted(5 << 20)
			meta.full.Store(true)
			_ = w.body.CloseWithError(errors.New("the client goes away"))
			w.wait()
			h.until("the server has seen it", func() bool { return !up.Held(idOf(url)) })
			if at := h.offset(url); at < 2<<20 {
				t.Errorf("it ends at %d", at)
			}
			at := h.offset(url)
			h.want(h.patch(url, at, file[at:]), 204)
		})
	}
}

// drafted waits until so many bytes have come to the one draft that there is.
func (h *house) drafted(size int64) {
	h.t.Helper()
	h.until("the bytes came", func() bool {
		for d, err := range h.files.Drafts(h.t.Context(), "") {
			if err == nil && d.Size >= size {
				return true
			}
		}
		return false
	})
}

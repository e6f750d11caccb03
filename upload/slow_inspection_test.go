package upload_test

import (
	"context"
	"net/http"
	"strconv"
	"testing"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/upload"
)

// slowStore opens no blob until it is told to.
type slowStore struct {
	storage.Store

	open chan struct{}
}

func (s *slowStore) Open(ctx context.Context, key string) (storage.Blob, error) {
	select {
	case <-s.open:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return s.Store.Open(ctx, key)
}

// Who asks while a file is looked at for long hears that all of it is here.
func TestAnUploadIsCompleteWhileItsFileIsLookedAt(t *testing.T) {
	slow := &slowStore{open: make(chan struct{})}
	h := newHouseOn(t, &upload.Options{OnComplete: upload.Inspect}, func(s storage.Store) storage.Store {
		slow.Store = s
		return slow
	})
	file := corpusFile(t, goodFilm)
	url := h.tusCreate(len(file))
	answered := make(chan answer, 1)
	go func() { answered <- h.patch(url, 0, file) }()
	for offset := ""; offset != strconv.Itoa(len(file)); { // bounded by the test's deadline
		offset = h.tus(http.MethodHead, url, nil).header.Get("Upload-Offset")
		select {
		case a := <-answered:
			t.Fatalf("it was answered before the file was looked at: %d", a.status)
		default:
		}
	}
	u := h.upload(idOf(url))
	if a := h.asset(u.Asset); u.State != metadata.UploadComplete || a.State != metadata.Processing {
		t.Errorf("the upload is %s, its asset %s", u.State, a.State)
	}
	close(slow.open)
	h.want(<-answered, http.StatusNoContent)
	if a := h.asset(u.Asset); a.State != metadata.Ready || a.Source != u.Key {
		t.Errorf("in the end the asset is %s of %q", a.State, a.Source)
	}
}

package upload_test

import (
	"context"
	"testing"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/upload"
)

// slowReads is a database whose answer to the next question comes late.
type slowReads struct {
	metadata.Store
	meanwhile func()
}

func (s *slowReads) Upload(ctx context.Context, id string) (*metadata.Upload, error) {
	u, err := s.Store.Upload(ctx, id)
	if f := s.meanwhile; f != nil {
		s.meanwhile = nil
		f()
	}
	return u, err
}

func TestHeadTellsWhatAWriterLeftThatEndsMeanwhile(t *testing.T) {
	h := newHouse(t, nil)
	meta := &slowReads{Store: h.meta}
	up, err := upload.New(h.files, meta, &upload.Options{OnComplete: takeAsItIs})
	if err != nil {
		t.Fatal(err)
	}
	h.http.Config.Handler = mount(up)
	url := h.tusCreate(1000)
	meta.meanwhile = func() { h.want(h.patch(url, 0, film(500)), 204) }
	if at := h.offset(url); at != 500 {
		t.Errorf("it ends at %d, and a writer was told 500", at)
	}
}

package upload_test

import (
	"context"
	"iter"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/upload"
)

// late is a store whose list of drafts is of a moment ago: when a draft is
// listed, meanwhile has happened.
type late struct {
	storage.Store
	meanwhile func(key string)
}

func (l *late) Drafts(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		for info, err := range l.Store.Drafts(ctx, prefix) {
			l.meanwhile(info.Key)
			if !yield(info, err) {
				return
			}
		}
	}
}

func TestRecoverLeavesAloneWhatBecomesCompleteBesideIt(t *testing.T) {
	l := &late{meanwhile: func(string) {}}
	h := newHouseOn(t, &upload.Options{OnComplete: upload.Inspect}, func(s storage.Store) storage.Store { l.Store = s; return l })
	file := corpusFile(t, goodFilm)
	url := h.tusCreate(len(file))
	h.want(h.patch(url, 0, file[:1000]), 204)
	l.meanwhile = func(key string) {
		if strings.HasSuffix(key, "/source") {
			h.want(h.patch(url, 1000, file[1000:]), 204)
		}
	}
	if err := h.up.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.whole(h.upload(idOf(url)).Asset, file)
}

func TestRecoverLeavesAloneAnIndexThatIsWrittenBesideIt(t *testing.T) {
	l := &late{meanwhile: func(string) {}}
	g := newTurnstile()
	h := newHouseOn(t, &upload.Options{OnComplete: g.inspect}, func(s storage.Store) storage.Store { l.Store = s; return l })
	file := corpusFile(t, goodFilm)
	id := h.newAsset("alice", metadata.Uploading)
	running := h.begin(g, id, file)
	// What an inspection leaves behind that a crash cut off.
	draft, err := h.files.Create(t.Context(), upload.IndexKey(id, running.id))
	if err != nil {
		t.Fatal(err)
	}
	if err := draft.Close(); err != nil {
		t.Fatal(err)
	}
	l.meanwhile = func(key string) {
		if strings.HasSuffix(key, "/index") {
			h.want(running.decide(g), 201)
		}
	}
	if err := h.up.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.whole(id, file)
}

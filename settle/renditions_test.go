package settle_test

import (
	"bytes"
	"errors"
	"path"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/internal/testclip"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/settle"
	"github.com/streamgate/streamgate/storage"
)

// beside has a file play beside the source of an asset, as an upload does.
func (h *house) beside(id, name string, data []byte) {
	h.t.Helper()
	u := h.upload(id, int64(len(data)))
	u.Rendition = name
	h.put(u.Key, data)
	h.inspect(id, u)
}

func (h *house) put(key string, data []byte) {
	h.t.Helper()
	draft, err := h.files.Create(h.ctx(), key)
	if err == nil {
		_, err = draft.Write(data)
	}
	if err == nil {
		err = draft.Commit(h.ctx())
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

// only is the rendition of an asset that has one beside its source.
func (h *house) only(id string) metadata.Rendition {
	h.t.Helper()
	for _, r := range h.asset(id).Renditions {
		if r.Plays() {
			return r
		}
	}
	h.t.Fatal("there is no rendition")
	return metadata.Rendition{}
}

func TestARenditionSettlesBesideItsSource(t *testing.T) {
	for name, originals := range map[string]settle.Originals{"its original is kept": settle.Keep, "its original is dropped": settle.Drop} {
		t.Run(name, func(t *testing.T) {
			h := open(t, t.TempDir())
			clip := testclip.MP4(t)
			id := h.film(clip)
			h.beside(id, "same", clip)
			h.carry()
			came, before := h.only(id), answers(h.player(), id)
			address := "/" + id + "/" + came.Revision + "/source"
			if w := get(h.player(), address); w.Code != 200 || !bytes.Equal(w.Body.Bytes(), clip) {
				t.Fatalf("the file as it came: %d", w.Code)
			}
			s := h.settler(&settle.Options{Originals: originals, Grace: time.Nanosecond}, h.files, h.meta)
			if err := errors.Join(s.Settle(t.Context(), id), s.Settle(t.Context(), id)); err != nil {
				t.Fatal(err)
			}
			h.carry()
			now := h.only(id)
			want := came
			want.Settling = metadata.Settling{State: metadata.Settled, Original: came.Source, Dropped: originals == settle.Drop}
			want.Source, want.Index = now.Source, now.Index
			if d := cmp.Diff(want, now); d != "" || now.Source == came.Source {
				t.Errorf("the row (-want +got):\n%s", d)
			}
			sameAnswers(t, before, answers(h.player(), id))

			a := h.asset(id)
			keys := []string{a.Source, a.Index, now.Source, now.Index}
			if originals == settle.Keep {
				keys = append(keys, a.Settling.Original, came.Source)
			}
			h.onlyKeys(keys...)
			switch w := get(h.player(), address); {
			case originals == settle.Drop && w.Code != 404:
				t.Errorf("the file as it came, which is not kept: %d", w.Code)
			case originals == settle.Keep && (w.Code != 200 || !bytes.Equal(w.Body.Bytes(), clip)):
				t.Errorf("the file as it came: %d, %d bytes", w.Code, w.Body.Len())
			}
			if w := get(h.player(), path.Dir(address)+"/settled"); w.Code != 404 {
				t.Errorf("the settled file: %d", w.Code)
			}
			if err := errors.Join(h.files.Delete(t.Context(), now.Index), h.files.Delete(t.Context(), a.Index)); err != nil {
				t.Fatal(err)
			}
			sameAnswers(t, before, answers(h.player(), id)) // indexed anew
			h.delete(id)
			h.carry()
			h.onlyKeys()
		})
	}
}

// One that joins later is settled when it is looked at the next time, and whatever
// takes its place leaves nothing of it.
func TestARenditionThatJoinsALaterSettlesAndGoesWithoutATrace(t *testing.T) {
	h := open(t, t.TempDir())
	clip := testclip.MP4(t)
	id := h.film(clip)
	s := h.settler(nil, h.files, h.meta)
	if err := s.Settle(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	for _, more := range []string{"", "free", "skip"} {
		file := bytes.Clone(clip)
		if more != "" {
			file = append(file, append([]byte{0, 0, 0, 8}, more...)...)
		}
		h.beside(id, "same", file)
		if err := s.Settle(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		h.carry()
		a, r := h.asset(id), h.only(id)
		if r.Settling.State != metadata.Settled {
			t.Errorf("%+v", r.Settling)
		}
		h.onlyKeys(a.Source, a.Index, a.Settling.Original, r.Source, r.Index, r.Settling.Original)
	}
}

func TestWhatHappensWhileARenditionIsSettled(t *testing.T) {
	clip := testclip.MP4(t)
	other := append(bytes.Clone(clip), 0, 0, 0, 8, 'f', 'r', 'e', 'e')
	for name, then := range map[string]func(h *house, id string){
		"another takes its place":    func(h *house, id string) { h.beside(id, "same", other); h.carry() },
		"the source becomes another": func(h *house, id string) { h.add(id, other); h.carry() },
		"the asset is deleted":       func(h *house, id string) { h.delete(id); h.carry() },
	} {
		for _, step := range []string{"created", "write", "commit", "committed", "update"} {
			t.Run(name+" at "+step, func(t *testing.T) {
				h := open(t, t.TempDir())
				id := h.film(clip)
				if err := h.settler(nil, h.files, h.meta).Settle(t.Context(), id); err != nil {
					t.Fatal(err)
				}
				h.beside(id, "same", clip)
				h.carry()
				once := true
				at := steps{func(now string) error {
					if now == step && once {
						once = false
						then(h, id)
					}
					return nil
				}}
				if err := h.settler(nil, stepFiles{h.files, at}, stepMeta{h.meta, at}).Settle(t.Context(), id); err != nil {
					t.Fatal(err)
				}
				h.carry()
				if once {
					t.Fatal("that step did not come")
				}
				if name == "the asset is deleted" {
					h.onlyKeys()
					return
				}
				if err := h.settler(nil, h.files, h.meta).Settle(t.Context(), id); err != nil {
					t.Fatal(err)
				}
				h.carry()
				a := h.asset(id)
				keys := []string{a.Source, a.Index, a.Settling.Original}
				for _, r := range a.Renditions {
					if r.Plays() {
						keys = append(keys, r.Keys()[0].(string), r.Index, r.Settling.Original)
					}
				}
				h.onlyKeys(slices.Compact(keys)...)
				if w := get(h.player(), "/"+id+"/master.m3u8"); w.Code != 200 {
					t.Errorf("%d %s", w.Code, w.Body)
				}
			})
		}
	}
}

// A fault of a store leaves the rendition as it was.
func TestAFaultLeavesARenditionAsItWas(t *testing.T) {
	h := open(t, t.TempDir())
	clip := testclip.MP4(t)
	id := h.film(clip)
	if err := h.settler(nil, h.files, h.meta).Settle(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	h.beside(id, "same", clip)
	h.carry()
	before, keys := h.only(id), h.keys()
	for _, step := range []string{"create", "write", "commit", "update"} {
		at := steps{func(now string) error {
			if now == step {
				return storage.ErrUnavailable
			}
			return nil
		}}
		err := h.settler(nil, stepFiles{h.files, at}, stepMeta{h.meta, at}).Settle(t.Context(), id)
		if !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("at %s: %v", step, err)
		}
		if d := cmp.Diff(before, h.only(id)); d != "" {
			t.Errorf("at %s: %s", step, d)
		}
		h.onlyKeys(slices.Clone(keys)...)
	}
}

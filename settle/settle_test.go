package settle_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/testclip"
	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/settle"
	"github.com/streamgate/streamgate/storage"
)

func TestASettledAssetIsAnsweredAsBefore(t *testing.T) {
	h := open(t, t.TempDir())
	id := h.film(testclip.MP4(t))
	h.carry()
	came, before := h.asset(id), answers(h.player(), id)
	s := h.settler(nil, h.files, h.meta)
	for range 2 { // the second time there is nothing to do
		if err := s.Settle(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	a := h.asset(id)
	want := came.Clone()
	want.Settling = metadata.Settling{State: metadata.Settled, Original: came.Source}
	want.Source, want.Index, want.Version, want.UpdatedAt = a.Source, a.Index, came.Version+1, a.UpdatedAt
	if diff := cmp.Diff(want, a); diff != "" {
		t.Errorf("the row (-want +got):\n%s", diff)
	}
	if a.Source == came.Source || a.Index == came.Index {
		t.Error("it has the file that it had")
	}
	sameAnswers(t, before, answers(h.player(), id))
	h.inRuns(a)

	h.carry()
	h.onlyKeys(came.Source, a.Source, a.Index) // the old index is gone
	if err := h.files.Delete(t.Context(), a.Index); err != nil {
		t.Fatal(err)
	}
	sameAnswers(t, before, answers(h.player(), id)) // indexed anew
	if got := h.told(id); !slices.Contains(got, events.AssetSettled) {
		t.Errorf("told: %v", got)
	}
}

// inRuns asks that each segment of an asset is one run of its source.
func (h *house) inRuns(a *metadata.Asset) {
	h.t.Helper()
	blob, err := h.files.Open(h.ctx(), a.Source)
	if err != nil {
		h.t.Fatal(err)
	}
	defer blob.Close()
	ix, err := media.Parse(h.ctx(), blob, blob.Info().Size, &media.Options{Cut: cut})
	if err != nil {
		h.t.Fatal(err)
	}
	for i, t := range ix.Tracks {
		if len(t.Segments) < 2 {
			h.t.Errorf("track %d has %d segments: too few to say anything", t.ID, len(t.Segments))
		}
		for n := range t.Segments {
			samples, err := ix.Samples(nil, nil, i, n)
			if err != nil {
				h.t.Fatal(err)
			}
			for k := 1; k < len(samples); k++ {
				if samples[k].Offset != samples[k-1].Offset+int64(samples[k-1].Size) {
					h.t.Fatalf("sample %d of segment %d of track %d lies elsewhere", k, n, t.ID)
				}
			}
		}
	}
}

func TestWhatIsDownloaded(t *testing.T) {
	clip := testclip.MP4(t)
	for name, originals := range map[string]settle.Originals{"the original, while it is kept": settle.Keep, "the settled file, once it is dropped": settle.Drop} {
		t.Run(name, func(t *testing.T) {
			h := open(t, t.TempDir())
			id := h.film(clip)
			p := h.player()
			first := "/" + id + "/" + get(p, "/"+id+"/download").Header().Get("Location")
			before := get(p, first)
			s := h.settler(&settle.Options{Originals: originals, Grace: time.Nanosecond}, h.files, h.meta)
			if err := errors.Join(s.Settle(t.Context(), id), s.Settle(t.Context(), id)); err != nil {
				t.Fatal(err)
			}
			h.carry()
			p = h.player()
			now := "/" + id + "/" + get(p, "/"+id+"/download").Header().Get("Location")
			again := get(p, now)
			if again.Code != 200 {
				t.Fatalf("%s: %d %s", now, again.Code, again.Body)
			}
			if originals == settle.Keep {
				if now != first || !bytes.Equal(again.Body.Bytes(), clip) || again.Header().Get("ETag") != before.Header().Get("ETag") {
					t.Error("another file is downloaded")
				}
				if w := get(p, path.Dir(first)+"/settled"); w.Code != 404 {
					t.Errorf("the settled file: %d", w.Code)
				}
				return
			}
			if now == first || again.Header().Get("ETag") == before.Header().Get("ETag") {
				t.Error("another file has the address or the ETag of the first")
			}
			if _, err := media.Parse(t.Context(), bytes.NewReader(again.Body.Bytes()), int64(again.Body.Len()), nil); err != nil {
				t.Error(err)
			}
			if w := get(p, first); w.Code != 404 || !strings.Contains(w.Body.String(), "not kept") {
				t.Errorf("the original: %d %s", w.Code, w.Body)
			}
			a := h.asset(id)
			h.onlyKeys(a.Source, a.Index)
		})
	}
}

// spoiled are files of which a byte changes on the way.
type spoiled struct{ storage.Store }

func (s spoiled) Create(ctx context.Context, key string) (storage.Draft, error) {
	d, err := s.Store.Create(ctx, key)
	return spoiledDraft{d}, err
}

type spoiledDraft struct{ storage.Draft }

func (d spoiledDraft) Write(p []byte) (int, error) {
	p = bytes.Clone(p)
	p[len(p)-1] ^= 1
	return d.Draft.Write(p)
}

func TestWhatDoesNotComeOutTheSameStaysAsItCame(t *testing.T) {
	h := open(t, t.TempDir())
	id := h.film(testclip.MP4(t))
	before := answers(h.player(), id)
	s := h.settler(nil, spoiled{h.files}, h.meta)
	if err := s.Settle(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	a := h.asset(id)
	if a.Settling.State != metadata.Unsettled || !strings.Contains(a.Settling.Reason, "not presented alike") {
		t.Errorf("%+v", a.Settling)
	}
	sameAnswers(t, before, answers(h.player(), id))
	h.carry()
	h.onlyKeys(a.Source, a.Index)
	if got := h.told(id); !slices.Contains(got, events.AssetUnsettled) || slices.Contains(got, events.AssetSettled) {
		t.Errorf("told: %v", got)
	}
	if err := s.Settle(t.Context(), id); err != nil || h.asset(id).Version != a.Version {
		t.Errorf("it was tried again: %v", err)
	}
}

func TestAFileInRunsStaysWhereItIs(t *testing.T) {
	h := open(t, t.TempDir())
	clip := testclip.MP4(t)
	ix, err := media.Parse(t.Context(), bytes.NewReader(clip), int64(len(clip)), &media.Options{Cut: cut})
	if err != nil {
		t.Fatal(err)
	}
	var settled bytes.Buffer
	if _, err := media.Rewrite(t.Context(), &settled, bytes.NewReader(clip), ix); err != nil {
		t.Fatal(err)
	}
	id := h.film(settled.Bytes())
	h.carry()
	before := h.asset(id)
	if err := h.settler(&settle.Options{Originals: settle.Drop, Grace: time.Nanosecond}, h.files, h.meta).Settle(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	a := h.asset(id)
	if a.Settling != (metadata.Settling{State: metadata.Settled}) || a.Source != before.Source || a.Index != before.Index {
		t.Errorf("%+v", a)
	}
	h.onlyKeys(a.Source, a.Index)
}

// An import has no SHA-256 unless that was asked for: its revision is by where it
// lies. The file that was imported is never touched.
func TestAnImportedFileStaysWhereItIs(t *testing.T) {
	for name, originals := range map[string]settle.Originals{"kept": settle.Keep, "dropped": settle.Drop} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			h := open(t, dir)
			clip := testclip.MP4(t)
			file := filepath.Join(dir, "clip.mp4")
			if err := os.WriteFile(file, clip, 0o600); err != nil {
				t.Fatal(err)
			}
			a := &metadata.Asset{ID: metadata.NewID(), Owner: "ann", State: metadata.Processing}
			h.insert(a)
			u := h.upload(a.ID, int64(len(clip)))
			if _, err := h.files.Import(t.Context(), u.Key, file); err != nil {
				t.Fatal(err)
			}
			h.inspect(a.ID, u)
			before := answers(h.player(), a.ID)
			s := h.settler(&settle.Options{Originals: originals, Grace: time.Nanosecond}, h.files, h.meta)
			if err := errors.Join(s.Settle(t.Context(), a.ID), s.Settle(t.Context(), a.ID)); err != nil {
				t.Fatal(err)
			}
			h.carry()
			sameAnswers(t, before, answers(h.player(), a.ID))
			now := h.asset(a.ID)
			if err := h.files.Delete(t.Context(), now.Index); err != nil {
				t.Fatal(err)
			}
			sameAnswers(t, before, answers(h.player(), a.ID)) // of the same revision, though indexed where it lies now
			if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, clip) {
				t.Errorf("the file: %v", err)
			}
			want := []string{now.Source}
			if originals == settle.Keep {
				want = append(want, u.Key)
			}
			h.onlyKeys(want...)
		})
	}
}

func TestWhatHappensWhileAnAssetIsSettled(t *testing.T) {
	clip := testclip.MP4(t)
	for name, tc := range map[string]struct {
		then func(h *house, id string)
		gone bool
	}{
		"it is deleted":                         {func(h *house, id string) { h.delete(id); h.carry() }, true},
		"it is deleted, and its files go later": {func(h *house, id string) { h.delete(id) }, true},
		"it gets another file": {func(h *house, id string) {
			h.add(id, append(bytes.Clone(clip), 0, 0, 0, 8, 'f', 'r', 'e', 'e'))
			h.carry()
		}, false},
		"it gets another title": {func(h *house, id string) { h.rename(id) }, false},
	} {
		for _, step := range []string{"created", "write", "commit", "committed", "update"} {
			t.Run(name+" at "+step, func(t *testing.T) {
				h := open(t, t.TempDir())
				id := h.film(clip)
				once := true
				at := steps{func(now string) error {
					if now == step && once {
						once = false
						tc.then(h, id)
					}
					return nil
				}}
				s := h.settler(nil, stepFiles{h.files, at}, stepMeta{h.meta, at})
				if err := s.Settle(t.Context(), id); err != nil {
					t.Fatal(err)
				}
				h.carry()
				if once {
					t.Fatal("that step did not come")
				}
				if tc.gone {
					h.onlyKeys()
					return
				}
				if got := get(h.player(), "/"+id+"/master.m3u8"); got.Code != 200 {
					t.Errorf("plays: %d %s", got.Code, got.Body)
				}
				if err := h.settler(nil, h.files, h.meta).Settle(t.Context(), id); err != nil {
					t.Fatal(err)
				}
				h.carry()
				a := h.asset(id)
				if a.Settling.State != metadata.Settled {
					t.Errorf("%+v", a.Settling)
				}
				h.onlyKeys(a.Source, a.Index, a.Settling.Original)
				h.inRuns(a)
			})
		}
	}
}

func (h *house) delete(id string) {
	h.t.Helper()
	err := h.meta.Update(h.ctx(), func(tx metadata.Tx) error {
		a, err := tx.Asset(h.ctx(), id)
		if err != nil {
			return err
		}
		e, err := metadata.DeletedEvent(h.ctx(), tx, a)
		if err != nil {
			return err
		}
		return errors.Join(tx.DeleteAsset(h.ctx(), id), tx.Emit(h.ctx(), e))
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) rename(id string) {
	h.t.Helper()
	err := h.meta.Update(h.ctx(), func(tx metadata.Tx) error {
		a, err := tx.Asset(h.ctx(), id)
		if err != nil {
			return err
		}
		a.Title = "another"
		return tx.UpdateAsset(h.ctx(), a)
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func TestASettledAssetThatGetsAnotherFileLeavesNothing(t *testing.T) {
	h := open(t, t.TempDir())
	clip := testclip.MP4(t)
	id := h.film(clip)
	s := h.settler(nil, h.files, h.meta)
	if err := s.Settle(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	h.add(id, append(bytes.Clone(clip), 0, 0, 0, 8, 'f', 'r', 'e', 'e'))
	h.carry()
	a := h.asset(id)
	if a.Settling != (metadata.Settling{}) {
		t.Errorf("%+v", a.Settling)
	}
	h.onlyKeys(a.Source, a.Index)
}

var errFault = errors.New("the disk is on fire")

// Whatever fails, nothing is left of the attempt and the next one succeeds.
func TestAFaultLeavesTheAssetAsItWas(t *testing.T) {
	clip := testclip.MP4(t)
	for _, step := range []string{"create", "created", "open", "write", "commit", "committed", "update", "updated"} {
		for _, fault := range []error{errFault, storage.ErrFull} {
			t.Run(step+" "+fault.Error(), func(t *testing.T) {
				h := open(t, t.TempDir())
				id := h.film(clip)
				h.carry()
				before := answers(h.player(), id)
				at := steps{func(now string) error {
					if now == step {
						return fault
					}
					return nil
				}}
				s := h.settler(nil, stepFiles{h.files, at}, stepMeta{h.meta, at})
				err := s.Settle(t.Context(), id)
				a := h.asset(id)
				if step == "updated" { // it was done, and nobody was told
					if err != nil || a.Settling.State != metadata.Settled {
						t.Errorf("%v, %+v", err, a.Settling)
					}
				} else if !errors.Is(err, fault) || a.Settling.State != "" {
					t.Errorf("%v, %+v", err, a.Settling)
				}
				sameAnswers(t, before, answers(h.player(), id))
				if step != "updated" {
					h.onlyKeys(a.Source, a.Index)
				}
				if err := h.settler(nil, h.files, h.meta).Settle(t.Context(), id); err != nil {
					t.Fatal(err)
				}
				h.carry()
				a = h.asset(id)
				h.onlyKeys(a.Source, a.Index, a.Settling.Original)
				sameAnswers(t, before, answers(h.player(), id))
			})
		}
	}
}

// crowded is a store with so much room.
type crowded struct {
	storage.Store
	free int64
}

func (c crowded) Space(context.Context) (int64, error) { return c.free, nil }

func TestAnAssetWaitsWhereThereIsNoRoom(t *testing.T) {
	h := open(t, t.TempDir())
	clip := testclip.MP4(t)
	id := h.film(clip)
	h.carry()
	a := h.asset(id)
	s := h.settler(&settle.Options{Reserve: 1 << 20}, crowded{h.files, 1<<20 + int64(len(clip))/2}, h.meta)
	if err := s.Settle(t.Context(), id); !errors.Is(err, storage.ErrFull) {
		t.Errorf("%v, want ErrFull", err)
	}
	h.onlyKeys(a.Source, a.Index)
	s = h.settler(&settle.Options{Reserve: 1 << 20}, crowded{h.files, 1<<20 + 2*int64(len(clip))}, h.meta)
	if err := s.Settle(t.Context(), id); err != nil {
		t.Error(err)
	}
	if h.asset(id).Settling.State != metadata.Settled {
		t.Error("it is not settled")
	}
}

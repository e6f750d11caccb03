package upload_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/testclip"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/upload"
)

// arriving sends the first bytes of a file in pieces, and returns its URL and the
// ids of the upload and of its asset.
func (h *house) arriving(file []byte, upTo int, headers ...string) (url, id, asset string) {
	h.t.Helper()
	if len(headers) != 2 || headers[0] != "Upload-Defer-Length" {
		headers = append([]string{"Upload-Length", strconv.Itoa(len(file))}, headers...)
	}
	a := h.want(h.tus(http.MethodPost, "", nil, headers...), http.StatusCreated)
	url, asset = a.location(h.t), a.header.Get("StreamGate-Asset")
	for at := 0; at < upTo; {
		to := min(at+100_000, upTo)
		h.want(h.patch(url, at, file[at:to]), http.StatusNoContent)
		at = to
	}
	return url, idOf(url), asset
}

// wantGrowth says what an asset plays before it is complete: an upload, or "".
func (h *house) wantGrowth(asset, upload string) *metadata.Asset {
	h.t.Helper()
	a := h.asset(asset)
	if a.Growth != upload || a.Growing() != (upload != "") || a.Playable != (upload != "") {
		h.t.Fatalf("it plays upload %q (playable: %v, state %s), want %q\nlog: %s", a.Growth, a.Playable, a.State, upload, h.log)
	}
	return a
}

func TestAnAssetPlaysBeforeItsUploadIsComplete(t *testing.T) {
	for name, shape := range map[string]string{"moov first": testclip.MoovFirst, "in fragments": testclip.InFragments} {
		t.Run(name, func(t *testing.T) {
			file := testclip.Film(t, shape)
			h := newHouse(t, &upload.Options{OnComplete: upload.Inspect})
			url, id, asset := h.arriving(file, len(file)/2)
			if a := h.wantGrowth(asset, id); a.State != metadata.Uploading || len(a.Tracks) != 2 || a.Source != "" {
				t.Errorf("it is %s, with %d tracks and the source %q", a.State, len(a.Tracks), a.Source)
			}
			told := false
			pending, err := h.meta.Events().Pending(t.Context(), 0, 1000)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range pending {
				told = told || e.Type == events.AssetUpdated && e.Asset == asset && e.Data["playable"] == true
			}
			if !told {
				t.Error("nobody is told")
			}
			h.want(h.patch(url, len(file)/2, file[len(file)/2:]), http.StatusNoContent)
			a := h.asset(asset)
			if a.State != metadata.Ready || !a.Playable || a.Growing() || a.Growth != id || a.SourceID() != "upload "+id || a.Revision == "" {
				t.Errorf("at the end: %+v", a)
			}
			h.whole(asset, file)
		})
	}
}

func TestWhatDoesNotPlayBeforeItIsComplete(t *testing.T) {
	first := testclip.Film(t, testclip.MoovFirst)
	part := []string{"Upload-Concat", "partial"}
	for _, c := range []struct {
		name    string
		file    []byte
		o       upload.Options
		headers []string
		wrap    func(storage.Store) storage.Store
	}{
		{"the moov comes last", testclip.Film(t, testclip.MoovLast), upload.Options{OnComplete: upload.Inspect}, nil, nil},
		{"it is switched off", first, upload.Options{OnComplete: upload.Inspect, NoEarlyPlay: true}, nil, nil},
		{"the application decides what becomes of a file", first, upload.Options{OnComplete: takeAsItIs}, nil, nil},
		{"it would play longer than it may", first, upload.Options{OnComplete: upload.Inspect, MaxDuration: 30e9}, nil, nil},
		{"a part", first, upload.Options{OnComplete: upload.Inspect}, part, nil},
		{"a store that lets nobody read drafts", first, upload.Options{OnComplete: upload.Inspect}, nil, func(s storage.Store) storage.Store { return struct{ storage.Store }{s} }},
		{"a store that cannot read drafts now", first, upload.Options{OnComplete: upload.Inspect}, nil, func(s storage.Store) storage.Store {
			return draftReader{s, func(string) (storage.Blob, error) { return nil, storage.ErrUnavailable }}
		}},
		{"a store that panics", first, upload.Options{OnComplete: upload.Inspect}, nil, func(s storage.Store) storage.Store {
			return draftReader{s, func(string) (storage.Blob, error) { panic("no") }}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			wrap := c.wrap
			if wrap == nil {
				wrap = func(s storage.Store) storage.Store { return s }
			}
			h := newHouseOn(t, &c.o, wrap)
			url, _, asset := h.arriving(c.file, len(c.file)*3/4, c.headers...)
			if asset != "" {
				h.wantGrowth(asset, "")
			}
			h.want(h.patch(url, len(c.file)*3/4, c.file[len(c.file)*3/4:]), http.StatusNoContent) // the upload goes on
		})
	}
}

// draftReader opens drafts in its own way.
type draftReader struct {
	storage.Store
	open func(key string) (storage.Blob, error)
}

func (d draftReader) OpenDraft(_ context.Context, key string) (storage.Blob, error) {
	return d.open(key)
}

func TestWhatIsGoneDoesNotPlayOn(t *testing.T) {
	file := testclip.Film(t, testclip.MoovFirst)
	half := len(file) / 2
	for _, c := range []struct {
		name  string
		do    func(h *house, url, asset string)
		state metadata.State
	}{
		{"it is cancelled", func(h *house, url, _ string) {
			h.want(h.tus(http.MethodDelete, url, nil), http.StatusNoContent)
		}, metadata.Failed},
		{"it is cancelled while another one arrives", func(h *house, url, asset string) {
			h.want(h.tus(http.MethodPost, "", nil, "Upload-Length", "1000", "Upload-Metadata", "asset_id "+base64.StdEncoding.EncodeToString([]byte(asset))), http.StatusCreated)
			h.want(h.tus(http.MethodDelete, url, nil), http.StatusNoContent)
		}, metadata.Uploading},
		{"another file is complete before", func(h *house, _, asset string) {
			h.want(h.do(http.MethodPost, "?asset_id="+asset, bytes.NewReader(testclip.MP4(h.t))), http.StatusCreated)
		}, metadata.Ready},
		{"the rest is not what the beginning says", func(h *house, url, asset string) {
			rest := make([]byte, len(file)-half)
			copy(rest, file[half:])
			h.want(h.patch(url, half, rest[:1000]), http.StatusNoContent)
			h.want(h.do(http.MethodPost, url+"/complete", nil), http.StatusOK) // it is cut off
		}, metadata.Failed},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t, &upload.Options{OnComplete: upload.Inspect})
			var length []string
			if c.name == "the rest is not what the beginning says" {
				length = []string{"Upload-Defer-Length", "1"}
			}
			url, id, asset := h.arriving(file, half, length...)
			h.wantGrowth(asset, id)
			c.do(h, url, asset)
			a := h.asset(asset)
			if a.State != c.state || a.Growth != "" || a.Playable != (c.state == metadata.Ready) {
				t.Errorf("it is %s, plays upload %q, playable: %v; want %s", a.State, a.Growth, a.Playable, c.state)
			}
			if c.state == metadata.Ready && a.SourceID() != a.SHA256 {
				t.Errorf("its revision is made of %q", a.SourceID())
			}
		})
	}
}

// TestSmallRequestsDoNotCostALookEach counts how often a file whose moov comes
// last, and one whose moov is large, are looked at.
func TestSmallRequestsDoNotCostALookEach(t *testing.T) {
	for name, c := range map[string]struct {
		shape string
		most  int64
	}{"moov last": {testclip.MoovLast, 2}, "moov first": {testclip.MoovFirst, 8}} {
		t.Run(name, func(t *testing.T) {
			file := testclip.Film(t, c.shape)
			var looks atomic.Int64
			h := newHouseOn(t, &upload.Options{OnComplete: upload.Inspect}, func(s storage.Store) storage.Store {
				return draftReader{s, func(key string) (storage.Blob, error) {
					looks.Add(1)
					return s.(storage.DraftReader).OpenDraft(context.Background(), key)
				}}
			})
			a := h.want(h.tus(http.MethodPost, "", nil, "Upload-Length", strconv.Itoa(len(file))), http.StatusCreated)
			step := len(file)/100 + 1
			for at := 0; at < len(file); at += step {
				h.want(h.patch(a.location(t), at, file[at:min(at+step, len(file))]), http.StatusNoContent)
			}
			if n := looks.Load(); n > c.most || n == 0 {
				t.Errorf("%d looks in 100 requests, want up to %d", n, c.most)
			}
		})
	}
}

func TestAnUploadGoesOnPlayingAfterARestart(t *testing.T) {
	file := testclip.Film(t, testclip.InFragments)
	h := newHouse(t, &upload.Options{OnComplete: upload.Inspect})
	_, id, asset := h.arriving(file, len(file)/2)
	h.wantGrowth(asset, id)
	again, err := upload.New(h.files, h.meta, &upload.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Recover(t.Context()); err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	h.wantGrowth(asset, id)
}

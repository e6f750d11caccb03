package upload_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/upload"
)

// part sends a whole part and returns its URL.
func (h *house) part(b []byte, headers ...string) string {
	h.t.Helper()
	url := h.tusCreate(len(b), append([]string{"Upload-Concat", "partial"}, headers...)...)
	h.want(h.patch(url, 0, b, headers...), 204)
	return url
}

// parts sends a file in n parts.
func (h *house) parts(file []byte, n int) []string {
	h.t.Helper()
	var urls []string
	for i := range n {
		urls = append(urls, h.part(file[i*len(file)/n:(i+1)*len(file)/n]))
	}
	return urls
}

// final asks for the parts to be joined.
func (h *house) final(urls []string, headers ...string) answer {
	h.t.Helper()
	return h.tus("POST", "", nil, append([]string{"Upload-Concat", "final;" + strings.Join(urls, " ")}, headers...)...)
}

func TestPartsBecomeOneAsset(t *testing.T) {
	h := newHouse(t, nil)
	file := film(300_001)
	urls := h.parts(file, 3)
	a := h.want(h.final(urls, "Upload-Metadata", "filename "+b64("whole.mp4")), 201)
	u := h.upload(idOf(a.location(t)))
	asset := h.asset(a.header.Get("StreamGate-Asset"))
	if u.State != metadata.UploadComplete || u.Asset != asset.ID || !bytes.Equal(h.read(asset.Source), file) {
		t.Errorf("the upload is %+v", u)
	}
	if asset.SHA256 != sumOf(file) || asset.Type != "video/mp4" || asset.Filename != "whole.mp4" || asset.Title != "whole" {
		t.Errorf("the asset is %+v", asset)
	}
	h.carry()
	if blobs, drafts := h.blobs(); blobs != 1 || drafts != 0 {
		t.Errorf("%d blobs and %d drafts are left", blobs, drafts)
	}
	head := h.want(h.tus("HEAD", a.location(t), nil), 200)
	got := []string{head.header.Get("Upload-Concat"), head.header.Get("Upload-Offset"), head.header.Get("Upload-Length")}
	if diff := cmp.Diff([]string{"final;" + strings.Join(urls, " "), "300001", "300001"}, got); diff != "" {
		t.Error(diff)
	}
	h.want(h.tus("HEAD", urls[0], nil), 200) // until it expires
	h.want(h.patch(urls[0], 100_000, nil), 204)
	if a := h.want(h.final(urls[:2]), 410); !strings.Contains(a.body, "joined to another") {
		t.Errorf("half of them again is answered %s", a.body)
	}
	h.want(h.tus("DELETE", urls[1], nil), 204)
	h.age(urls[0], urls[2])
	if err := h.up.Expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.want(h.tus("HEAD", urls[0], nil), 404)
	h.carry()
	if !bytes.Equal(h.read(asset.Source), file) {
		t.Error("the stored bytes are others")
	}
	h.want(h.final(urls), 201) // found all the same
	if a := h.want(h.patch(a.location(t), 300_001, nil), 403); !strings.Contains(a.body, "upload-final") {
		t.Errorf("a PATCH is answered %s", a.body)
	}
}

func TestAPartHasNoAssetAndMayBeAnything(t *testing.T) {
	h := newHouse(t, &upload.Options{OnComplete: func(context.Context, *upload.Completed) error {
		t.Error("OnComplete was called for a part")
		return nil
	}})
	created := h.want(h.tus("POST", "", nil, "Upload-Length", "10000", "Upload-Concat", "partial", "Upload-Metadata", "filename "+b64("x")+",asset_id "+b64("no id")), 201)
	if got := created.header; got.Get("StreamGate-Asset") != "" || got.Get("Upload-Concat") != "partial" || got.Get("Upload-Expires") == "" {
		t.Errorf("created with %v", got)
	}
	url := created.location(t)
	text := []byte(strings.Repeat("no film. ", 2000)[:10000])
	for at := 0; at < len(text); at += 5000 {
		a := h.want(h.patch(url, at, text[at:at+5000], "Upload-Checksum", checksumOf(text[at:at+5000])), 204)
		if _, there := a.header["Streamgate-Asset"]; there {
			t.Errorf("a PATCH names an asset: %v", a.header)
		}
	}
	head := h.want(h.tus("HEAD", url, nil), 200).header
	got := []string{head.Get("Upload-Concat"), head.Get("Upload-Offset"), head.Get("Upload-Length"), head.Get("Upload-Metadata"), head.Get("StreamGate-Asset")}
	if diff := cmp.Diff([]string{"partial", "10000", "10000", "asset_id " + b64("no id") + ",filename " + b64("x"), ""}, got); diff != "" {
		t.Error(diff)
	}
	status := h.want(h.do("GET", url, nil), 200).json(t)
	for _, name := range []string{"asset_id", "asset", "playback"} {
		if _, there := status[name]; there {
			t.Errorf("its status has %s: %v", name, status)
		}
	}
	if status["state"] != "complete" || status["expires_at"] == nil {
		t.Errorf("its status is %v", status)
	}
	page, err := h.meta.Search(t.Context(), metadata.Query{})
	if err != nil || len(page.Assets) != 0 {
		t.Errorf("there are %d assets, %v", len(page.Assets), err)
	}
	h.want(h.do("GET", "/"+idOf(url)+"/source", nil), 404)
}

func TestAPartOfUnknownLengthIsCompleted(t *testing.T) {
	h := newHouse(t, nil)
	file := film(20_000)
	created := h.want(h.tus("POST", "", nil, "Upload-Defer-Length", "1", "Upload-Concat", "partial"), 201)
	first := created.location(t)
	h.want(h.patch(first, 0, file[:10_000]), 204)
	second := h.part(file[10_000:])
	a := h.want(h.final([]string{first, second}), 409)
	if !strings.Contains(a.body, "not known") || !strings.Contains(a.body, "10000") {
		t.Errorf("answered %s", a.body)
	}
	h.want(h.do("POST", first+"/complete", strings.NewReader(`{"sha256":"`+sumOf(file[:10_000])+`"}`)), 422)
	for range 2 {
		if s := h.want(h.do("POST", first+"/complete", nil), 200).json(t); s["state"] != "complete" || s["size"] != 10_000.0 {
			t.Errorf("completed: %v", s)
		}
	}
	h.want(h.final([]string{first, second}), 201)
}

// Row 2 of the list of attacks: another's part is answered as one that is not
// there, whatever it is and wherever it stands, and nothing is made of any.
func TestAnothersPartsAreNotJoined(t *testing.T) {
	h := newHouse(t, nil)
	file := film(20_000)
	mine := h.part(file[:10_000], "X-User", "mallory")
	theirs := map[string]string{
		"a complete part":  h.part(file[10_000:]),
		"an open part":     h.tusCreate(10_000, "Upload-Concat", "partial"),
		"a whole file":     h.want(h.tus("POST", "", file, "Upload-Length", "20000", "Content-Type", "application/offset+octet-stream"), 201).location(t),
		"an open upload":   h.tusCreate(10_000),
		"a cancelled part": h.part(file[:10]),
	}
	h.want(h.tus("DELETE", theirs["a cancelled part"], nil), 204)
	gone := metadata.NewID()
	for name, url := range theirs {
		for order, urls := range map[string][]string{"first": {url, mine}, "last": {mine, url}} {
			t.Run(name+" "+order, func(t *testing.T) {
				h.t = t
				there := h.want(h.final(urls, "X-User", "mallory"), 404)
				for i := range urls {
					urls[i] = strings.ReplaceAll(urls[i], idOf(url), gone)
				}
				missing := h.want(h.final(urls, "X-User", "mallory"), 404)
				if diff := cmp.Diff(strings.ReplaceAll(there.body, idOf(url), gone), missing.body); diff != "" {
					t.Error("another's part differs from none:", diff)
				}
				h.want(h.final(urls, "X-User", "nobody"), 401)
			})
		}
	}
	h.t = t
	if got := h.upload(idOf(theirs["a complete part"])); got.State != metadata.UploadComplete {
		t.Errorf("the part is now %+v", got)
	}
	page, err := h.meta.Search(t.Context(), metadata.Query{Owner: "mallory"})
	if err != nil || len(page.Assets) != 0 {
		t.Errorf("mallory has %d assets, %v", len(page.Assets), err)
	}
	done := h.want(h.final([]string{theirs["a complete part"], mine}, "X-User", "root"), 400) // who may do everything
	if !strings.Contains(done.body, "several owners") {
		t.Errorf("answered %s", done.body)
	}
}

func TestAuthorizerIsAskedForEveryPart(t *testing.T) {
	var asked []auth.Object
	h := newHouse(t, &upload.Options{Authorizer: auth.AuthorizerFunc(func(_ context.Context, _ auth.Principal, a auth.Action, o auth.Object) error {
		if a == auth.Update {
			asked = append(asked, o)
		}
		return nil
	})})
	urls := h.parts(film(20_000), 2)
	asked = nil
	h.want(h.final(urls), 201)
	want := []auth.Object{{Kind: auth.Upload, ID: idOf(urls[0]), Owner: "alice"}, {Kind: auth.Upload, ID: idOf(urls[1]), Owner: "alice"}}
	if diff := cmp.Diff(want, asked[:min(2, len(asked))]); diff != "" {
		t.Error(diff)
	}
}

func TestWhoJoinsForAnotherMakesTheirs(t *testing.T) {
	h := newHouse(t, nil)
	a := h.want(h.final(h.parts(film(20_000), 2), "X-User", "root"), 201)
	if u, asset := h.upload(idOf(a.location(t))), h.asset(a.header.Get("StreamGate-Asset")); u.Owner != "alice" || asset.Owner != "alice" {
		t.Errorf("the upload belongs to %q, its asset to %q", u.Owner, asset.Owner)
	}
	mine := h.newAsset("alice", metadata.Uploading)
	a = h.want(h.final(h.parts(film(20_000), 2), "Upload-Metadata", "asset_id "+b64(mine)), 201)
	if got := a.header.Get("StreamGate-Asset"); got != mine || h.asset(mine).Source == "" {
		t.Errorf("added to %q", got)
	}
	theirs := h.newAsset("bob", metadata.Uploading)
	h.want(h.final(h.parts(film(20_000), 2), "Upload-Metadata", "asset_id "+b64(theirs)), 404)
}

func TestFinalUploadsThatAreRefused(t *testing.T) {
	h := newHouse(t, &upload.Options{MaxSize: 50_000})
	file := film(30_000)
	part, other := h.part(file), h.part(film(30_000))
	half := h.tusCreate(20_000, "Upload-Concat", "partial")
	h.want(h.patch(half, 0, file[:5000]), 204)
	whole := h.want(h.tus("POST", "", file, "Upload-Length", "30000", "Content-Type", "application/offset+octet-stream"), 201).location(t)
	open := h.tusCreate(20_000)
	tests := map[string]struct {
		headers []string
		status  int
		says    string
	}{
		"a part that is too large":    {[]string{"Upload-Concat", "partial", "Upload-Length", "50001"}, 413, "50000"},
		"an empty part":               {[]string{"Upload-Concat", "partial", "Upload-Length", "0"}, 400, "empty"},
		"a part without a length":     {[]string{"Upload-Concat", "partial"}, 400, "Upload-Length"},
		"a word that means nothing":   {[]string{"Upload-Concat", "part", "Upload-Length", "1"}, 400, "partial"},
		"two headers":                 {[]string{"Upload-Concat", "partial", "Upload-Concat", "final;" + part, "Upload-Length", "1"}, 400, "once"},
		"a final upload with length":  {[]string{"Upload-Concat", "final;" + part, "Upload-Length", "30000"}, 400, "leave Upload-Length"},
		"a final upload deferred":     {[]string{"Upload-Concat", "final;" + part, "Upload-Defer-Length", "1"}, 400, "leave Upload-Length"},
		"a final upload with bytes":   {[]string{"Upload-Concat", "final;" + part, "Content-Type", "application/offset+octet-stream"}, 400, "send none"},
		"a final upload of nothing":   {[]string{"Upload-Concat", "final;"}, 400, "not the URI"},
		"a part twice":                {[]string{"Upload-Concat", "final;" + part + " /" + idOf(part)}, 400, "twice"},
		"a part that is not complete": {[]string{"Upload-Concat", "final;" + part + " " + half}, 409, "5000 of 20000"},
		"a whole upload as a part":    {[]string{"Upload-Concat", "final;" + part + " " + whole}, 400, "is no part"},
		"an open upload as a part":    {[]string{"Upload-Concat", "final;" + part + " " + open}, 400, "is no part"},
		"more than may be":            {[]string{"Upload-Concat", "final;" + part + " " + other}, 413, "50000"},
		"another version":             {[]string{"Upload-Concat", "final;" + part, "Tus-Resumable", "0.2"}, 412, "1.0.0"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			h.t = t
			headers := tc.headers
			if tc.status != 412 {
				headers = append([]string{"Tus-Resumable", "1.0.0"}, headers...)
			}
			if a := h.want(h.do("POST", "", strings.NewReader("x"), headers...), tc.status); !strings.Contains(a.body, tc.says) {
				t.Errorf("answered %s", a.body)
			}
		})
	}
	h.t = t
	h.want(h.final([]string{part}), 201) // nothing of it has spoilt the part
}

func TestPartsThatAreNoFilmAreKeptAndExpire(t *testing.T) {
	h := newHouse(t, nil)
	urls := h.parts([]byte(strings.Repeat("no film. ", 2000)), 2)
	a := h.want(h.final(urls), 415)
	if asset := h.asset(a.header.Get("StreamGate-Asset")); asset.State != metadata.Failed || !strings.Contains(asset.Error, "not a video") {
		t.Errorf("the asset is %+v", asset)
	}
	h.want(h.final(urls), 410) // no second asset
	for _, url := range urls {
		h.want(h.tus("HEAD", url, nil), 200)
	}
	if blobs, drafts := h.blobs(); blobs != 2 || drafts != 0 {
		t.Errorf("%d blobs and %d drafts are left", blobs, drafts)
	}
	h.age(urls...)
	h.want(h.tus("HEAD", urls[0], nil), 410)
	h.want(h.final([]string{urls[1], urls[0]}), 410)
	if err := h.up.Expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.want(h.tus("HEAD", urls[0], nil), 404)
	if blobs, drafts := h.blobs(); blobs != 0 || drafts != 0 {
		t.Errorf("%d blobs and %d drafts are left", blobs, drafts)
	}
}

// age makes uploads expire.
func (h *house) age(urls ...string) {
	h.t.Helper()
	ctx := h.t.Context()
	err := h.meta.Update(ctx, func(tx metadata.Tx) error {
		for _, url := range urls {
			u, err := tx.Upload(ctx, idOf(url))
			if err != nil {
				return err
			}
			u.ExpiresAt = u.CreatedAt
			if err := tx.UpdateUpload(ctx, u); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func TestPartsAreCancelled(t *testing.T) {
	h := newHouse(t, nil)
	whole, half, empty := h.part(film(1000)), h.tusCreate(1000, "Upload-Concat", "partial"), h.tusCreate(1000, "Upload-Concat", "partial")
	h.want(h.patch(half, 0, film(500)), 204)
	for _, url := range []string{whole, half, empty} {
		h.want(h.tus("DELETE", url, nil), 204)
		h.want(h.tus("DELETE", url, nil), 404)
		if _, err := h.meta.Upload(t.Context(), idOf(url)); !errors.Is(err, metadata.ErrNotFound) {
			t.Errorf("its row: %v", err)
		}
	}
	h.carry()
	if blobs, drafts := h.blobs(); blobs != 0 || drafts != 0 {
		t.Errorf("%d blobs and %d drafts are left", blobs, drafts)
	}
}

func TestAbandonedPartsExpire(t *testing.T) {
	h := newHouse(t, nil)
	whole, half, young := h.part(film(1000)), h.tusCreate(1000, "Upload-Concat", "partial"), h.part(film(1000))
	h.want(h.patch(half, 0, film(500)), 204)
	h.age(whole, half)
	if err := h.up.Expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := h.meta.Upload(t.Context(), idOf(young)); err != nil {
		t.Errorf("one that is young: %v", err)
	}
	if blobs, drafts := h.blobs(); blobs != 1 || drafts != 0 {
		t.Errorf("%d blobs and %d drafts are left", blobs, drafts)
	}
	open, err := h.meta.OpenUploads(t.Context(), "", 10)
	if err != nil || len(open) != 1 {
		t.Errorf("%d are open, %v", len(open), err)
	}
}

func TestPartsAreNamedByAnyURIThatLeadsToThem(t *testing.T) {
	for name, uri := range map[string]func(h *house, id string) string{
		"absolute":                  func(h *house, id string) string { return h.http.URL + "/v1/uploads/" + id },
		"absolute, behind a prefix": func(h *house, id string) string { return h.http.URL + "/app/v1/uploads/" + id },
		"a path":                    func(_ *house, id string) string { return "/v1/uploads/" + id },
		"relative":                  func(_ *house, id string) string { return "uploads/" + id },
		"the id":                    func(_ *house, id string) string { return id },
		"the name of a proxy":       func(_ *house, id string) string { return "https://video.example/up/" + id },
		"the name in BaseURL":       func(_ *house, id string) string { return "https://base.example/v1/uploads/" + id },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, &upload.Options{BaseURL: "https://base.example/v1/uploads"})
			var uris []string
			for _, b := range [][]byte{film(5000), film(600)} {
				a := h.want(h.tus("POST", "", b, "Upload-Length", strconv.Itoa(len(b)), "Upload-Concat", "partial", "Content-Type", "application/offset+octet-stream"), 201)
				uris = append(uris, uri(h, idOf(a.location(t))))
			}
			h.want(h.final(uris), http.StatusCreated)
		})
	}
}

func checksumOf(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256 " + b64(string(sum[:]))
}

package upload_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/upload"
)

// Rows 1 and 23 of the list of attacks: another's upload, one that never was and
// an id that is none are the same 404.
func TestAnothersUploadIsNotThere(t *testing.T) {
	h := newHouse(t, nil)
	url := h.tusCreate(1000)
	requests := map[string]func(url, user string) answer{
		"HEAD":     func(url, user string) answer { return h.tus("HEAD", url, nil, "X-User", user) },
		"GET":      func(url, user string) answer { return h.do("GET", url, nil, "X-User", user) },
		"PATCH":    func(url, user string) answer { return h.patch(url, 0, film(10), "X-User", user) },
		"DELETE":   func(url, user string) answer { return h.tus("DELETE", url, nil, "X-User", user) },
		"complete": func(url, user string) answer { return h.do("POST", url+"/complete", nil, "X-User", user) },
	}
	for name, request := range requests {
		t.Run(name, func(t *testing.T) {
			h.t = t
			there := h.want(request(url, "mallory"), 404)
			gone := metadata.NewID()
			missing := h.want(request("/"+gone, "mallory"), 404)
			if diff := cmp.Diff(strings.ReplaceAll(there.body, idOf(url), gone), missing.body); diff != "" {
				t.Error("another's upload differs from none:", diff)
			}
			h.want(request(url, "nobody"), 401)
			h.want(request("/"+gone, "nobody"), 401)
			for _, id := range []string{"..", "%2e%2e", "%2e%2e%2f%2e%2e", "a%00b", `..%5c..`, strings.ToUpper(idOf(url)), idOf(url) + "%2f.."} {
				if a := request(h.http.URL+"/v1/uploads/"+id, "alice"); a.status != 404 && a.status != 405 {
					t.Errorf("%q is answered %d %s", id, a.status, a.body)
				}
			}
		})
	}
	h.t = t
	if u := h.upload(idOf(url)); u.State != metadata.UploadOpen || u.Offset != 0 {
		t.Errorf("the upload is now %+v", u)
	}
	h.want(h.patch(url, 0, film(1000), "X-User", "root"), 204)
}

// Row 2 of the list of attacks, as far as there are other files to reach for.
func TestFileIsAddedToAnAssetOfOnesOwnOnly(t *testing.T) {
	h := newHouse(t, nil)
	mine := h.newAsset("alice", metadata.Uploading)
	file := film(5000)
	create := map[string]func(id, user string) answer{
		"by tus": func(id, user string) answer {
			return h.tus("POST", "", nil, "Upload-Length", "5000", "Upload-Metadata", "asset_id "+b64(id), "X-User", user)
		},
		"by query": func(id, user string) answer {
			return h.do("POST", "?asset_id="+id, bytes.NewReader(file), "X-User", user)
		},
		"by header": func(id, user string) answer {
			return h.do("POST", "", bytes.NewReader(file), "StreamGate-Asset", id, "X-User", user)
		},
		"by form and query": func(id, user string) answer {
			body, ct := formOf(t, field{"file", "x.mp4", string(file)})
			return h.do("POST", "?asset_id="+id, bytes.NewReader(body), "Content-Type", ct, "X-User", user)
		},
		"by form": func(id, user string) answer {
			body, ct := formOf(t, field{"asset_id", "", id}, field{"file", "x.mp4", string(file)})
			return h.do("POST", "", bytes.NewReader(body), "Content-Type", ct, "X-User", user)
		},
	}
	for name, request := range create {
		t.Run(name, func(t *testing.T) {
			h.t = t
			there := h.want(request(mine, "mallory"), 404)
			gone := metadata.NewID()
			if diff := cmp.Diff(strings.ReplaceAll(there.body, mine, gone), h.want(request(gone, "mallory"), 404).body); diff != "" {
				t.Error("another's asset differs from none:", diff)
			}
			a := h.want(request(mine, "alice"), 201)
			if a.header.Get("StreamGate-Asset") != mine {
				t.Errorf("added to %q", a.header.Get("StreamGate-Asset"))
			}
			if u := h.upload(idOf(a.location(t))); u.Asset != mine || !strings.HasPrefix(u.Key, "assets/"+mine+"/"+u.ID+"/") {
				t.Errorf("upload is %+v", u)
			}
			byRoot := h.want(request(mine, "root"), 201)
			if u := h.upload(idOf(byRoot.location(t))); u.Owner != "alice" {
				t.Errorf("the upload belongs to %q, not to the asset's owner", u.Owner)
			}
		})
	}
}

func (h *house) newAsset(owner string, s metadata.State) string {
	h.t.Helper()
	a := &metadata.Asset{ID: metadata.NewID(), Owner: owner, State: s}
	if err := h.meta.Update(h.t.Context(), func(tx metadata.Tx) error { return tx.InsertAsset(h.t.Context(), a) }); err != nil {
		h.t.Fatal(err)
	}
	return a.ID
}

func TestRecorderHearsOfEverythingAndMayRefuse(t *testing.T) {
	var got []string
	refuse := events.Type("")
	h := newHouse(t, &upload.Options{Recorder: events.RecorderFunc(func(_ context.Context, e events.Event) error {
		got = append(got, string(e.Type))
		if e.Time.IsZero() || e.Owner != "alice" || e.Actor != "alice" {
			t.Errorf("%s has no time, owner or actor: %+v", e.Type, e)
		}
		if e.Type == refuse {
			return problem.Errorf(problem.ErrUnavailable, "the quota service is away")
		}
		return nil
	})})
	post := func(body string) answer { return h.do("POST", "", strings.NewReader(body)) }
	h.want(post(string(film(1000))), 201)
	h.want(post("text"), 415)
	h.want(post(""), 400)
	h.want(h.tus("DELETE", h.tusCreate(1000), nil), 204)
	want := []string{
		"upload.created", "upload.completed",
		"upload.created", "upload.refused",
		"upload.refused",
		"upload.created", "upload.canceled",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	refuse = events.UploadCreated
	h.want(post(string(film(1000))), 503)
	refuse = events.UploadCanceled
	url := h.tusCreate(1000)
	h.want(h.tus("DELETE", url, nil), 503)
	refuse = events.UploadComplete
	h.want(h.patch(url, 0, film(1000)), 503)
	refuse = ""
	head := h.want(h.tus("HEAD", url, nil), 200) // the bytes were committed: HEAD finishes it
	if u := h.upload(idOf(url)); head.header.Get("Upload-Offset") != "1000" || u.State != metadata.UploadComplete {
		t.Errorf("upload is %s, ends at %s", u.State, head.header.Get("Upload-Offset"))
	}
}

func TestOutboxTellsTheWholeStory(t *testing.T) {
	h := newHouse(t, nil)
	h.want(h.do("POST", "", bytes.NewReader(film(1000))), 201)
	h.want(h.do("POST", "", strings.NewReader("text")), 415)
	pending, err := h.meta.Events().Pending(t.Context(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var got []events.Type
	for _, e := range pending {
		got = append(got, e.Type)
	}
	want := []events.Type{
		events.AssetCreated, events.UploadCreated, events.UploadComplete,
		events.AssetCreated, events.UploadCreated, events.UploadRefused, events.AssetFailed,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAuthorizerDecidesEveryAction(t *testing.T) {
	var asked []auth.Action
	allow := true
	h := newHouse(t, &upload.Options{Authorizer: auth.AuthorizerFunc(func(_ context.Context, _ auth.Principal, a auth.Action, o auth.Object) error {
		asked = append(asked, a)
		if o.Kind != auth.Upload && o.Kind != auth.Asset {
			t.Errorf("asked about a %s", o.Kind)
		}
		if !allow {
			return auth.ErrForbidden
		}
		return nil
	})})
	url := h.tusCreate(1000)
	allow = false
	for _, r := range []func() answer{
		func() answer { return h.tus("POST", "", nil, "Upload-Length", "10") },
		func() answer { return h.tus("HEAD", url, nil) },
		func() answer { return h.do("GET", url, nil) },
		func() answer { return h.patch(url, 0, film(10)) },
		func() answer { return h.do("POST", url+"/complete", nil) },
		func() answer { return h.tus("DELETE", url, nil) },
	} {
		h.want(r(), http.StatusForbidden)
	}
	want := []auth.Action{auth.Create, auth.Create, auth.Read, auth.Read, auth.Update, auth.Update, auth.Delete}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Error(diff)
	}
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	h := newHouse(t, nil)
	for name, err := range map[string]error{
		"no stores":              second(upload.New(nil, nil, nil)),
		"no metadata":            second(upload.New(h.files, nil, nil)),
		"a relative BaseURL":     second(upload.New(h.files, h.meta, &upload.Options{BaseURL: "/v1/uploads"})),
		"a BaseURL that is none": second(upload.New(h.files, h.meta, &upload.Options{BaseURL: "http://[::1"})),
	} {
		if err == nil || errors.Is(err, upload.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second(_ *upload.Uploader, err error) error { return err }

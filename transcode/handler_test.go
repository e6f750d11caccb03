package transcode_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/transcode"
)

// desk is the HTTP interface of a house, for whom the header X-User names.
func (h *house) desk() *httptest.Server {
	h.t.Helper()
	handler, err := transcode.NewHandler(h.coder, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/v1/transcodes", http.StripPrefix("/v1/transcodes", handler))
	mux.Handle("/v1/transcodes/", http.StripPrefix("/v1/transcodes", handler))
	mux.Handle("/v1/transcode-profiles", transcode.NewProfilesHandler(h.coder))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who := r.Header.Get("X-User")
		mux.ServeHTTP(w, r.WithContext(auth.NewContext(r.Context(), auth.Principal{ID: who, Admin: who == "root"})))
	}))
	h.t.Cleanup(s.Close)
	return s
}

// ask sends a request and returns its status and its JSON.
func ask(t *testing.T, s *httptest.Server, who, method, path, body string) (int, map[string]any, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-User", who)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if len(text) > 0 {
		if err := json.Unmarshal(text, &m); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	return res.StatusCode, m, res.Header
}

func TestTheOwnerOfATranscodeSeesHowFarItIs(t *testing.T) {
	p := newHeld(t)
	h := newHouse(t, t.TempDir(), heldOptions(p))
	s := h.desk()
	asset := h.send(longFilm(t), "").ID
	h.until("the first chunk is to be encoded", func() bool { return p.waiting() == 1 })
	id := h.transcodes(asset)[0].ID

	_, list, _ := ask(t, s, "ann", http.MethodGet, "/v1/transcodes", "")
	all := list["transcodes"].([]any)
	if len(all) != 1 || all[0].(map[string]any)["id"] != id {
		t.Fatalf("the list: %v", list)
	}
	if _, of, _ := ask(t, s, "ann", http.MethodGet, "/v1/transcodes?asset="+asset+"&state=running", ""); len(of["transcodes"].([]any)) != 1 {
		t.Errorf("of the asset: %v", of)
	}
	status, one, _ := ask(t, s, "ann", http.MethodGet, "/v1/transcodes/"+id, "")
	if status != http.StatusOK || one["state"] != "running" || one["asset"] != asset || one["carriage"] != "encoded" || len(one["rungs"].([]any)) != 2 {
		t.Errorf("%d: %v", status, one)
	}
	begin := one["percent"].(float64)
	p.go1 <- struct{}{}
	p.go1 <- struct{}{}
	h.until("another chunk is to be encoded", func() bool { return p.waiting() == 3 })
	_, one, _ = ask(t, s, "ann", http.MethodGet, "/v1/transcodes/"+id, "")
	if now := one["percent"].(float64); now <= begin || now >= 100 || one["seconds_left"].(float64) <= 0 {
		t.Errorf("after a chunk: %v", one)
	}
	for _, who := range []string{"bob", ""} {
		for _, method := range []string{http.MethodGet, http.MethodDelete} {
			want := map[string]int{"bob": http.StatusNotFound, "": http.StatusUnauthorized}[who]
			if status, _, _ := ask(t, s, who, method, "/v1/transcodes/"+id, ""); status != want {
				t.Errorf("%s for %q is %d, want %d", method, who, status, want)
			}
		}
	}
	if status, m, _ := ask(t, s, "ann", http.MethodPost, "/v1/transcodes", `{"asset":"`+asset+`"}`); status != http.StatusConflict {
		t.Errorf("twice at a time: %d %v", status, m)
	}
	if status, _, _ := ask(t, s, "ann", http.MethodDelete, "/v1/transcodes/"+id, ""); status != http.StatusNoContent {
		t.Errorf("cancelled: %d", status)
	}
	_, one, _ = ask(t, s, "ann", http.MethodGet, "/v1/transcodes/"+id, "")
	if one["state"] != "canceled" || one["error"] == "" {
		t.Errorf("after that: %v", one)
	}
}

func TestWhatFailedIsTriedAgainOnDemand(t *testing.T) {
	p := newHeld(t)
	h := newHouse(t, t.TempDir(), heldOptions(p))
	s := h.desk()
	asset := h.send(longFilm(t), "").ID
	h.until("the first chunk is to be encoded", func() bool { return p.waiting() == 1 })
	cancel(h, h.asset(asset))
	for range 20 {
		p.go1 <- struct{}{}
	}
	status, m, header := ask(t, s, "ann", http.MethodPost, "/v1/transcodes", `{"asset":"`+asset+`"}`)
	if status != http.StatusCreated || header.Get("Location") != "./transcodes/"+m["id"].(string) {
		t.Fatalf("%d %v %v", status, m, header)
	}
	if a := h.over(asset); a.State != metadata.Ready || a.Error != "" || len(a.Renditions) != 2 {
		t.Errorf("%+v", a)
	}
	_, m, _ = ask(t, s, "ann", http.MethodGet, "/v1/transcodes/"+m["id"].(string), "")
	if m["state"] != "done" || m["percent"] != 100.0 {
		t.Errorf("%v", m)
	}
}

func TestALadderIsMadeOfWhatPlaysOnDemand(t *testing.T) {
	h := newHouse(t, t.TempDir(), smallOptions())
	sent := h.send(makeFilm(t, "film.mp4", lasting(movingPicture+tone, "40")+"-c:v libx264 -preset ultrafast -g 50 -c:a aac"), "")
	if sent.State != metadata.Ready {
		t.Fatalf("%+v", sent)
	}
	id, err := h.coder.Submit(t.Context(), sent.ID, "")
	if err != nil {
		t.Fatal(err)
	}
	a := h.over(sent.ID)
	if a.State != metadata.Ready || a.Source != sent.Source || a.Revision != sent.Revision || len(a.Renditions) != 2 || a.Renditions[1].Name != "64p" {
		t.Errorf("%+v", a)
	}
	now, err := h.coder.Status(t.Context(), id)
	if err != nil || now.State != transcode.Done || now.Carriage != transcode.AsItCame {
		t.Errorf("%+v, %v", now, err)
	}
	if keys := h.stored(); len(keys) != 5 {
		t.Errorf("%d files: %q", len(keys), keys)
	}
}

func TestRequestsOfTranscodesThatMakeNoSense(t *testing.T) {
	h := newHouse(t, t.TempDir(), houseOptions{programs: newHeld(t)})
	s := h.desk()
	asset := h.send(makeFilm(t, "film.mp4", lasting(movingPicture, "2")+"-c:v libx264"), "").ID
	for _, c := range []struct {
		name, method, path, body string
		want                     int
	}{
		{"a profile that is not there", http.MethodPost, "/v1/transcodes", `{"asset":"` + asset + `","profile":"none"}`, http.StatusBadRequest},
		{"an asset that is not there", http.MethodPost, "/v1/transcodes", `{"asset":"none"}`, http.StatusNotFound},
		{"no asset", http.MethodPost, "/v1/transcodes", `{}`, http.StatusUnprocessableEntity},
		{"what is no JSON", http.MethodPost, "/v1/transcodes", `{`, http.StatusBadRequest},
		{"something behind the JSON", http.MethodPost, "/v1/transcodes", `{"asset":"` + asset + `"} {}`, http.StatusBadRequest},
		{"a brace too many", http.MethodPost, "/v1/transcodes", `{"asset":"` + asset + `"}}`, http.StatusBadRequest},
		{"a cursor of nobody", http.MethodGet, "/v1/transcodes?asset=" + asset + "&cursor=x", "", http.StatusUnprocessableEntity},
		{"a field that is not there", http.MethodPost, "/v1/transcodes", `{"asset":"x","to":"y"}`, http.StatusBadRequest},
		{"a state that is not there", http.MethodGet, "/v1/transcodes?state=here", "", http.StatusUnprocessableEntity},
		{"those of somebody else", http.MethodGet, "/v1/transcodes?owner=bob", "", http.StatusForbidden},
		{"a parameter that is not there", http.MethodGet, "/v1/transcodes?q=here", "", http.StatusUnprocessableEntity},
		{"an upload that is no transcode", http.MethodGet, "/v1/transcodes/" + h.uploadOf(asset), "", http.StatusNotFound},
		{"another method", http.MethodPut, "/v1/transcodes", "", http.StatusMethodNotAllowed},
		{"a path below one", http.MethodGet, "/v1/transcodes/a/b", "", http.StatusNotFound},
	} {
		t.Run(c.name, func(t *testing.T) {
			if status, m, _ := ask(t, s, "ann", c.method, c.path, c.body); status != c.want || m["type"] == nil {
				t.Errorf("%d, want %d: %v", status, c.want, m)
			}
		})
	}
	_, m, _ := ask(t, s, "ann", http.MethodGet, "/v1/transcode-profiles", "")
	var names []any
	for _, p := range m["profiles"].([]any) {
		names = append(names, p.(map[string]any)["name"])
	}
	if diff := cmp.Diff([]any{"default"}, names); diff != "" {
		t.Errorf("profiles (-want +got):\n%s", diff)
	}
}

// uploadOf is the id of the upload that brought an asset.
func (h *house) uploadOf(asset string) string {
	h.t.Helper()
	all, err := h.meta.UploadsOf(h.t.Context(), asset)
	if err != nil {
		h.t.Fatal(err)
	}
	return all[0].ID
}

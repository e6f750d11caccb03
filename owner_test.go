package streamgate_test

import (
	"net/http"
	"strings"
	"testing"
)

// ofAda is every way to reach what belongs to ada: {asset} and {upload} stand
// for the ids of hers.
var ofAda = []struct {
	method, path string
	headers      []string
	body         string
}{
	{"GET", "/v1/assets/{asset}", nil, ""},
	{"HEAD", "/v1/assets/{asset}", nil, ""},
	{"PATCH", "/v1/assets/{asset}", []string{"Content-Type", "application/merge-patch+json"}, `{"title":"mine now"}`},
	{"PATCH", "/v1/assets/{asset}", []string{"Content-Type", "application/merge-patch+json", "If-Match", `"1"`}, `{"title":"mine now"}`},
	{"DELETE", "/v1/assets/{asset}", nil, ""},
	{"GET", "/v1/uploads/{upload}", nil, ""},
	{"HEAD", "/v1/uploads/{upload}", []string{"Tus-Resumable", "1.0.0"}, ""},
	{"PATCH", "/v1/uploads/{upload}", []string{"Tus-Resumable", "1.0.0", "Upload-Offset", "0", "Content-Type", "application/offset+octet-stream"}, "bytes"},
	{"DELETE", "/v1/uploads/{upload}", []string{"Tus-Resumable", "1.0.0"}, ""},
	{"POST", "/v1/uploads/{upload}/complete", nil, ""},
	{"POST", "/v1/uploads?asset_id={asset}", nil, "bytes"},
	{"POST", "/v1/uploads?asset_id={asset}&rendition=720p", nil, "bytes"},
	{"DELETE", "/v1/assets/{asset}/renditions/720p", nil, ""},
	{"GET", "/play/{asset}/master.m3u8", nil, ""},
	{"HEAD", "/play/{asset}/master.m3u8", nil, ""},
	{"GET", "{media}", nil, ""},
	{"GET", "{segment}", nil, ""},
}

func TestWhatIsAnothersIsNotThere(t *testing.T) {
	c := serve(t, startGate(t, t.TempDir()), "")
	asset := c.upload()
	created := c.do(http.MethodPost, "/v1/uploads", nil, "Tus-Resumable", "1.0.0", "Upload-Length", "1000").want(t, http.StatusCreated)
	location, err := created.Location()
	if err != nil {
		t.Fatal(err)
	}
	media := references(t, c, c.base+"/play/"+asset+"/master.m3u8")[0]
	segment := references(t, c, media)[0]
	fill := strings.NewReplacer("{asset}", asset, "{upload}", location.Path[strings.LastIndexByte(location.Path, '/')+1:],
		"{media}", strings.TrimPrefix(media, c.base), "{segment}", strings.TrimPrefix(segment, c.base))

	for _, tt := range ofAda {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			send := func(user string) answer {
				return c.as(user).do(tt.method, fill.Replace(tt.path), strings.NewReader(tt.body), tt.headers...)
			}
			wantProblem(t, send("bob"), http.StatusNotFound)
			wantProblem(t, send(""), http.StatusUnauthorized)
		})
	}
	if list, _ := c.as("bob").get("/v1/assets").want(t, http.StatusOK).json(t)["assets"].([]any); len(list) != 0 {
		t.Errorf("bob sees %v", list)
	}

	// All of it was really there, and is unharmed.
	for _, path := range []string{"/v1/assets/{asset}", "/v1/uploads/{upload}", "/play/{asset}/master.m3u8", "{media}", "{segment}"} {
		c.get(fill.Replace(path)).want(t, http.StatusOK)
		c.as("root").get(fill.Replace(path)).want(t, http.StatusOK)
	}
	if title := c.get("/v1/assets/" + asset).json(t)["title"]; title != "clip" {
		t.Errorf("the title is %v", title)
	}
}

func TestNobodyGetsNothingButHealth(t *testing.T) {
	c := serve(t, startGate(t, t.TempDir()), "").as("")
	for _, path := range []string{"/v1/assets", "/v1/events"} {
		wantProblem(t, c.get(path), http.StatusUnauthorized)
	}
	wantProblem(t, c.do(http.MethodPost, "/v1/uploads", strings.NewReader("bytes")), http.StatusUnauthorized)
	wantProblem(t, c.do(http.MethodPost, "/v1/assets", strings.NewReader("{}"), "Content-Type", "application/json"), http.StatusUnauthorized)
	c.get("/health").want(t, http.StatusOK)
	c.get("/ready").want(t, http.StatusOK)
}

package middleware_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/internal/middleware"
)

func TestShare(t *testing.T) {
	answered := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	tests := map[string]struct {
		trusted              []string
		method, origin, asks string
		status               int
		allowed, credentials string
		methods              string
	}{
		"a trusted page reads":                          {[]string{"https://a.example"}, "GET", "https://a.example", "", 418, "https://a.example", "true", ""},
		"a trusted page asks first":                     {[]string{"https://a.example"}, "OPTIONS", "https://a.example", "PATCH", 204, "https://a.example", "true", "PATCH"},
		"an OPTIONS that asks nothing is no preflight":  {[]string{"https://a.example"}, "OPTIONS", "https://a.example", "", 418, "https://a.example", "true", ""},
		"another page reads":                            {[]string{"https://a.example"}, "GET", "https://evil.example", "", 418, "", "", ""},
		"another page asks first":                       {[]string{"https://a.example"}, "OPTIONS", "https://evil.example", "PATCH", 418, "", "", ""},
		"a page whose origin begins with a trusted one": {[]string{"https://a.example"}, "GET", "https://a.example.evil", "", 418, "", "", ""},
		"another scheme":                                {[]string{"https://a.example"}, "GET", "http://a.example", "", 418, "", "", ""},
		"a sandboxed page, whatever is trusted":         {[]string{"null"}, "GET", "null", "", 418, "", "", ""},
		"nobody is trusted":                             {nil, "OPTIONS", "https://a.example", "PATCH", 418, "", "", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(tt.method, "/", nil)
			r.Header.Set("Origin", tt.origin)
			if tt.asks != "" {
				r.Header.Set("Access-Control-Request-Method", tt.asks)
				r.Header.Set("Access-Control-Request-Headers", "tus-resumable")
			}
			w := httptest.NewRecorder()
			middleware.Share(tt.trusted...)(answered).ServeHTTP(w, r)
			got := []any{
				w.Code, w.Header().Get("Access-Control-Allow-Origin"),
				w.Header().Get("Access-Control-Allow-Credentials"), w.Header().Get("Access-Control-Allow-Methods"),
			}
			if diff := cmp.Diff([]any{tt.status, tt.allowed, tt.credentials, tt.methods}, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if varies := w.Header().Get("Vary") == "Origin"; varies != (tt.trusted != nil) {
				t.Errorf("Vary %q", w.Header()["Vary"])
			}
		})
	}
}

func TestATrustedPageReadsWhatUploadsTell(t *testing.T) {
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	r.Header.Set("Origin", "https://a.example")
	w := httptest.NewRecorder()
	middleware.Share("https://a.example")(http.NotFoundHandler()).ServeHTTP(w, r)
	exposed := strings.Split(w.Header().Get("Access-Control-Expose-Headers"), ", ")
	for _, name := range []string{"Location", "StreamGate-Asset", "Upload-Concat", "Upload-Expires", "Upload-Length", "Upload-Offset"} {
		if !slices.Contains(exposed, name) {
			t.Errorf("%s is not among %q", name, exposed)
		}
	}
}

func TestATrustedPageMaySendWhatUploadsNeed(t *testing.T) {
	r := httptest.NewRequest(http.MethodOptions, "/", nil)
	r.Header.Set("Origin", "https://a.example")
	r.Header.Set("Access-Control-Request-Method", "POST")
	r.Header.Set("Access-Control-Request-Headers", "tus-resumable,upload-concat,x-http-method-override")
	w := httptest.NewRecorder()
	middleware.Share("https://a.example")(http.NotFoundHandler()).ServeHTTP(w, r)
	if got := w.Header().Get("Access-Control-Allow-Headers"); got != "tus-resumable,upload-concat,x-http-method-override" {
		t.Errorf("allowed are %q", got)
	}
}

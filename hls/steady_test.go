package hls

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// discard is a ResponseWriter that costs nothing.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(int)             {}

// steady is what a handler allocates for a request that it has answered before.
func steady(h http.Handler, path string) float64 {
	r := httptest.NewRequest(http.MethodGet, path, nil).WithContext(authorized())
	r.Header.Set("Accept-Encoding", "gzip, deflate, br")
	w := &discard{header: make(http.Header, 16)}
	return testing.AllocsPerRun(100, func() {
		clear(w.header)
		h.ServeHTTP(w, r)
	})
}

func TestWhatIsCachedIsSentWithoutAllocating(t *testing.T) {
	l := newLibrary(t, shortClip, nil)
	at := base(t, by(ann, l), "/film", "v1")
	for path, most := range map[string]float64{"/film/master.m3u8": 0, at + "index.m3u8": 0, at + "init.mp4": 0} {
		if n := steady(l, path); n > most {
			t.Errorf("%s: %v allocations", path, n)
		}
	}
}

func BenchmarkSteady(b *testing.B) {
	l := newLibrary(b, shortClip, nil)
	at := base(b, by(ann, l), "/film", "v1")
	for name, path := range map[string]string{"multivariant": "/film/master.m3u8", "media": at + "index.m3u8", "init": at + "init.mp4", "segment": at + "0.m4s"} {
		b.Run(name, func(b *testing.B) {
			r := httptest.NewRequest(http.MethodGet, path, nil).WithContext(authorized())
			w := &discard{header: make(http.Header, 16)}
			b.ReportAllocs()
			for b.Loop() {
				clear(w.header)
				l.ServeHTTP(w, r)
			}
		})
	}
}

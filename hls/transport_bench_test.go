package hls

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
)

// BenchmarkTransportSegment makes a segment of 6 s in 1080p, 3 MB, with its audio,
// beside the two fragments of the same, read by blocks: of what a request takes but
// the network.
func BenchmarkTransportSegment(b *testing.B) {
	path := bigClip(1).write(b, "film.mp4")
	folder, err := NewDir(filepath.Dir(path), &DirOptions{MPEGTS: true})
	if err != nil {
		b.Fatal(err)
	}
	defer folder.Close() //nolint:errcheck // it was only read
	video, audio := base(b, folder, "/film.mp4", "v1"), base(b, folder, "/film.mp4", "a2")
	for name, paths := range map[string][]string{
		"transport stream": {video + "3.ts"},
		"fragments":        {video + "3.m4s", audio + "3.m4s"},
	} {
		b.Run(name, func(b *testing.B) {
			w := &discard{header: make(http.Header, 16)}
			var requests []*http.Request
			for _, p := range paths {
				requests = append(requests, httptest.NewRequest(http.MethodGet, p, http.NoBody))
			}
			b.ReportAllocs()
			for b.Loop() {
				for _, r := range requests {
					clear(w.header)
					folder.ServeHTTP(w, r)
				}
			}
		})
	}
}

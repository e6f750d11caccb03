//go:build linux

package hls

import (
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"
)

// paired measures two things in turn, so that what else the machine does hits
// both, and reports the medians and the median of the ratios.
func paired(b *testing.B, s *benched, clients, each int, ours, theirs func(int)) {
	var a, c, ratios []float64
	each1 := func(do func(int)) float64 { return s.cpu(b, clients, each, do).Seconds() }
	each1(ours)
	each1(theirs)
	for b.Loop() {
		x, y := each1(ours), each1(theirs)
		a, c, ratios = append(a, x), append(c, y), append(ratios, x/y)
	}
	b.ReportMetric(0, "ns/op") // of both together: says nothing
	b.ReportMetric(median(a)*1e6, "µs-cpu/req")
	b.ReportMetric(median(c)*1e6, "µs-cpu-static/req")
	b.ReportMetric(median(ratios), "ratio")
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

// BenchmarkSegment compares the server's CPU for segments of 3 MB, out of a file
// that is interleaved frame by frame, and out of the same file settled, with that of
// http.FileServer for files of the same bytes.
func BenchmarkSegment(b *testing.B) {
	const segments = 20
	dir := filepath.Dir(bigClip(2).write(b, "clip.mp4"))
	alone := bigClip(2)
	alone.audio = 0 // nothing in between: each segment is one run
	alone.writeFile(b, filepath.Join(dir, "alone.mp4"))
	settleFile(b, filepath.Join(dir, "clip.mp4"), filepath.Join(dir, "settled.mp4"))
	s := startServer(b, dir)
	run, _ := s.tracks(b, "alone.mp4")
	for n := range segments {
		s.copyFile(b, run+segmentName(n), fmt.Sprintf("r%d.m4s", n))
		s.copyFile(b, assetVideo+segmentName(n), fmt.Sprintf("v%d.m4s", n))
		s.copyFile(b, assetAudio+segmentName(n), fmt.Sprintf("a%d.m4s", n))
	}
	for _, way := range []struct {
		name, base string
		client     *http.Client
	}{
		{"HTTP1", s.plain, newClient(false)},
		{"TLS", s.secret, newClient(false)},
		{"HTTP2", s.secret, newClient(true)},
	} {
		fetch := func(path string) func(int) {
			return func(i int) { get(b, way.client, fmt.Sprintf("%s%s%d.m4s", way.base, path, i%segments)) }
		}
		b.Run(way.name+"/video", func(b *testing.B) { paired(b, s, 1, 2*segments, fetch(assetVideo), fetch("/static/v")) })
		b.Run(way.name+"/settled", func(b *testing.B) { paired(b, s, 1, 2*segments, fetch(settledVideo), fetch("/static/v")) })
		b.Run(way.name+"/settled-audio", func(b *testing.B) {
			paired(b, s, 1, 10*segments, fetch(settledAudio), fetch("/static/a"))
		})
		b.Run(way.name+"/run", func(b *testing.B) { paired(b, s, 1, 2*segments, fetch(run), fetch("/static/r")) })
		b.Run(way.name+"/audio", func(b *testing.B) { paired(b, s, 1, 10*segments, fetch(assetAudio), fetch("/static/a")) })
	}
}

// BenchmarkPlaylist compares a media playlist from the cache with the same text
// sent from a file by http.FileServer, and from memory by a handler that does
// nothing else.
func BenchmarkPlaylist(b *testing.B) {
	s := startServer(b, filepath.Dir(bigClip(10).write(b, "clip.mp4")))
	video, _ := s.tracks(b, "clip.mp4")
	const asset = assetVideo + "index.m3u8"
	s.copyFile(b, asset, "index.m3u8")
	fetch := func(path string) func(int) { return func(int) { get(b, s.client, s.plain+path) } }
	b.Run("New/FileServer", func(b *testing.B) { paired(b, s, 16, 4000, fetch(asset), fetch("/static/index.m3u8")) })
	b.Run("New/bare", func(b *testing.B) { paired(b, s, 16, 4000, fetch(asset), fetch("/bare")) })
	b.Run("Dir/FileServer", func(b *testing.B) { paired(b, s, 16, 4000, fetch(video+"index.m3u8"), fetch("/static/index.m3u8")) })
}

// BenchmarkColdPlaylist is the CPU of a server for the first playlist of a file
// that it has not seen: ten minutes of 1080p with a sample table entry for each
// frame.
func BenchmarkColdPlaylist(b *testing.B) {
	path := bigClip(10).write(b, "clip.mp4")
	s := startServer(b, filepath.Dir(path))
	get(b, s.client, s.plain+"/static/clip.mp4?warm")
	var took []float64
	for b.Loop() {
		touch(b, path)
		took = append(took, s.cpu(b, 1, 1, func(int) { get(b, s.client, s.plain+"/hls/clip.mp4/master.m3u8") }).Seconds())
	}
	b.ReportMetric(median(took)*1e3, "ms-cpu")
}

// BenchmarkMemory is what the server's memory comes to while 32 clients watch.
func BenchmarkMemory(b *testing.B) {
	s := startServer(b, filepath.Dir(bigClip(10).write(b, "clip.mp4")))
	video, audio := s.tracks(b, "clip.mp4")
	for _, way := range []struct {
		name, base string
		http2      bool
	}{{"HTTP1", s.plain, false}, {"TLS", s.secret, false}, {"HTTP2", s.secret, true}} {
		b.Run(way.name, func(b *testing.B) {
			var most int64
			for b.Loop() {
				watch(b, way.base, video, audio, way.http2, func() { most = max(most, s.used(b).Now) })
			}
			b.ReportMetric(float64(most)/(1<<20), "MiB-resident")
		})
	}
}

// watch has 32 clients play 20 segments each, and calls look meanwhile.
func watch(b *testing.B, base, video, audio string, http2 bool, look func()) {
	var clients sync.WaitGroup
	for i := range 32 {
		clients.Go(func() {
			c := newClient(http2)
			defer c.CloseIdleConnections()
			for n := range 20 {
				get(b, c, base+video+segmentName((i*3+n)%100))
				get(b, c, base+audio+segmentName((i*3+n)%100))
			}
		})
	}
	done := make(chan struct{})
	go func() { clients.Wait(); close(done) }()
	for {
		select {
		case <-done:
			return
		case <-time.After(20 * time.Millisecond):
			look()
		}
	}
}

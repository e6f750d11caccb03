//go:build linux

package hls

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
)

// TestFigures prints what playback costs, each figure beside what it is aimed at:
// make bench-hls. Nothing is asserted: figures depend on what else a machine does.
func TestFigures(t *testing.T) {
	if os.Getenv("STREAMGATE_FIGURES") == "" {
		t.Skip("figures take minutes and a quiet machine: make bench-hls")
	}
	f := &figures{t: t}
	f.segments()
	f.playlists()
	f.lengths()
	f.longFilm()
	t.Logf("\n%-58s %12s %12s %8s %8s\n%s", "", "ours", "beside", "ratio", "aim", f.table.String())
}

type figures struct {
	t     *testing.T
	table strings.Builder
}

// ratio adds a line with what is compared.
func (f *figures) ratio(name, unit string, ours, theirs, ratio, aim float64) {
	fmt.Fprintf(&f.table, "%-58s %9.2f %-2s %9.2f %-2s %7.2f ≤ %6.2f\n", name, ours, unit, theirs, unit, ratio, aim)
}

// alone adds a line with what stands for itself.
func (f *figures) alone(name, unit string, ours, aim float64) {
	fmt.Fprintf(&f.table, "%-58s %9.2f %-2s %12s %8s ≤ %6.2f\n", name, ours, unit, "", "", aim)
}

const (
	figureClients = 64
	figureRounds  = 7
	figureEach    = 128 // requests a round
)

// pair measures two things in turn: medians of the server's CPU and of the time
// that passes for each request, and of the ratios of both.
func (f *figures) pair(s *benched, each int, ours, theirs func(int)) (cpu, wall [3]float64) {
	var c, w [3][]float64
	once := func(do func(int)) (cpu, wall float64) {
		began := time.Now()
		took := s.cpu(f.t, figureClients, each, do)
		return took.Seconds(), time.Since(began).Seconds() / float64(each)
	}
	once(ours)
	once(theirs)
	for range figureRounds {
		c1, w1 := once(ours)
		c2, w2 := once(theirs)
		for i, v := range []float64{c1, c2, c1 / c2} {
			c[i] = append(c[i], v)
		}
		for i, v := range []float64{w1, w2, w1 / w2} {
			w[i] = append(w[i], v)
		}
	}
	for i := range cpu {
		cpu[i], wall[i] = median(c[i]), median(w[i])
	}
	return cpu, wall
}

// segments compares segments of 3 MB with http.FileServer on the same bytes.
func (f *figures) segments() {
	const segments = 20
	dir := filepath.Dir(bigClip(2).write(f.t, "clip.mp4"))
	settleFile(f.t, filepath.Join(dir, "clip.mp4"), filepath.Join(dir, "settled.mp4"))
	s := startServer(f.t, dir)
	for n := range segments {
		s.copyFile(f.t, assetVideo+segmentName(n), fmt.Sprintf("v%d.m4s", n))
	}
	for _, way := range []struct {
		name, base    string
		http2         bool
		came, settled float64
	}{{"HTTP/1.1", s.plain, false, 1.75, 1.15}, {"TLS", s.secret, false, 1.05, 1.05}, {"HTTP/2", s.secret, true, 1.05, 1.05}} {
		client := newClient(way.http2)
		fetch := func(path string) func(int) {
			return func(i int) { get(f.t, client, fmt.Sprintf("%s%s%d.m4s", way.base, path, i%segments)) }
		}
		for _, from := range []struct {
			name, path string
			aim        float64
		}{{"as it came", assetVideo, way.came}, {"settled", settledVideo, way.settled}} {
			cpu, wall := f.pair(s, figureEach, fetch(from.path), fetch("/static/v"))
			f.ratio(way.name+", a segment of 3 MB "+from.name+": CPU", "ms", cpu[0]*1e3, cpu[1]*1e3, cpu[2], from.aim)
			f.ratio(way.name+", the same: time for each, of 64 clients", "ms", wall[0]*1e3, wall[1]*1e3, wall[2], from.aim)
		}
	}
	f.link(s, segments)
}

// link is how long segments take over a link that is slower than this machine: the
// clients share it, and each has what is its own.
func (f *figures) link(s *benched, segments int) {
	const link = 10e9 / 8 // bytes a second
	client := newClient(false)
	fetch := func(path string) func(int) {
		return func(i int) {
			getAt(f.t, client, fmt.Sprintf("%s%s%d.m4s", s.plain, path, i%segments), link/figureClients)
		}
	}
	_, wall := f.pair(s, figureEach, fetch(assetVideo), fetch("/static/v"))
	f.ratio("HTTP/1.1, as it came, over 10 Gbit/s: time for each", "ms", wall[0]*1e3, wall[1]*1e3, wall[2], 1/0.95)
}

// playlists compares a playlist of 10 minutes with a bare handler that writes the
// same bytes from memory.
func (f *figures) playlists() {
	dir := f.t.TempDir()
	bigClip(10).writeSparse(f.t, filepath.Join(dir, "clip.mp4"))
	s := startServer(f.t, dir)
	s.copyFile(f.t, assetVideo+"index.m3u8", "index.m3u8")
	fetch := func(path string) func(int) { return func(int) { get(f.t, s.client, s.plain+path) } }
	cpu, _ := f.pair(s, 6000, fetch(assetVideo+"index.m3u8"), fetch("/memory/index.m3u8"))
	f.ratio("a playlist from the cache, beside a bare handler: CPU", "µs", cpu[0]*1e6, cpu[1]*1e6, cpu[2], 1.25)
	cpu, _ = f.pair(s, 6000, fetch(assetVideo+"index.m3u8"), fetch("/static/index.m3u8"))
	f.ratio("the same, beside http.FileServer: CPU", "µs", cpu[0]*1e6, cpu[1]*1e6, cpu[2], 1)
	l := newLibrary(f.t, shortClip, nil)
	f.alone("the same: allocations", "", steady(l, base(f.t, by(ann, l), "/film", "v1")+"index.m3u8"), 0)
}

// lengths compares a segment of a film of ten hours with one of ten minutes.
func (f *figures) lengths() {
	dir := f.t.TempDir()
	bigClip(600).writeSparse(f.t, filepath.Join(dir, "hours.mp4"))
	bigClip(10).writeSparse(f.t, filepath.Join(dir, "minutes.mp4"))
	s := startServer(f.t, dir)
	fetch := func(id string, segments int) func(int) {
		return func(i int) {
			get(f.t, s.client, fmt.Sprintf("%s/asset/%s/bench/v1/%d.m4s", s.plain, id, i*segments/figureEach))
		}
	}
	cpu, wall := f.pair(s, figureEach, fetch("hours", 5990), fetch("minutes", 99))
	f.ratio("a segment out of 10 hours, beside one of 10 minutes: CPU", "ms", cpu[0]*1e3, cpu[1]*1e3, cpu[2], 1.10)
	f.ratio("the same: time", "ms", wall[0]*1e3, wall[1]*1e3, wall[2], 1.10)
}

// longFilm measures what a film of two hours takes before its first segment.
func (f *figures) longFilm() {
	dir := f.t.TempDir()
	bigClip(120).writeSparse(f.t, filepath.Join(dir, "film.mp4"))
	file, err := os.Open(filepath.Join(dir, "film.mp4"))
	if err != nil {
		f.t.Fatal(err)
	}
	defer file.Close()
	src, err := fileSource(file)
	if err != nil {
		f.t.Fatal(err)
	}
	index, err := media.Parse(f.t.Context(), file, src.size, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	samples := 0
	for _, track := range index.Tracks {
		for _, s := range track.Segments {
			samples += s.Samples
		}
	}
	var stored bytes.Buffer
	if _, err := index.WriteTo(&stored); err != nil {
		f.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "film.index"), stored.Bytes(), 0o600); err != nil {
		f.t.Fatal(err)
	}
	f.alone("two hours: index in memory, bytes a sample", "B", float64(index.Memory())/float64(samples), 16)
	f.alone("two hours: first playlists, indexed anew: CPU", "ms", f.first(dir, ""), 40)
	f.alone("two hours: first playlists, index kept: CPU", "ms", f.first(dir, "film.index"), 3)
}

// first is the CPU, in milliseconds, of the first multivariant and media playlist
// of a new Server.
func (f *figures) first(dir, index string) float64 {
	var took []float64
	for range 3 * figureRounds {
		meta := new(memoryMeta)
		asset := metadata.Asset{ID: "film", Owner: "ann", Playable: true, Source: "film.mp4", SHA256: "x", Revision: "bench", Index: index}
		meta.put(asset)
		s, err := New(folderStore{dir: dir}, meta, nil)
		if err != nil {
			f.t.Fatal(err)
		}
		before := processCPU()
		at := base(f.t, by(ann, s), "/film", "v1")
		w := httptest.NewRecorder()
		by(ann, s).ServeHTTP(w, httptest.NewRequest(http.MethodGet, at+"index.m3u8", http.NoBody))
		if w.Code != http.StatusOK {
			f.t.Fatalf("%d: %s", w.Code, w.Body)
		}
		took = append(took, (processCPU()-before).Seconds()*1e3)
	}
	return median(took)
}

// processCPU is what this process has used, in user mode and in the kernel.
func processCPU() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // it fails for nobody
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

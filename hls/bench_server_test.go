//go:build linux

package hls

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The figures of a server are those of a process of its own: this test binary,
// run again. It serves a folder both ways and tells what it has used so far.

const benchFolder = "STREAMGATE_HLS_BENCH_FOLDER"

// TestBenchServer is that process. In a run of the tests there is nothing for it
// to do.
func TestBenchServer(t *testing.T) {
	dir := os.Getenv(benchFolder)
	if dir == "" {
		return
	}
	mux := http.NewServeMux()
	mux.Handle("/hls/", http.StripPrefix("/hls", Dir(dir)))
	mux.Handle("/asset/", http.StripPrefix("/asset", assetServer(t, dir)))
	mux.Handle("/static/", http.StripPrefix("/static", http.FileServer(http.Dir(dir))))
	mux.HandleFunc("/used", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(measure())
	})
	text := []byte(strings.Repeat("#EXTINF:6.000000,\n10.m4s\n", 100))
	mux.HandleFunc("/bare", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", playlistType)
		w.Header().Set("Content-Length", strconv.Itoa(len(text)))
		_, _ = w.Write(text)
	})
	var kept sync.Map // by path, what a file has
	mux.HandleFunc("/memory/", func(w http.ResponseWriter, r *http.Request) {
		text, ok := kept.Load(r.URL.Path)
		if !ok {
			text, _ = os.ReadFile(filepath.Join(dir, filepath.Base(r.URL.Path))) // an empty answer says that it is not there
			kept.Store(r.URL.Path, text)
		}
		w.Header().Set("Content-Type", playlistType)
		w.Header().Set("Content-Length", strconv.Itoa(len(text.([]byte))))
		_, _ = w.Write(text.([]byte))
	})
	plain := httptest.NewServer(mux)
	defer plain.Close()
	secret := httptest.NewUnstartedServer(mux)
	secret.EnableHTTP2 = true
	secret.StartTLS()
	defer secret.Close()
	fmt.Printf("%s %s\n", plain.URL, secret.URL)
	_, _ = io.Copy(io.Discard, os.Stdin) // until the benchmark ends
}

// used is what a process has used since it began.
type used struct {
	CPU  time.Duration // user and system
	Peak int64         // resident bytes, at most
	Now  int64         // resident bytes
}

func measure() used {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	statm, _ := os.ReadFile("/proc/self/statm")
	var total, resident int64
	_, _ = fmt.Sscan(string(statm), &total, &resident)
	return used{
		CPU:  time.Duration(u.Utime.Nano() + u.Stime.Nano()),
		Peak: u.Maxrss << 10,
		Now:  resident * int64(os.Getpagesize()),
	}
}

// A benched is a running server process.
type benched struct {
	plain, secret string
	dir           string
	client        *http.Client
}

// startServer runs a server of dir until the benchmark ends.
func startServer(b testing.TB, dir string) *benched {
	b.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestBenchServer$", "-test.timeout=20m")
	cmd.Env = append(os.Environ(), benchFolder+"="+dir)
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	s := &benched{dir: dir}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	if _, err := fmt.Sscan(line, &s.plain, &s.secret); err != nil {
		b.Fatal(err)
	}
	s.client = newClient(false)
	return s
}

// get reads a whole answer and returns its length.
func get(b testing.TB, c *http.Client, url string) int64 { return getAt(b, c, url, math.Inf(1)) }

// getAt is get over a connection that carries so many bytes a second.
func getAt(b testing.TB, c *http.Client, url string, rate float64) int64 {
	b.Helper()
	answer, err := c.Get(url)
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, &paced{answer.Body, rate, time.Now(), 0}, make([]byte, 256<<10))
	if err != nil || answer.StatusCode != http.StatusOK {
		b.Fatalf("%s: %s, %v", url, answer.Status, err)
	}
	return n
}

// paced reads at most rate bytes a second.
type paced struct {
	io.Reader
	rate  float64
	began time.Time
	read  int64
}

func (p *paced) Read(b []byte) (int, error) {
	due := time.Duration(float64(p.read) / p.rate * float64(time.Second))
	time.Sleep(due - time.Since(p.began))
	n, err := p.Reader.Read(b)
	p.read += int64(n)
	return n, err
}

func text(b testing.TB, c *http.Client, url string) string {
	b.Helper()
	answer, err := c.Get(url)
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	all, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		b.Fatalf("%s: %s, %v: %s", url, answer.Status, err, all)
	}
	return string(all)
}

func (s *benched) used(b testing.TB) (u used) {
	b.Helper()
	if err := json.Unmarshal([]byte(text(b, s.client, s.plain+"/used")), &u); err != nil {
		b.Fatal(err)
	}
	return u
}

// cpu is what n calls of do, by so many clients at once, cost the server, each.
func (s *benched) cpu(b testing.TB, clients, n int, do func(int)) time.Duration {
	before := s.used(b).CPU
	var all sync.WaitGroup
	for first := range clients {
		all.Go(func() {
			for i := first; i < n; i += clients {
				do(i)
			}
		})
	}
	all.Wait()
	return (s.used(b).CPU - before) / time.Duration(n)
}

// What assetServer serves.
const (
	assetVideo = "/asset/clip/bench/v1/"
	assetAudio = "/asset/clip/bench/a2/"

	settledVideo = "/asset/settled/bench/v1/"
	settledAudio = "/asset/settled/bench/a2/"
)

// tracks returns the prefixes of the video's and the audio's URIs in the folder.
func (s *benched) tracks(b testing.TB, file string) (video, audio string) {
	master := text(b, s.client, s.plain+"/hls/"+file+"/master.m3u8")
	for line := range strings.Lines(master) {
		if path, ok := strings.CutSuffix(strings.TrimSpace(line), "/v1/index.m3u8"); ok {
			base := "/hls/" + file + "/" + path
			return base + "/v1/", base + "/a2/"
		}
	}
	b.Fatalf("no video in %s", master)
	return "", ""
}

// copyFile keeps what an URL answers as a static file.
func (s *benched) copyFile(b testing.TB, path, name string) {
	b.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text(b, s.client, s.plain+path)), 0o600); err != nil {
		b.Fatal(err)
	}
}

// touch makes a file look like another one.
func touch(b testing.TB, path string) {
	b.Helper()
	now := time.Now()
	if err := os.Chtimes(path, now, now); err != nil {
		b.Fatal(err)
	}
}

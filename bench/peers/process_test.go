//go:build linux

package peers

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/pprof"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// The figures of a server are those of a process of its own: this test binary,
// run again, which serves one contestant and tells what it has used so far.

const (
	serveName = "STREAMGATE_PEERS_SERVE"
	serveDir  = "STREAMGATE_PEERS_DIR"
	// profiles is a folder in which each server leaves the profile of its CPU.
	profiles = "STREAMGATE_PEERS_PROFILES"
)

// TestServe is that process. In a run of the tests there is nothing for it to do.
func TestServe(t *testing.T) {
	name := os.Getenv(serveName)
	if name == "" {
		return
	}
	c, err := contestants[name](os.Getenv(serveDir), -1)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	defer profile(t, name)()
	mux := http.NewServeMux()
	mux.Handle("/", c.handler)
	mux.HandleFunc("/used", func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete {
			_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // the peak begins anew
		}
		_ = json.NewEncoder(w).Encode(measure(c.tally))
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	// The limits of examples/server.
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10}
	go func() { _ = server.Serve(l) }()
	defer server.Close()
	fmt.Printf("http://%s\n", l.Addr())
	_, _ = io.Copy(io.Discard, os.Stdin) // until the benchmark ends
}

// profile starts a profile where one is wanted, and returns what ends it.
func profile(t *testing.T, name string) (end func()) {
	dir := os.Getenv(profiles)
	if dir == "" {
		return func() {}
	}
	f, err := os.CreateTemp(dir, name+".*.prof")
	if err != nil {
		t.Fatal(err)
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		t.Fatal(err)
	}
	return func() {
		pprof.StopCPUProfile()
		_ = f.Close()
	}
}

// used is what a process has used since it began.
type used struct {
	CPU   time.Duration // user and system
	Now   int64         // resident bytes
	Peak  int64         // resident bytes, at most
	Tally map[string]spent
}

func measure(t *tally) used {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	// Not from rusage, whose peak a child takes over from who started it.
	status, _ := os.ReadFile("/proc/self/status")
	return used{
		CPU:   time.Duration(u.Utime.Nano() + u.Stime.Nano()),
		Now:   kilobytes(status, "VmRSS"),
		Peak:  kilobytes(status, "VmHWM"),
		Tally: t.take(),
	}
}

func kilobytes(status []byte, name string) int64 {
	m := regexp.MustCompile(name + `:\s+(\d+) kB`).FindSubmatch(status)
	if m == nil {
		return 0
	}
	n, _ := strconv.ParseInt(string(m[1]), 10, 64)
	return n << 10
}

// start runs a contestant until the benchmark ends.
func start(b testing.TB, name string) *client {
	b.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestServe$", "-test.timeout=1h")
	dir := filepath.Join(b.TempDir(), name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		b.Fatal(err)
	}
	cmd.Env = append(os.Environ(), serveName+"="+name, serveDir+"="+dir)
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
	c := newClient("")
	b.Cleanup(func() {
		c.http.CloseIdleConnections()
		_ = in.Close()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	if _, err := fmt.Sscan(line, &c.origin); err != nil {
		b.Fatal(err)
	}
	return c
}

// startAll runs several contestants, by their names.
func startAll(b testing.TB, names ...string) map[string]*client {
	b.Helper()
	all := make(map[string]*client)
	for _, name := range names {
		all[name] = start(b, name)
	}
	return all
}

// used asks what the server has used; anew makes its peak begin anew.
func (c *client) used(b testing.TB, anew bool) (u used) {
	b.Helper()
	method := http.MethodGet
	if anew {
		method = http.MethodDelete
	}
	req, err := http.NewRequest(method, c.origin+"/used", nil)
	if err != nil {
		b.Fatal(err)
	}
	answer, err := c.http.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(&u); err != nil {
		b.Fatal(err)
	}
	return u
}

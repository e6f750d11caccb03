package hls

import (
	"bytes"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"
)

// spliced is a body of runs of a file with gaps between them, and what it has to
// bring.
func spliced(t *testing.T, runs int) (b *body, want []byte, path string) {
	t.Helper()
	const length, gap = 20_011, 777
	source := make([]byte, runs*(length+gap))
	for i := 0; i < len(source); i += 100 {
		source[i] = byte(i * 31 >> 3)
	}
	path = filepath.Join(t.TempDir(), "source")
	if err := os.WriteFile(path, source, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	b = &body{source: f, file: f}
	for i := range runs {
		at := i*(length+gap) + gap
		b.runs = append(b.runs, run{int64(at), length})
		want = append(want, source[at:at+length]...)
	}
	if !b.spliceable() {
		t.Fatal("it is not to be spliced")
	}
	return b, want, path
}

// connection returns both ends of a TCP connection.
func connection(t *testing.T) (near, far *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	other, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = c.Close(), other.Close() })
	return c.(*net.TCPConn), other.(*net.TCPConn) //nolint:forcetypeassert // what net.Dial returns for tcp
}

func TestRunsAreMovedByTheKernel(t *testing.T) {
	for name, cold := range map[string]bool{"from the page cache": false, "from the disk": true} {
		t.Run(name, func(t *testing.T) {
			b, want, _ := spliced(t, 300)
			if cold {
				if err := b.file.Sync(); err != nil {
					t.Fatal(err)
				}
				const dontNeed = 4 // POSIX_FADV_DONTNEED
				_, _, _ = syscall.Syscall6(syscall.SYS_FADVISE64, b.file.Fd(), 0, 0, dontNeed, 0, 0)
			}
			near, far := connection(t)
			go func() {
				if n, err := b.splice(near); n != int64(len(want)) || err != nil {
					t.Errorf("%d bytes of %d were moved: %v", n, len(want), err)
				}
				_ = near.Close()
			}()
			if got, err := io.ReadAll(far); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%d bytes of %d arrived, %v", len(got), len(want), err)
			}
		})
	}
}

func TestAFileThatBecameShorterEndsItsSplicing(t *testing.T) {
	b, want, path := spliced(t, 300)
	if err := os.Truncate(path, 1_000_000); err != nil {
		t.Fatal(err)
	}
	near, far := connection(t)
	go func() { _, _ = io.Copy(io.Discard, far) }()
	n, err := b.splice(near)
	if err == nil || b.readErr == nil || n >= int64(len(want)) {
		t.Errorf("%d bytes of %d, %v", n, len(want), err)
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skipf("this system does not list what is open: %v", err)
	}
	return len(list)
}

// Clients leave in the middle, with pipes half full.
func TestPipesAreNotLeftOpen(t *testing.T) {
	before := openFiles(t)
	whole, _, _ := spliced(t, 1000) // more than a connection holds
	for range 20 {
		b := &body{source: whole.file, file: whole.file, runs: slices.Clone(whole.runs)}
		near, far := connection(t)
		go func() {
			_, _ = io.CopyN(io.Discard, far, 100_000)
			_ = far.Close()
		}()
		if _, err := b.splice(near); err == nil || b.readErr != nil {
			t.Fatalf("the client has left: %v, %v", err, b.readErr)
		}
		_ = near.Close()
	}
	for range 3000 {
		runtime.GC()
		if openFiles(t) <= before+4 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d files were open, %d are", before, openFiles(t))
}

package disk_test

import (
	"io"
	"net"
	"runtime"
	"testing"
)

// io.Copy from a file to a TCP connection sends it within the kernel where it
// can. Where it cannot, it copies through a buffer of 32 KiB, which shows in
// what is allocated.
func TestAnOpenedFileLeavesBySendfile(t *testing.T) {
	if runtime.GOOS == "js" || runtime.GOOS == "wasip1" || runtime.GOOS == "openbsd" || runtime.GOOS == "netbsd" {
		t.Skipf("%s has no sendfile; run it on linux, darwin, freebsd or windows", runtime.GOOS)
	}
	s := open(t, t.TempDir(), nil)
	d, err := s.Create(t.Context(), "v")
	if err != nil {
		t.Fatal(err)
	}
	const size = 4 << 20
	if _, err := d.Write(make([]byte, size)); err != nil {
		t.Fatal(err)
	}
	if err := d.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	conn := sink(t)
	sent := func(w io.Writer) uint64 {
		f, err := s.OpenFile(t.Context(), "v")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		before := allocated()
		if n, err := io.Copy(w, f); err != nil || n != size {
			t.Fatalf("%d bytes sent, %v", n, err)
		}
		return allocated() - before
	}
	direct, copied := sent(conn), sent(struct{ io.Writer }{conn})
	if direct >= 16<<10 || copied < 32<<10 {
		t.Errorf("sending the file allocates %d bytes, copying it %d", direct, copied)
	}
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// sink is a TCP connection to somebody who reads and throws away.
func sink(t *testing.T) net.Conn {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	buf := make([]byte, 1<<20)
	go func() {
		defer close(done)
		for {
			if _, err := far.Read(buf); err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		_ = conn.Close()
		<-done
		_ = far.Close()
	})
	return conn
}

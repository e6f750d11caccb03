package streamgate_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/streamgate/streamgate"
)

// fill takes all the room that is left in dir.
func fill(t *testing.T, dir string) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "fill"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, n := range []int{1 << 20, 1} {
		for block := make([]byte, n); err == nil; {
			_, err = f.Write(block)
		}
		err = nil
	}
}

// TestOnAFullDiskRoomCanBeMade deletes and cancels where not a byte is left.
func TestOnAFullDiskRoomCanBeMade(t *testing.T) {
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=32m"); err != nil {
		t.Skipf("a small disk cannot be mounted (%v); run the test as root", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(disk, syscall.MNT_DETACH) })
	data := filepath.Join(disk, "data")
	openFull := func() (*streamgate.Gate, *client) {
		g := startGate(t, data)
		return g, serve(t, g, "")
	}
	g, c := openFull()
	id := c.upload()
	tus := []string{"Tus-Resumable", "1.0.0"}
	open := c.do(http.MethodPost, "/v1/uploads", nil, append(tus, "Upload-Length", "1000000")...).want(t, http.StatusCreated)
	location, err := open.Location()
	if err != nil {
		t.Fatal(err)
	}
	create := func() int {
		body := strings.NewReader(`{"description":"` + strings.Repeat("x", 10_000) + `"}`)
		return c.do(http.MethodPost, "/v1/assets", body, "Content-Type", "application/json").StatusCode
	}
	fill(t, disk)
	status := http.StatusCreated
	for i := 0; i < 1000 && status == http.StatusCreated; i++ { // the log may have room of its own
		status = create()
	}
	if status != http.StatusInsufficientStorage {
		t.Fatalf("the disk is not full: %d", status)
	}
	stopGate(t, g)
	_, c = openFull() // without room, too
	c.do(http.MethodDelete, "/v1/assets/"+id, nil).want(t, http.StatusNoContent)
	c.do(http.MethodDelete, location.Path, nil, tus...).want(t, http.StatusNoContent)
	wantNoFiles(t, data)
	if status := create(); status != http.StatusCreated {
		t.Errorf("with the room that was made: %d", status)
	}
}

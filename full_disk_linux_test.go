package streamgate_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/internal/testclip"
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

// smallDisk mounts a file system of so many MiB.
func smallDisk(t *testing.T, mib int) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dm", mib)); err != nil {
		t.Skipf("a small disk cannot be mounted (%v); run the test as root", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

// Row 29 of the list of attacks.
func TestAnUploadGoesOnOnceTheFullDiskHasRoom(t *testing.T) {
	disk := smallDisk(t, 64)
	c := serve(t, startGate(t, filepath.Join(disk, "data")), "")
	film := append(testclip.MP4(t), make([]byte, 30<<20)...)
	copy(film[len(film)-30<<20:], "\x01\xe0\x00\x00free") // a box of 30 MiB that says nothing
	tus := []string{"Tus-Resumable", "1.0.0", "Content-Type", "application/offset+octet-stream"}
	created := c.do(http.MethodPost, "/v1/uploads", nil, append(tus, "Upload-Length", strconv.Itoa(len(film)))...).want(t, http.StatusCreated)
	location, err := created.Location()
	if err != nil {
		t.Fatal(err)
	}
	send := func(at int) answer {
		return c.do(http.MethodPatch, location.Path, bytes.NewReader(film[at:]), append(tus, "Upload-Offset", strconv.Itoa(at))...)
	}
	offset := func() int {
		head := c.do(http.MethodHead, location.Path, nil, tus...).want(t, http.StatusOK)
		n, err := strconv.Atoi(head.Header.Get("Upload-Offset"))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	fill(t, disk)
	shrink(t, disk, 10<<20)
	wantProblem(t, send(0), http.StatusInsufficientStorage)
	at := offset()
	if at == 0 || at >= len(film) {
		t.Errorf("%d bytes are acknowledged where some 10 MiB had room", at)
	}
	wantProblem(t, send(at), http.StatusInsufficientStorage)
	shrink(t, disk, 60<<20)
	send(offset()).want(t, http.StatusNoContent)
	plays(t, c, c.base+"/play/"+created.Header.Get("StreamGate-Asset")+"/master.m3u8")
}

// shrink makes room by taking so much of what fill took.
func shrink(t *testing.T, dir string, by int64) {
	t.Helper()
	name := filepath.Join(dir, "fill")
	info, err := os.Stat(name)
	if err == nil {
		err = os.Truncate(name, max(0, info.Size()-by))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestOnAFullDiskRoomCanBeMade deletes and cancels where not a byte is left.
func TestOnAFullDiskRoomCanBeMade(t *testing.T) {
	disk := smallDisk(t, 32)
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

// Row 29 of the list of attacks.
func TestCaptionsOnAFullDiskAreRefused(t *testing.T) {
	disk := smallDisk(t, 32)
	c := serve(t, startGate(t, filepath.Join(disk, "data")), "")
	id := c.upload()
	put := func() answer {
		body := strings.NewReader("1\n00:00:00,500 --> 00:00:01,500\nHello\n" + strings.Repeat("\n00:00:01,500 --> 00:00:01,600\nand so on\n", 1000))
		return c.do(http.MethodPut, "/v1/assets/"+id+"/captions/en", body)
	}
	fill(t, disk)
	wantProblem(t, put(), http.StatusInsufficientStorage)
	if got := c.get("/v1/assets/"+id).want(t, http.StatusOK).json(t)["captions"]; len(got.([]any)) != 0 {
		t.Errorf("it has %v", got)
	}
	shrink(t, disk, 20<<20)
	put().want(t, http.StatusCreated)
	plays(t, c, c.base+"/play/"+id+"/master.m3u8")
}

package disk_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"

	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/storage/disk"
)

// The test binary runs itself as another process when this is set: "open", "hold" or
// "write", with the data directory in the other.
const (
	childMode = "STREAMGATE_DISK_CHILD"
	childDir  = "STREAMGATE_DISK_CHILD_DIR"
)

func TestMain(m *testing.M) {
	switch os.Getenv(childMode) {
	case "open":
		_, err := disk.Open(os.Getenv(childDir))
		fmt.Println(err, errors.Is(err, disk.ErrInUse))
	case "write":
		fmt.Fprintln(os.Stderr, writeForever(os.Getenv(childDir)))
		os.Exit(1)
	case "hold":
		fmt.Fprintln(os.Stderr, holdForever(os.Getenv(childDir)))
		os.Exit(1)
	default:
		os.Exit(m.Run())
	}
}

// child starts the other process; the test kills it at its end at the latest.
func child(t *testing.T, mode, dir string) (*exec.Cmd, *bufio.Reader) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), childMode+"="+mode, childDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewReader(out)
}

const (
	chunks    = 12   // of a blob that writeForever writes
	chunkSize = 4099 // bytes
)

// writeForever writes one blob after the other, in turns of create or append,
// sync and close, and says on standard output what is durable: "synced KEY
// BYTES" or "committed KEY BYTES".
func writeForever(dir string) error {
	s, err := disk.Open(dir)
	if err != nil {
		return err
	}
	for i := 0; ; i++ {
		key := fmt.Sprintf("crash/%d/blob", i)
		if _, err := s.Stat(context.Background(), key); err == nil {
			continue
		}
		for done := false; !done; {
			if done, err = writeOn(s, key); err != nil {
				return err
			}
		}
	}
}

// writeOn writes one chunk, or commits.
func writeOn(s *disk.Store, key string) (done bool, err error) {
	ctx := context.Background()
	d, err := s.Append(ctx, key)
	if errors.Is(err, storage.ErrNotFound) {
		d, err = s.Create(ctx, key)
	}
	if err != nil {
		return false, err
	}
	defer d.Close()
	if d.Size() >= chunks*chunkSize {
		if err := d.Commit(ctx); err != nil {
			return false, err
		}
		fmt.Printf("committed %s %d\n", key, d.Size())
		return true, nil
	}
	for range 3 { // in pieces, so that a kill can come between them
		if _, err := d.Write(pattern(d.Size(), chunkSize/3)); err != nil {
			return false, err
		}
	}
	if err := d.Sync(); err != nil {
		return false, err
	}
	fmt.Printf("synced %s %d\n", key, d.Size())
	return false, nil
}

// pattern is what lies at an offset of every blob.
func pattern(off int64, n int) []byte {
	p := make([]byte, n)
	for i := range p {
		at := off + int64(i)
		p[i] = byte(at ^ at>>8 ^ at>>13)
	}
	return p
}

func checkPattern(r io.Reader, n int64) error {
	got := make([]byte, n)
	if _, err := io.ReadFull(r, got); err != nil {
		return err
	}
	if string(got) != string(pattern(0, int(n))) {
		return errors.New("other bytes than were written")
	}
	return nil
}

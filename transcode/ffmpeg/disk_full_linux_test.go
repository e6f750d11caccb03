package ffmpeg_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

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

func TestAFullDiskIsCalledSoAndLeftAsItWas(t *testing.T) {
	needFFmpeg(t)
	for _, c := range []struct {
		name  string
		free  int64
		words string
	}{
		{"when nothing is left", -1, "there is no room left on the disk"},
		{"when what must stay free is left", 4 << 20, "4096 KiB have to stay free"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := smallDisk(t, 12)
			r := newRunnerIn(t, dir, &ffmpeg.Options{Free: c.free})
			command := encode("320x240", "-c:v", "rawvideo")
			command.Inputs[0].Args = []string{"-readrate", "1"}
			if c.free < 0 {
				command.Inputs[0].Args = nil
			}
			_, err := r.Run(t.Context(), command)
			wantClass(t, err, ffmpeg.DiskFull, c.words)
			var left syscall.Statfs_t
			if err := syscall.Statfs(dir, &left); err != nil || left.Bavail < left.Blocks*9/10 {
				t.Errorf("%d of %d blocks are free (%v)", left.Bavail, left.Blocks, err)
			}
		})
	}
}

func TestACopyThatFillsTheDiskIsCalledSo(t *testing.T) {
	for _, c := range []struct {
		name    string
		free    int64
		size    int
		fetches int32
		words   string
	}{
		{"there is no room for it", -1, 20 << 20, 0, "the file has 20 MiB, and the disk 12 MiB"},
		{"what must stay free would not", 4 << 20, 10 << 20, 0, "of which 4096 KiB have to stay free"},
		{"others fill the disk meanwhile", -1, 10 << 20, 1, "there is no room left on the disk"},
		{"others take what must stay free meanwhile", 1, 10 << 20, 1, "the disk has 0 bytes left, and 1 bytes have to stay free"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := smallDisk(t, 12)
			r := newRunnerIn(t, dir, &ffmpeg.Options{Free: c.free})
			f := near("film", c.size)
			other := filepath.Join(dir, "other")
			fetch := f.Fetch
			f.Fetch = func(ctx context.Context, dst io.Writer) error {
				if err := os.WriteFile(other, make([]byte, 13<<20), 0o600); err == nil {
					t.Error("it has filled no disk")
				}
				return fetch(ctx, dst)
			}
			_, err := r.Copy(t.Context(), f.Remote)
			if e := wantClass(t, err, ffmpeg.DiskFull, c.words); !e.Retry() {
				t.Error("it is not tried again")
			}
			f.wantFetched(t, c.fetches)
			wantCopies(t, dir, 0)
			_ = os.Remove(other) // where there was no copy it is not there
		})
	}
}

func TestACopyOnItsWayHasItsRoomOnTheDisk(t *testing.T) {
	dir := smallDisk(t, 12)
	synctest.Test(t, func(t *testing.T) {
		r := newRunnerIn(t, dir, &ffmpeg.Options{Free: -1})
		f := newFar("film", 7<<20)
		first := asked(t.Context(), r, f)
		synctest.Wait()
		if _, err := r.Copy(t.Context(), near("another", 7<<20).Remote); !errors.Is(err, ffmpeg.ErrBusy) {
			t.Error(err)
		}
		close(f.may)
		if err := <-first; err != nil {
			t.Error(err)
		}
	})
}

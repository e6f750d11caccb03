package ffmpeg_test

import (
	"fmt"
	"syscall"
	"testing"

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

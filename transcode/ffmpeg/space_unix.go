//go:build linux || darwin

package ffmpeg

import "golang.org/x/sys/unix"

// freeBytes is the room that is left for us on the file system of dir.
func freeBytes(dir string) (int64, bool) {
	var st unix.Statfs_t
	if unix.Statfs(dir, &st) != nil {
		return 0, false
	}
	return int64(st.Bavail) * int64(st.Bsize), true //nolint:unconvert // it has another size elsewhere
}

package ffmpeg

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// TempDir returns a directory for New among the system's temporary files, for who has
// no place of its own. All processes of one user have the same, so that what a process
// leaves that is killed is removed by the next New, and it is made where it is not
// there. One that is not the user's, or that others may write to, is refused: who
// controls the place names another by TMPDIR.
func TempDir() (string, error) {
	name := "streamgate-ffmpeg"
	if user := os.Getuid(); user >= 0 {
		name += "-" + strconv.Itoa(user)
	}
	dir := filepath.Join(os.TempDir(), name)
	if err := os.Mkdir(dir, dirMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("ffmpeg: a directory for runs: %w", err)
	}
	info, err := os.Lstat(dir) // what a link leads to is not asked for
	if err == nil && (!info.IsDir() || !private(info)) {
		err = errors.New("it is not a directory that is this user's alone")
	}
	if err != nil {
		return "", fmt.Errorf("ffmpeg: %s cannot be used for runs: %w", dir, err)
	}
	return dir, nil
}

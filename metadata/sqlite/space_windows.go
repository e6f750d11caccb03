package sqlite

import (
	"path/filepath"

	"golang.org/x/sys/windows"
)

// freeSpace is how many bytes are free for us where path lies.
func freeSpace(path string) (free uint64, known bool) {
	dir, err := windows.UTF16PtrFromString(filepath.Dir(path))
	if err != nil {
		return 0, false
	}
	err = windows.GetDiskFreeSpaceEx(dir, &free, nil, nil)
	return free, err == nil
}

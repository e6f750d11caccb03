package disk

import (
	"path/filepath"

	"golang.org/x/sys/windows"
)

// freeSpace is how many bytes are free for us where path lies.
func freeSpace(path string) (free uint64, err error) {
	dir, err := windows.UTF16PtrFromString(filepath.Dir(path))
	if err == nil {
		err = windows.GetDiskFreeSpaceEx(dir, &free, nil, nil)
	}
	return free, err
}

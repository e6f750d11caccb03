package disk

import (
	"syscall"

	"golang.org/x/sys/windows"
)

var (
	fullErrors    = []error{windows.ERROR_DISK_FULL, windows.ERROR_HANDLE_DISK_FULL, windows.ERROR_DISK_QUOTA_EXCEEDED}
	blockedErrors = []error{syscall.ENOTDIR, syscall.EISDIR, windows.ERROR_DIRECTORY, windows.ERROR_DIR_NOT_EMPTY}
)

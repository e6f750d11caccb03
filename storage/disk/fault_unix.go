//go:build !windows && !plan9

package disk

import "syscall"

var (
	// EFBIG is a file beyond what the file system or a ulimit allows.
	fullErrors    = []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG}
	blockedErrors = []error{syscall.ENOTDIR, syscall.EISDIR, syscall.ENOTEMPTY}
)

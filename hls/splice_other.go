//go:build !linux

package hls

import "syscall"

// spliceable says no: the runs are gathered.
func (b *body) spliceable() bool { return false }

// splice sends nothing.
func (b *body) splice(syscall.Conn) (int64, error) { return 0, nil }

//go:build !unix

package hls

import "errors"

func mkfifo(string) error { return errors.ErrUnsupported }

//go:build !unix

package pgtest

import (
	"errors"
	"os/exec"
)

var errSystem = errors.New("tests start a PostgreSQL only on systems that have users and sh")

func give(string) error { return errSystem }

func as(cmd *exec.Cmd) { cmd.Err = errSystem }

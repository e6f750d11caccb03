package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/streamgate/streamgate/audit"
)

// The names of the audit log in the data directory.
const (
	auditDir = "audit"
	auditKey = "audit.key"
)

// What -audit may be, beside off.
var policies = map[string]audit.Policy{"drop": audit.Drop, "block": audit.Block, "refuse": audit.Refuse}

// openAudit opens the audit log, or nothing where there is to be none.
func openAudit(c config) (*audit.Log, *audit.File, error) {
	if c.audit == auditOff {
		return nil, nil, nil
	}
	if err := os.MkdirAll(c.data, 0o750); err != nil {
		return nil, nil, err
	}
	key, err := audit.LoadKey(filepath.Join(c.data, auditKey))
	if err != nil {
		return nil, nil, err
	}
	file, err := audit.OpenFile(filepath.Join(c.data, auditDir), key, &audit.FileOptions{NoWait: !c.auditWait})
	if tampered, ok := errors.AsType[*audit.TamperedError](err); ok {
		return nil, nil, fmt.Errorf("%w\n  Keep %s as it is for whoever looks into it, and start with another name in its place: it is then a new log", tampered, filepath.Join(c.data, auditDir))
	}
	if err != nil {
		return nil, nil, err
	}
	log, err := audit.New([]audit.Sink{file}, &audit.Options{Policy: policies[c.audit]})
	if err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	return log, file, nil
}

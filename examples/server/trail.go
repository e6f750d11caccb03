package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
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

// An auditTrail is the audit log of a run.
type auditTrail struct {
	log  *audit.Log
	file *audit.File
}

// openAudit opens the audit log, or returns nil where there is to be none.
func openAudit(c config) (*auditTrail, error) {
	if c.audit == auditOff {
		return nil, nil //nolint:nilnil // there is none
	}
	if err := os.MkdirAll(c.data, 0o750); err != nil {
		return nil, err
	}
	dir := c.auditPlace()
	key, err := auditSigner(filepath.Join(c.data, auditKey), dir)
	if err != nil {
		return nil, err
	}
	o := &audit.FileOptions{NoWait: !c.auditWait}
	if c.checkpoints != "" {
		if o.After, err = lastCheckpoint(c.checkpoints, key.Public().(ed25519.PublicKey)); err != nil { //nolint:forcetypeassert // of an ed25519.PrivateKey
			return nil, err
		}
		o.Checkpoint = func(_ context.Context, p audit.Checkpoint) error { return keepCheckpoint(c.checkpoints, p) }
	}
	file, err := audit.OpenFile(dir, key, o)
	if tampered, ok := errors.AsType[*audit.TamperedError](err); ok {
		return nil, fmt.Errorf("%w\n  Keep the files for whoever looks into it, and begin a new log in their place: mv %s %s.broken", tampered, dir, dir)
	}
	if err != nil {
		return nil, err
	}
	log, err := audit.New([]audit.Sink{file}, &audit.Options{Policy: policies[c.audit]})
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	t := &auditTrail{log, file}
	slog.Info("audit log", "dir", dir, "continues_after", t.last())
	return t, t.tell("server.started")
}

// auditSigner makes no key where there is a log: its own is missing then.
func auditSigner(path, dir string) (ed25519.PrivateKey, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if files, _ := audit.Files(dir); len(files) > 0 {
			return nil, fmt.Errorf("%s is missing, and %s holds a log that it signs. Put the key back, or begin a new log: mv %s %s.old", path, dir, dir, dir)
		}
	}
	return audit.LoadKey(path)
}

// last is the number of the last event, 0 in a new log.
func (t *auditTrail) last() uint64 {
	page, err := t.file.Search(context.Background(), audit.Query{Limit: 1})
	if err != nil || len(page.Entries) == 0 {
		return 0
	}
	return page.Entries[0].Seq
}

// tell records that the server starts and stops: where the second is missing, it
// did not end by itself.
func (t *auditTrail) tell(action string) error {
	return t.log.Record(context.Background(), audit.Event{Action: action, Outcome: audit.Success})
}

func (t *auditTrail) close() error {
	if t == nil {
		return nil
	}
	return errors.Join(t.tell("server.stopped"), t.file.Close())
}

// lastCheckpoint reads the newest of a file of checkpoints, which may not be there
// yet.
func lastCheckpoint(path string, key ed25519.PublicKey) (audit.Checkpoint, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return audit.Checkpoint{}, nil
	}
	if err != nil {
		return audit.Checkpoint{}, err
	}
	text = bytes.TrimSpace(text)
	if len(text) == 0 {
		return audit.Checkpoint{}, nil
	}
	point, err := audit.ParseCheckpoint(string(text[bytes.LastIndexByte(text, '\n')+1:]), key)
	if err != nil {
		return point, fmt.Errorf("the last line of %s: %w", path, err)
	}
	return point, nil
}

func keepCheckpoint(path string, p audit.Checkpoint) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o640)
	if err != nil {
		return err
	}
	_, err = f.WriteString(p.String() + "\n")
	return errors.Join(err, f.Sync(), f.Close())
}

package disk

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/streamgate/streamgate/storage"
)

// referenceLimit bounds what is read as a reference, in bytes.
const referenceLimit = 64 << 10

// reference is what lies in the place of an imported file.
type reference struct {
	Version int    `json:"streamgate_import"`    // 1
	Path    string `json:"path"`                 // absolute
	Bytes   []byte `json:"path_bytes,omitempty"` // of a path that is not UTF-8, and so no JSON string
	Size    int64  `json:"size"`                 // bytes
	ModTime int64  `json:"mod_time"`             // nanoseconds since 1970
}

func refer(path string, info fs.FileInfo) reference {
	r := reference{Version: 1, Path: path, Size: info.Size(), ModTime: info.ModTime().UnixNano()}
	if !utf8.ValidString(path) {
		r.Path, r.Bytes = strings.ToValidUTF8(path, "\ufffd"), []byte(path)
	}
	return r
}

func (r reference) path() string {
	if len(r.Bytes) > 0 {
		return string(r.Bytes)
	}
	return r.Path
}

func (r reference) info(key string) storage.Info {
	return storage.Info{Key: key, Size: r.Size, ModTime: time.Unix(0, r.ModTime)}
}

// matches says whether the file is still the one that was imported.
func (r reference) matches(info fs.FileInfo) bool {
	return info.Size() == r.Size && info.ModTime().UnixNano() == r.ModTime
}

func parseReference(text []byte) (reference, error) {
	var r reference
	if err := json.Unmarshal(text, &r); err != nil {
		return reference{}, fmt.Errorf("import reference: %w", err)
	}
	switch {
	case r.Version != 1:
		return reference{}, fmt.Errorf("import reference of version %d", r.Version)
	case r.Path == "", r.Size < 0:
		return reference{}, errors.New("import reference without a path or size")
	}
	return r, nil
}

// readReference returns fs.ErrNotExist when the key was not imported.
func (s *Store) readReference(key string) (reference, error) {
	f, err := s.fs.Open(importName(key))
	if err != nil {
		return reference{}, err
	}
	defer func() { _ = f.Close() }() // only read
	text, err := io.ReadAll(io.LimitReader(f, referenceLimit))
	if err != nil {
		return reference{}, err
	}
	r, err := parseReference(text)
	if err != nil {
		return reference{}, broken(err, key)
	}
	return r, nil
}

// writeReference puts it in its place, durably; the caller holds the key.
func (s *Store) writeReference(key string, r reference) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	// A crash may have left one behind.
	if err := s.fs.Remove(newName(key)); err != nil && !missing(err) {
		return err
	}
	f, err := s.fs.Create(newName(key))
	if err != nil {
		return err
	}
	_, err = f.WriteAt(append(text, '\n'), 0)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = s.fs.Rename(newName(key), importName(key))
	}
	if err == nil {
		err = s.anchor(importName(key))
		s.anchors.drop(importName(key))
	}
	if err != nil {
		_ = s.fs.Remove(newName(key))    // nothing half-made stays,
		_ = s.fs.Remove(importName(key)) // as far as the disk still obeys
	}
	return err
}

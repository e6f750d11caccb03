package disk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/streamgate/streamgate/storage"
)

// Store keeps blobs in a data directory. It implements storage.Store,
// storage.FileOpener, storage.DraftReader and storage.Importer.
type Store struct {
	fs      fsys
	lock    *os.File
	folders []folder

	slots   slots
	anchors anchors
	cuts    cuts
	rested  rested

	// shape keeps directories from being pruned, and the store from being
	// closed, (locked) while somebody makes names (locked for reading).
	shape  sync.RWMutex
	closed bool // under shape
}

var (
	_ storage.Store       = (*Store)(nil)
	_ storage.FileOpener  = (*Store)(nil)
	_ storage.DraftReader = (*Store)(nil)
	_ storage.Importer    = (*Store)(nil)
)

// Options change a Store. The zero value is the default.
type Options struct {
	// ImportFolders are the folders from which Import takes files. Default: none.
	ImportFolders []string

	// Shared lets other processes of this machine have the directory at the same
	// time, each with Shared. Whoever appends to a draft keeps all others from it, for
	// as long as the draft is open or its process lives. Names are changed in turns,
	// by locks of the operating system, and what a process remembers of the directory
	// to spare an fsync it does not where another may have changed it. One at a time
	// opens it; who waits for that for two minutes is refused with ErrInUse. Not on Windows.
	// Default: the directory is this Store's alone.
	Shared bool
}

// Open opens the data directory dir, and makes it when it is not there. It
// answers an error matching ErrInUse when another process has it open.
func Open(dir string) (*Store, error) { return OpenWith(dir, nil) }

// OpenWith is Open with options; nil means the defaults.
func OpenWith(dir string, o *Options) (*Store, error) {
	if o == nil {
		o = new(Options)
	}
	if dir == "" {
		return nil, errors.New("disk: no data directory given")
	}
	root, err := openRoot(dir)
	if err != nil {
		return nil, err
	}
	s := &Store{fs: rootFS{root}}
	if err := s.open(root, dir, o); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Store) open(root *os.Root, dir string, o *Options) (err error) {
	if o.Shared {
		err = s.openShared(root, dir)
	} else {
		err = s.openAlone(root, dir)
	}
	if err != nil {
		return err
	}
	s.anchors.add(blobTree)
	s.anchors.add(draftTree)
	s.folders, err = openFolders(o.ImportFolders)
	return err
}

func (s *Store) openAlone(root *os.Root, dir string) (err error) {
	if s.lock, err = acquire(root, dir, tryLock); err != nil {
		return err
	}
	return prepare(root, dir)
}

// openRoot makes the directory, durably, where it is not there yet.
func openRoot(dir string) (*os.Root, error) {
	there, err := nearest(dir)
	if err == nil {
		err = os.MkdirAll(dir, dirMode)
	}
	if err == nil {
		err = syncBetween(dir, there)
	}
	if err != nil {
		return nil, fmt.Errorf("disk: data directory: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("disk: data directory: %w", err)
	}
	return root, nil
}

// nearest returns the absolute path of dir or of the first one above it that is
// there.
func nearest(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for {
		_, err := os.Stat(abs)
		if err == nil || !errors.Is(err, fs.ErrNotExist) || abs == filepath.Dir(abs) {
			return abs, nil // MkdirAll says what is wrong with it
		}
		abs = filepath.Dir(abs)
	}
}

// syncBetween syncs the directories above dir, up to and including there.
func syncBetween(dir, there string) error {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	for abs != there {
		abs = filepath.Dir(abs)
		f, err := os.Open(abs)
		if err != nil {
			return err
		}
		if err := errors.Join(syncDir(f), f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// Close lets go of the data directory. Drafts that are open are closed as they
// are; blobs that are open can be read on.
func (s *Store) Close() error {
	s.shape.Lock()
	s.closed = true
	s.shape.Unlock()
	var errs []error
	for _, key := range s.slots.keys() {
		errs = append(errs, s.abandon(key))
	}
	s.slots.names.close()
	errs = append(errs, closeFolders(s.folders), s.fs.Close())
	if s.lock != nil {
		errs = append(errs, ignoreClosed(s.lock.Close()))
	}
	return errors.Join(errs...)
}

// abandon closes the draft that somebody left open.
func (s *Store) abandon(key string) error {
	sl := s.slots.lock(key)
	defer s.slots.unlock(key, sl)
	d := sl.draft
	if d == nil {
		return nil
	}
	sl.draft = nil
	d.closed.Store(true)
	return ignoreClosed(s.disown(d.f))
}

func ignoreClosed(err error) error {
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}

// admit refuses what must not start.
func admit(ctx context.Context, key string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return storage.CheckKey(key)
}

package audit

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

const (
	defaultMaxSize    = 100 << 20
	defaultBuffer     = 8 << 20
	minBuffer         = 2 * maxEncoded
	defaultDelay      = 100 * time.Millisecond
	defaultCheckpoint = time.Minute
)

// FileOptions are the options of OpenFile. A nil *FileOptions is the defaults.
type FileOptions struct {
	// NoWait lets Append return when the event is in memory. It is on the disk
	// after Delay and the time of an fsync; a crash before that loses it.
	// Default: false, Append returns when the event is durable.
	NoWait bool
	// Delay is how long events are gathered under NoWait before they are written
	// together. Default: 100 ms.
	Delay time.Duration
	// Buffer is how many bytes of events may wait to be written; beyond it
	// Append fails. Default: 8 MiB, at least 128 KiB.
	Buffer int
	// MaxSize is the size in bytes at which the next file begins. It is exceeded
	// by less than what waits at one time. Default: 100 MiB.
	MaxSize int64
	// MaxAge is the age of a file at which the next event begins another.
	// Default: no limit.
	MaxAge time.Duration
	// MaxFiles is how many files stay; the oldest are removed when a new one has
	// its first seal. Default: no limit, nothing is removed.
	MaxFiles int
	// OldKeys are public keys that signed what is there already, after a change
	// of the key. Default: none, all is signed by the key.
	OldKeys []ed25519.PublicKey
	// After is a checkpoint that was kept elsewhere, best the newest: the log is
	// not continued when it ends before that. Default: none.
	After Checkpoint
	// Checkpoint gets the newest seal from time to time, and the last one at
	// Close, to keep it elsewhere. It is called by one goroutine of its own,
	// under a deadline of 10 s. An error leads to another try after
	// CheckpointEvery. Default: none, and cut off files cannot be told.
	Checkpoint func(context.Context, Checkpoint) error
	// CheckpointEvery is the least time between two calls of Checkpoint.
	// Default: 1 min.
	CheckpointEvery time.Duration
	// Logger is told what there is nobody to return to: that events wait and
	// cannot be written, that a checkpoint was not taken, that an old file cannot
	// be removed. It must not lead back into this log. Default: slog.Default().
	Logger *slog.Logger
}

// File is a Sink that writes to files in a directory, audit-00000001.jsonl and
// so on, in one chain over all of them: see docs/audit.md for the format. Many
// events share one write, one seal and one fsync. It has a goroutine, which
// Close ends.
type File struct {
	dir string
	fs  fsys
	o   FileOptions

	mu      sync.Mutex
	pending *batch // what is written next
	flying  *batch // what is being written, if anything
	spare   []byte // room for lines, to use again
	failing error  // why events wait that cannot be written, under NoWait
	rotate  bool   // the next group begins a file
	urgent  bool   // somebody waits: no Delay
	closed  bool
	shown   place // what may be read

	wake    chan struct{}
	stop    chan struct{}
	done    chan struct{}
	lost    error // what is still not written when the writer ends
	writing writer
	points  *pointer // nil without a hook
}

// batch is what is written together.
type batch struct {
	lines []byte
	done  chan struct{} // closed when it is on the disk, or err says why it is not
	err   error
}

func newBatch(room []byte) *batch { return &batch{lines: room[:0], done: make(chan struct{})} }

// place is a position in the files, up to which all is durable.
type place struct {
	file uint64
	size int64
}

// OpenFile opens the log in a directory, which it makes if it is not there, and
// continues its chain. The key signs (an ed25519.PrivateKey, or a crypto.Signer
// whose public key is an Ed25519 one). It checks the newest file: what a crash
// left unfinished behind the last seal was never acknowledged, is cut off, and
// stands in the log as an event "audit.recovered"; anything else that is wrong is
// a *TamperedError, since what continues a broken chain would hide where it broke;
// so is a log that ends before the checkpoint FileOptions.After.
// The older files are for Verify. ErrInUse when another writes there.
func OpenFile(dir string, key crypto.Signer, o *FileOptions) (*File, error) {
	root, err := openRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("audit: opening %s: %w", dir, err)
	}
	f, err := openFile(dir, root, key, o)
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return f, nil
}

func openFile(dir string, root fsys, key crypto.Signer, o *FileOptions) (*File, error) {
	public, err := publicKey(key)
	if err != nil {
		return nil, err
	}
	f := &File{
		dir: dir, fs: root, pending: newBatch(nil),
		wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}),
	}
	if o != nil {
		f.o = *o
	}
	if err := f.o.complete(); err != nil {
		return nil, err
	}
	f.writing = writer{fs: root, key: key, o: &f.o}
	cut, err := f.writing.recover(append(usable(f.o.OldKeys), public))
	if err != nil {
		return nil, fmt.Errorf("audit: opening %s: %w", dir, err)
	}
	f.shown = f.writing.place()
	if f.o.Checkpoint != nil {
		f.points = newPointer(&f.o)
	}
	go f.run()
	if cut > 0 {
		f.note("audit.recovered", slog.Int64("cut_bytes", cut))
	}
	return f, nil
}

func publicKey(key crypto.Signer) (ed25519.PublicKey, error) {
	if key == nil {
		return nil, errors.New("audit: OpenFile needs a key to sign with")
	}
	if private, ok := key.(ed25519.PrivateKey); ok && len(private) != ed25519.PrivateKeySize {
		return nil, errors.New("audit: the key has not the length of an Ed25519 key")
	}
	public, ok := key.Public().(ed25519.PublicKey)
	if !ok {
		return nil, fmt.Errorf("audit: the key is %T, and must be an Ed25519 key", key)
	}
	return public, nil
}

// complete sets what is not set, and refuses what cannot be meant.
func (o *FileOptions) complete() error {
	if o.Buffer < 0 || o.MaxSize < 0 || o.MaxAge < 0 || o.MaxFiles < 0 || o.Delay < 0 || o.CheckpointEvery < 0 {
		return errors.New("audit: an option of the file is negative")
	}
	if o.Buffer == 0 {
		o.Buffer = defaultBuffer
	}
	if o.Buffer < minBuffer {
		return fmt.Errorf("audit: Buffer is %d, and must be %d or more to take the longest event", o.Buffer, minBuffer)
	}
	if o.MaxSize == 0 {
		o.MaxSize = defaultMaxSize
	}
	if o.Delay == 0 {
		o.Delay = defaultDelay
	}
	if o.CheckpointEvery == 0 {
		o.CheckpointEvery = defaultCheckpoint
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return nil
}

// Close writes what waits, hands out the last checkpoint and lets go of the
// directory. What could not be written is an error. Append fails from now on.
func (f *File) Close() error {
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		<-f.done
		return nil
	}
	f.closed = true
	f.mu.Unlock()
	close(f.stop)
	<-f.done
	if f.points != nil {
		f.points.close()
	}
	return errors.Join(f.lost, f.writing.close(), f.fs.Close())
}

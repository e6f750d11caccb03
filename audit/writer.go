package audit

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"time"
)

// roomForSeal is about what a small seal takes.
const roomForSeal = 512

// writer writes groups of lines with their seals. One goroutine owns it.
type writer struct {
	fs   fsys
	key  crypto.Signer
	o    *FileOptions
	link link
	last sealed // the newest seal, for checkpoints

	file   file // nil: the next group begins a file
	number uint64
	size   int64     // what of the file is durable
	opened time.Time // when its first seal was written
	out    []byte    // what is being written; room to use again
}

// link is where the chain is: all that the next seal needs of those before it.
type link struct {
	log       logID
	seal      uint64 // number of the last seal
	file      uint64 // number of its file, or of a newer one that has none
	next      uint64 // number of the next event
	prev      sum
	abandoned bool // the last file may have more than this
}

// sealed is a seal and its line.
type sealed struct {
	seal seal
	line []byte
}

func (w *writer) place() place { return place{w.number, w.size} }

// commit writes lines, each with its line feed, and returns when they are on the
// disk. After an error nothing of them counts: what is left of them in a file is
// overwritten, cut off, or declared abandoned by the next seal.
func (w *writer) commit(lines []byte) error {
	if err := w.prepare(len(lines)); err != nil {
		return err
	}
	link, last, err := w.compose(lines)
	if err != nil {
		return err
	}
	if _, err := w.file.WriteAt(w.out, w.size); err != nil {
		return errors.Join(err, w.undo())
	}
	if err := w.file.Sync(); err != nil {
		// The kernel may have dropped the pages, and would report success if it
		// were asked again: nothing more is written to this file.
		_ = w.file.Truncate(w.size) // helps if it can
		return errors.Join(fmt.Errorf("fsync: %w", err), w.abandon())
	}
	first := w.size == 0
	w.size += int64(len(w.out))
	w.link, w.last = link, last
	if first {
		w.opened = last.seal.time
		w.prune()
	}
	if cap(w.out) > 4*hurry {
		w.out = nil
	}
	return nil
}

// prepare has a file that takes so many bytes.
func (w *writer) prepare(size int) error {
	if w.file != nil && w.size > 0 {
		full := w.size+int64(size)+roomForSeal > w.o.MaxSize
		old := w.o.MaxAge > 0 && time.Since(w.opened) >= w.o.MaxAge
		if full || old {
			w.turn()
		}
	}
	if w.file != nil {
		return nil
	}
	return w.create()
}

// turn lets the next group begin a file, unless it does anyway.
func (w *writer) turn() {
	if w.file != nil && w.size > 0 {
		_ = w.file.Close() // all of it is synced
		w.file = nil
	}
}

// create begins the next file. A number that is taken belongs to a file that was
// given up and could not be removed.
func (w *writer) create() error {
	number := w.link.file + 1
	f, err := w.fs.Create(fileName(number))
	for range 100 {
		if !errors.Is(err, fs.ErrExist) {
			break
		}
		number++
		f, err = w.fs.Create(fileName(number))
	}
	if err != nil {
		return fmt.Errorf("beginning a file: %w", err)
	}
	if err := w.fs.SyncDir(); err != nil {
		_ = f.Close() // it is empty
		return errors.Join(fmt.Errorf("beginning a file: %w", err), w.fs.Remove(fileName(number)))
	}
	w.file, w.number, w.size = f, number, 0
	return nil
}

// undo takes back a write that failed, so that it can be tried again in the same
// file when the disk has room.
func (w *writer) undo() error {
	if w.file.Truncate(w.size) == nil {
		return nil
	}
	return w.abandon()
}

// abandon leaves the file as it is and says so in the next seal.
func (w *writer) abandon() error {
	_ = w.file.Close() // there is nothing to hope for
	w.file = nil
	if w.size == 0 && w.fs.Remove(fileName(w.number)) == nil {
		return nil // it has never been
	}
	w.link.file, w.link.abandoned = max(w.link.file, w.number), true
	return nil
}

// compose puts the groups and seals of lines into w.out.
func (w *writer) compose(lines []byte) (link, sealed, error) {
	link, synced := w.link, w.link.seal
	w.out = w.out[:0]
	last := w.last
	for len(lines) > 0 {
		s := seal{
			number: link.seal + 1, log: link.log, file: w.number, first: link.next, synced: synced,
			time: time.Now(), prev: link.prev, abandoned: link.abandoned,
		}
		begin := len(w.out)
		for len(lines) > 0 && s.count < maxGroupLines && len(w.out)-begin < maxGroupBytes {
			end := bytes.IndexByte(lines, '\n') + 1
			at := len(w.out)
			w.out = appendNumbered(w.out, s.next(), lines[:end])
			mark := sha256.Sum256(w.out[at:])
			s.marks = append(s.marks, mark[:markSize]...)
			s.count++
			lines = lines[end:]
		}
		if s.count == 1 {
			s.marks = nil
		}
		s.digest = sha256.Sum256(w.out[begin:])
		at := len(w.out)
		var err error
		if w.out, err = s.appendSigned(w.out, w.key); err != nil {
			return w.link, w.last, err
		}
		link.seal, link.file, link.next, link.abandoned = s.number, s.file, s.next(), false
		link.prev = sha256.Sum256(w.out[at:])
		if len(lines) == 0 {
			last = sealed{s, bytes.Clone(w.out[at:])}
		}
	}
	return link, last, nil
}

// appendNumbered appends a line with the number of its event as first member.
func appendNumbered(dst []byte, number uint64, line []byte) []byte {
	dst = appendSeq(dst, number)
	return append(append(dst, ','), line[1:]...)
}

func (w *writer) close() error {
	if w.file == nil {
		return nil
	}
	return w.file.Close()
}

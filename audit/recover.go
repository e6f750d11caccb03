package audit

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
)

// recover finds where the chain ends, cuts off what a crash left behind that, and
// says how many bytes that was. Files that have no seal were never acknowledged.
func (w *writer) recover(keys []ed25519.PublicKey) (cut int64, err error) {
	numbers, err := fileNumbers(w.fs)
	if err != nil {
		return 0, err
	}
	last := new(verifier)
	i := len(numbers) - 1
	for ; i >= 0 && last.end == nil; i-- {
		if last, err = w.read(fileName(numbers[i]), keys); err != nil {
			return 0, err
		}
		if torn := last.report.Torn; torn != nil {
			cut += torn.Bytes
		}
	}
	if err := last.expect(w.o.After); err != nil { // before anything is changed
		return 0, err
	}
	if last.end == nil {
		if err := w.remove(numbers); err != nil {
			return 0, err
		}
		w.link = link{next: 1}
		_, err = rand.Read(w.link.log[:])
		return cut, err
	}
	if err := w.remove(numbers[i+2:]); err != nil {
		return 0, err
	}
	return cut, w.resume(fileName(numbers[i+1]), numbers[i+1], last)
}

// remove removes files in which nothing is sealed.
func (w *writer) remove(numbers []uint64) error {
	for _, number := range numbers {
		if err := w.fs.Remove(fileName(number)); err != nil {
			return err
		}
	}
	if len(numbers) == 0 {
		return nil
	}
	return w.fs.SyncDir()
}

// read verifies one file.
func (w *writer) read(name string, keys []ed25519.PublicKey) (*verifier, error) {
	v := &verifier{keys: keys, workers: 1, wanted: make(map[uint64][]*claim)}
	if c := w.o.After; c.Seal > 0 {
		v.wanted[c.Seal] = []*claim{{Checkpoint: c}}
	}
	f := source{name, func() (io.ReadSeekCloser, error) { return openAt(w.fs, name) }}
	if err := v.file(context.Background(), f); err != nil {
		return nil, err
	}
	v.before = []source{f}
	return v, v.unfinished()
}

// expect says whether a checkpoint is answered for; the zero one always is.
func (v *verifier) expect(c Checkpoint) error {
	if c.Seal == 0 {
		return nil
	}
	for _, claim := range v.wanted[c.Seal] {
		return v.settle(claim)
	}
	return v.settle(&claim{Checkpoint: c})
}

// resume goes on behind the last seal of a file.
func (w *writer) resume(name string, number uint64, v *verifier) error {
	f, err := w.fs.Update(name)
	if err != nil {
		return err
	}
	w.file, w.number, w.size = f, number, v.report.Bytes
	w.opened = v.report.First.Time
	if v.report.Torn != nil {
		if err := cutOff(f, w.size); err != nil {
			_ = f.Close() // the error that counts is err
			return fmt.Errorf("cutting off what a crash left in %s: %w", name, err)
		}
	}
	last := &v.end.seal
	w.link = link{log: last.log, seal: last.number, file: last.file, next: last.next(), prev: sha256.Sum256(v.end.line)}
	w.last = sealed{*last, v.end.line}
	return nil
}

func cutOff(f file, size int64) error {
	if err := f.Truncate(size); err != nil {
		return err
	}
	return f.Sync()
}

// section is a readable as an io.ReadSeekCloser.
type section struct {
	*io.SectionReader
	io.Closer
}

// openAt opens a file to read what it has now.
func openAt(dir fsys, name string) (io.ReadSeekCloser, error) {
	f, err := dir.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close() // nothing was written by it
		return nil, err
	}
	return section{io.NewSectionReader(f, 0, info.Size()), f}, nil
}

package audit

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"
)

// memFS is a directory in memory whose steps can fail, and whose power can be cut:
// what is there then is what was synced, of a file its content at its last Sync,
// of the directory its entries at the last SyncDir.
type memFS struct {
	mu        sync.Mutex
	now, kept map[string]*inode

	steps  int
	failAt int // the number of the step that fails; 0 fails none
	onward bool
	err    error
	only   string // operations that can fail; "" is all
	loses  bool   // a failed sync loses what was written
	failed []string

	history []string // what failed before it was mended
}

// inode is a file whatever its name.
type inode struct{ data, synced []byte }

func newMemFS() *memFS { return &memFS{now: map[string]*inode{}, kept: map[string]*inode{}} }

// arm lets the step with this number from now on fail, 1 the next.
func (m *memFS) arm(at int, onward bool, err error, only string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.steps, m.failAt, m.onward, m.err, m.only, m.failed = 0, at, onward, err, only, nil
}

// mend lets nothing fail any more.
func (m *memFS) mend() {
	m.mu.Lock()
	m.history = append(m.history, m.failed...)
	m.mu.Unlock()
	m.arm(0, false, nil, "")
}

func (m *memFS) hits() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.failed)
}

// step is called with the lock held.
func (m *memFS) step(op, name string) error {
	if m.only != "" && m.only != op {
		return nil
	}
	m.steps++
	if m.failAt == 0 || m.steps < m.failAt || m.steps > m.failAt && !m.onward {
		return nil
	}
	m.failed = append(m.failed, op+" "+name)
	return &fs.PathError{Op: op, Path: name, Err: m.err}
}

// The ways in which a power cut leaves what was not synced.
const (
	forgotten = iota // it is not there
	zeros            // the length is there, the content is not
	written          // it is there
	holes            // some pages are there
	leavings
)

// afterCut is the directory when the power is back.
func (m *memFS) afterCut(how int, seed uint64) *memFS {
	m.mu.Lock()
	defer m.mu.Unlock()
	random := rand.New(rand.NewPCG(seed, 1))
	after := newMemFS()
	for _, name := range slices.Sorted(maps.Keys(m.kept)) {
		i := m.kept[name]
		content := bytes.Clone(i.synced)
		if how != forgotten && len(i.data) > len(content) {
			more := bytes.Clone(i.data[len(content):])
			for page := 0; page < len(more); page += 512 {
				if how == zeros || how == holes && random.IntN(2) == 0 {
					clear(more[page:min(page+512, len(more))])
				}
			}
			content = append(content, more...)
		}
		after.now[name] = &inode{content, bytes.Clone(content)}
	}
	after.kept = maps.Clone(after.now)
	return after
}

func (m *memFS) Create(name string) (file, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.step("create", name); err != nil {
		return nil, err
	}
	if m.now[name] != nil {
		return nil, &fs.PathError{Op: "create", Path: name, Err: fs.ErrExist}
	}
	i := new(inode)
	m.now[name] = i
	return &memFile{m, i, name}, nil
}

func (m *memFS) Update(name string) (file, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.now[name] == nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &memFile{m, m.now[name], name}, nil
}

func (m *memFS) Open(name string) (readable, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.now[name] == nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return memReader{bytes.NewReader(bytes.Clone(m.now[name].data)), name}, nil
}

func (m *memFS) ReadDir() ([]fs.DirEntry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var entries []fs.DirEntry
	for name := range m.now {
		entries = append(entries, fs.FileInfoToDirEntry(memInfo{name, 0}))
	}
	return entries, nil
}

func (m *memFS) Remove(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.step("remove", name); err != nil {
		return err
	}
	delete(m.now, name)
	return nil
}

func (m *memFS) SyncDir() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.step("syncdir", "."); err != nil {
		return err
	}
	m.kept = maps.Clone(m.now)
	return nil
}

func (m *memFS) Close() error { return nil }

// sources are the files for verify.
func (m *memFS) sources() []source {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []source
	for _, name := range slices.Sorted(maps.Keys(m.now)) {
		content := bytes.Clone(m.now[name].data)
		all = append(all, source{name, func() (io.ReadSeekCloser, error) {
			return section{io.NewSectionReader(bytes.NewReader(content), 0, int64(len(content))), io.NopCloser(nil)}, nil
		}})
	}
	return all
}

func (m *memFS) actions(t testing.TB) []string {
	t.Helper()
	var found []string
	for _, s := range m.sources() {
		r, err := s.open()
		must(t, err)
		b, err := io.ReadAll(r)
		must(t, err)
		found = append(found, actionsOf(t, b)...)
	}
	return found
}

type memFile struct {
	fs   *memFS
	of   *inode
	name string
}

// WriteAt leaves half of itself behind when it fails.
func (f *memFile) WriteAt(p []byte, off int64) (int, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	err := f.fs.step("write", f.name)
	if err != nil {
		p = p[:len(p)/2]
	}
	if end := int(off) + len(p); end > len(f.of.data) {
		f.of.data = append(f.of.data, make([]byte, end-len(f.of.data))...)
	}
	copy(f.of.data[off:], p)
	return len(p), err
}

func (f *memFile) Truncate(size int64) error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.fs.step("truncate", f.name); err != nil {
		return err
	}
	f.of.data = append(f.of.data[:0:0], f.of.data[:min(int(size), len(f.of.data))]...)
	return nil
}

// Sync that fails may lose what was not synced: the pages read as zeros then.
func (f *memFile) Sync() error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.fs.step("sync", f.name); err != nil {
		if f.fs.loses && len(f.of.data) > len(f.of.synced) {
			clear(f.of.data[len(f.of.synced):])
		}
		return err
	}
	f.of.synced = bytes.Clone(f.of.data)
	return nil
}

func (f *memFile) Close() error { return nil }

type memReader struct {
	*bytes.Reader
	name string
}

func (r memReader) Close() error               { return nil }
func (r memReader) Stat() (fs.FileInfo, error) { return memInfo{r.name, r.Size()}, nil }

type memInfo struct {
	name string
	size int64
}

func (i memInfo) Name() string     { return i.name }
func (i memInfo) Size() int64      { return i.size }
func (memInfo) Mode() fs.FileMode  { return fileMode }
func (memInfo) ModTime() time.Time { return time.Time{} }
func (memInfo) IsDir() bool        { return false }
func (memInfo) Sys() any           { return nil }

// openMem opens a log in memory.
func openMem(t testing.TB, m *memFS, o FileOptions) (*File, error) {
	t.Helper()
	f, err := openFile("mem", m, testKey, quiet(o))
	if err == nil {
		t.Cleanup(func() { _ = f.Close() }) // most tests close it before
	}
	return f, err
}

var errIO = fmt.Errorf("input/output error: %w", syscall.EIO)

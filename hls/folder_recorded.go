package hls

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/streamgate/streamgate/media"
)

// maxTakes bounds how many files are known to be recorded at the same time. More
// are taken to be whole.
const maxTakes = 1000

// takes are the files of a Folder that are being recorded, or were when they were
// played, by name. They are not written down: after a restart a file that is
// still being recorded plays under another revision.
type takes struct {
	mu sync.Mutex
	m  map[string]*take
}

// A take is a file as it was at the last look. It does not change.
type take struct {
	id    string // what its revision is made of
	info  fs.FileInfo
	head  string    // hash of its first bytes, as many as there were at the first look
	n     int64     // how many that is, at most headSize
	next  time.Time // when to look again
	ended bool      // its playlists have ended
}

func (l *takes) get(name string) *take {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.m[name]
}

// set remembers a take, nil to forget. It says whether there was room.
func (l *takes) set(name string, t *take) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if t == nil {
		delete(l.m, name)
		return true
	}
	if l.m == nil {
		l.m = make(map[string]*take)
	}
	if _, ok := l.m[name]; !ok && len(l.m) >= maxTakes {
		l.forgetEnded()
	}
	if _, ok := l.m[name]; !ok && len(l.m) >= maxTakes {
		return false
	}
	l.m[name] = t
	return true
}

func (l *takes) forgetEnded() {
	for name, t := range l.m {
		if t.ended {
			delete(l.m, name)
		}
	}
}

// isRecent says whether a file may still be written to.
func (f *Folder) isRecent(info fs.FileInfo) bool { return time.Since(info.ModTime()) < f.recording }

// recorded returns what plays of a file that is being recorded, or was when it
// was played; nil for one that is whole, or of which nothing plays before it is.
func (f *Folder) recorded(ctx context.Context, root *os.Root, name string, info fs.FileInfo) (*presentation, error) {
	if f.recording <= 0 {
		return nil, nil //nolint:nilnil // all are whole
	}
	t := f.takes.get(name)
	if t == nil && !f.isRecent(info) {
		return nil, nil //nolint:nilnil // it is whole
	}
	if t != nil && t.isUpToDate(info, f.isRecent(info)) {
		if v, ok := f.cache.Get(t.key()); ok {
			if p, ok := v.(*presentation); ok {
				return p, nil
			}
		}
	}
	v, err := f.loading.do(ctx, f.key(name, info)+"\x00recorded", func(ctx context.Context) (any, error) { return f.look(ctx, root, name) })
	p, _ := v.(*presentation)
	return p, err
}

// continues says whether a file may be what it was, with more at its end. One
// whose playlists have ended has no more.
func (t *take) continues(info fs.FileInfo) bool {
	return os.SameFile(info, t.info) && info.Size() >= t.info.Size() && (!t.ended || t.isSame(info))
}

func (t *take) isSame(info fs.FileInfo) bool {
	return info.Size() == t.info.Size() && info.ModTime().Equal(t.info.ModTime())
}

// isUpToDate says whether the last look will do.
func (t *take) isUpToDate(info fs.FileInfo, recent bool) bool {
	return t.continues(info) && (t.ended || recent && (t.isSame(info) || time.Now().Before(t.next)))
}

// key names what plays of it in the cache.
func (t *take) key() string {
	return fmt.Sprintf("take\x00%s\x00%d\x00%v", t.id, t.info.Size(), t.ended)
}

// look reads what there is of a file now.
func (f *Folder) look(ctx context.Context, root *os.Root, name string) (any, error) {
	src, info, err := openFile(root, name)
	if err != nil {
		return nil, err
	}
	defer src.Close() //nolint:errcheck // it was only read
	began := time.Now()
	t, err := f.take(name, src, info)
	if err != nil {
		return nil, fileError(err)
	}
	if !f.isRecent(info) {
		return f.end(ctx, name, src, t)
	}
	if err := f.enter(ctx); err != nil {
		return nil, err
	}
	parsed, err := media.ParseGrowing(ctx, src, info.Size(), -1, &media.Options{Cut: f.cut})
	f.leave()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil { // what there is of it is judged as a whole file
		f.takes.set(name, nil)
		return nil, nil //nolint:nilnil // it plays, if at all, as it is
	}
	index := parsed.Index(info.Size())
	if index == nil {
		return nil, notReady("it is being written, and there is not enough of it yet")
	}
	if parsed.Complete() && reaches(index, parsed.Known()) && f.takes.get(name) == nil {
		return nil, nil //nolint:nilnil // all of it is there
	}
	t.next = time.Now().Add(max(growEvery, growShare*time.Since(began)))
	if !f.takes.set(name, t) {
		return nil, nil //nolint:nilnil // no room: it is taken to be whole
	}
	p := newPresentation(&mediaFile{index: index, known: parsed.Known(), grown: true, source: name, revision: parsed.Known().Revision(t.id)})
	f.cache.Set(t.key(), p, p.memory(f.mpegts)+parsed.Known().Memory())
	return p, nil
}

// take returns the take that a file goes on with, or a new one where it is
// another, or one whose playlists have ended.
func (f *Folder) take(name string, src source, info fs.FileInfo) (*take, error) {
	if old := f.takes.get(name); old != nil && old.continues(info) {
		head, err := hashOf(src, old.n)
		if err != nil {
			return nil, err
		}
		if head == old.head {
			return &take{id: old.id, info: info, head: head, n: old.n}, nil
		}
	}
	n := min(info.Size(), headSize)
	head, err := hashOf(src, n)
	id := fmt.Sprintf("take %s %d %s", name, info.ModTime().UnixNano(), head)
	return &take{id: id, info: info, head: head, n: n}, err
}

// end is what plays of a file that nobody writes to any more. Its playlists get
// their end, where they were seen without it.
func (f *Folder) end(ctx context.Context, name string, src source, t *take) (any, error) {
	old := f.takes.get(name)
	if old == nil || old.id != t.id { // nobody has seen it growing
		f.takes.set(name, nil)
		return nil, nil //nolint:nilnil // it plays as any file
	}
	index, err := f.parse(ctx, src, &media.Options{Cut: f.cut})
	whole := index
	if refused(err) {
		index, whole, err = f.broken(ctx, src, t, err)
	}
	if err != nil {
		return nil, fileError(err)
	}
	t.ended = true
	revision := whole.Revision(t.id)
	p := newPresentation(&mediaFile{index: index, source: name, revision: revision, key: f.key(name, t.info), grown: true})
	if err := p.findIFrames(ctx, p.source(), src, nil); err != nil {
		return nil, fileError(err)
	}
	f.takes.set(name, t)
	f.cache.Set(t.key(), p, p.memory(f.mpegts))
	return p, nil
}

// broken is what there is of a recording that broke off, up to its last whole
// segment, and what it was going to be.
func (f *Folder) broken(ctx context.Context, src source, t *take, why error) (index, whole *media.Index, err error) {
	parsed, err := media.ParseGrowing(ctx, src, t.info.Size(), -1, &media.Options{Cut: f.cut})
	if err != nil {
		return nil, nil, why
	}
	if index = parsed.Index(t.info.Size()); index == nil {
		return nil, nil, why
	}
	return index, parsed.Known(), nil
}

// reaches says whether all segments that are known are there.
func reaches(index, known *media.Index) bool {
	for i, t := range known.Tracks {
		if len(index.Tracks[i].Segments) < len(t.Segments) {
			return false
		}
	}
	return true
}

func hashOf(r io.ReaderAt, n int64) (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(r, 0, n)); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

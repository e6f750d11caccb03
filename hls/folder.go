package hls

import (
	"fmt"
	"net/http"
	"os"
	"path"
	"sync"
	"time"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/media"
)

// DirOptions for NewDir. The zero value is ready to use, and so is nil.
type DirOptions struct {
	// Cache keeps indexes and playlists. Folders may share one; default
	// NewCache(CacheBytes).
	Cache Cache

	// CacheBytes is the size of the default Cache; default DefaultCacheBytes.
	CacheBytes int64

	// Public lets shared caches, such as a CDN, keep what they carry; default
	// false, because the application may let only some of its users in here.
	Public bool

	// NoCORS leaves the CORS headers to the application; default false: pages of
	// every origin may play, without credentials.
	NoCORS bool

	// Downloads gives out the files as they are, at {file}/download: with all that
	// is in them and not played, such as where they were recorded, other tracks,
	// and what an edit list cuts away. Default: false.
	Downloads bool

	// MPEGTS plays files as MPEG-2 transport streams, too, at {file}/ts.m3u8, for old
	// players that know nothing else; see Options. Default: false.
	MPEGTS bool

	// Recording is how long ago the last byte of a file may have been written for it
	// to count as one that is being recorded, or copied here. Such a file plays from
	// what is there, where media.ParseGrowing can read it: its playlists are EVENTs,
	// and end when nothing was written for so long. It should be more than a
	// recorder takes from one fragment to the next. Default: 0, files are taken to
	// be whole.
	Recording time.Duration

	// Cut is how files are cut; default media.Cut{Target: media.DefaultTarget}.
	Cut media.Cut

	// Parses is how many files are indexed at the same time; default GOMAXPROCS.
	Parses int
}

// A Folder plays the files of a directory of the operating system, at any depth:
// {path of the file}/master.m3u8. Like http.FileServer it lets everybody in who
// reaches it. It writes nothing, follows no symbolic link out of the directory,
// and shows no file or directory whose name begins with a dot. A file that is
// replaced plays as the new one at once, under a new revision.
type Folder struct {
	player
	parser
	dir       string
	loading   flights[any]
	recording time.Duration
	takes     takes

	mu   sync.Mutex
	root *os.Root // nil until it is wanted
}

// Dir is NewDir with the default options, for use in an expression: where the
// directory cannot be opened, each request says so until it can.
func Dir(dir string) *Folder { return newFolder(dir, nil) }

// NewDir returns a Folder that plays the files below dir, which must be there.
// Close lets go of the directory.
func NewDir(dir string, o *DirOptions) (*Folder, error) {
	f := newFolder(dir, o)
	if _, err := f.open(); err != nil {
		return nil, fmt.Errorf("hls: opening the folder: %w", err)
	}
	return f, nil
}

func newFolder(dir string, o *DirOptions) *Folder {
	if o == nil {
		o = new(DirOptions)
	}
	f := &Folder{
		player: player{headers: newHeaders(o.Public, o.NoCORS), downloads: o.Downloads, mpegts: o.MPEGTS, cache: o.Cache},
		parser: newParser(o.Parses, o.Cut),
		dir:    dir,

		recording: o.Recording,
	}
	f.opener = fileOpener{f}
	if f.cache == nil {
		f.cache = defaultCache(o.CacheBytes)
	}
	return f
}

func (f *Folder) open() (*os.Root, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.root == nil {
		root, err := os.OpenRoot(f.dir)
		if err != nil {
			return nil, err
		}
		f.root = root
	}
	return f.root, nil
}

// Close lets go of the directory. A request that comes later opens it again.
func (f *Folder) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	root := f.root
	f.root = nil
	if root == nil {
		return nil
	}
	return root.Close()
}

// ServeHTTP answers {file}/master.m3u8 and manifest.mpd, and what they lead to.
func (f *Folder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f.begin(w, r) {
		return
	}
	if err := f.play(w, r); err != nil {
		f.fail(w, r, err)
	}
}

func (f *Folder) play(w http.ResponseWriter, r *http.Request) error {
	escaped, t, ok := splitPath(r.URL.EscapedPath())
	if !ok {
		return errPath
	}
	name, ok := fileName(escaped)
	if !ok {
		return errPath
	}
	root, err := f.open()
	if err != nil {
		return problem.Because(problem.ErrInternal, err, "the folder of this server cannot be opened")
	}
	p, err := f.presentation(r.Context(), root, name)
	if err != nil {
		return err
	}
	t.keepAs = path.Base(name)
	return f.serve(w, r, p, t)
}

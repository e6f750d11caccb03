package hls

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/storage"
)

// fileName makes of an escaped path below the folder the name of a file. It
// refuses what could be read in two ways, and what is hidden.
func fileName(escaped string) (string, bool) {
	if !strings.ContainsAny(escaped, "%\\\x00./") {
		return escaped, escaped != ""
	}
	parts := strings.Split(escaped, "/")
	for i, part := range parts {
		name, err := url.PathUnescape(part)
		if err != nil || name == "" || name[0] == '.' || strings.ContainsAny(name, "/\\\x00") {
			return "", false
		}
		parts[i] = name
	}
	return strings.Join(parts, "/"), true
}

// presentation returns the file prepared for playback, from the cache where it
// was prepared since it last changed.
func (f *Folder) presentation(ctx context.Context, root *os.Root, name string) (*presentation, error) {
	info, err := root.Stat(name)
	if err != nil {
		return nil, fileError(err)
	}
	if !info.Mode().IsRegular() { // opening a named pipe would wait for somebody to write
		return nil, errNoFile
	}
	if p, err := f.recorded(ctx, root, name, info); p != nil || err != nil {
		return p, err
	}
	key := f.key(name, info)
	v, ok := f.cache.Get(key)
	if !ok {
		v, err = f.loading.do(ctx, key, func(ctx context.Context) (any, error) { return f.load(ctx, root, name, key) })
		if err != nil {
			return nil, err
		}
	}
	switch v := v.(type) {
	case *presentation:
		return v, nil
	case error:
		return nil, v
	}
	return nil, fmt.Errorf("the cache returned a %T", v)
}

// load prepares a file, and remembers of one that cannot be played why.
func (f *Folder) load(ctx context.Context, root *os.Root, name, key string) (any, error) {
	src, info, err := openFile(root, name)
	if err != nil {
		return nil, err
	}
	defer src.Close() //nolint:errcheck // it was only read
	id, err := contentID(src, info)
	if err != nil {
		return nil, fileError(err)
	}
	index, err := f.parse(ctx, src, &media.Options{Cut: f.cut})
	if refused(err) {
		f.cache.Set(key, err, 1<<10)
		return err, nil
	}
	if err != nil {
		return nil, fileError(err)
	}
	if after, err := src.file.Stat(); err != nil || f.key(name, after) != key {
		return nil, problem.Because(storage.ErrUnavailable, err, "the file is being written; try again when it is complete")
	}
	p := newPresentation(&mediaFile{index: index, source: name, revision: index.Revision(id), key: key})
	if err := p.findIFrames(ctx, p.source(), src, nil); err != nil {
		return nil, fileError(err)
	}
	f.cache.Set(key, p, p.memory(f.mpegts))
	return p, nil
}

// refused reports whether err says something of the file, which stays true.
func refused(err error) bool {
	return errors.Is(err, media.ErrInvalid) || errors.Is(err, media.ErrEncrypted) ||
		errors.Is(err, media.ErrNoMedia) || errors.Is(err, media.ErrUnsupported)
}

// key names a file as it is now, in a cache that other folders may use too.
func (f *Folder) key(name string, info fs.FileInfo) string {
	return f.dir + "\x00" + name + "\x00" + strconv.FormatInt(info.Size(), 36) + "\x00" + strconv.FormatInt(info.ModTime().UnixNano(), 36)
}

// headSize is how much of a file's beginning goes into its identity.
const headSize = 64 << 10

// contentID names the content of a file wherever it lies, without reading all
// of it: by its size, its modification time and its first bytes.
func contentID(r io.ReaderAt, info fs.FileInfo) (string, error) {
	h := sha256.New()
	fmt.Fprintf(h, "%d %d\n", info.Size(), info.ModTime().UnixNano())
	if _, err := io.Copy(h, io.NewSectionReader(r, 0, headSize)); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func openFile(root *os.Root, name string) (source, fs.FileInfo, error) {
	f, err := root.Open(name)
	if err != nil {
		return source{}, nil, fileError(err)
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return source{}, nil, fileError(err)
	}
	return source{ReaderAt: f, Closer: f, file: f, size: info.Size(), as: stampOf(info)}, info, nil
}

var errNoFile = problem.Errorf(ErrNotFound, "there is no such file")

// fileError tells a file that cannot be had from a system that cannot read it.
func fileError(err error) error {
	for _, ours := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.EIO} {
		if errors.Is(err, ours) {
			return problem.Because(storage.ErrUnavailable, err, "the file cannot be read now")
		}
	}
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		return problem.Because(ErrNotFound, err, "there is no such file")
	}
	return err
}

// fileOpener opens the files of a Folder.
type fileOpener struct{ *Folder }

func (o fileOpener) openSource(_ context.Context, f *mediaFile) (source, error) {
	root, err := o.open()
	if err != nil {
		return source{}, fileError(err)
	}
	src, info, err := openFile(root, f.source)
	if err != nil {
		return source{}, err
	}
	same := o.key(f.source, info) == f.key
	if f.known != nil {
		same, src.as = info.Size() >= f.index.Size, stamp{} // what is there stays, and more of it comes
	}
	if !same {
		_ = src.Close()
		return source{}, errChanged
	}
	return src, nil
}

func (o fileOpener) openBlocks(context.Context, *mediaFile) (source, error) {
	return source{}, errNoFile // the index of a file is whole in memory
}

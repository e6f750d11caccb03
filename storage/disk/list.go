package disk

import (
	"cmp"
	"context"
	"io/fs"
	"iter"
	"path"
	"slices"
	"strings"

	"github.com/streamgate/streamgate/storage"
)

// List yields the blobs: see storage.Store. An imported file is listed as it
// was when it was imported; Stat and Open say whether it still is. Blobs that
// come or go meanwhile may be yielded or not.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	return s.list(ctx, blobTree, prefix)
}

// Drafts yields the drafts: see storage.Store.
func (s *Store) Drafts(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	return s.list(ctx, draftTree, prefix)
}

func (s *Store) list(ctx context.Context, tree, prefix string) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		w := walk{s: s, ctx: ctx, tree: tree, prefix: prefix, yield: yield}
		if tree == draftTree {
			w.flat(tree, "")
		} else {
			w.top()
		}
	}
}

// walk is one pass over a tree. Its methods say whether to go on.
type walk struct {
	s            *Store
	ctx          context.Context //nolint:containedctx // lives as long as one call
	tree, prefix string
	yield        func(storage.Info, error) bool
}

// top walks the tree of blobs: keys of one element, and the directories of the
// first elements of all others.
func (w *walk) top() bool {
	entries, ok := w.read(w.tree, "", func(name string, isDir bool) (string, bool) {
		if isDir {
			return name + "/", storage.CheckElement(name) == nil
		}
		return name, true
	})
	for _, e := range entries {
		if ok && e.IsDir() {
			ok = w.shards(path.Join(w.tree, e.Name()), e.key)
		} else if ok {
			ok = w.file(e)
		}
	}
	return ok
}

// shards walks the directories of the first bytes of second elements.
func (w *walk) shards(dir, first string) bool {
	entries, ok := w.read(dir, first, func(name string, isDir bool) (string, bool) {
		return name, isDir && len(name) == 1
	})
	for _, e := range entries {
		ok = ok && w.flat(path.Join(dir, e.Name()), first)
	}
	return ok
}

// flat walks a directory whose names are the rest of keys, or the beginning of it.
func (w *walk) flat(dir, before string) bool {
	entries, ok := w.read(dir, before, func(name string, isDir bool) (string, bool) {
		if isDir {
			begin, ok := strings.CutSuffix(name, strings.TrimSuffix(pieceSuffix, "/"))
			return unflat(begin), ok
		}
		return unflat(name), true
	})
	for _, e := range entries {
		if ok && e.IsDir() {
			ok = w.flat(path.Join(dir, e.Name()), e.key)
		} else if ok {
			ok = w.file(e)
		}
	}
	return ok
}

// entry is an entry of a directory, and the key that it stands for, or what the
// keys in it begin with.
type entry struct {
	fs.DirEntry

	key string
}

// read returns what a directory holds in the order of the keys, without what is
// not ours or not wanted. The name's part of a key is found by part.
func (w *walk) read(dir, before string, part func(name string, isDir bool) (string, bool)) ([]entry, bool) {
	if err := w.ctx.Err(); err != nil {
		return nil, w.fail(err)
	}
	list, err := w.s.fs.ReadDir(dir)
	if missing(err) {
		return nil, true // pruned meanwhile
	}
	if err != nil {
		return nil, w.fail(fault(err, "listing", before))
	}
	var entries []entry
	for _, e := range list {
		name, ok := part(strings.TrimSuffix(e.Name(), importSuffix), e.IsDir())
		if ok && w.wants(before+name, e) {
			entries = append(entries, entry{e, before + name})
		}
	}
	slices.SortFunc(entries, func(a, b entry) int {
		if a.IsDir() == b.IsDir() || a.key != b.key {
			return cmp.Compare(a.key, b.key)
		}
		return cmp.Compare(len(a.Name()), len(b.Name())) // the key itself, then those that go on
	})
	return entries, true
}

// wants says whether an entry is a file by a key with the prefix, or a directory
// that may have such files.
func (w *walk) wants(key string, e fs.DirEntry) bool {
	if e.IsDir() {
		return strings.HasPrefix(key, w.prefix) || strings.HasPrefix(w.prefix, key)
	}
	return strings.HasPrefix(key, w.prefix) && e.Type().IsRegular() && storage.CheckKey(key) == nil
}

func (w *walk) file(e entry) bool {
	info, err := w.describe(e.key, e)
	if missing(err) {
		return true // deleted or committed meanwhile
	}
	if err != nil {
		return w.fail(fault(err, "listing", e.key))
	}
	return w.yield(info, nil)
}

func (w *walk) describe(key string, e fs.DirEntry) (storage.Info, error) {
	if strings.HasSuffix(e.Name(), importSuffix) {
		ref, err := w.s.readReference(key)
		return ref.info(key), err
	}
	found, err := e.Info()
	if err != nil {
		return storage.Info{}, err
	}
	info := describe(key, found)
	if size, ok := w.s.cuts.get(key); ok && w.tree == draftTree {
		info.Size = min(info.Size, size)
	}
	return info, nil
}

func (w *walk) fail(err error) bool {
	w.yield(storage.Info{}, err)
	return false
}

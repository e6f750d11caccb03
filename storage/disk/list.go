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
	return func(yield func(storage.Info, error) bool) {
		all, err := s.drafts(ctx, prefix)
		if err != nil {
			yield(storage.Info{}, err)
			return
		}
		for _, info := range all {
			if !yield(info, nil) {
				return
			}
		}
	}
}

// drafts lists them by key: those that lie flat, and those with long keys.
func (s *Store) drafts(ctx context.Context, prefix string) (all []storage.Info, err error) {
	w := walk{s: s, ctx: ctx, tree: draftTree, prefix: prefix, yield: func(info storage.Info, e error) bool {
		if err = e; err == nil {
			all = append(all, info)
		}
		return err == nil
	}}
	w.flat()
	if err == nil {
		w.dir("")
	}
	slices.SortFunc(all, func(a, b storage.Info) int { return cmp.Compare(a.Key, b.Key) })
	return all, err
}

// flat walks the files of the tree whose names are whole keys.
func (w *walk) flat() {
	entries, err := w.s.fs.ReadDir(w.tree)
	if err != nil {
		w.fail(fault(err, "listing", ""))
		return
	}
	for _, e := range entries {
		key := draftKey(e.Name())
		if !strings.Contains(key, "/") || !e.Type().IsRegular() || storage.CheckKey(key) != nil || !strings.HasPrefix(key, w.prefix) {
			continue
		}
		info, err := w.describe(key, e)
		if err != nil && !missing(err) {
			w.fail(fault(err, "listing", key))
			return
		}
		if err == nil && !w.yield(info, nil) {
			return
		}
	}
}

func (s *Store) list(ctx context.Context, tree, prefix string) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		start, ok := startOf(prefix)
		if !ok {
			return
		}
		w := walk{s: s, ctx: ctx, tree: tree, prefix: prefix, yield: yield}
		w.dir(start)
	}
}

// startOf returns the deepest directory that has all keys with the prefix in
// it, and whether there can be such keys at all.
func startOf(prefix string) (string, bool) {
	dir, _, nested := cutLast(prefix)
	if !nested {
		return "", true
	}
	return dir, storage.CheckKey(dir) == nil
}

func cutLast(key string) (dir, name string, found bool) {
	i := strings.LastIndexByte(key, '/')
	if i < 0 {
		return "", key, false
	}
	return key[:i], key[i+1:], true
}

// walk is one pass over a tree.
type walk struct {
	s            *Store
	ctx          context.Context //nolint:containedctx // lives as long as one call
	tree, prefix string
	yield        func(storage.Info, error) bool
}

// dir walks the directory of all keys below key, which is "" for the tree
// itself, and says whether to go on.
func (w *walk) dir(key string) bool {
	if err := w.ctx.Err(); err != nil {
		return w.fail(err)
	}
	entries, err := w.s.fs.ReadDir(path.Join(w.tree, key))
	if missing(err) {
		return true // pruned meanwhile
	}
	if err != nil {
		return w.fail(fault(err, "listing", key))
	}
	for _, e := range inKeyOrder(entries) {
		if e.IsDir() {
			if below := path.Join(key, e.Name()); w.wants(below+"/") && !w.dir(below) {
				return false
			}
		} else if !w.file(key, e) {
			return false
		}
	}
	return true
}

// wants says whether keys with the prefix may lie in dir, which ends in a slash.
func (w *walk) wants(dir string) bool {
	return strings.HasPrefix(dir, w.prefix) || strings.HasPrefix(w.prefix, dir)
}

func (w *walk) file(dir string, e fs.DirEntry) bool {
	key := path.Join(dir, strings.TrimSuffix(e.Name(), importSuffix))
	if !strings.HasPrefix(key, w.prefix) {
		return true
	}
	info, err := w.describe(key, e)
	if missing(err) {
		return true // deleted or committed meanwhile
	}
	if err != nil {
		return w.fail(fault(err, "listing", key))
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

// inKeyOrder drops what is not ours and sorts the rest as the keys sort that
// they stand for: a directory's keys go on with a slash after its name.
func inKeyOrder(entries []fs.DirEntry) []fs.DirEntry {
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool {
		name := strings.TrimSuffix(e.Name(), importSuffix)
		return !e.IsDir() && !e.Type().IsRegular() || storage.CheckElement(name) != nil
	})
	slices.SortFunc(entries, func(a, b fs.DirEntry) int {
		return cmp.Compare(sortName(a), sortName(b))
	})
	return entries
}

func sortName(e fs.DirEntry) string {
	if e.IsDir() {
		return e.Name() + "/"
	}
	return strings.TrimSuffix(e.Name(), importSuffix)
}

package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
)

// What lies in a data directory.
const (
	lockName   = "LOCK"
	formatName = "FORMAT"
	blobTree   = "blobs"
	draftTree  = "drafts"

	// A key contains no '~', so these never are the name of a blob.
	importSuffix = "~import"
	newSuffix    = "~new"

	format = "streamgate disk 1\n"
)

func blobName(key string) string   { return path.Join(blobTree, key) }
func importName(key string) string { return path.Join(blobTree, key) + importSuffix }
func newName(key string) string    { return path.Join(blobTree, key) + newSuffix }

// flatKey is how long a key may be, in bytes, for its draft to lie flat.
const flatKey = 200

// draftName is where a draft lies: a file in the one directory of drafts, with a
// plus in the place of each slash. So nothing has to be made, synced or removed
// for it but the file. A key that is too long for a file name keeps its slashes.
func draftName(key string) string {
	if len(key) <= flatKey {
		key = strings.ReplaceAll(key, "/", "+")
	}
	return path.Join(draftTree, key)
}

// draftKey is the inverse, for the name of a file in the directory of drafts.
func draftKey(name string) string { return strings.ReplaceAll(name, "+", "/") }

// flatten brings the drafts of before to where they lie now. It is not made
// durable: it would be done again.
func flatten(root *os.Root) error {
	return fs.WalkDir(root.FS(), draftTree, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || path.Dir(name) == draftTree {
			return err
		}
		key := strings.TrimPrefix(name, draftTree+"/")
		if to := draftName(key); to != name {
			return root.Rename(name, to)
		}
		return nil
	})
}

// prepare checks the layout of an existing data directory or makes a new one.
// FORMAT is made first: a directory that has blobs and no FORMAT is not ours.
func prepare(root *os.Root, dir string) error {
	text, err := root.ReadFile(formatName)
	switch {
	case err == nil && string(text) != format:
		return fmt.Errorf("disk: %s has the layout %.40q, which this version does not know", dir, text)
	case errors.Is(err, fs.ErrNotExist):
		err = begin(root, dir)
	}
	if err != nil {
		return err
	}
	for _, tree := range []string{blobTree, draftTree} {
		if err := root.MkdirAll(tree, dirMode); err != nil {
			return fmt.Errorf("disk: layout of %s: %w", dir, err)
		}
	}
	if err := flatten(root); err != nil {
		return fmt.Errorf("disk: drafts of %s: %w", dir, err)
	}
	return rootFS{root}.SyncDir(".")
}

// begin writes FORMAT under a name of its own first, so that a crash leaves
// none or a whole one.
func begin(root *os.Root, dir string) error {
	if _, err := root.Lstat(blobTree); err == nil {
		return fmt.Errorf("disk: %s has a directory %q and no file %q: it is not a data directory of this package",
			dir, blobTree, formatName)
	}
	f, err := root.OpenFile(formatName+newSuffix, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, fileMode)
	if err != nil {
		return fmt.Errorf("disk: layout of %s: %w", dir, err)
	}
	_, err = f.WriteString(format)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = root.Rename(formatName+newSuffix, formatName)
	}
	if err != nil {
		return fmt.Errorf("disk: layout of %s: %w", dir, err)
	}
	return nil
}

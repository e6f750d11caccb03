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
	// A directory whose name ends so has keys in it that begin with its name.
	pieceSuffix = "~/"

	format         = "streamgate disk 2\n"
	formatOfBefore = "streamgate disk 1\n"
)

// pieceLen is how much of a key is one file name, in bytes.
const pieceLen = 200

// blobName is where a blob lies: below the first element of its key and the
// first byte of the second, under the rest of the key as one name with a plus in
// the place of each slash. So nothing has to be made, synced or removed for it
// but the file, most directories stay of a size that is quickly read, and those
// of one asset's keys are one.
func blobName(key string) string {
	first, rest, nested := strings.Cut(key, "/")
	if !nested {
		return path.Join(blobTree, key)
	}
	return path.Join(blobTree, first, rest[:1], flat(rest))
}

func importName(key string) string { return blobName(key) + importSuffix }
func newName(key string) string    { return blobName(key) + newSuffix }

// draftName is where a draft lies: all of the key is one name.
func draftName(key string) string { return path.Join(draftTree, flat(key)) }

// flat is key as a file name, and as directories and a file name when it is too
// long for one.
func flat(key string) string {
	name := strings.ReplaceAll(key, "/", "+")
	for i := pieceLen; i < len(name); i += pieceLen + len(pieceSuffix) {
		name = name[:i] + pieceSuffix + name[i:]
	}
	return name
}

// unflat is the inverse, for one name in a directory.
func unflat(name string) string { return strings.ReplaceAll(name, "+", "/") }

// lasting says whether a directory stays when it is empty: there are few, and to
// make one costs more than what it holds.
func lasting(dir string) bool {
	return dir == draftTree || strings.Count(dir, "/") <= 2 && within(dir, blobTree)
}

func within(dir, tree string) bool { return dir == tree || strings.HasPrefix(dir, tree+"/") }

// prepare checks the layout of an existing data directory or makes a new one.
// FORMAT is made first: a directory that has blobs and no FORMAT is not ours.
func prepare(root *os.Root, dir string) error {
	text, err := root.ReadFile(formatName)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = begin(root, dir)
	case err == nil && string(text) == formatOfBefore:
		err = upgrade(root)
	case err == nil && string(text) != format:
		return fmt.Errorf("disk: %s has the layout %.40q, which this version does not know", dir, text)
	}
	if err == nil {
		removeEmpty(root, oldTree) // of an upgrade, this one or an earlier
		err = makeTrees(root)
	}
	if err == nil {
		err = rootFS{root}.SyncDir(".")
	}
	if err != nil {
		return fmt.Errorf("disk: layout of %s: %w", dir, err)
	}
	return nil
}

func makeTrees(root *os.Root) error {
	return errors.Join(root.MkdirAll(blobTree, dirMode), root.MkdirAll(draftTree, dirMode))
}

func begin(root *os.Root, dir string) error {
	if _, err := root.Lstat(blobTree); err == nil {
		return fmt.Errorf("%s has a directory %q and no file %q: it is not a data directory of this package",
			dir, blobTree, formatName)
	}
	return writeFormat(root)
}

// writeFormat writes FORMAT under a name of its own first, so that a crash
// leaves the old one or a whole one.
func writeFormat(root *os.Root) error {
	f, err := root.OpenFile(formatName+newSuffix, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, fileMode)
	if err != nil {
		return err
	}
	_, err = f.WriteString(format)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = root.Rename(formatName+newSuffix, formatName)
	}
	return err
}

package disk

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/streamgate/streamgate/storage"
)

// oldTree is where the blobs of a directory wait that is being upgraded.
const oldTree = blobTree + "~1"

// upgrade brings a directory of the layout of before to this one, in which a
// blob is no longer below a directory for each element of its key. Files are
// only renamed, so it takes no room. What a crash leaves undone is done at the
// next Open: FORMAT changes at the end.
func upgrade(root *os.Root) error {
	_, err := root.Lstat(oldTree)
	if errors.Is(err, fs.ErrNotExist) {
		err = root.Rename(blobTree, oldTree)
		if errors.Is(err, fs.ErrNotExist) {
			return writeFormat(root) // a crash came right after FORMAT was made
		}
	}
	if err == nil {
		err = makeTrees(root)
	}
	if err == nil {
		err = moveAll(root, oldTree, blobName)
	}
	if err == nil {
		err = moveAll(root, draftTree, func(key string) string { return draftName(unflat(key)) })
	}
	if err == nil {
		err = syncTree(root, blobTree)
	}
	if err == nil {
		err = syncTree(root, draftTree)
	}
	if err == nil {
		err = writeFormat(root) // from here on nothing is moved again
	}
	return err
}

// moveAll moves the files of a tree to where they belong by their old keys.
func moveAll(root *os.Root, tree string, place func(key string) string) error {
	return fs.WalkDir(root.FS(), tree, func(name string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		key, imported := strings.CutSuffix(strings.TrimPrefix(name, tree+"/"), importSuffix)
		if !isKey(unflat(key)) {
			return nil // not ours, or moved already
		}
		to := place(key)
		if imported {
			to += importSuffix
		}
		if to == name {
			return nil
		}
		if err := root.MkdirAll(path.Dir(to), dirMode); err != nil {
			return err
		}
		return root.Rename(name, to)
	})
}

func isKey(key string) bool { return storage.CheckKey(key) == nil }

func syncTree(root *os.Root, tree string) error {
	return fs.WalkDir(root.FS(), tree, func(name string, e fs.DirEntry, err error) error {
		if err != nil || !e.IsDir() {
			return err
		}
		return rootFS{root}.SyncDir(name)
	})
}

// removeEmpty removes the directories of a tree, but for those with something
// in them that was not ours.
func removeEmpty(root *os.Root, tree string) {
	var dirs []string
	_ = fs.WalkDir(root.FS(), tree, func(name string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() {
			dirs = append(dirs, name)
		}
		return nil // what cannot be read is left
	})
	for len(dirs) > 0 {
		_ = root.Remove(dirs[len(dirs)-1]) // those below come later in dirs
		dirs = dirs[:len(dirs)-1]
	}
}

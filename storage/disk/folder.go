package disk

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// folder is a folder that files may be imported from. Its os.Root keeps names
// and symbolic links from leading out of it.
type folder struct {
	path string // absolute
	root *os.Root
}

// openFolders opens them with the deepest first, so that a folder inside
// another is found before it.
func openFolders(paths []string) ([]folder, error) {
	var folders []folder
	for _, p := range paths {
		abs, err := filepath.Abs(p)
		if err != nil {
			return nil, fmt.Errorf("disk: import folder %s: %w", p, err)
		}
		root, err := os.OpenRoot(abs)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("disk: import folder: %w", err), closeFolders(folders))
		}
		folders = append(folders, folder{path: abs, root: root})
	}
	slices.SortStableFunc(folders, func(a, b folder) int { return len(b.path) - len(a.path) })
	return folders, nil
}

func closeFolders(folders []folder) error {
	var errs []error
	for _, f := range folders {
		errs = append(errs, f.root.Close())
	}
	return errors.Join(errs...)
}

// locate returns the folder that path lies in and the path from there.
func (s *Store) locate(path string) (folder, string, bool) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return folder{}, "", false
	}
	for _, f := range s.folders {
		rel, err := filepath.Rel(f.path, abs)
		if err == nil && rel != "." && filepath.IsLocal(rel) {
			return f, rel, true
		}
	}
	return folder{}, "", false
}

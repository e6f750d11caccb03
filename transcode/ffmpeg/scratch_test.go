package ffmpeg

import (
	"errors"
	"os"
	"testing"
)

func TestAForeignDirectoryIsNotSwept(t *testing.T) {
	root := t.TempDir()
	for _, dir := range []string{"films", ownerPrefix + "dead"} {
		if err := os.Mkdir(root+"/"+dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s, err := openScratch(root, &Options{Runs: 1, Bytes: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if _, err := os.Stat(root + "/films"); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(root + "/" + ownerPrefix + "dead"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what a crash has left is there: %v", err)
	}
}

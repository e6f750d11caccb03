package media_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/streamgate/streamgate/internal/testclip"
	"github.com/streamgate/streamgate/media"
)

// corpusFiles are the files of the media corpus, which is no part of the project.
func corpusFiles(t *testing.T) []string {
	t.Helper()
	dir := testclip.Corpus(t)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, e := range entries {
		if e.Type().IsRegular() {
			files = append(files, filepath.Join(dir, e.Name()))
		}
	}
	return files
}

// resettled rewrites what is in a file and parses the result.
func resettled(t *testing.T, r *bytes.Reader, ix *media.Index) ([]byte, *media.Index, error) {
	t.Helper()
	var out bytes.Buffer
	n, err := media.Rewrite(t.Context(), &out, r, ix)
	if err != nil {
		return nil, nil, err
	}
	if n != int64(out.Len()) {
		t.Errorf("wrote %d bytes and says %d", out.Len(), n)
	}
	again, err := media.Parse(t.Context(), bytes.NewReader(out.Bytes()), n, &media.Options{Cut: ix.Cut})
	if err != nil {
		return nil, nil, err
	}
	return out.Bytes(), again, media.Compare(t.Context(),
		media.Presented{Index: ix, Source: r}, media.Presented{Index: again, Source: bytes.NewReader(out.Bytes())})
}

// TestCorpusIsPresentedAlikeOnceRewritten rewrites every file of the corpus that
// HLS carries, and asks for the same revision, cuts and samples. With -short it
// takes every fifth.
func TestCorpusIsPresentedAlikeOnceRewritten(t *testing.T) {
	settled := 0
	for i, name := range corpusFiles(t) {
		if testing.Short() && i%5 != 0 {
			continue
		}
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		r := bytes.NewReader(b)
		ix, err := media.Parse(t.Context(), r, r.Size(), nil)
		if err != nil {
			continue
		}
		t.Run(filepath.Base(name), func(t *testing.T) {
			_, again, err := resettled(t, r, ix)
			if err != nil {
				t.Fatal(err)
			}
			settled++
			if again.Revision("x") != ix.Revision("x") {
				t.Error("another revision")
			}
		})
	}
	t.Logf("%d files", settled)
}

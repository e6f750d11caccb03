package transcode_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/streamgate/streamgate/transcode"
)

func TestAFileInPiecesIsOneFile(t *testing.T) {
	cases := []struct {
		name   string
		pieces []string
	}{
		{"several pieces", []string{"abc", "d", "efghij"}},
		{"empty pieces among them", []string{"", "abc", "", "d", ""}},
		{"one piece", []string{"abc"}},
		{"no piece", nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var files []io.ReaderAt
			var sizes []int64
			for _, p := range c.pieces {
				files, sizes = append(files, strings.NewReader(p)), append(sizes, int64(len(p)))
			}
			whole := strings.Join(c.pieces, "")
			f, size := transcode.Pieced(files, sizes)
			if err := iotest.TestReader(io.NewSectionReader(f, 0, size), []byte(whole)); err != nil {
				t.Error(err)
			}
			if n, err := f.ReadAt(make([]byte, 1), int64(len(whole))); n != 0 || !errors.Is(err, io.EOF) {
				t.Errorf("beyond the end: %d, %v", n, err)
			}
		})
	}
	f, size := transcode.Pieced([]io.ReaderAt{strings.NewReader("abc"), strings.NewReader("defg")}, []int64{5, 4})
	if _, err := io.Copy(new(bytes.Buffer), io.NewSectionReader(f, 0, size)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a piece that is shorter than it was: %v", err)
	}
}

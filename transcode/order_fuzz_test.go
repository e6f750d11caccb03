package transcode_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/streamgate/streamgate/internal/fmp4"
	"github.com/streamgate/streamgate/transcode"
)

// FuzzOrder has the pictures of anything put in order: it is refused, or becomes an MP4
// that has each picture once.
func FuzzOrder(f *testing.F) {
	var b bytes.Buffer
	w, err := fmp4.NewWriter(&b, []fmp4.Track{{Video: true, Timescale: 25, Entries: []byte("\x00\x00\x00\x08stsd")}})
	samples := []fmp4.Timed{{Sample: fmp4.Sample{Shown: 250, Duration: 1, Size: 4, Sync: true}, Decode: 250}}
	err = errors.Join(err, w.Fragment(1, samples, func(w io.Writer) error { _, err := io.WriteString(w, "data"); return err }))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	seed, err := os.ReadFile(filepath.Join("testdata", "order.mp4"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, b []byte) {
		var out bytes.Buffer
		err := transcode.Order(t.Context(), transcode.Part{ReaderAt: bytes.NewReader(b), Size: int64(len(b))}, &out)
		if err != nil && !errors.Is(err, transcode.ErrSource) && !errors.Is(err, transcode.ErrOutput) {
			t.Fatalf("got %v, want ErrSource or ErrOutput", err)
		}
	})
}

package transcode_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/streamgate/streamgate/internal/fmp4"
	"github.com/streamgate/streamgate/transcode"
)

// FuzzJoiner joins anything, as chunks and as sound: it is refused as ErrOutput, or
// becomes a file whose fragments are read.
func FuzzJoiner(f *testing.F) {
	for _, samples := range [][]fmp4.Timed{
		{{Sample: fmp4.Sample{Shown: 250, Duration: 1, Size: 4, Sync: true}, Decode: 250}},
		{{Sample: fmp4.Sample{Shown: 250, Size: 2, Sync: true}, Decode: 249}, {Sample: fmp4.Sample{Shown: 252, Size: 1}, Decode: 250}, {Sample: fmp4.Sample{Shown: 251, Size: 1, Duration: 1}, Decode: 251}},
	} {
		var b bytes.Buffer
		w, err := fmp4.NewWriter(&b, []fmp4.Track{{Video: true, Timescale: 25, Entries: []byte("\x00\x00\x00\x08stsd")}})
		err = errors.Join(err, w.Fragment(1, samples, func(w io.Writer) error { _, err := io.WriteString(w, "data"); return err }))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		part := transcode.Part{ReaderAt: bytes.NewReader(b), Size: int64(len(b))}
		var out bytes.Buffer
		j, err := transcode.NewJoiner(&out, &part, []transcode.Sound{{Part: part}})
		if err == nil {
			err = j.Append(t.Context(), part)
		}
		if err == nil {
			err = j.Finish()
		}
		if err != nil && !errors.Is(err, transcode.ErrOutput) {
			t.Fatalf("got %v, want ErrOutput", err)
		}
	})
}

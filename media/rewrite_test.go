package media_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"testing"

	"github.com/streamgate/streamgate/media"
)

func withSource(t *testing.T, file []byte) (*bytes.Reader, *media.Index) {
	t.Helper()
	r := bytes.NewReader(file)
	ix, err := media.Parse(t.Context(), r, r.Size(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return r, ix
}

func TestARewrittenFileHasItsDescriptionFirst(t *testing.T) {
	r, ix := withSource(t, fragmented(nil))
	file, again, err := resettled(t, r, ix)
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for b := file; len(b) >= 8; b = b[binary.BigEndian.Uint32(b):] {
		order = append(order, string(b[4:8]))
	}
	if len(order) != 3 || order[0] != "ftyp" || order[1] != "moov" || order[2] != "mdat" {
		t.Errorf("its boxes are %v", order)
	}
	if again.Revision("x") != ix.Revision("x") || again.Revision("y") == ix.Revision("x") {
		t.Error("the revision")
	}
}

// What Compare does not see would be served.
func TestCompareSeesEveryChange(t *testing.T) {
	r, ix := withSource(t, progressive(nil))
	file, _, err := resettled(t, r, ix)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(b []byte){
		"a byte of the last sample":       func(b []byte) { b[len(b)-1]++ },
		"a size":                          func(b []byte) { b[bytes.Index(b, []byte("stsz"))+4+8+4+3]-- },
		"a duration":                      func(b []byte) { b[bytes.Index(b, []byte("stts"))+4+8+4+3]++ },
		"the place of a chunk":            func(b []byte) { b[bytes.Index(b, []byte("stco"))+4+8+3]++ },
		"the timescale of a track":        func(b []byte) { b[bytes.Index(b, []byte("mdhd"))+4+12+3]++ },
		"the matrix of a track":           func(b []byte) { b[bytes.Index(b, []byte("tkhd"))+4+40+3]++ },
		"the coding of a track":           func(b []byte) { b[bytes.Index(b, []byte("avcC"))+4+3]++ },
		"how many samples are in a chunk": func(b []byte) { b[bytes.Index(b, []byte("stsc"))+4+8+4+3]-- },
	} {
		t.Run(name, func(t *testing.T) {
			b := bytes.Clone(file)
			change(b)
			again, err := media.Parse(t.Context(), bytes.NewReader(b), int64(len(b)), nil)
			if err != nil {
				return // that is seen, too
			}
			err = media.Compare(t.Context(), media.Presented{Index: ix, Source: r}, media.Presented{Index: again, Source: bytes.NewReader(b)})
			if !errors.Is(err, media.ErrDiffers) {
				t.Errorf("%v", err)
			}
		})
	}
}

// A file that is presented alike, and has its samples in other places, is not
// settled.
func TestCompareAsksForRuns(t *testing.T) {
	r, ix := withSource(t, progressive(nil))
	err := media.Compare(t.Context(), media.Presented{Index: ix, Source: r}, media.Presented{Index: ix, Source: r})
	inRuns := true
	for i, track := range ix.Tracks {
		for n := range track.Segments {
			samples, _ := ix.Samples(nil, nil, i, n)
			for k := 1; k < len(samples); k++ {
				inRuns = inRuns && samples[k].Offset == samples[k-1].Offset+int64(samples[k-1].Size)
			}
		}
	}
	if inRuns != (err == nil) {
		t.Errorf("in runs: %v, and %v", inRuns, err)
	}
}

func TestRewriteEndsWithItsContextItsSourceAndItsWriter(t *testing.T) {
	r, ix := withSource(t, progressive(nil))
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := media.Rewrite(ended, io.Discard, r, ix); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that has ended: %v", err)
	}
	if _, err := media.Rewrite(t.Context(), io.Discard, bytes.NewReader(nil), ix); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a source that has shrunk: %v", err)
	}
	if _, err := media.Rewrite(t.Context(), full{}, r, ix); !errors.Is(err, errNoRoom) {
		t.Errorf("a writer that takes nothing: %v", err)
	}
	var kept bytes.Buffer
	if _, err := ix.WriteTo(&kept); err != nil {
		t.Fatal(err)
	}
	read, err := media.Read(bytes.NewReader(kept.Bytes()), int64(kept.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := media.Rewrite(t.Context(), io.Discard, r, read); !errors.Is(err, media.ErrIndex) {
		t.Errorf("an index without samples: %v", err)
	}
	size, err := media.RewrittenSize(t.Context(), ix)
	var out bytes.Buffer
	if n, failed := media.Rewrite(t.Context(), &out, r, ix); failed != nil || err != nil || n != size || int64(out.Len()) != size {
		t.Errorf("%d bytes, and %d were told: %v, %v", out.Len(), size, failed, err)
	}
}

var errNoRoom = errors.New("no room")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errNoRoom }

// Whatever a file is made of: it is rewritten as it is presented, or refused.
func FuzzRewrite(f *testing.F) {
	f.Add(progressive(nil))
	f.Add(fragmented(nil))
	for _, file := range spoken() {
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		r := bytes.NewReader(file)
		ix, err := media.Parse(t.Context(), r, r.Size(), nil)
		if err != nil {
			return
		}
		var out bytes.Buffer
		n, err := media.Rewrite(t.Context(), &out, r, ix)
		if errors.Is(err, media.ErrUnsupported) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if n != int64(out.Len()) || n > 3*r.Size()+int64(100*countSamples(ix))+1<<20 {
			t.Fatalf("wrote %d bytes of %d, and says %d", out.Len(), r.Size(), n)
		}
		again, err := media.Parse(t.Context(), bytes.NewReader(out.Bytes()), n, nil)
		if err != nil {
			return // it is not settled
		}
		err = media.Compare(t.Context(), media.Presented{Index: ix, Source: r}, media.Presented{Index: again, Source: bytes.NewReader(out.Bytes())})
		if err == nil && again.Revision("x") != ix.Revision("x") {
			t.Fatal("alike, and of another revision")
		}
		if err != nil && !errors.Is(err, media.ErrDiffers) {
			t.Fatal(err)
		}
	})
}

func countSamples(ix *media.Index) (n int) {
	for _, t := range ix.Tracks {
		for _, s := range t.Segments {
			n += s.Samples
		}
	}
	return n
}

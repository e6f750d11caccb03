package media

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func testIndex(t *testing.T) *Index {
	return parse(t, progressive(
		testTrack{handler: "vide", timescale: 100, samples: gops(4, 50)},
		testTrack{handler: "soun", timescale: 48000, samples: packets(938), edits: []edit{{0, 1024}}, noSync: true}))
}

func stored(t *testing.T, ix *Index) []byte {
	t.Helper()
	var b bytes.Buffer
	n, err := ix.WriteTo(&b)
	if err != nil || n != int64(b.Len()) {
		t.Fatalf("wrote %d of %d: %v", n, b.Len(), err)
	}
	return b.Bytes()
}

func TestAnIndexIsReadAsItWasWritten(t *testing.T) {
	want := testIndex(t)
	file := stored(t, want)
	got, err := Read(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Index{})); diff != "" {
		t.Error(diff)
	}
	for n, tr := range want.Tracks {
		for i := range tr.Segments {
			a, err1 := want.Samples(nil, nil, n, i)
			b, err2 := got.Samples(nil, bytes.NewReader(file), n, i)
			if err1 != nil || err2 != nil {
				t.Fatal(err1, err2)
			}
			if diff := cmp.Diff(a, b); diff != "" {
				t.Errorf("track %d, segment %d: %s", n, i, diff)
			}
		}
	}
	if got.Revision("x") != want.Revision("x") {
		t.Error("it has another revision")
	}
}

func TestEveryDamageToAnIndexIsFound(t *testing.T) {
	good := stored(t, testIndex(t))
	for at := range good {
		bad := bytes.Clone(good)
		bad[at] ^= 0x10
		if err := readAll(bad); !errors.Is(err, ErrIndex) {
			t.Fatalf("a changed byte %d: %v", at, err)
		}
	}
	for n := range good {
		if err := readAll(good[:n]); !errors.Is(err, ErrIndex) {
			t.Fatalf("the first %d bytes alone: %v", n, err)
		}
	}
}

// readAll reads an index with all its blocks.
func readAll(file []byte) error {
	r := bytes.NewReader(file)
	ix, err := Read(r, int64(len(file)))
	if err != nil {
		return err
	}
	for n, tr := range ix.Tracks {
		for i := range tr.Segments {
			if _, err := ix.Samples(nil, r, n, i); err != nil {
				return err
			}
		}
	}
	return nil
}

func TestTheRevisionFollowsWhatIsPlayed(t *testing.T) {
	base := testIndex(t)
	if base.Revision("a") != testIndex(t).Revision("a") {
		t.Error("the same file has two revisions")
	}
	other := parse(t, progressive(testTrack{handler: "vide", timescale: 100, samples: gops(4, 51)}))
	if base.Revision("a") == base.Revision("b") || base.Revision("a") == other.Revision("a") {
		t.Error("another file has the same revision")
	}
}

func TestAnIndexTakesLittleRoom(t *testing.T) {
	ix := testIndex(t)
	samples := 0
	for _, tr := range ix.Tracks {
		for _, s := range tr.Segments {
			samples += s.Samples
		}
	}
	if per := float64(len(ix.blocks.data)) / float64(samples); per > 16 {
		t.Errorf("%.1f bytes a sample", per)
	}
}

func FuzzRead(f *testing.F) {
	var b bytes.Buffer
	ix := parseSeed(progressive(testTrack{handler: "vide", timescale: 100, samples: gops(2, 2)}))
	if _, err := ix.WriteTo(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(_ *testing.T, file []byte) { _ = readAll(file) })
}

func FuzzBlock(f *testing.F) {
	f.Add([]byte{0x1f, 8, 10, 4}, uint16(1))
	f.Fuzz(func(t *testing.T, b []byte, n uint16) {
		samples, err := appendBlock(nil, b, int(n))
		if err != nil {
			return
		}
		w := blockWriter{}
		for i := range samples {
			w.add(&samples[i])
		}
		again, err := appendBlock(nil, w.buf, int(n))
		if diff := cmp.Diff(samples, again); err != nil || diff != "" {
			t.Error(err, diff)
		}
	})
}

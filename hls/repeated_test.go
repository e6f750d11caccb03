package hls

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/streamgate/streamgate/media"
)

// newAwayStripped is a film of which all pictures begin with what the first begins
// with, and only that one has it: as Matroska may have them.
func newAwayStripped(t *testing.T, ranges bool) *away {
	a := newAway(t, clip{frames: 60 * clipRate, frameSize: 20_000, gop: 60, audio: 1}, ranges, true)
	i := slices.IndexFunc(a.index.Tracks, isVideo)
	samples, err := a.index.Samples(nil, nil, i, 0)
	if err != nil {
		t.Fatal(err)
	}
	a.index.Tracks[i].Prefix = media.Prefix{Offset: samples[0].Offset, Size: 32}
	var stored bytes.Buffer
	if _, err := a.index.WriteTo(&stored); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(a.dir, "index"), stored.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return a
}

func isVideo(t *media.Track) bool { return t.Kind == media.Video }

// What all frames begin with and the file has once is asked for once.
func TestSegmentsOfStrippedFramesFromFarAwayAreTwoRequests(t *testing.T) {
	for _, c := range []struct {
		name    string
		ranges  bool
		encrypt *Encryption
	}{
		{"in the clear, streamed", true, nil},
		{"in the clear, ReadAt", false, nil},
		{"SAMPLE-AES, streamed", true, &Encryption{Scheme: SampleAES, Keys: derived(t)}},
		{"SAMPLE-AES, ReadAt", false, &Encryption{Scheme: SampleAES, Keys: derived(t)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := newAwayStripped(t, c.ranges)
			var err error
			if a.Server, err = New(a.store, a.meta, &Options{Encryption: c.encrypt}); err != nil {
				t.Fatal(err)
			}
			i, source := slices.IndexFunc(a.index.Tracks, isVideo), readFile(t, filepath.Join(a.dir, "film"))
			at := base(t, by(ann, a), "/film", trackName(a.index.Tracks[i]))
			for n := range a.index.Tracks[i].Segments {
				cost, got := a.requests(t, at+segmentName(n))
				if n > 0 && cost.Reads > 2 {
					t.Errorf("segment %d takes %d requests", n, cost.Reads)
				}
				if c.encrypt == nil && !bytes.Equal(got, segmentOfStripped(t, a.index, i, n, source)) {
					t.Errorf("segment %d differs", n)
				}
			}
		})
	}
}

func segmentOfStripped(t *testing.T, x *media.Index, track, n int, source []byte) []byte {
	t.Helper()
	samples, err := x.Samples(nil, nil, track, n)
	if err != nil {
		t.Fatal(err)
	}
	p := x.Tracks[track].Prefix
	want := appendFragment(nil, x.Tracks[track], n, samples)
	for _, s := range samples {
		want = append(want, source[p.Offset:p.Offset+int64(p.Size)]...)
		want = append(want, source[s.Offset:s.Offset+int64(s.Size)-int64(p.Size)]...)
	}
	return want
}

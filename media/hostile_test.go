package media_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/streamgate/streamgate/media"
)

// hostileBytes is what reading a hostile file may allocate, in all: more than
// it ever holds at once.
const hostileBytes = 64 << 20

// endless bounds a file that is never done with; the time that files take is
// logged, for it depends on the machine, and most of all on the race detector.
const endless = 10 * time.Minute

// Attack 18: TestHostile reads every bomb: an error that says what is wrong, or an index
// that holds together, in bounded memory.
func TestHostile(t *testing.T) {
	for _, b := range bombs() {
		if testing.Short() && b.at.size > 1<<30 { // of one goroutine, and the race detector takes minutes
			t.Attr("short", "none of gigabytes")
			continue
		}
		t.Run(b.name, func(t *testing.T) {
			var r io.ReaderAt = bytes.NewReader(b.file)
			size := int64(len(b.file))
			if b.at.size > 0 {
				r, size = b.at, b.at.size
			}
			ctx, cancel := context.WithTimeout(t.Context(), endless)
			defer cancel()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			began := time.Now()
			ix, err := media.Parse(ctx, r, size, nil)
			took := time.Since(began)
			runtime.ReadMemStats(&after)
			allocated := after.TotalAlloc - before.TotalAlloc
			t.Logf("%v, %d KiB, %v", took.Round(time.Microsecond), allocated>>10, err)
			if allocated > hostileBytes {
				t.Errorf("%d bytes allocated", allocated)
			}
			checkOutcome(t, ix, err, size)
		})
	}
}

// TestHostileBase makes sure that it is what was done to them that makes the
// bombs: the files without it are read whole.
func TestHostileBase(t *testing.T) {
	for name, file := range map[string][]byte{"progressive": progressive(nil), "fragmented": fragmented(nil)} {
		ix, err := media.Parse(t.Context(), bytes.NewReader(file), int64(len(file)), nil)
		if err != nil || len(ix.Tracks) != 2 || ix.Tracks[0].Codec != "avc1.42c00a" || ix.Tracks[1].Codec != "mp4a.40.2" {
			t.Fatalf("%s: %+v, %v", name, ix, err)
		}
		checkOutcome(t, ix, err, int64(len(file)))
	}
}

// checkOutcome says whether an error is one of those that are documented, and
// whether an index is one that can be served.
func checkOutcome(t *testing.T, ix *media.Index, err error, size int64) {
	t.Helper()
	if err != nil {
		for _, kind := range []error{media.ErrInvalid, media.ErrEncrypted, media.ErrNoMedia, media.ErrUnsupported} {
			if errors.Is(err, kind) {
				return
			}
		}
		t.Errorf("error %v is of no kind", err)
		return
	}
	if len(ix.Tracks) == 0 {
		t.Fatal("neither tracks nor an error")
	}
	var samples []media.Sample
	for i, track := range ix.Tracks {
		if len(track.Segments) == 0 || track.Timescale == 0 || len(track.Entries) == 0 {
			t.Errorf("track %d has %d segments, timescale %d, %d entries", i, len(track.Segments), track.Timescale, len(track.Entries))
		}
		for j := range track.Segments {
			if samples, err = ix.Samples(samples[:0], nil, i, j); err != nil {
				t.Fatalf("samples of track %d, segment %d: %v", i, j, err)
			}
			checkSegment(t, track, j, samples, size)
		}
	}
}

// checkSegment says whether samples are within the file and as the segment
// table says.
func checkSegment(t *testing.T, track *media.Track, j int, samples []media.Sample, size int64) {
	t.Helper()
	segment := track.Segments[j]
	var length int64
	decode := segment.Decode
	for k, s := range samples {
		if s.Offset < 0 || s.Offset+int64(s.Size)-int64(track.Prefix.Size) > size {
			t.Fatalf("sample %d of segment %d is at %d, %d bytes, of %d", k, j, s.Offset, s.Size, size)
		}
		length += int64(s.Size)
		decode += uint64(s.Duration)
	}
	if length != segment.Bytes || len(samples) != segment.Samples || len(samples) == 0 {
		t.Fatalf("segment %d has %d samples of %d bytes, its table says %d of %d", j, len(samples), length, segment.Samples, segment.Bytes)
	}
	if j+1 < len(track.Segments) && track.Segments[j+1].Decode != decode {
		t.Fatalf("segment %d ends at %d, the next begins at %d", j, decode, track.Segments[j+1].Decode)
	}
	if segment.Entry < 0 || segment.Entry >= len(track.Entries) {
		t.Fatalf("segment %d has sample entry %d of %d", j, segment.Entry, len(track.Entries))
	}
}

// FuzzParse looks for files that break the reader, beginning with small ones
// that play and with the bombs.
func FuzzParse(f *testing.F) {
	f.Add(progressive(nil))
	f.Add(fragmented(nil))
	f.Add(withText(movie{}, two()))
	f.Add(withText(movie{fragmented: true}, two()))
	for _, b := range smallBombs() {
		if len(b.file) < 64<<10 { // FuzzMatroska has its own
			f.Add(b.file)
		}
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		ix, err := media.Parse(t.Context(), bytes.NewReader(file), int64(len(file)), nil)
		checkOutcome(t, ix, err, int64(len(file)))
		if err != nil {
			return
		}
		var kept bytes.Buffer
		if _, err := ix.WriteTo(&kept); err != nil {
			t.Fatalf("writing the index: %v", err)
		}
		if _, err := media.Read(bytes.NewReader(kept.Bytes()), int64(kept.Len())); err != nil {
			t.Fatalf("reading the index that was written: %v", err)
		}
	})
}

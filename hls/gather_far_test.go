package hls

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/storage/storagetest"
)

// away is a Server of one file that lies in a store far away.
type away struct {
	*Server
	store *storagetest.Remote
	dir   string
	index *media.Index
}

// newAway makes the file and, unless it has to be indexed first, its index.
func newAway(t *testing.T, c clip, ranges, indexed bool) *away {
	t.Helper()
	a := &away{dir: t.TempDir()}
	c.writeSparse(t, filepath.Join(a.dir, "film"))
	f, err := os.Open(filepath.Join(a.dir, "film"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	src, err := fileSource(f)
	if err != nil {
		t.Fatal(err)
	}
	if a.index, err = media.Parse(t.Context(), f, src.size, nil); err != nil {
		t.Fatal(err)
	}
	asset := metadata.Asset{ID: "film", Owner: "ann", Playable: true, Source: "film", Revision: a.index.Revision("x"), SHA256: "x"}
	if indexed {
		asset.Index = "index"
		var stored bytes.Buffer
		if _, err := a.index.WriteTo(&stored); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(a.dir, "index"), stored.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	meta := new(memoryMeta)
	meta.put(asset)
	a.store = storagetest.NewRemote(folderStore{dir: a.dir}, time.Millisecond, ranges)
	if a.Server, err = New(a.store, meta, nil); err != nil {
		t.Fatal(err)
	}
	return a
}

// requests is what it costs to answer with the path.
func (a *away) requests(t *testing.T, path string) (storagetest.Cost, []byte) {
	t.Helper()
	a.store.Cost()
	answer := ask(by(ann, a), "GET", path)
	body := content(t, answer)
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s: %s", path, answer.Status, body)
	}
	return a.store.Cost(), body
}

// The contract of storage.Blob: what a film that lies in an object storage costs
// in requests. A segment is one of the index and one of the file.
func TestASegmentFromFarAwayIsTwoRequests(t *testing.T) {
	minute := 60 * clipRate
	if testing.Short() {
		t.Attr("short", "quarters of a minute")
		minute /= 4
	}
	for _, c := range []struct {
		name  string
		clip  clip
		plain int // requests at most where a blob is no storage.RangeReader
	}{
		{"1080p at 4 Mbit/s, interleaved frame by frame", clip{frames: minute, frameSize: 16_666, gop: 60, audio: 1}, 2},
		{"a picture alone", clip{frames: minute, frameSize: 16_666, gop: 60}, 2},
		{"360p at 0.5 Mbit/s", clip{frames: minute, frameSize: 2_000, gop: 60, audio: 2}, 2},
		{"4K at 25 Mbit/s", clip{frames: minute, frameSize: 104_000, gop: 60, audio: 1}, 4},
		{"sound alone", clip{frames: minute, noVideo: true, audio: 1}, 2},
	} {
		for _, ranges := range []bool{true, false} {
			want, way := 2, "streamed"
			if !ranges {
				want, way = c.plain, "ReadAt"
			}
			t.Run(c.name+", "+way, func(t *testing.T) {
				a := newAway(t, c.clip, ranges, true)
				source := readFile(t, filepath.Join(a.dir, "film"))
				for i, track := range a.index.Tracks {
					at := base(t, by(ann, a), "/film", trackName(track))
					for n := range track.Segments {
						cost, got := a.requests(t, at+segmentName(n))
						if !bytes.Equal(got, segment(t, a.index, i, n, source)) {
							t.Errorf("segment %d of %s differs", n, trackName(track))
						}
						if cost.Reads > want {
							t.Errorf("segment %d of %s takes %d requests, want %d", n, trackName(track), cost.Reads, want)
						}
						if n == 1 {
							t.Logf("%s: %d requests, %.1f MB asked for and %.1f MB sent", trackName(track), cost.Reads, float64(cost.Bytes)/1e6, float64(len(got))/1e6)
						}
					}
				}
			})
		}
	}
}

// A two-hour film whose tables stand at its end.
func TestALongFilmFarAwayIsPreparedByFewRequests(t *testing.T) {
	film := clip{frames: 2 * 3600 * clipRate, frameSize: 16_666, gop: 60, audio: 1}
	for _, indexed := range []bool{true, false} {
		for _, ranges := range []bool{true, false} {
			t.Run(fmt.Sprintf("indexed %t, streamed %t", indexed, ranges), func(t *testing.T) {
				a := newAway(t, film, ranges, indexed)
				want := 3
				if !indexed {
					want = 10
				}
				cost, _ := a.requests(t, "/film/master.m3u8")
				t.Logf("%d requests, %.1f MB", cost.Opens+cost.Reads, float64(cost.Bytes)/1e6)
				if n := cost.Opens + cost.Reads; n > want {
					t.Errorf("the first playlist takes %d requests, want %d", n, want)
				}
				at := base(t, by(ann, a), "/film", "v1")
				for _, path := range []string{at + "index.m3u8", at + "init.mp4", "/film/manifest.mpd"} {
					if cost, _ := a.requests(t, path); cost != (storagetest.Cost{}) {
						t.Errorf("then %s takes %+v", path, cost)
					}
				}
				for _, headers := range [][]string{nil, {"Range", "bytes=100000-200000"}} {
					a.store.Cost()
					answer := ask(by(ann, a), "GET", at+"500.m4s", headers...)
					n := len(content(t, answer))
					if cost := a.store.Cost(); cost.Reads > 2 || n == 0 || headers != nil && cost.Bytes > 200_000 {
						t.Errorf("a segment's %d bytes take %+v", n, cost)
					}
				}
				a.store.Cost()
				if ask(by(ann, a), "HEAD", at+"500.m4s"); a.store.Cost() != (storagetest.Cost{}) {
					t.Error("HEAD of a segment asks the store")
				}
			})
		}
	}
}

// What many slow clients hold at once is bounded; the bytes are the same.
func TestFarReadsBeyondTheBoundAreSmall(t *testing.T) {
	source := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	var bodies []*body
	for range maxFarReads + 3 {
		b := newBody()
		b.source, b.runs = bytes.NewReader(source), []run{{0, 500_000}, {600_000, 400_000}}
		if _, err := io.ReadFull(b, make([]byte, 10)); err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, b)
	}
	large := 0
	for i, b := range bodies {
		if b.span.end > blockSize {
			large++
		}
		rest, err := io.ReadAll(b)
		if want := append(bytes.Clone(source[10:500_000]), source[600_000:1_000_000]...); err != nil || !bytes.Equal(rest, want) {
			t.Errorf("body %d: %v, %d bytes, want %d", i, err, len(rest), len(want))
		}
	}
	if large != maxFarReads {
		t.Errorf("%d hold all of it, want %d", large, maxFarReads)
	}
	for _, b := range bodies {
		b.release()
	}
	b := newBody() // left in the middle
	b.source, b.runs = bytes.NewReader(source), []run{{0, 500_000}}
	if _, err := io.ReadFull(b, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	b.release()
	if n := largeHolds.Load(); n != 0 {
		t.Errorf("%d are still counted", n)
	}
}

// brokenRange is a source whose ranges end early, or do not begin.
type brokenRange struct {
	io.ReaderAt
	err    error
	closed int
}

func (b *brokenRange) ReadRange(ctx context.Context, off, n int64) (io.ReadCloser, error) {
	if b.err != nil {
		return nil, b.err
	}
	return closing{strings.NewReader(strings.Repeat("x", int(n/2))), b}, nil
}

type closing struct {
	io.Reader
	of *brokenRange
}

func (c closing) Close() error {
	c.of.closed++
	return nil
}

func TestARangeThatFailsIsAnErrorOfTheSource(t *testing.T) {
	for _, c := range []struct {
		err, want error
	}{{nil, io.ErrUnexpectedEOF}, {storage.ErrUnavailable, storage.ErrUnavailable}} {
		source := &brokenRange{err: c.err}
		b := newBody()
		b.source, b.runs = source, []run{{0, 100}, {200, 100}}
		_, err := io.Copy(io.Discard, struct{ io.Reader }{b})
		if !errors.Is(err, c.want) || !errors.Is(b.readErr, c.want) {
			t.Errorf("%v, %v; want %v", err, b.readErr, c.want)
		}
		b.release()
		if c.err == nil && source.closed != 1 {
			t.Errorf("it was closed %d times", source.closed)
		}
	}
}

package hls

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/internal/tsread"
	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/storage/storagetest"
)

// transportBase is what the URIs of the transport streams of a track begin with.
func transportBase(t testing.TB, h http.Handler) (at string, playlist string) {
	t.Helper()
	r := ask(h, "GET", "/film/ts.m3u8")
	text := string(content(t, r))
	if r.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", r.Status, text)
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return "/film/" + strings.TrimSuffix(lines[len(lines)-1], "index-ts.m3u8"), text
}

func TestTransportStreamsAreSwitchedOn(t *testing.T) {
	off := newLibrary(t, shortClip, nil)
	for _, path := range []string{"/film/ts.m3u8", "/film/" + off.asset.Revision + "/v1/index-ts.m3u8", "/film/" + off.asset.Revision + "/v1/0.ts"} {
		if got := ask(by(ann, off), "GET", path); got.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, got.Status)
		}
	}
	h := by(ann, newLibrary(t, shortClip, &Options{MPEGTS: true}))
	at, master := transportBase(t, h)
	if strings.Contains(master, "EXT-X-MEDIA") || strings.Contains(master, "VERSION") || !strings.Contains(master, `CODECS="avc1.640028,mp4a.40.2"`) {
		t.Errorf("what an old player may not know:\n%s", master)
	}
	r := ask(h, "GET", at+"index-ts.m3u8")
	want := "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:6\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n" +
		"#EXTINF:6.000000,\n0.ts\n#EXTINF:6.000000,\n1.ts\n#EXT-X-ENDLIST\n"
	if diff := cmp.Diff(want, string(content(t, r))); diff != "" {
		t.Error(diff)
	}
	for path, want := range map[string]int{
		at + "0.ts": http.StatusOK, at + "2.ts": http.StatusNotFound, strings.Replace(at, "/v1/", "/a2/", 1) + "0.ts": http.StatusNotFound,
		strings.Replace(at, "/v1/", "/a2/", 1) + "index-ts.m3u8": http.StatusNotFound, strings.Replace(at, "/v1/", "/v9/", 1) + "0.ts": http.StatusNotFound,
		"/film/other/v1/0.ts": http.StatusNotFound,
	} {
		if got := ask(h, "GET", path); got.StatusCode != want {
			t.Errorf("%s: %s, want %d", path, got.Status, want)
		}
	}
}

func TestTransportSegments(t *testing.T) {
	l := newLibrary(t, shortClip, &Options{MPEGTS: true})
	h := by(ann, l)
	at, _ := transportBase(t, h)
	frames, counters := map[byte]int{}, map[uint16]byte{}
	for n := range 2 {
		path := at + strconv.Itoa(n) + ".ts"
		head := ask(h, "HEAD", path)
		r := ask(h, "GET", path)
		body := content(t, r)
		if r.ContentLength != int64(len(body)) || head.ContentLength != r.ContentLength || r.Header.Get("Content-Type") != "video/mp2t" {
			t.Errorf("%d bytes, said are %d and %d, of %q", len(body), r.ContentLength, head.ContentLength, r.Header.Get("Content-Type"))
		}
		if got := r.Header.Get("Cache-Control"); got != "private, max-age=31536000, immutable" || r.Header.Get("ETag") == "" || r.Header.Get("ETag") != head.Header.Get("ETag") {
			t.Errorf("%q, %q", got, r.Header.Get("ETag"))
		}
		s, err := tsread.Read(body)
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range s.Units {
			frames[u.ID]++
		}
		for pid, c := range s.Counters {
			if n > 0 && c.First != counters[pid] {
				t.Errorf("PID %#x goes on with %d, not %d", pid, c.First, counters[pid])
			}
			counters[pid] = c.Next
		}
		if again := ask(h, "GET", path, "If-None-Match", r.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
			t.Error(again.Status)
		}
		part := ask(h, "GET", path, "Range", "bytes=1000-300000")
		if b := content(t, part); part.StatusCode != http.StatusPartialContent || !bytes.Equal(b, body[1000:300001]) {
			t.Errorf("%s: %d bytes", part.Status, len(b))
		}
		tail := ask(h, "GET", path, "Range", "bytes=-5", "If-Range", r.Header.Get("ETag"))
		if b := content(t, tail); !bytes.Equal(b, body[len(body)-5:]) {
			t.Errorf("%s: %x", tail.Status, b)
		}
		if beyond := ask(h, "GET", path, "Range", "bytes=99999999-"); beyond.StatusCode != http.StatusRequestedRangeNotSatisfiable {
			t.Error(beyond.Status)
		}
	}
	if frames[0xe0] != shortClip.frames {
		t.Errorf("%d pictures, want %d", frames[0xe0], shortClip.frames)
	}
	if n := l.files.open.Load(); n != 0 {
		t.Errorf("%d blobs are still open", n)
	}
}

func TestTransportStreamsOfSeveralLanguages(t *testing.T) {
	c := shortClip
	c.audio, c.names = 3, []string{"One", "Two", "Three"}
	h := by(ann, newLibrary(t, c, &Options{MPEGTS: true}))
	at, master := transportBase(t, h)
	var media []string
	for line := range strings.Lines(master) {
		if strings.HasPrefix(line, "#EXT-X-MEDIA:") {
			_, uri, _ := strings.Cut(strings.TrimSpace(line), "URI=")
			media = append(media, uri)
		}
	}
	rev := strings.Split(at, "/")[2]
	want := []string{"", `"` + rev + `/a3/index-ts.m3u8"`, `"` + rev + `/a4/index-ts.m3u8"`}
	if diff := cmp.Diff(want, media); diff != "" || !strings.Contains(master, `,AUDIO="audio-aac"`) {
		t.Errorf("%s\n%s", diff, master)
	}
	s, err := tsread.Read(content(t, ask(h, "GET", "/film/"+rev+"/a4/1.ts")))
	if err != nil || len(s.Streams) != 1 || s.Streams[0].Type != 0x0f || s.ClockPID != s.Streams[0].PID || len(s.Clocks) != len(s.Units) {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestCaptionsOfTransportStreams(t *testing.T) {
	l := newLibrary(t, shortClip, &Options{MPEGTS: true})
	l.caption(shortCues, metadata.Caption{Language: "en", Label: "English"})
	_, master := transportBase(t, by(ann, l))
	if !strings.Contains(master, `#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subtitles",NAME="English"`) || !strings.Contains(master, `,SUBTITLES="subtitles"`) {
		t.Error(master)
	}
}

// TestTheRatesOfTransportStreams compares what is said of the bit rate with what
// is sent.
func TestTheRatesOfTransportStreams(t *testing.T) {
	h := by(ann, newLibrary(t, shortClip, &Options{MPEGTS: true}))
	at, master := transportBase(t, h)
	most := 0
	for n := range 2 {
		most = max(most, len(content(t, ask(h, "GET", at+strconv.Itoa(n)+".ts"))))
	}
	if want := "BANDWIDTH=" + strconv.Itoa((most*8+5)/6) + ","; !strings.Contains(master, want) {
		t.Errorf("no %s in\n%s", want, master)
	}
}

func TestAPictureThatCannotBeRewrittenIsRefused(t *testing.T) {
	l := newLibrary(t, shortClip, &Options{MPEGTS: true})
	samples, err := l.index.Samples(nil, nil, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	binary.BigEndian.PutUint32(l.files.blobs["film/source"][samples[7].Offset:], samples[7].Size)
	h := by(ann, l)
	at, _ := transportBase(t, h)
	for method, want := range map[string]int{"GET": http.StatusUnprocessableEntity, "HEAD": http.StatusUnprocessableEntity} {
		if got := ask(h, method, at+"1.ts"); got.StatusCode != want {
			t.Errorf("%s: %s", method, got.Status)
		}
	}
	if got := ask(h, "GET", at+"0.ts"); got.StatusCode != http.StatusOK {
		t.Errorf("the segment before: %s", got.Status)
	}
	if n := l.files.open.Load(); n != 0 {
		t.Errorf("%d blobs are still open", n)
	}
}

// breaking is a store whose blobs are sent as they arrive, and break off.
type breaking struct {
	*memoryStore

	after int64 // bytes
}

type breakingBlob struct {
	storage.Blob

	after int64
}

func (s breaking) Open(ctx context.Context, key string) (storage.Blob, error) {
	b, err := s.memoryStore.Open(ctx, key)
	return breakingBlob{b, s.after}, err
}

func (b breakingBlob) ReadRange(_ context.Context, off, n int64) (io.ReadCloser, error) {
	return io.NopCloser(io.NewSectionReader(b, off, min(n, b.after))), nil
}

func TestASourceThatFailsInATransportSegment(t *testing.T) {
	long := shortClip
	long.frameSize *= 4
	l := newLibrary(t, long, &Options{MPEGTS: true})
	at, _ := transportBase(t, by(ann, l))
	for _, c := range []struct {
		after  int64
		broken bool // in the middle; else it is an error
	}{{1_300_000, true}, {1000, false}} {
		server, err := New(breaking{l.files, c.after}, l.meta, &Options{MPEGTS: true})
		if err != nil {
			t.Fatal(err)
		}
		p, err := server.presentation(authorized(), &row{Asset: &l.asset, key: "film"})
		if err != nil {
			t.Fatal(err)
		}
		for _, track := range p.transport().all() { // as if all had been well before
			for n := range track.sizes {
				track.sizes[n].Store(1_500_240)
			}
		}
		server.rows.Set("film", &row{Asset: &l.asset, key: "film", end: time.Now().Add(time.Hour)}, 1)
		listener := httptest.NewServer(by(ann, server))
		resp, err := http.Get(listener.URL + at + "1.ts") //nolint:noctx // the server is this test's own
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		listener.Close()
		if c.broken && (err == nil || n == 0) || !c.broken && (err != nil || resp.StatusCode != http.StatusInternalServerError) {
			t.Errorf("after %d bytes: %s, %d bytes, %v", c.after, resp.Status, n, err)
		}
	}
}

func TestATransportSegmentIsFewRequestsToAStoreFarAway(t *testing.T) {
	l := newLibrary(t, shortClip, nil)
	for _, ranges := range []bool{false, true} {
		far := storagetest.NewRemote(l.files, 0, ranges)
		server, err := New(far, l.meta, &Options{MPEGTS: true})
		if err != nil {
			t.Fatal(err)
		}
		h := by(ann, server)
		at, _ := transportBase(t, h)
		for _, want := range []int{3, 2} { // at first the picture is looked through, too
			far.Cost()
			got := ask(h, "GET", at+"1.ts")
			if cost := far.Cost(); got.StatusCode != http.StatusOK || cost.Reads != want+2 { // the index has a block for each track
				t.Errorf("%s after %+v, want %d reads", got.Status, cost, want+2)
			}
		}
	}
}

func TestWhatIsNotAllThereIsNoTransportStreamYet(t *testing.T) {
	index := &media.Index{Tracks: []*media.Track{avcTrack()}}
	p := &player{mpegts: true}
	if _, err := p.transportOf(newPresentation(&mediaFile{index: index, known: index, grown: true})); !errors.Is(err, ErrNotReady) {
		t.Error(err)
	}
}

func TestADamagedIndexIsMadeAnewForTransportStreams(t *testing.T) {
	for _, warm := range []bool{false, true} {
		l := newLibrary(t, shortClip, &Options{MPEGTS: true})
		h := by(ann, l)
		at := "/film/" + l.asset.Revision + "/v1/"
		if warm {
			at, _ = transportBase(t, h)
		}
		index := bytes.Clone(l.files.blobs["film/index"])
		index[len(index)-1] ^= 1
		l.files.put("film/index", index)
		for _, path := range []string{"/film/ts.m3u8", at + "1.ts"} {
			if got := ask(h, "GET", path); got.StatusCode != http.StatusOK {
				t.Errorf("%s: %s", path, got.Status)
			}
		}
	}
}

func TestWhatTransportStreamsCarry(t *testing.T) {
	type want struct {
		status int
		audio  string // which is in the video, or alone
	}
	for name, c := range map[string]struct {
		tracks []*media.Track
		want   want
	}{
		"nothing of a picture in AV1":            {[]*media.Track{coded(videoTrack(), "av01"), coded(audioTrack(2, "ac-3", "", ""), "ac-3")}, want{status: http.StatusUnsupportedMediaType}},
		"nothing where all sound is Opus":        {[]*media.Track{avcTrack(), coded(audioTrack(2, "opus", "", ""), "Opus")}, want{status: http.StatusUnsupportedMediaType}},
		"what sound there is":                    {[]*media.Track{avcTrack(), coded(audioTrack(2, "opus", "", ""), "Opus"), coded(audioTrack(3, "ac-3", "", ""), "ac-3")}, want{http.StatusOK, "ac-3"}},
		"AAC before what an old player may lack": {[]*media.Track{avcTrack(), coded(audioTrack(2, "ac-3", "", ""), "ac-3"), aacTrack(3)}, want{http.StatusOK, "mp4a.40.2"}},
		"sound alone":                            {[]*media.Track{aacTrack(1)}, want{http.StatusOK, "mp4a.40.2"}},
		"a picture alone":                        {[]*media.Track{avcTrack()}, want{http.StatusOK, ""}},
	} {
		t.Run(name, func(t *testing.T) {
			got := newTransport(newPresentation(&mediaFile{index: &media.Index{Tracks: c.tracks}, revision: "r"}))
			if refused := errors.Is(got.refused, media.ErrUnsupported); refused != (c.want.status != http.StatusOK) {
				t.Fatalf("refused: %v", got.refused)
			}
			if got.refused != nil {
				return
			}
			audio := ""
			if a := got.all()[0].audio; a.prepared != nil {
				audio = a.Codec
			}
			if audio != c.want.audio {
				t.Errorf("%q, want %q", audio, c.want.audio)
			}
		})
	}
}

func TestTransportStreamsOfRenditions(t *testing.T) {
	first := &mediaFile{index: &media.Index{Tracks: []*media.Track{avcTrack(), aacTrack(2)}}, revision: "r"}
	smaller := &mediaFile{index: &media.Index{Tracks: []*media.Track{avcTrack()}}, revision: "s"}
	newer := &mediaFile{index: &media.Index{Tracks: []*media.Track{coded(videoTrack(), "av01"), aacTrack(2)}}, revision: "t"}
	got := newTransport(newPresentation(first, smaller, newer))
	var all []string
	for _, track := range got.all() {
		all = append(all, track.folder+" "+track.audio.folder)
	}
	if diff := cmp.Diff([]string{"r/v1/ r/a2/", "s/v1/ r/a2/"}, all); diff != "" {
		t.Error(diff)
	}
}

// coded gives a track an empty sample entry.
func coded(t *media.Track, kind string) *media.Track {
	t.Entries = [][]byte{mp4box(kind, make([]byte, 78))}
	return t
}

func avcTrack() *media.Track {
	t := videoTrack()
	t.Entries = [][]byte{videoEntry()}
	return t
}

func aacTrack(id int) *media.Track {
	t := audioTrack(id, "mp4a.40.2", "", "")
	t.Entries = [][]byte{audioEntry()}
	return t
}

func TestPartsOfTransportStreams(t *testing.T) {
	// cut is a track at 1000 ticks a second that is cut at these times.
	cut := func(at ...int64) *media.Track {
		track := &media.Track{Timescale: 1000, Layout: media.Layout{Duration: 20}}
		for i := 1; i < len(at); i++ {
			track.Segments = append(track.Segments, media.Segment{Start: at[i-1], Duration: uint64(at[i] - at[i-1]), Samples: 1})
		}
		return track
	}
	for name, c := range map[string]struct {
		video, audio *media.Track
		parts        []transportPart
		times        []int64 // milliseconds
	}{
		"cut together, to half a packet": {
			cut(0, 6000, 12000, 14000), cut(-20, 5992, 12009, 14010),
			[]transportPart{{0, 0, 1}, {1, 1, 1}, {2, 2, 1}},
			[]int64{0, 6000, 12000, 14010},
		},
		"audio that is cut within a long segment": {
			cut(0, 20000, 26000), cut(0, 6665, 13330, 20005, 25900),
			[]transportPart{{0, 0, 3}, {1, 3, 1}},
			[]int64{0, 20000, 26000},
		},
		"audio that ends early": {
			cut(0, 6000, 12000, 18000), cut(0, 6000, 7000),
			[]transportPart{{0, 0, 1}, {1, 1, 1}, {2, 2, 0}},
			[]int64{0, 6000, 12000, 18000},
		},
		"audio that goes on": {
			cut(0, 6000, 8000), cut(0, 5990, 11005, 17000, 23000),
			[]transportPart{{0, 0, 1}, {1, 1, 1}, {-1, 2, 1}, {-1, 3, 1}},
			[]int64{0, 6000, 11005, 17000, 23000},
		},
		"audio that sets in late": {
			cut(0, 6000, 12000, 18000), cut(7000, 11990, 18000),
			[]transportPart{{0, 0, 0}, {1, 0, 1}, {2, 1, 1}},
			[]int64{0, 6000, 12000, 18000},
		},
		"a picture alone": {cut(0, 6000), nil, []transportPart{{0, 0, 0}}, []int64{0, 6000}},
		"sound alone":     {nil, cut(-20, 6000, 8000), []transportPart{{-1, 0, 1}, {-1, 1, 1}}, []int64{0, 6000, 8000}},
	} {
		t.Run(name, func(t *testing.T) {
			parts, times := transportParts(c.video, c.audio)
			for i := range times {
				times[i] /= 1000
			}
			if diff := cmp.Diff(c.parts, parts, cmp.AllowUnexported(transportPart{})); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(c.times, times); diff != "" {
				t.Error(diff)
			}
		})
	}
}

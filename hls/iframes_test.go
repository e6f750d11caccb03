package hls

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
)

// spoilPicture makes the first picture of a segment one that depends on others.
func spoilPicture(t *testing.T, file []byte, index *media.Index, n int) {
	t.Helper()
	samples, err := index.Samples(nil, nil, 0, n)
	if err != nil {
		t.Fatal(err)
	}
	copy(file[samples[0].Offset:], pictureHead(samples[0].Size, false))
}

// idrClip writes a clip without sound, whose segments begin with IDR pictures,
// but for those in spoiled.
func idrClip(t *testing.T, path string, spoiled ...int) *media.Index {
	t.Helper()
	c := shortClip
	c.audio = 0
	c.writeFile(t, path)
	file := readFile(t, path)
	index, err := media.Parse(t.Context(), bytes.NewReader(file), int64(len(file)), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range spoiled {
		spoilPicture(t, file, index, n)
	}
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return index
}

func TestIFramesAreTheFirstSamplesOfSegments(t *testing.T) {
	dir := t.TempDir()
	index := idrClip(t, filepath.Join(dir, "clip.mp4"))
	source := readFile(t, filepath.Join(dir, "clip.mp4"))
	h := Dir(dir)
	at := base(t, h, "/clip.mp4", "v1")
	playlist := content(t, ask(h, "GET", at+"iframes.m3u8"))
	want := "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:6\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-I-FRAMES-ONLY\n" +
		"#EXT-X-MAP:URI=\"init.mp4\"\n#EXTINF:6.000000,\niframe-0.m4s\n#EXTINF:6.000000,\niframe-1.m4s\n#EXT-X-ENDLIST\n"
	if d := cmp.Diff(want, string(playlist)); d != "" {
		t.Error(d)
	}
	var bits int64
	for n := range 2 {
		samples, err := index.Samples(nil, nil, 0, n)
		if err != nil {
			t.Fatal(err)
		}
		first := samples[0]
		got := ask(h, "GET", at+iframePrefix+segmentName(n))
		body := content(t, got)
		bits = max(bits, int64(len(body))*8)
		if !bytes.HasSuffix(body, source[first.Offset:first.Offset+int64(first.Size)]) || len(body) != fragmentOverhead+3*4+int(first.Size) { // its duration, size and flags
			t.Errorf("picture %d has %d bytes, its sample %d", n, len(body), first.Size)
		}
		head := ask(h, "HEAD", at+iframePrefix+segmentName(n))
		if head.ContentLength != int64(len(body)) || head.Header.Get("ETag") != got.Header.Get("ETag") || got.Header.Get("Cache-Control") != "private, max-age=31536000, immutable" {
			t.Errorf("picture %d: %v", n, head.Header)
		}
		if segment := ask(h, "GET", at+segmentName(n)); segment.Header.Get("ETag") == got.Header.Get("ETag") {
			t.Errorf("picture %d has the ETag of its segment", n)
		}
	}
	for _, v := range parseMultivariant(t, content(t, ask(h, "GET", "/clip.mp4/master.m3u8"))).Variants {
		if v.Iframe && int64(v.Bandwidth) != (bits+5)/6 {
			t.Errorf("BANDWIDTH=%d, the largest picture has %d bits in 6 s", v.Bandwidth, bits)
		}
	}
}

func TestPicturesThatDependOnOthersAreNoIFrames(t *testing.T) {
	for _, spoiled := range []int{0, 1} {
		dir := t.TempDir()
		idrClip(t, filepath.Join(dir, "clip.mp4"), spoiled)
		h := Dir(dir)
		at := base(t, h, "/clip.mp4", "v1")
		if master := content(t, ask(h, "GET", "/clip.mp4/master.m3u8")); bytes.Contains(master, []byte("I-FRAME")) {
			t.Errorf("segment %d does not begin with one, and yet:\n%s", spoiled, master)
		}
		for _, file := range []string{"iframes.m3u8", "iframe-0.m4s", "iframe-1.m4s"} {
			if got := ask(h, "GET", at+file); got.StatusCode != http.StatusNotFound {
				t.Errorf("%s: %s", file, got.Status)
			}
		}
	}
}

// countedReader counts what is read.
type countedReader struct {
	*bytes.Reader
	reads int
}

func (r *countedReader) ReadAt(p []byte, off int64) (int, error) {
	r.reads++
	return r.Reader.ReadAt(p, off)
}

func TestALongFilmIsLookedAtInSomePlaces(t *testing.T) {
	var source bytes.Buffer
	if err := (clip{frames: 350 * clipRate, frameSize: 60, gop: clipRate}).writeTo(&source); err != nil {
		t.Fatal(err)
	}
	index, err := media.Parse(t.Context(), bytes.NewReader(source.Bytes()), int64(source.Len()), &media.Options{Cut: media.Cut{Target: 1}})
	if err != nil {
		t.Fatal(err)
	}
	segments := len(index.Tracks[0].Segments)
	for _, c := range []struct {
		name    string
		spoiled []int
		want    bool
	}{
		{"all decode alone", nil, true},
		{"the first does not", []int{0}, false},
		{"the last does not", []int{segments - 1}, false},
		{"one of three does not", []int{99, 100, 101}, false},
	} {
		file := bytes.Clone(source.Bytes())
		for _, n := range c.spoiled {
			spoilPicture(t, file, index, n)
		}
		p := newPresentation(&mediaFile{index: index, revision: "r"})
		r := &countedReader{Reader: bytes.NewReader(file)}
		track, known, err := p.tracks[0].iframesOf(t.Context(), r, nil)
		if err != nil || known != c.want || r.reads > maxLooks {
			t.Errorf("%s: %v, %v, %d of %d segments looked at", c.name, known, err, r.reads, segments)
		}
		if c.want && (len(track.Segments) != segments || r.reads < segments/3) {
			t.Errorf("%s: %d of %d segments looked at", c.name, r.reads, segments)
		}
	}
}

// Of a long film not every picture was looked at before: one that does not decode
// alone is found out when it is asked for.
func TestAPictureIsLookedAtBeforeItIsSent(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "clip.mp4")
	index := idrClip(t, path)
	h := Dir(dir)
	at := base(t, h, "/clip.mp4", "v1")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	file := readFile(t, path)
	spoilPicture(t, file, index, 1)
	if err := errors.Join(os.WriteFile(path, file, 0o600), os.Chtimes(path, info.ModTime(), info.ModTime())); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]int{"iframe-0.m4s": http.StatusOK, "iframe-1.m4s": http.StatusNotFound, "1.m4s": http.StatusOK} {
		if got := ask(h, "GET", at+file); got.StatusCode != want {
			t.Errorf("%s: %s, want %d", file, got.Status, want)
		}
	}
}

// filmInFiles is a Server whose only asset lies in files, its index with it.
func filmInFiles(t *testing.T) (s *Server, dir string) {
	t.Helper()
	dir = t.TempDir()
	index := idrClip(t, filepath.Join(dir, "film"))
	var stored bytes.Buffer
	if _, err := index.WriteTo(&stored); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "index"), stored.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	meta := new(memoryMeta)
	meta.put(metadata.Asset{ID: "film", Owner: "ann", Playable: true, Source: "film", Index: "index", Revision: "r"})
	s, err := New(folderStore{dir: dir}, meta, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s, dir
}

func TestIFramesOfAStoredIndex(t *testing.T) {
	s, _ := filmInFiles(t)
	h := by(ann, s)
	at := base(t, h, "/film", "v1")
	if !strings.HasPrefix(at, "/film/r/") {
		t.Errorf("the stored index was not used: %s", at)
	}
	for _, file := range []string{"iframes.m3u8", "iframe-0.m4s", "iframe-1.m4s"} {
		if got := ask(h, "GET", at+file); got.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", file, got.Status)
		}
	}
}

// What cannot be read in search of I-frames is found out before anything plays.
func TestIFramesThatCannotBeLookedFor(t *testing.T) {
	t.Run("a damaged block of the index is made anew", func(t *testing.T) {
		s, dir := filmInFiles(t)
		stored := readFile(t, filepath.Join(dir, "index"))
		stored[len(stored)-20] ^= 1
		if err := os.WriteFile(filepath.Join(dir, "index"), stored, 0o600); err != nil {
			t.Fatal(err)
		}
		if got := ask(by(ann, s), "GET", base(t, by(ann, s), "/film", "v1")+"iframe-1.m4s"); got.StatusCode != http.StatusOK {
			t.Errorf("%s", got.Status)
		}
	})
	t.Run("a source that was cut off is broken", func(t *testing.T) {
		s, dir := filmInFiles(t)
		if err := os.Truncate(filepath.Join(dir, "film"), 1000); err != nil {
			t.Fatal(err)
		}
		if got := ask(by(ann, s), "GET", "/film/master.m3u8"); got.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%s", got.Status)
		}
	})
	t.Run("who leaves is not waited for", func(t *testing.T) {
		s, dir := filmInFiles(t)
		file := readFile(t, filepath.Join(dir, "film"))
		index, err := media.Parse(t.Context(), bytes.NewReader(file), int64(len(file)), nil)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		src, err := openBlob(t.Context(), s.files, "film")
		if err != nil {
			t.Fatal(err)
		}
		defer src.Close()
		p := newPresentation(&mediaFile{index: index, source: "film", revision: "r"})
		if err := p.findIFrames(ctx, p.source(), src, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	})
}

// Of a source that is no file nothing is read in search of I-frames.
func TestNoIFramesOfASourceElsewhere(t *testing.T) {
	l := newLibrary(t, shortClip, nil)
	h := by(ann, l)
	if master := content(t, ask(h, "GET", "/film/master.m3u8")); bytes.Contains(master, []byte("I-FRAME")) || l.files.opened("film/source") > 0 {
		t.Errorf("the source was opened %d times:\n%s", l.files.opened("film/source"), master)
	}
	if got := ask(h, "GET", base(t, h, "/film", "v1")+"iframes.m3u8"); got.StatusCode != http.StatusNotFound {
		t.Errorf("%s", got.Status)
	}
	if m := parsed(t, content(t, ask(h, "GET", "/film/manifest.mpd"))); m.Period[0].Sets[0].StartWithSAP != 0 || m.Profiles != profileLive {
		t.Errorf("what nobody looked at is told: %+v", m)
	}
}

package hls

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
)

// addRendition has the asset play a clip beside its source.
func (l *library) addRendition(t testing.TB, name string, c clip) metadata.Rendition {
	t.Helper()
	var file, stored bytes.Buffer
	if err := c.writeTo(&file); err != nil {
		t.Fatal(err)
	}
	index, err := media.Parse(t.Context(), bytes.NewReader(file.Bytes()), int64(file.Len()), &media.Options{RenditionOf: l.index})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := index.WriteTo(&stored); err != nil {
		t.Fatal(err)
	}
	r := metadata.Rendition{Name: name, State: metadata.Ready, Size: index.Size, Source: "film/" + name, Index: "film/" + name + ".index"}
	r.Revision = index.Revision(r.SourceID(l.asset.Revision))
	l.files.put(r.Source, file.Bytes())
	l.files.put(r.Index, stored.Bytes())
	l.asset.Renditions = append(l.asset.Renditions, r)
	l.meta.put(l.asset)
	l.Forget("film")
	return r
}

// smaller is the short clip in fewer bytes, with other sound and other key frames besides.
var smaller = clip{frames: 12 * clipRate, frameSize: 500, gop: clipRate / 2, audio: 2}

func TestARenditionJoinsAndChangesNoOtherURI(t *testing.T) {
	l := newLibrary(t, shortClip, nil)
	h := by(ann, l)
	alone := l.playlist(t)
	segment := content(t, ask(h, "GET", base(t, h, "/film", "v1")+"1.m4s"))
	r := l.addRendition(t, "small", smaller)
	both := l.playlist(t)
	uris := func(text string) (list []string) {
		for line := range strings.Lines(text) {
			if !strings.HasPrefix(line, "#") {
				list = append(list, strings.TrimSpace(line))
			}
		}
		return list
	}
	want := append(uris(alone), r.Revision+"/v1/index.m3u8")
	if d := cmp.Diff(want, uris(both)); d != "" {
		t.Errorf("%s\n%s", d, both)
	}
	if n := strings.Count(both, "TYPE=AUDIO"); n != strings.Count(alone, "TYPE=AUDIO") {
		t.Errorf("the sound of a rendition is offered:\n%s", both)
	}
	if got := content(t, ask(h, "GET", "/film/"+l.asset.Revision+"/v1/1.m4s")); !bytes.Equal(got, segment) {
		t.Error("a segment of the source is another one now")
	}
	own := ask(h, "GET", "/film/"+r.Revision+"/v1/1.m4s")
	if b := content(t, own); own.StatusCode != http.StatusOK || bytes.Equal(b, segment) || len(b) > len(segment)/2 {
		t.Errorf("%s, %d bytes", own.Status, len(b))
	}
	for _, path := range []string{r.Revision + "/a2/0.m4s", r.Revision + "/v1/2.m4s", l.asset.Revision + "/small/0.m4s", "x/v1/0.m4s"} {
		if a := ask(h, "GET", "/film/"+path); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, a.Status)
		}
	}
}

func TestARenditionThatIsDamagedIsLeftOutOrMadeAnew(t *testing.T) {
	for _, c := range []struct {
		name   string
		damage func(l *library, r *metadata.Rendition)
		plays  bool
	}{
		{"nothing", func(*library, *metadata.Rendition) {}, true},
		{"its index is gone", func(l *library, r *metadata.Rendition) { delete(l.files.blobs, r.Index) }, true},
		{"its index is damaged", func(l *library, r *metadata.Rendition) { l.files.put(r.Index, []byte("SGINDX nothing")) }, true},
		{"its index is that of the source", func(l *library, r *metadata.Rendition) { l.files.put(r.Index, l.files.blobs["film/index"]) }, true},
		{"its file is gone", func(l *library, r *metadata.Rendition) { delete(l.files.blobs, r.Source) }, false},
		{"its file is another", func(l *library, r *metadata.Rendition) { l.files.put(r.Source, []byte("else")) }, false},
		{"it has failed", func(l *library, _ *metadata.Rendition) { l.asset.Renditions[0].State = metadata.Failed }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLibrary(t, shortClip, nil)
			r := l.addRendition(t, "small", smaller)
			c.damage(l, &r)
			l.meta.put(l.asset)
			h := by(ann, l)
			text := l.playlist(t)
			if plays := strings.Count(text, "#EXT-X-STREAM-INF") == 2; plays != c.plays {
				t.Fatalf("it plays: %v\n%s", plays, text)
			}
			for _, uri := range []string{r.Revision + "/v1/1.m4s", l.asset.Revision + "/v1/1.m4s"} {
				want := http.StatusOK
				if !c.plays && strings.HasPrefix(uri, r.Revision) {
					want = http.StatusNotFound
				}
				if a := ask(h, "GET", "/film/"+uri); a.StatusCode != want {
					t.Errorf("%s: %s", uri, a.Status)
				}
			}
		})
	}
}

func TestVariantsBeginWithOneForMostNetworks(t *testing.T) {
	video := func(size int64) *mediaFile {
		track := cutEvenly(media.Track{ID: 1, Kind: media.Video, Codec: "avc1.640028", Timescale: 1000, Independent: true}, 3, 6000, size)
		return &mediaFile{index: &media.Index{Tracks: []*media.Track{track}}, revision: string(rune('a' + size/125_000)), name: "x"}
	}
	for _, c := range []struct {
		name  string
		files []*mediaFile
		want  string // in Mbit/s and 6 seconds: 750,000 bytes are 1 Mbit/s
	}{
		{"the best of up to 2 Mbit/s, then from the smallest on", []*mediaFile{video(4_500_000), video(750_000), video(1_500_000), video(375_000)}, "2 0.5 1 6"},
		{"the smallest where all are larger", []*mediaFile{video(4_500_000), video(3_000_000)}, "4 6"},
		{"the largest where all are smaller", []*mediaFile{video(375_000), video(750_000)}, "1 0.5"},
	} {
		var got []string
		for _, r := range newPresentation(c.files...).ladder() {
			got = append(got, strings.TrimSuffix(strings.TrimSuffix(string(appendSeconds(nil, r.rate.average)), "00000"), ".0"))
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: %s, want %s", c.name, s, c.want)
		}
	}
}

func TestRenditionsAndClipsAreEncryptedAsTheirSource(t *testing.T) {
	l := newLibrary(t, shortClip, &Options{Encryption: &Encryption{Scheme: AES128, Keys: derived(t)}})
	small := l.addRendition(t, "small", smaller)
	h := by(ann, l)
	seen := 0
	for line := range strings.Lines(l.playlist(t) + textOf(t, h, "/film/clip/7000-8000/master.m3u8")) {
		if line[0] == '#' {
			continue
		}
		seen++
		uri := strings.TrimSpace(line)
		at := "/film/" + uri
		if strings.HasPrefix(uri, small.Revision) {
			t.Errorf("%s is the address in the clear", uri)
		}
		if a := ask(h, "GET", at); a.StatusCode != http.StatusOK {
			at = "/film/clip/7000-8000/" + uri
		}
		text := textOf(t, h, at)
		before, after, ok := strings.Cut(text, "#EXT-X-MAP:")
		if !ok || strings.Contains(before, "EXT-X-KEY") || !strings.Contains(after, "#EXT-X-KEY:METHOD=AES-128") {
			t.Errorf("%s:\n%s", at, text)
		}
	}
	if seen != 4 {
		t.Errorf("%d variants, want 2 of the asset and 2 of its clip", seen)
	}
	if a := ask(h, "GET", "/film/"+small.Revision+"/v1/0.m4s"); a.StatusCode != http.StatusNotFound {
		t.Errorf("a segment in the clear: %s", a.Status)
	}
	obeys(t, h, "/film/clip/7000-8000/master.m3u8")
}

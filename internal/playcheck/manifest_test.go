package playcheck_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/internal/playcheck"
)

// manifest is an MPD of tracks of the presentation, with as many segments as there
// are from one on.
func (p *presentation) manifest(tracks ...string) []byte {
	var b strings.Builder
	b.WriteString(`<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT6S" minBufferTime="PT2S" profiles="urn:mpeg:dash:profile:isoff-live:2011"><Period>`)
	for _, t := range tracks {
		name, first, _ := strings.Cut(t, " from ")
		last := -1
		for file := range p.files {
			if strings.HasPrefix(file, name) && strings.HasSuffix(file, ".m4s") {
				last++
			}
		}
		fmt.Fprintf(&b, `<AdaptationSet contentType="%s" mimeType="%s/mp4"><Representation id="%s" bandwidth="1000000"><SegmentTemplate timescale="1" startNumber="%s" initialization="%s.mp4" media="%s$Number$.m4s">`+
			`<SegmentTimeline><S t="0" d="2" r="%d"/></SegmentTimeline></SegmentTemplate></Representation></AdaptationSet>`,
			kinds[name[:1]], kinds[name[:1]], name, first, name, name, last)
	}
	b.WriteString(`</Period></MPD>`)
	return []byte(b.String())
}

var kinds = map[string]string{"v": "video", "a": "audio"}

func TestManifest(t *testing.T) {
	whole := newPresentation(t)
	for _, tt := range []struct {
		name  string
		spoil func(*presentation)
		want  string // in a problem; "" plays
	}{
		{"the same segments play", func(*presentation) {}, ""},
		{"a missing track is noticed", func(p *presentation) { p.files["manifest.mpd"] = p.manifest("v from 0") }, "audio of the playlist"},
		{"a missing segment is noticed", func(p *presentation) { p.files["manifest.mpd"] = p.manifest("v from 0", "a from 1") }, "audio"},
		{"what the playlist does not have is noticed", func(p *presentation) { p.cut("a.m3u8", "a2.m4s") }, "audio"},
		{"a manifest that is none is noticed", func(p *presentation) { p.files["manifest.mpd"] = []byte("<MPD/>") }, "cannot be read"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := whole.clone()
			p.files["manifest.mpd"] = p.manifest("v from 0", "a from 0")
			tt.spoil(p)
			server := httptest.NewServer(p)
			defer server.Close()
			problems := playcheck.Manifest(t, server.URL+"/master.m3u8", server.URL+"/manifest.mpd")
			if all := strings.Join(problems, "\n"); len(problems) > 0 != (tt.want != "") || !strings.Contains(all, tt.want) {
				t.Errorf("problems %q, want one with %q", problems, tt.want)
			}
		})
	}
}

func TestIFrames(t *testing.T) {
	p := newPresentation(t)
	list := "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:2\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-I-FRAMES-ONLY\n#EXT-X-MAP:URI=\"v.mp4\"\n#EXTINF:2.0,\nv1.m4s\n#EXT-X-ENDLIST\n"
	p.files["iframes.m3u8"] = []byte(list)
	p.files["plain.m3u8"] = []byte(strings.Replace(list, "#EXT-X-I-FRAMES-ONLY\n", "", 1))
	server := httptest.NewServer(p)
	defer server.Close()
	for file, want := range map[string]string{"iframes.m3u8": "50 pictures", "plain.m3u8": "no playlist of I-frames"} {
		if _, problems := playcheck.IFrames(t, server.URL+"/v.m3u8", server.URL+"/"+file); len(problems) != 1 || !strings.Contains(problems[0], want) {
			t.Errorf("%s: problems %q, want one with %q", file, problems, want)
		}
	}
}

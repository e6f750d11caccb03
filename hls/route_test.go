package hls

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/media"
)

func TestPathsThatArePlayable(t *testing.T) {
	for _, c := range []struct {
		path, name string
		want       target
	}{
		{"/clip/master.m3u8", "clip", target{what: multivariant}},
		{"/a/b/clip.mp4/master.m3u8", "a/b/clip.mp4", target{what: multivariant}},
		{"/clip/manifest.mpd", "clip", target{what: dashManifest}},
		{"/clip/r1/v1/index.m3u8", "clip", target{what: mediaPlaylist, revision: "r1", kind: media.Video, track: 1}},
		{"/clip/r1/a2/init-7.mp4", "clip", target{what: initialization, revision: "r1", kind: media.Audio, track: 2, segment: 7}},
		{"/clip/r1/a2/init.mp4", "clip", target{what: initialization, revision: "r1", kind: media.Audio, track: 2}},
		{"/clip/download", "clip", target{what: download}},
		{"/a/clip.mp4/r1/source", "a/clip.mp4", target{what: original, revision: "r1"}},
		{"/clip/r1/v1/iframes.m3u8", "clip", target{what: iframePlaylist, revision: "r1", kind: media.Video, track: 1}},
		{"/clip/r1/v1/iframe-7.m4s", "clip", target{what: iframeSegment, revision: "r1", kind: media.Video, track: 1, segment: 7}},
		{"/clip/ts.m3u8", "clip", target{what: transportMultivariant}},
		{"/clip/r1/v1/index-ts.m3u8", "clip", target{what: transportPlaylist, revision: "r1", kind: media.Video, track: 1}},
		{"/clip/r1/a2/17.ts", "clip", target{what: transportSegment, revision: "r1", kind: media.Audio, track: 2, segment: 17}},
		{"/clip/r1/a20/0.m4s", "clip", target{what: mediaSegment, revision: "r1", kind: media.Audio, track: 20}},
		{"/clip/r1/v4294967295/107.m4s", "clip", target{what: mediaSegment, revision: "r1", kind: media.Video, track: 4294967295, segment: 107}},
		{"/clip/r1/s2/index.m3u8", "clip", target{what: mediaPlaylist, revision: "r1", kind: subtitleKind, track: 2}},
		{"/clip/r1/s1/all.vtt", "clip", target{what: subtitleFile, revision: "r1", kind: subtitleKind, track: 1}},
		{"/clip/r1/t3/all.vtt", "clip", target{what: subtitleFile, revision: "r1", kind: embeddedKind, track: 3}},
		{"/clip/r1/t3/index.m3u8", "clip", target{what: mediaPlaylist, revision: "r1", kind: embeddedKind, track: 3}},
		{"/clip/r1/poster.jpg", "clip", target{what: posterImage, revision: "r1", keepAs: "poster.jpg"}},
		{"/clip/r1/poster.png", "clip", target{what: posterImage, revision: "r1", keepAs: "poster.png"}},
		{"/clip/r1/s12/107.vtt", "clip", target{what: subtitleSegment, revision: "r1", kind: subtitleKind, track: 12, segment: 107}},
	} {
		name, got, ok := splitPath(c.path)
		if !ok || name != c.name {
			t.Errorf("splitPath(%q) = %q, %v; want %q", c.path, name, ok, c.name)
		}
		if d := cmp.Diff(c.want, got, cmp.AllowUnexported(target{})); d != "" {
			t.Errorf("splitPath(%q): %s", c.path, d)
		}
	}
}

func TestPathsThatNameNothing(t *testing.T) {
	for _, path := range []string{
		"", "/", "//", "clip/master.m3u8", "/master.m3u8", "//master.m3u8", "/manifest.mpd", "//manifest.mpd", "/clip/manifest.mpd/", "/clip/MANIFEST.mpd",
		"/download", "//download", "/clip/download/", "/source", "/clip/source", "//r1/source", "/clip//source", "/clip/r1/source/",
		"/clip", "/clip/", "/clip/master.m3u8/", "/clip/MASTER.M3U8", "/clip/master.m3u8.gz", "/clip/index",
		"/clip/index.m3u8", "/clip/v1/index.m3u8", "//r1/v1/index.m3u8", "/clip//v1/index.m3u8", "/clip/r1//index.m3u8",
		"/clip/r1/v01/index.m3u8", "/clip/r1/v/index.m3u8", "/clip/r1/V1/index.m3u8", "/clip/r1/x1/index.m3u8",
		"/clip/r1/v-1/index.m3u8", "/clip/r1/v+1/index.m3u8", "/clip/r1/1/index.m3u8", "/clip/r1/v1a/index.m3u8",
		"/clip/r1/v1/00.m4s", "/clip/r1/v1/01.m4s", "/clip/r1/v1/-1.m4s", "/clip/r1/v1/+1.m4s", "/clip/r1/v1/.m4s",
		"/clip/r1/v1/1e1.m4s", "/clip/r1/v1/0x1.m4s", "/clip/r1/v1/1.M4S", "/clip/r1/v1/1.m4s ", "/clip/r1/v1/%31.m4s",
		"/clip/r1/v1/99999999999999999999.m4s", "/clip/r1/v1/١.m4s", "/clip/r1/v1/init.mp4/", "/clip/r1/v1/init-0.mp4", "/clip/r1/v1/init-01.mp4", "/clip/r1/v1/init-1.m4s", "/clip/r1/v1/1.mp4", "/clip/r1/v1/index.sgi",
		"/clip/r1/v1/iframe-.m4s", "/clip/r1/v1/iframe-01.m4s", "/clip/r1/v1/iframe-iframe-1.m4s", "/clip/r1/v1/iframe-1", "/clip/r1/v1/Iframe-1.m4s", "/clip/iframes.m3u8",
		"/ts.m3u8", "//ts.m3u8", "/clip/TS.m3u8", "/clip/r1/v1/01.ts", "/clip/r1/v1/.ts", "/clip/r1/v1/1.TS", "/clip/r1/v1/iframe-1.ts", "/clip/r1/v1/1.m4s.ts", "/clip/index-ts.m3u8",
		"/poster.jpg", "/clip/poster.jpg", "//r1/poster.jpg", "/clip//poster.jpg", "/clip/r1/poster.gif", "/clip/r1/poster.JPG", "/clip/r1/v1/..", "/clip/r1/v1/../v1/index.m3u8/x",
		"/clip/r1/s01/index.m3u8", "/clip/r1/s/0.vtt", "/clip/r1/S1/0.vtt", "/clip/r1/s1/00.vtt", "/clip/r1/s1/0.VTT", "/clip/r1/s1/0.webvtt", "/clip/r1/s1/iframe-0.vtt",
	} {
		if name, got, ok := splitPath(path); ok {
			t.Errorf("splitPath(%q) = %q, %+v; want nothing", path, name, got)
		}
	}
}

func FuzzSplitPath(f *testing.F) {
	f.Add("/clip/master.m3u8")
	f.Add("/clip/manifest.mpd")
	f.Add("/clip/download")
	f.Add("/clip/r1/source")
	f.Add("/clip/r1/poster.jpg")
	f.Add("/clip/r1/v1/index.m3u8")
	f.Add("/a/b/r1/a2/17.m4s")
	f.Add("/clip/r1/v1/iframe-17.m4s")
	f.Add("/clip/ts.m3u8")
	f.Add("/clip/r1/v1/17.ts")
	f.Add("/clip/r1/v01/init.mp4")
	f.Add("/clip/r1/s1/3.vtt")
	f.Fuzz(func(t *testing.T, path string) {
		name, g, ok := splitPath(path)
		if !ok {
			return
		}
		if name == "" {
			t.Fatalf("splitPath(%q) names nothing", path)
		}
		if back := "/" + name + "/" + g.path(); back != path {
			t.Fatalf("splitPath(%q) reads as %q: two spellings of one thing", path, back)
		}
		if strings.Contains(g.revision, "/") {
			t.Fatalf("revision %q", g.revision)
		}
	})
}

// path is the target's one spelling.
func (t target) path() string {
	switch t.what {
	case multivariant:
		return multivariantName
	case dashManifest:
		return manifestName
	case transportMultivariant:
		return transportName
	case download:
		return downloadName
	case original:
		return t.revision + "/" + sourceName
	case posterImage:
		return t.revision + "/" + t.keepAs
	}
	letter := map[media.Kind]string{media.Video: "v", media.Audio: "a", subtitleKind: "s"}[t.kind]
	number := strconv.Itoa(t.segment)
	if t.what == initialization && t.segment > 0 {
		return t.revision + "/" + letter + strconv.Itoa(t.track) + "/" + initPrefix + number + ".mp4"
	}
	file := map[resource]string{
		mediaPlaylist: "index.m3u8", initialization: "init.mp4", mediaSegment: number + ".m4s", subtitleSegment: number + ".vtt",
		iframePlaylist: iframesName, iframeSegment: iframePrefix + number + ".m4s",
		transportPlaylist: transportIndex, transportSegment: number + ".ts",
	}[t.what]
	return t.revision + "/" + letter + strconv.Itoa(t.track) + "/" + file
}

package hls_test

import (
	"net/http"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/streamgate/streamgate/internal/playcheck"
)

var iframeStream = regexp.MustCompile(`(?m)^#EXT-X-I-FRAME-STREAM-INF:.*URI="(.*/)iframes.m3u8"$`)

// TestIFramesDecodeAlone makes files of every kind of picture that a segment may
// begin with. The bit rates, times and boxes of the playlists of I-frames are
// compared by TestFixtures and TestCorpus, as those of every variant.
func TestIFramesDecodeAlone(t *testing.T) {
	playcheck.Require(t)
	base := filepath.Join(t.TempDir(), "base.mp4")
	encode(t, filepath.Dir(base), base, "$V $A "+x264+" -c:a aac -aac_pns 0 "+base)
	want := map[string]struct {
		pictures, access int // how many I-frames, and what startWithSAP says
	}{
		"H.264 with B-frames and AAC with priming": {3, 1},
		"H.264 with open GOPs":                     {3, 3},
		"H.264 with GOPs of 5 frames":              {3, 1},
		"H.264 with intra refresh":                 {0, 0},
		"H.264 with one GOP":                       {1, 1},
		"H.264 with parameter sets in the stream":  {3, 1},
		"H.264 interlaced":                         {3, 1},
		"HEVC hvc1":                                {3, 3}, // x265 opens its GOPs
		"HEVC hev1 with open GOPs":                 {3, 3},
		"AV1 by SVT-AV1":                           {3, 1},
		"begins within a GOP":                      {2, 1},
		"begins within an open GOP":                {2, 3},
		"picture 0.7 s late":                       {3, 1},
		"sound only":                               {0, 0},
	}
	seen := 0
	for _, f := range fixtures() {
		w, ok := want[f.name]
		if !ok {
			continue
		}
		seen++
		if spared(t, seen-1, 1, 4) {
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			at := serve(t, dir).URL + "/" + f.make(t, dir, base) + "/"
			_, master, _ := read(t, at+"master.m3u8")
			_, manifest, _ := read(t, at+"manifest.mpd")
			if got := accessOf(t, manifest); got != w.access {
				t.Errorf("its segments begin with access points of type %d, want %d", got, w.access)
			}
			found := iframeStream.FindSubmatch(master)
			if w.pictures == 0 {
				if found != nil {
					t.Errorf("I-frames are offered:\n%s", master)
				}
				return
			}
			if found == nil {
				t.Fatalf("no I-frames are offered:\n%s", master)
			}
			n, problems := playcheck.IFrames(t, at+string(found[1])+"index.m3u8", at+string(found[1])+"iframes.m3u8")
			for _, problem := range problems {
				t.Error(problem)
			}
			if n != w.pictures {
				t.Errorf("%d I-frames, want %d", n, w.pictures)
			}
			if status, _, _ := read(t, at+string(found[1])+"iframe-99.m4s"); status != http.StatusNotFound {
				t.Errorf("an I-frame that is not there is a %d", status)
			}
		})
	}
	if seen != len(want) {
		t.Errorf("%d of %d fixtures are there", seen, len(want))
	}
}

var startWithSAP = regexp.MustCompile(`contentType="video"[^>]* startWithSAP="([0-9])"`)

func accessOf(t *testing.T, manifest []byte) int {
	t.Helper()
	if m := startWithSAP.FindSubmatch(manifest); m != nil {
		return int(m[1][0] - '0')
	}
	return 0
}

package hlsrules_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/internal/hlsrules"
)

// forms are values of tags that are right, for those that need one.
var forms = map[string]string{
	"EXT-X-VERSION": ":6", "EXT-X-START": ":TIME-OFFSET=0.5", "EXT-X-TARGETDURATION": ":2", "EXT-X-MEDIA-SEQUENCE": ":0",
	"EXT-X-DISCONTINUITY-SEQUENCE": ":0", "EXT-X-PLAYLIST-TYPE": ":VOD", "EXT-X-PART-INF": ":PART-TARGET=1.0",
	"EXT-X-SERVER-CONTROL": ":CAN-BLOCK-RELOAD=YES", "EXT-X-SKIP": ":SKIPPED-SEGMENTS=1", "EXT-X-CONTENT-STEERING": `:SERVER-URI="a"`,
}

// wrongs are values that are wrong for any attribute of a tag.
var wrongs = map[string]string{
	"EXTINF": ":6", "EXT-X-BYTERANGE": ":a", "EXT-X-PROGRAM-DATE-TIME": ":yesterday", "EXT-X-PLAYLIST-TYPE": ":LIVE",
	"EXT-X-START": ":TIME-OFFSET=x", "EXT-X-DEFINE": ":NAME=x", "EXT-X-PART-INF": ":PART-TARGET=x", "EXT-X-SERVER-CONTROL": ":HOLD-BACK=x",
	"EXT-X-KEY": ":METHOD=x", "EXT-X-MAP": ":URI=x", "EXT-X-PART": ":DURATION=x", "EXT-X-DATERANGE": ":ID=x", "EXT-X-SKIP": ":SKIPPED-SEGMENTS=x",
	"EXT-X-PRELOAD-HINT": ":TYPE=x", "EXT-X-RENDITION-REPORT": ":LAST-MSN=x", "EXT-X-MEDIA": ":TYPE=x", "EXT-X-STREAM-INF": ":BANDWIDTH=x",
	"EXT-X-I-FRAME-STREAM-INF": ":BANDWIDTH=x", "EXT-X-SESSION-DATA": ":DATA-ID=x", "EXT-X-SESSION-KEY": ":METHOD=x", "EXT-X-CONTENT-STEERING": ":SERVER-URI=x",
}

// TestBrokenTagsAreFound breaks each rule that the table of tags makes.
func TestBrokenTagsAreFound(t *testing.T) {
	good := whole(t)
	for _, rule := range hlsrules.Rules() {
		tag, what, ok := strings.Cut(rule.ID, " ")
		if !ok {
			continue
		}
		t.Run(rule.ID, func(t *testing.T) {
			f := good.clone()
			uri := video
			if strings.HasPrefix(rule.Section, "4.4.6") || strings.HasPrefix(rule.Section, "4.4.2") {
				uri = master
			}
			switch what {
			case "form":
				wrong, there := wrongs[tag]
				if !there {
					wrong = ":x"
				}
				f.insert(uri, "#"+tag+wrong)
			case "required":
				f.insert(uri, "#"+tag+`:X-NONE="a"`)
			case "once":
				f.insert(uri, "#"+tag+forms[tag], "#"+tag+forms[tag])
			}
			if found := broken(f.check()); !slices.Contains(found, rule.ID) {
				t.Errorf("it is not found: %v\n%s", found, f[uri])
			}
		})
	}
}

// TestAttributesHaveTheirForms has values at the edge of each form.
func TestAttributesHaveTheirForms(t *testing.T) {
	good := whole(t)
	for _, c := range []struct {
		old, fresh string
		ok         bool
	}{
		{"TIME-OFFSET=0.5", "TIME-OFFSET=-0.5", true},
		{"TIME-OFFSET=0.5", "TIME-OFFSET=+0.5", false},
		{"TIME-OFFSET=0.5", "TIME-OFFSET=0.5,PRECISE=YES", true},
		{"TIME-OFFSET=0.5", `TIME-OFFSET=0.5,PRECISE="YES"`, false},
		{"RESOLUTION=1920x1080", "RESOLUTION=1920X1080", false},
		{"RESOLUTION=1920x1080", "RESOLUTION=1920.5x1080", false},
		{"VIDEO-RANGE=SDR", "VIDEO-RANGE=HDR", false},
		{`LANGUAGE="en"`, `LANGUAGE="en-GB-oxendict"`, true},
		{`LANGUAGE="en"`, `LANGUAGE="zh-Hant-TW"`, true},
		{`LANGUAGE="en"`, `LANGUAGE="english-1"`, false},
		{`LANGUAGE="en"`, `LANGUAGE="1-2"`, false},
		{`LANGUAGE="en"`, `LANGUAGE=""`, false},
		{`LANGUAGE="en"`, "LANGUAGE=\"\u212aa\"", false},
		{`CHANNELS="2"`, `CHANNELS="2/-/BINAURAL"`, true},
		{`CHANNELS="2"`, `CHANNELS="2/3OA"`, true},
		{`CHANNELS="2"`, `CHANNELS="two"`, false},
		{"FRAME-RATE=25.000", "FRAME-RATE=25", true},
		{"FRAME-RATE=25.000", "FRAME-RATE=25,00", false},
		{"BANDWIDTH=924000", "BANDWIDTH=0xE1940", false},
		{`NAME="English"`, `NAME=""`, false},
		{`NAME="English"`, `NAME="A, b=c"`, true},
		{`URI="a/index.m3u8"`, `URI="a/in dex.m3u8"`, false},
	} {
		f := good.clone()
		f.replace(t, master, c.old, c.fresh)
		bad := slices.ContainsFunc(broken(f.check()), func(id string) bool {
			return strings.HasSuffix(id, " form") || id == "attribute-list"
		})
		if bad == c.ok {
			t.Errorf("%s: found %v", c.fresh, f.check())
		}
	}
}

func TestMediaPlaylistAlone(t *testing.T) {
	f := whole(t)
	if found := hlsrules.Check(f.fetch, video); len(found) > 0 {
		t.Error(found)
	}
	f.replace(t, video, "#EXT-X-ENDLIST\n", "")
	found := hlsrules.Check(f.fetch, video)
	if len(found) != 1 || found[0].String() != "§6.2.1 endlist: /v/index.m3u8: there is no EXT-X-ENDLIST" {
		t.Error(found)
	}
}

func TestRulesHaveNamesAndSections(t *testing.T) {
	seen := map[string]bool{}
	for _, rule := range hlsrules.Rules() {
		if rule.ID == "" || rule.Section == "" || rule.Text == "" || seen[rule.ID] {
			t.Errorf("%+v", rule)
		}
		seen[rule.ID] = true
	}
}

// FuzzCheck checks whatever text as a multivariant and as a media playlist.
func FuzzCheck(f *testing.F) {
	good := whole(f)
	for _, uri := range []string{master, video, subtitles, iFrames} {
		f.Add(good[uri])
	}
	for _, b := range slices.Concat(inText, inMediaPlaylists, inGroups, inVariants) {
		f.Add([]byte("#EXTM3U\n" + b.add + "\n" + b.fresh))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, uri := range []string{master, video} {
			there := maps.Clone(good)
			there[uri] = text
			for _, v := range there.check() {
				if v.Section == "" || v.What == "" && v.Where == "" {
					t.Errorf("%+v", v)
				}
			}
		}
	})
}

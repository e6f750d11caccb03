package hlsrules_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/internal/hlsrules"
)

// breaks is a way to break a rule: text of a playlist that is replaced, lines
// that are added to one, or whatever change does.
type breaks struct {
	rule       string
	uri        string // "" is the multivariant playlist
	old, fresh string
	add        string // after the first line
	change     func(*testing.T, files)
	also       string // rules that cannot but be broken with it
	with       string // one more, of a tag
}

const (
	master, video, audio, german, subtitles, iFrames = "/master.m3u8", "/v/index.m3u8", "/a/index.m3u8", "/b/index.m3u8", "/s/index.m3u8", "/i/index.m3u8"

	dated = "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z\n"
)

var inText = []breaks{
	{rule: "available", uri: video, old: "\n0.m4s", fresh: "\nmissing.m4s", also: "average-true"},
	{rule: "available", uri: iFrames, old: "all.m4s\n#EXT-X-ENDLIST", fresh: "all.m4s\n#EXT-X-BYTERANGE:9999999\n#EXTINF:1.0,\nall.m4s\n#EXT-X-ENDLIST"},
	{rule: "name", change: func(_ *testing.T, f files) {
		f["/v/list"] = f[video]
		f[master] = bytes.ReplaceAll(f[master], []byte("\nv/index.m3u8"), []byte("\nv/list"))
	}},
	{rule: "utf-8", old: "A film", fresh: "A f\xfflm"},
	{rule: "no-bom", change: func(_ *testing.T, f files) { f[video] = append([]byte("\ufeff"), f[video]...) }},
	{rule: "no-control", old: "A film", fresh: "A\x01film"},
	{rule: "no-control", old: "A film", fresh: "A\u0085film"},
	{rule: "nfc", old: "A film", fresh: "A fu\u0308lm"},
	{rule: "line-end", old: "A film", fresh: "A\rfilm", also: "session-value attribute-list"},
	{rule: "whitespace", old: `aac",NAME="E`, fresh: `aac", NAME="E`, also: "attribute-list channels", with: "EXT-X-MEDIA required"},
	{rule: "uri", uri: video, old: "\n0.m4s", fresh: "\n0{}.m4s", also: "available average-true"},
	{rule: "known-tag", add: "#EXT-X-NOVELTY:1"},
	{rule: "one-kind", change: func(_ *testing.T, f files) { f[master] = append(f[master], "#EXT-X-TARGETDURATION:2\n"...) }},
	{rule: "one-kind", uri: video, add: `#EXT-X-SESSION-DATA:DATA-ID="a",VALUE="b"`},
	{rule: "attribute-list", old: `LANGUAGE="en"` + "\n", fresh: `LANGUAGE="en",` + "\n"},
	{rule: "attribute-list", old: `TIME-OFFSET=0.5`, fresh: `TIME-OFFSET=0.5,precise=YES`},
	{rule: "attribute-list", old: `TIME-OFFSET=0.5`, fresh: `TIME-OFFSET=0.5,PRECISE=`},
	{rule: "attribute-once", old: "TIME-OFFSET=0.5", fresh: "TIME-OFFSET=0.5,TIME-OFFSET=0.5"},
	{rule: "attribute-known", old: "TIME-OFFSET=0.5", fresh: "TIME-OFFSET=0.5,X-ELSE=1"},
	{rule: "first-line", change: func(_ *testing.T, f files) { f[video] = append([]byte("\n"), f[video]...) }},
	{rule: "version", uri: video, old: "VERSION:6", fresh: "VERSION:5"},
	{rule: "version", uri: subtitles, old: "VERSION:3", fresh: "VERSION:2", also: "extinf-integer"},
	{rule: "version", old: "VIDEO-RANGE", fresh: `REQ-VIDEO-LAYOUT="CH-STEREO",VIDEO-RANGE`},
	{rule: "version", add: `#EXT-X-DEFINE:NAME="a",VALUE="b"`},
	{rule: "version-low", uri: video, old: "VERSION:6", fresh: "VERSION:7"},
	{rule: "removed", add: "#EXT-X-VERSION:7\n#EXT-X-ALLOW-CACHE:YES", also: "version-low"},
	{rule: "removed", add: "#EXT-X-VERSION:6", old: "RESOLUTION", fresh: "PROGRAM-ID=1,RESOLUTION", also: "version-low"},
	{rule: "independent-twice", uri: video, add: "#EXT-X-INDEPENDENT-SEGMENTS"},
	{rule: "start-twice", uri: video, add: "#EXT-X-START:TIME-OFFSET=0.5"},
	{rule: "start-within", old: "TIME-OFFSET=0.5", fresh: "TIME-OFFSET=-100"},
	{rule: "define-one", uri: video, old: "VERSION:6", fresh: "VERSION:11\n#EXT-X-DEFINE:NAME=\"a\",QUERYPARAM=\"b\",VALUE=\"c\""},
	{rule: "define-one", uri: video, old: "VERSION:6", fresh: "VERSION:8\n#EXT-X-DEFINE:NAME=\"a\""},
	{rule: "define-import", add: "#EXT-X-VERSION:8\n#EXT-X-DEFINE:IMPORT=\"a\""},
	{rule: "define-distinct", add: "#EXT-X-VERSION:8\n#EXT-X-DEFINE:NAME=\"a\",VALUE=\"b\"\n#EXT-X-DEFINE:NAME=\"a\",VALUE=\"c\""},
}

var inMediaPlaylists = []breaks{
	{rule: "extinf", uri: subtitles, old: "#EXTINF:7.000,\n0.vtt", fresh: "0.vtt", also: "version-low start-within"},
	{rule: "extinf", uri: subtitles, old: "#EXT-X-ENDLIST", fresh: "#EXTINF:7.000,\n#EXT-X-ENDLIST"},
	{rule: "extinf", uri: subtitles, old: "#EXTINF:7.000,", fresh: "#EXTINF:7.000,\n#EXTINF:7.000,"},
	{rule: "extinf-integer", uri: subtitles, old: "VERSION:3", fresh: "VERSION:2", also: "version"},
	{rule: "byterange-start", uri: iFrames, old: "@0", fresh: ""},
	{rule: "key-none", uri: video, add: `#EXT-X-KEY:METHOD=NONE,URI="k"`},
	{rule: "key-uri", uri: video, add: `#EXT-X-KEY:METHOD=SAMPLE-AES`, also: "cbcs"},
	{rule: "key-iv", uri: video, add: `#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI="k",IV=0x00000000000000000000000000000000`},
	{rule: "key-iv", uri: video, add: `#EXT-X-KEY:METHOD=SAMPLE-AES,URI="k",IV=0x00`, also: "cbcs"},
	{rule: "cbcs", uri: video, add: `#EXT-X-KEY:METHOD=SAMPLE-AES,URI="k"`},
	{rule: "key-size", uri: video, old: "#EXTINF:2.000000,\n0.m4s", fresh: "#EXT-X-KEY:METHOD=AES-128,URI=\"0.m4s\"\n#EXTINF:2.000000,\n0.m4s"},
	{rule: "key-padding", uri: video, old: "#EXTINF:2.000000,\n0.m4s", fresh: "#EXT-X-KEY:METHOD=AES-128,URI=\"key\"\n#EXTINF:2.000000,\n0.m4s"},
	{rule: "map-iv", uri: video, add: `#EXT-X-KEY:METHOD=AES-128,URI="key"`, also: "key-padding"},
	{rule: "map", uri: video, old: "#EXT-X-MAP:URI=\"init.mp4\"\n", fresh: "", also: "version-low"},
	{rule: "date-order", uri: subtitles, old: "#EXT-X-ENDLIST", fresh: dated + "#EXTINF:7.000,\n0.vtt\n#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:01Z\n#EXTINF:7.000,\n0.vtt\n#EXT-X-ENDLIST", also: "same-dates"},
	{rule: "bitrate", uri: video, old: "#EXT-X-MAP", fresh: "#EXT-X-BITRATE:500\n#EXT-X-MAP"},
	{rule: "part-inf", uri: video, old: "\n#EXT-X-ENDLIST", fresh: "\n#EXT-X-PART:URI=\"p\",DURATION=1.0\n#EXT-X-ENDLIST"},
	{rule: "segments", uri: subtitles, old: "#EXTINF:7.000,\n0.vtt\n", fresh: "", also: "version-low start-within"},
	{rule: "target", uri: subtitles, old: "#EXT-X-TARGETDURATION:7\n", fresh: "", also: "start-within"},
	{rule: "target", uri: subtitles, old: "DURATION:7", fresh: "DURATION:0", also: "target-bound"},
	{rule: "target-bound", uri: subtitles, old: "DURATION:7", fresh: "DURATION:6"},
	{rule: "sequence-first", uri: subtitles, old: "#EXT-X-ENDLIST", fresh: "#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-ENDLIST"},
	{rule: "discontinuity-first", uri: subtitles, old: "#EXT-X-ENDLIST", fresh: "#EXT-X-DISCONTINUITY-SEQUENCE:0\n#EXT-X-ENDLIST"},
	{rule: "endlist", uri: video, old: "#EXT-X-ENDLIST\n", fresh: ""},
	{rule: "hint-ended", uri: video, add: `#EXT-X-PRELOAD-HINT:TYPE=MAP,URI="init.mp4"`},
	{rule: "skip-asked", uri: video, old: "VERSION:6", fresh: "VERSION:9\n#EXT-X-SKIP:SKIPPED-SEGMENTS=1"},
	{rule: "control", change: func(t *testing.T, f files) {
		for _, uri := range []string{video, audio, german, subtitles, iFrames} {
			f.insert(uri, "#EXT-X-SERVER-CONTROL:HOLD-BACK=2.5")
		}
	}},
	{rule: "date-range", uri: video, add: `#EXT-X-DATERANGE:ID="a"`, also: "date-range-dated"},
	{rule: "date-range", uri: video, add: `#EXT-X-DATERANGE:ID="a",START-DATE="2026-01-02T00:00:00Z",END-DATE="2026-01-01T00:00:00Z"`, also: "date-range-dated"},
	{rule: "date-range", uri: video, add: `#EXT-X-DATERANGE:ID="a",START-DATE="2026-01-02T00:00:00Z",END-ON-NEXT=YES`, also: "date-range-dated"},
	{rule: "date-range-dated", uri: video, add: `#EXT-X-DATERANGE:ID="a",START-DATE="2026-01-02T00:00:00Z"`},
	{rule: "date-range-same", uri: video, add: `#EXT-X-DATERANGE:ID="a",START-DATE="2026-01-02T00:00:00Z",CLASS="a"` + "\n" + `#EXT-X-DATERANGE:ID="a",CLASS="b"`, also: "date-range-dated"},
}

var inGroups = []breaks{
	{rule: "captions", add: `#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="c",NAME="c",INSTREAM-ID="CC5"`},
	{rule: "captions", add: `#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="c",NAME="c",INSTREAM-ID="CC1",URI="v/index.m3u8"`},
	{rule: "forced", old: `DEFAULT=YES`, fresh: `FORCED=NO,DEFAULT=YES`},
	{rule: "audio-only", old: `FORCED=NO`, fresh: `FORCED=NO,SAMPLE-RATE=1`},
	{rule: "autoselect", old: "DEFAULT=YES,AUTOSELECT=YES", fresh: "DEFAULT=YES,AUTOSELECT=NO"},
	{rule: "channels", old: `,CHANNELS="2",SAMPLE-RATE`, fresh: ",SAMPLE-RATE"},
	{rule: "channels-needed", change: func(t *testing.T, f files) {
		f.replace(t, master, `,CHANNELS="2"`, "")
		f.replace(t, master, "Deutsch", "English")
		at := bytes.Index(f["/b/init.mp4"], []byte("mp4a")) + 4 + 16
		binary.BigEndian.PutUint16(f["/b/init.mp4"][at:], 6)
	}, also: "channels name-distinct"},
	{rule: "subtitles-uri", old: `,URI="s/index.m3u8"`, fresh: ""},
	{rule: "name-distinct", old: "Deutsch", fresh: "English"},
	{rule: "default-one", old: `"de",DEFAULT=NO`, fresh: `"de",DEFAULT=YES`},
	{rule: "autoselect-distinct", old: `LANGUAGE="de"`, fresh: `LANGUAGE="en"`},
	{rule: "same-members", add: `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="more",NAME="Français",LANGUAGE="fr",CHANNELS="2",URI="a/index.m3u8"`},
}

var inVariants = []breaks{
	{rule: "variants", change: func(t *testing.T, f files) {
		all := strings.SplitAfter(string(f[master]), "\n")
		f[master] = []byte(strings.Join(slices.DeleteFunc(all, func(s string) bool {
			return strings.HasPrefix(s, "#EXT-X-STREAM-INF") || strings.HasPrefix(s, "v/")
		}), ""))
	}},
	{rule: "variant-uri", old: "\nv/index.m3u8", fresh: "\n#comment\nv/index.m3u8", also: "variants"},
	{rule: "codecs-said", old: `CODECS="avc1.640028,mp4a.40.2",`, fresh: ""},
	{rule: "codecs-form", old: `640028,mp4a.40.2`, fresh: "64002,mp4a.40.2", also: "codecs-all codecs-true"},
	{rule: "supplemental", old: "VIDEO-RANGE", fresh: `SUPPLEMENTAL-CODECS="dvh1.08.07/db4h",VIDEO-RANGE`},
	{rule: "frame-rate", old: "25.000", fresh: "25.0000"},
	{rule: "score", change: func(t *testing.T, f files) {
		f[master] = append(f[master], strings.Replace(streamInf(f), "VIDEO-RANGE", "SCORE=1.0,VIDEO-RANGE", 1)...)
	}},
	{rule: "score-positive", old: "VIDEO-RANGE", fresh: "SCORE=0.0,VIDEO-RANGE"},
	{rule: "layout", add: "#EXT-X-VERSION:12", old: "VIDEO-RANGE", fresh: `REQ-VIDEO-LAYOUT="CH-STEREO/CH-MONO",VIDEO-RANGE`},
	{rule: "layout-default", add: "#EXT-X-VERSION:12", old: "VIDEO-RANGE", fresh: `REQ-VIDEO-LAYOUT="CH-MONO/PROJ-RECT",VIDEO-RANGE`},
	{rule: "allowed-cpc", old: "VIDEO-RANGE", fresh: `ALLOWED-CPC="smart-tv",VIDEO-RANGE`},
	{rule: "group-there", old: `SUBTITLES="text"`, fresh: `SUBTITLES="none"`},
	{rule: "captions-none", change: func(t *testing.T, f files) {
		f[master] = append(f[master], strings.Replace(streamInf(f), ",CLOSED-CAPTIONS=NONE", "", 1)...)
	}},
	{rule: "stable-same", change: func(t *testing.T, f files) {
		f[master] = append(f[master], strings.Replace(streamInf(f), "VIDEO-RANGE", `STABLE-VARIANT-ID="a",VIDEO-RANGE`, 1)...)
	}},
	{rule: "i-frames", old: `URI="i/index.m3u8"`, fresh: `URI="v/index.m3u8"`, also: "bandwidth bandwidth-true"},
	{rule: "bandwidth", old: "BANDWIDTH=924000", fresh: "BANDWIDTH=900000"},
	{rule: "bandwidth-true", old: "BANDWIDTH=924000", fresh: "BANDWIDTH=1100000"},
	{rule: "average-true", old: "AVERAGE-BANDWIDTH=923000", fresh: "AVERAGE-BANDWIDTH=700000"},
	{rule: "codecs-all", old: `640028,mp4a.40.2`, fresh: "640028"},
	{rule: "codecs-true", old: `640028,mp4a.40.2`, fresh: "640028,mp4a.40.2,ac-3"},
	{rule: "resolution-said", old: "RESOLUTION=1920x1080,FRAME", fresh: "FRAME"},
	{rule: "resolution-true", old: "1920x1080", fresh: "1080x1920"},
	{rule: "frame-rate-said", change: func(t *testing.T, f files) {
		f.replace(t, master, "FRAME-RATE=25.000,", "")
		for i, n := range []int{100, 100, 100, 50} {
			f["/v/"+string(rune('0'+i))+".m4s"] = fragment(t, i, videoSample/2, i*100, n, 1950, 50)
		}
	}},
	{rule: "frame-rate-true", old: "25.000", fresh: "29.970"},
	{rule: "range-true", change: func(t *testing.T, f files) { f.color(t, 16) }},
	{rule: "channels-true", old: `"2",SAMPLE`, fresh: `"6",SAMPLE`},
	{rule: "sample-rate-true", old: "SAMPLE-RATE=48000", fresh: "SAMPLE-RATE=44100"},
	{rule: "session-value", old: `VALUE="A film"`, fresh: `VALUE="A film",URI="x"`},
	{rule: "session-distinct", add: `#EXT-X-SESSION-DATA:DATA-ID="com.example.title",VALUE="Another",LANGUAGE="en"`},
	{rule: "session-key-none", add: "#EXT-X-SESSION-KEY:METHOD=NONE"},
	{rule: "session-key-distinct", add: "#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,URI=\"k\"\n#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,URI=\"k\""},
	{rule: "session-key-same", also: "cbcs", change: func(t *testing.T, f files) {
		f.insert(master, `#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES-CTR,URI="v/k"`)
		f.insert(video, `#EXT-X-KEY:METHOD=SAMPLE-AES,URI="k"`)
	}},
	{rule: "pathway", add: `#EXT-X-CONTENT-STEERING:SERVER-URI="s.json",PATHWAY-ID="a"`},
}

var inBytes = []breaks{
	{rule: "format", change: func(t *testing.T, f files) { f["/v/1.m4s"] = []byte("<html>not found</html>") }, also: "average-true"},
	{rule: "format", change: func(t *testing.T, f files) { f["/v/1.m4s"] = f["/v/1.m4s"][:len(f["/v/1.m4s"])-100] }},
	{rule: "init", change: func(t *testing.T, f files) {
		f["/a/init.mp4"] = bytes.ReplaceAll(bytes.ReplaceAll(f["/a/init.mp4"], []byte("cmfc"), []byte("isom")), []byte("iso6"), []byte("isom"))
	}},
	{rule: "init-empty", change: func(t *testing.T, f files) { at(f["/a/init.mp4"], "mvhd", 16, 9) }},
	{rule: "tracks-match", change: func(t *testing.T, f files) { at(f["/a/1.m4s"], "tfhd", 4, 7) }},
	{rule: "decode-time", change: func(t *testing.T, f files) { f.replace(t, "/a/1.m4s", "tfdt", "free") }},
	{rule: "addressing", change: func(t *testing.T, f files) { at(f["/a/1.m4s"], "trun", 8, 90000) }},
	{rule: "self-contained", change: func(t *testing.T, f files) {
		i := bytes.Index(f["/a/init.mp4"], []byte("url ")) + 7
		f["/a/init.mp4"][i] = 0
	}},
	{rule: "continuous", change: func(t *testing.T, f files) { at(f["/a/2.m4s"], "tfdt", 4, 188*audioSample+240) }, also: "duration-true"},
	{rule: "change-marked", change: func(t *testing.T, f files) {
		f.replace(t, video, "#EXTINF:1.000000,\n3.m4s", "#EXT-X-MAP:URI=\"init2.mp4\"\n#EXTINF:1.000000,\n3.m4s")
		f["/v/init2.mp4"] = bytes.Clone(f["/v/init.mp4"])
		at(f["/v/init2.mp4"], "tkhd", 12, 2)
		at(f["/v/init2.mp4"], "trex", 4, 2)
		at(f["/v/3.m4s"], "tfhd", 4, 2)
	}},
	{rule: "duration-true", uri: video, old: "#EXTINF:2.000000,\n1", fresh: "#EXTINF:2.002000,\n1"},
	{rule: "duration-true", uri: video, old: "#EXTINF:2.000000,\n0", fresh: "#EXTINF:2.100000,\n0"},
	{rule: "decodable", change: func(t *testing.T, f files) { f["/v/1.m4s"] = fragment(t, 1, videoSample, 50, 50, 4000, 0) }, also: "independent-true"},
	{rule: "independent-true", change: func(t *testing.T, f files) {
		at(f["/v/1.m4s"], "trun", 12+8, 0x01010000)
	}},
	{rule: "webvtt", change: func(t *testing.T, f files) { f["/s/0.vtt"] = []byte("00:01.000 --> 00:02.000\nOne\n") }},
	{rule: "webvtt-map", change: func(_ *testing.T, f files) {
		f["/s/0.vtt"] = []byte("WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00.000,MPEGTS:-1\n\n00:01.000 --> 00:02.000\nOne\n")
	}},
	{rule: "webvtt-map", change: func(_ *testing.T, f files) {
		f["/s/0.vtt"] = []byte("WEBVTT\n\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00.000\n\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00.000\n")
	}},
	{rule: "webvtt-cues", change: func(_ *testing.T, f files) {
		f[subtitles] = bytes.Replace(f[subtitles], []byte("#EXTINF:7.000,\n0.vtt"), []byte("#EXTINF:2.333,\n0.vtt\n#EXTINF:2.333,\n1.vtt\n#EXTINF:2.334,\n0.vtt"), 1)
		f["/s/1.vtt"] = []byte("WEBVTT\n\n1\n00:01.000 --> 00:05.000\nAnother\n")
	}},
}

var amongPlaylists = []breaks{
	{rule: "same-target", uri: audio, old: "TARGETDURATION:2", fresh: "TARGETDURATION:3"},
	{rule: "same-type", uri: subtitles, old: "#EXT-X-PLAYLIST-TYPE:VOD\n", fresh: ""},
	{rule: "same-start", change: func(t *testing.T, f files) {
		for i, n := range []int{94, 94, 94, 47} {
			f["/a/"+string(rune('0'+i))+".m4s"] = fragment(t, i, audioSample, 20+i*94, n, 300, 1)
		}
	}, also: "aligned"},
	{rule: "same-end", change: func(t *testing.T, f files) {
		f.replace(t, german, "#EXTINF:2.005333,\n2.m4s\n#EXTINF:1.002667,\n3.m4s\n", "")
	}},
	{rule: "same-discontinuities", uri: video, old: "#EXTINF:1.000000", fresh: "#EXT-X-DISCONTINUITY\n#EXTINF:1.000000"},
	{rule: "same-dates", uri: video, add: strings.TrimSpace(dated)},
	{rule: "same-ranges", change: func(t *testing.T, f files) {
		for _, uri := range []string{video, audio, german, subtitles, iFrames} {
			f.insert(uri, strings.TrimSpace(dated))
		}
		f.insert(video, `#EXT-X-DATERANGE:ID="a",START-DATE="2026-01-01T00:00:00Z"`)
		f.insert(audio, `#EXT-X-DATERANGE:ID="b",START-DATE="2026-01-01T00:00:00Z"`)
	}},
	{rule: "same-control", uri: video, add: "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES"},
	{rule: "aligned", change: func(t *testing.T, f files) {
		at := 0
		for i, n := range []int{84, 104, 94, 47} {
			f["/b/"+string(rune('0'+i))+".m4s"] = fragment(t, i, audioSample, at, n, 300, 1)
			at += n
		}
		f.replace(t, german, "#EXTINF:2.005333,\n0", "#EXTINF:1.792000,\n0")
		f.replace(t, german, "#EXTINF:2.005333,\n1", "#EXTINF:2.218667,\n1")
	}},
}

// streamInf is the variant of the multivariant playlist.
func streamInf(f files) string {
	_, after, _ := strings.Cut(string(f[master]), "#EXT-X-STREAM-INF")
	before, _, _ := strings.Cut(after, "#")
	return "#EXT-X-STREAM-INF" + before
}

// at writes a number so many bytes after the name of a box.
func at(data []byte, box string, offset int, value uint32) {
	binary.BigEndian.PutUint32(data[bytes.Index(data, []byte(box))+4+offset:], value)
}

// color gives the video a colr box, at the end of its sample entry.
func (f files) color(t *testing.T, transfer byte) {
	t.Helper()
	data := f["/v/init.mp4"]
	colr := []byte{0, 0, 0, 19, 'c', 'o', 'l', 'r', 'n', 'c', 'l', 'x', 0, 9, 0, transfer, 0, 9, 0}
	end := 0
	for _, box := range []string{"moov", "trak", "mdia", "minf", "stbl", "stsd", "avc1"} {
		i := bytes.Index(data, []byte(box)) - 4
		size := binary.BigEndian.Uint32(data[i:])
		end = i + int(size)
		binary.BigEndian.PutUint32(data[i:], size+uint32(len(colr)))
	}
	f["/v/init.mp4"] = slices.Concat(data[:end], colr, data[end:])
	f["/i/init.mp4"] = f["/v/init.mp4"]
}

func TestBrokenRulesAreFound(t *testing.T) {
	good := whole(t)
	tested := map[string]bool{}
	for _, b := range slices.Concat(inText, inMediaPlaylists, inGroups, inVariants, inBytes, amongPlaylists, inTransport) {
		tested[b.rule] = true
		t.Run(b.rule, func(t *testing.T) {
			f := good.clone()
			uri := b.uri
			if uri == "" {
				uri = master
			}
			if b.old != "" {
				f.replace(t, uri, b.old, b.fresh)
			}
			if b.add != "" {
				f.insert(uri, b.add)
			}
			if b.change != nil {
				b.change(t, f)
			}
			found := f.check()
			want := []string{b.rule}
			for _, rule := range hlsrules.Rules() {
				if also := " " + b.also + " "; rule.ID == b.with || strings.Contains(also, " "+rule.ID+" ") {
					want = append(want, rule.ID)
				}
			}
			slices.Sort(want)
			if d := cmp.Diff(slices.Compact(want), broken(found)); d != "" {
				t.Errorf("%s\n%v", d, found)
			}
		})
	}
	for _, rule := range hlsrules.Rules() {
		if !strings.Contains(rule.ID, "EXT") && !tested[rule.ID] {
			t.Errorf("nothing breaks the rule %s (§%s): %s", rule.ID, rule.Section, rule.Text)
		}
	}
}

package hlsrules_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/Eyevinn/mp4ff/aac"
	"github.com/Eyevinn/mp4ff/mp4"

	"github.com/streamgate/streamgate/internal/hlsrules"
)

// files is a presentation by URI. The whole one keeps to every rule: video of
// 1920x1080 at 25 frames a second in 2 s segments, English and German sound,
// subtitles, and an I-frame playlist made of byte ranges.
type files map[string][]byte

func (f files) fetch(uri string) ([]byte, error) {
	data, ok := f[uri]
	if !ok {
		return nil, fmt.Errorf("there is no %s", uri)
	}
	return data, nil
}

func (f files) check() []hlsrules.Violation { return hlsrules.Check(f.fetch, "/master.m3u8") }

// replace changes the text of a playlist, which has to be there.
func (f files) replace(t *testing.T, uri, old, fresh string) {
	t.Helper()
	if !bytes.Contains(f[uri], []byte(old)) {
		t.Fatalf("%s has no %q:\n%s", uri, old, f[uri])
	}
	f[uri] = bytes.ReplaceAll(f[uri], []byte(old), []byte(fresh))
}

// insert adds lines after the first.
func (f files) insert(uri string, lines ...string) {
	f[uri] = bytes.Replace(f[uri], []byte("\n"), []byte("\n"+strings.Join(lines, "\n")+"\n"), 1)
}

func (f files) clone() files {
	c := maps.Clone(f)
	for uri := range c {
		c[uri] = bytes.Clone(c[uri])
	}
	return c
}

const (
	videoScale, videoSample = 12800, 512
	audioScale, audioSample = 48000, 1024
)

func whole(t testing.TB) files {
	t.Helper()
	f := files{}
	f["/v/init.mp4"], f["/a/init.mp4"], f["/b/init.mp4"] = videoInit(t), audioInit(t), audioInit(t)
	f["/v/key"] = make([]byte, 16)
	var video, audio strings.Builder
	for i, n := range []int{50, 50, 50, 25} {
		f[fmt.Sprintf("/v/%d.m4s", i)] = fragment(t, i, videoSample, i*50, n, 4000, 25)
		fmt.Fprintf(&video, "#EXTINF:%.6f,\n%d.m4s\n", float64(n)/25, i)
	}
	for i, n := range []int{94, 94, 94, 47} {
		data := fragment(t, i, audioSample, i*94, n, 300, 1)
		f[fmt.Sprintf("/a/%d.m4s", i)], f[fmt.Sprintf("/b/%d.m4s", i)] = data, data
		fmt.Fprintf(&audio, "#EXTINF:%.6f,\n%d.m4s\n", float64(n)*audioSample/audioScale, i)
	}
	const head = "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-DISCONTINUITY-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n"
	const section = "#EXT-X-MAP:URI=\"init.mp4\"\n"
	f["/v/index.m3u8"] = []byte(head + section + video.String() + "#EXT-X-ENDLIST\n")
	f["/a/index.m3u8"] = []byte(head + section + audio.String() + "#EXT-X-ENDLIST\n")
	f["/b/index.m3u8"] = f["/a/index.m3u8"]
	f["/s/index.m3u8"] = []byte("#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:7\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXTINF:7.000,\n0.vtt\n#EXT-X-ENDLIST\n")
	f["/s/0.vtt"] = []byte("WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:0\n\n00:01.000 --> 00:02.000\nOne\n")
	f.iFrames(t)
	f["/master.m3u8"] = []byte(`#EXTM3U
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-START:TIME-OFFSET=0.5
#EXT-X-SESSION-DATA:DATA-ID="com.example.title",VALUE="A film",LANGUAGE="en"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="aac",NAME="English",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",SAMPLE-RATE=48000,URI="a/index.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="aac",NAME="Deutsch",LANGUAGE="de",DEFAULT=NO,AUTOSELECT=YES,CHANNELS="2",URI="b/index.m3u8"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="text",NAME="English",LANGUAGE="en",DEFAULT=NO,AUTOSELECT=YES,FORCED=NO,URI="s/index.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=924000,AVERAGE-BANDWIDTH=923000,CODECS="avc1.640028,mp4a.40.2",RESOLUTION=1920x1080,FRAME-RATE=25.000,VIDEO-RANGE=SDR,AUDIO="aac",SUBTITLES="text",CLOSED-CAPTIONS=NONE
v/index.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=33000,CODECS="avc1.640028",RESOLUTION=1920x1080,URI="i/index.m3u8"
`)
	return f
}

// iFrames adds a resource with a fragment for each I-frame.
func (f files) iFrames(t testing.TB) {
	f["/i/init.mp4"] = f["/v/init.mp4"]
	list := "#EXTM3U\n#EXT-X-VERSION:5\n#EXT-X-TARGETDURATION:1\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-I-FRAMES-ONLY\n#EXT-X-MAP:URI=\"init.mp4\"\n"
	for i := range 7 {
		data := fragment(t, i, videoSample, i*25, 1, 4000, 1)
		list += fmt.Sprintf("#EXT-X-BYTERANGE:%d", len(data))
		if i == 0 {
			list += "@0"
		}
		list += "\n#EXTINF:1.000,\nall.m4s\n"
		f["/i/all.m4s"] = append(f["/i/all.m4s"], data...)
	}
	f["/i/index.m3u8"] = []byte(list + "#EXT-X-ENDLIST\n")
}

func videoInit(t testing.TB) []byte {
	// High profile, level 4.0, 1920×1080.
	sps, _ := hex.DecodeString("67640028acd940780227e5c044000003000400000300f03c60c658")
	pps, _ := hex.DecodeString("68ebe3cb22c0")
	init := mp4.CreateEmptyInit()
	trak := init.AddEmptyTrack(videoScale, "video", "und")
	if err := trak.SetAVCDescriptor("avc1", [][]byte{sps}, [][]byte{pps}, true); err != nil {
		t.Fatal(err)
	}
	return encoded(t, init.Encode)
}

func audioInit(t testing.TB) []byte {
	init := mp4.CreateEmptyInit()
	trak := init.AddEmptyTrack(audioScale, "audio", "en")
	if err := trak.SetAACDescriptor(aac.AAClc, audioScale); err != nil {
		t.Fatal(err)
	}
	return encoded(t, init.Encode)
}

// fragment is a segment of n samples, of which every so many is a sync sample.
func fragment(t testing.TB, number, lasts, first, n, size, every int) []byte {
	f, err := mp4.CreateFragment(uint32(number+1), 1)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		flags := mp4.NonSyncSampleFlags
		if every > 0 && i%every == 0 {
			flags = mp4.SyncSampleFlags
		}
		f.AddFullSample(mp4.FullSample{
			Sample:     mp4.NewSample(flags, uint32(lasts), uint32(size), 0),
			DecodeTime: uint64((first + i) * lasts), Data: make([]byte, size),
		})
	}
	s := mp4.NewMediaSegmentWithoutStyp()
	s.AddFragment(f)
	return encoded(t, s.Encode)
}

func TestWholePresentationKeepsToTheRules(t *testing.T) {
	for _, v := range whole(t).check() {
		t.Error(v)
	}
}

// broken are the rules that are not kept, each once.
func broken(found []hlsrules.Violation) []string {
	var ids []string
	for _, v := range found {
		ids = append(ids, v.Rule)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func encoded(t testing.TB, encode func(io.Writer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

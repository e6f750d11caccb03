package hls_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/hls"
	"github.com/streamgate/streamgate/internal/playcheck"
)

// captioned is "HI" in CC1: a pair of bytes for each of the first pictures, and
// padding in all others, as encoders write it.
var captioned = []string{
	"\x94\x20", "\x94\x20", "\x94\x70", "\x94\x70", "\xc8\x49", // load, an address, text
	"\x94\x2f", "\x94\x2f", // show it
}

// withCaptions puts a message with a pair of bytes before each picture of a
// stream of H.264 in start code format (Rec. ITU-T H.264 annex B). Those of
// the captions come after the first second.
func withCaptions(stream []byte) []byte {
	var out bytes.Buffer
	picture := 0
	for i, unit := range bytes.Split(stream, []byte{0, 0, 1}) {
		if i == 0 {
			continue
		}
		if kind := unit[0] & 31; (kind == 1 || kind == 5) && unit[1]&0x80 != 0 { // the first slice of a picture
			pair := "\x80\x80"
			if at := picture - 25; at >= 0 && at < len(captioned) {
				pair = captioned[at]
			}
			body := "\xb5\x00\x31GA94\x03\x41\xff\xfc" + pair + "\xff"
			out.WriteString("\x00\x00\x01\x06\x04" + string([]byte{byte(len(body))}) + body + "\x80")
			picture++
		}
		out.WriteString("\x00\x00\x01")
		out.Write(bytes.TrimRight(unit, "\x00"))
	}
	return out.Bytes()
}

func TestClosedCaptionsAreAnnounced(t *testing.T) {
	playcheck.Require(t)
	dir := t.TempDir()
	encode(t, dir, "", "-f lavfi -i testsrc2=s=160x90:r=25:d=4 -c:v libx264 -preset veryfast -g 25 -bf 0 -f h264 plain.h264")
	stream, err := os.ReadFile(filepath.Join(dir, "plain.h264"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "captioned.h264"), withCaptions(stream), 0o600); err != nil {
		t.Fatal(err)
	}
	encode(t, dir, "", "-framerate 25 -f h264 -i captioned.h264 -c copy with.mp4")
	encode(t, dir, "", "-framerate 25 -f h264 -i plain.h264 -c copy without.mp4")
	c := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "movie=with.mp4[out+subcc]", "-map", "0:1", "-f", "srt", "-")
	c.Dir = dir
	if said, err := c.Output(); err != nil || !strings.Contains(string(said), "HI") {
		t.Fatalf("ffmpeg finds no captions: %v %s", err, said)
	}

	at := serve(t, dir).URL
	_, with, _ := read(t, at+"/with.mp4/master.m3u8")
	_, without, _ := read(t, at+"/without.mp4/master.m3u8")
	tags := regexp.MustCompile(`#EXT-X-MEDIA:TYPE=CLOSED.*|CLOSED-CAPTIONS=[^,\n]*`)
	if d := cmp.Diff([]string{
		`#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="cc",NAME="Closed captions",DEFAULT=NO,AUTOSELECT=YES,INSTREAM-ID="CC1"`,
		`CLOSED-CAPTIONS="cc"`,
	}, tags.FindAllString(string(with), -1)); d != "" {
		t.Errorf("with captions: %s", d)
	}
	if d := cmp.Diff([]string{"CLOSED-CAPTIONS=NONE"}, tags.FindAllString(string(without), -1)); d != "" {
		t.Errorf("without: %s", d)
	}
	const accessibility = `<Accessibility schemeIdUri="urn:scte:dash:cc:cea-608:2015" value="CC1=und">`
	_, manifest, _ := read(t, at+"/with.mp4/manifest.mpd")
	_, other, _ := read(t, at+"/without.mp4/manifest.mpd")
	if !strings.Contains(string(manifest), accessibility) || strings.Contains(string(other), "Accessibility") {
		t.Errorf("%s\n%s", manifest, other)
	}
	transports := serveTransport(t, dir).URL
	_, ts, _ := read(t, transports+"/with.mp4/ts.m3u8")
	if !strings.Contains(string(ts), `INSTREAM-ID="CC1"`) || strings.Count(string(ts), `CLOSED-CAPTIONS="cc"`) != 1 {
		t.Errorf("transport streams:\n%s", ts)
	}
	keepsRules(t, hls.Dir(dir), "with.mp4", nil)
	keepsRules(t, hls.Dir(dir), "without.mp4", nil)
}

// TestClosedCaptionsOfTheCorpus are found where ffmpeg finds some.
func TestClosedCaptionsOfTheCorpus(t *testing.T) {
	playcheck.Require(t)
	dir, films := corpus(t)
	server := serve(t, dir)
	found := 0
	for _, f := range films {
		if f.class != classHLS || !strings.Contains(f.name, "caption") {
			continue
		}
		_, master, _ := read(t, server.URL+"/"+f.name+"/master.m3u8")
		c := exec.CommandContext(t.Context(), "ffmpeg", "-v", "quiet", "-f", "lavfi", "-i", "movie="+f.name+"[out+subcc]", "-map", "0:1", "-f", "srt", "-")
		c.Dir = dir
		said, _ := c.Output()
		if has := strings.Contains(string(master), "INSTREAM-ID"); has != (len(said) > 0) {
			t.Errorf("%s: ffmpeg reads %q\n%s", f.name, said, master)
		}
		found++
	}
	if found == 0 {
		t.Error("there are none")
	}
}

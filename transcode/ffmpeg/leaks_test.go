package ffmpeg_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// A leak is a file that makes a demuxer open others. SECRET is the absolute path of
// one, and secret.ts its name beside the file.
type leak struct {
	name, file, text string
	args             []string // with which ffmpeg, left alone, does it
}

// The published ones, with the tricks by which they got past earlier mends: the
// ending of the name, the protocol within the playlist, the media type.
var leaks = []leak{
	{"an HLS playlist with an absolute path", "film.mp4", "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nfile:SECRET\n#EXT-X-ENDLIST\n", []string{"-f", "hls"}},
	{"an HLS playlist with a sibling", "film.mp4", "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nsecret.ts\n#EXT-X-ENDLIST\n", []string{"-f", "hls"}},
	{"an HLS playlist called so", "film.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nSECRET\n#EXT-X-ENDLIST\n", nil},
	{"an HLS playlist of a part of a file", "film.avi", "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nsubfile,,start,0,end,0,,:SECRET\n#EXT-X-ENDLIST\n", []string{"-allowed_extensions", "ALL", "-protocol_whitelist", "file,subfile,data", "-f", "hls"}},
	{"an HLS playlist that concatenates", "film.mp4", "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nconcat:SECRET|SECRET\n#EXT-X-ENDLIST\n", []string{"-allowed_extensions", "ALL", "-protocol_whitelist", "file,concat", "-f", "hls"}},
	{"an HLS playlist with its segments in itself", "film.mp4", "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MAP:URI=\"data:text/plain,x\"\n#EXTINF:2,\nSECRET\n#EXT-X-ENDLIST\n", []string{"-allowed_extensions", "ALL", "-protocol_whitelist", "file,data", "-f", "hls"}},
	{"an ffconcat script with a sibling", "film.mp4", "ffconcat version 1.0\nfile secret.ts\n", []string{"-f", "concat"}},
	{"an ffconcat script with an absolute path", "film.mkv", "ffconcat version 1.0\nfile SECRET\n", []string{"-safe", "0", "-f", "concat"}},
	{"a DASH manifest with a sibling", "film.mp4", `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT2S" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period><AdaptationSet mimeType="video/mp2t"><Representation id="1" bandwidth="1"><BaseURL>secret.ts</BaseURL></Representation></AdaptationSet></Period></MPD>`, []string{"-f", "dash"}},
	{"an SVG image with another", "film.mp4", `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="16" height="16"><image width="16" height="16" xlink:href="secret.png"/></svg>`, nil},
	{"a session description with addresses", "film.mp4", "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 33\n", nil},
	{"a script of AviSynth", "film.avs", "AviSource(\"SECRET\")\n", nil},
}

// lay writes the file, and the secret beside it.
func (l *leak) lay(t *testing.T) (path, secret string) {
	t.Helper()
	dir := t.TempDir()
	secret, path = filepath.Join(dir, "secret.ts"), filepath.Join(dir, l.file)
	text := strings.ReplaceAll(l.text, "SECRET", secret)
	if out, err := exec.CommandContext(t.Context(), needFFmpeg(t).FFmpeg, "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=64x64:d=1", "-c:v", "mpeg2video", secret).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path, secret
}

// Row 19 of the list of attacks: the first wall.
func TestFilesThatOpenOthersAreNoMedia(t *testing.T) {
	for _, l := range leaks {
		if kind, ok := media.Sniff([]byte(l.text)); ok {
			t.Errorf("%s is taken for %s", l.name, kind)
		}
	}
}

// Row 19 of the list of attacks: the second wall, for a file that got past the
// first, whatever it was taken for, where the kernel guards nothing.
func TestFilesThatOpenOthersAreReadByNoDemuxer(t *testing.T) {
	needFFmpeg(t)
	r := ffmpeg.WithoutSandbox(newRunner(t, &ffmpeg.Options{Nice: -1}))
	kinds := oneOfEach()
	for i, l := range leaks {
		t.Run(l.name, func(t *testing.T) {
			path, _ := l.lay(t)
			for _, kind := range []media.Type{kinds[2*i%len(kinds)], kinds[(2*i+1)%len(kinds)]} {
				in := ffmpeg.Input{Path: path, Type: kind}
				result, err := r.Run(t.Context(), &ffmpeg.Command{
					Inputs:  []ffmpeg.Input{in},
					Outputs: []ffmpeg.Output{{Name: "out.ts", Args: []string{"-c", "copy"}}},
					Limits:  ffmpeg.Limits{Output: 1 << 20},
				})
				if err == nil {
					t.Errorf("as %s it is read: %s", kind, result.Log)
					_ = result.Close()
				}
				wantRunError(t, err)
			}
			source, err := r.Probe(t.Context(), ffmpeg.Input{Path: path, Type: media.TypeMP4})
			if err == nil {
				t.Errorf("ffprobe finds %+v", source)
			}
			wantRunError(t, err)
		})
	}
}

// Row 19 of the list of attacks: the third wall, behind a command line that guards
// nothing.
func TestFilesThatOpenOthersFindNoneInTheSandbox(t *testing.T) {
	r := shared(t)
	if r.Sandbox().Landlock == 0 {
		missing(t, "this kernel has no Landlock: run the test on Linux 5.13 or newer, with landlock in the lsm= of its command line")
	}
	tools := needFFmpeg(t)
	did := 0
	for _, l := range leaks {
		t.Run(l.name, func(t *testing.T) {
			path, secret := l.lay(t)
			args := slices.Concat([]string{"-nostdin", "-v", "level+error"}, l.args, []string{"-i", path, "-c", "copy", "-f", "mpegts", "pipe:1"})
			alone := exec.CommandContext(t.Context(), tools.FFmpeg, args...)
			if out, _ := alone.Output(); len(out) > 0 {
				did++
			}
			out, log, err := ffmpeg.Bare(t.Context(), r, tools.FFmpeg, []ffmpeg.Input{{Path: path}}, args...)
			if err == nil || out != "" {
				t.Errorf("%d bytes came out: %v, %s", len(out), err, log)
			}
			if _, _, err := ffmpeg.Bare(t.Context(), r, tools.FFmpeg, []ffmpeg.Input{{Path: secret}}, "-nostdin", "-i", "INPUT", "-c", "copy", "-f", "null", "-"); err != nil {
				t.Errorf("as its input, the secret is not read either: %v", err)
			}
		})
	}
	if did < 5 {
		t.Errorf("left alone, ffmpeg reads the secret by %d of the files: the test proves little", did)
	}
}

// oneOfEach has a type for each demuxer.
func oneOfEach() (kinds []media.Type) {
	seen := make(map[string]bool)
	for kind, demuxer := range ffmpeg.Demuxers {
		if !seen[demuxer] {
			seen[demuxer] = true
			kinds = append(kinds, kind)
		}
	}
	slices.Sort(kinds)
	return kinds
}

func wantRunError(t *testing.T, err error) {
	t.Helper()
	if e, ok := errors.AsType[*ffmpeg.RunError](err); err != nil && !ok {
		t.Errorf("it is no run that failed, but %v", err)
	} else if ok && bytes.Contains([]byte(e.Error()), []byte("/proc/self/fd")) {
		t.Errorf("the reason has a name of ours: %s", e.Reason)
	}
}

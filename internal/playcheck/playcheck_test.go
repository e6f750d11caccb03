package playcheck_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/internal/playcheck"
)

// presentation is a film and the segments that ffmpeg itself makes of it: a
// presentation that the check has to find right until something breaks it.
type presentation struct {
	source string
	files  map[string][]byte
}

func newPresentation(t *testing.T) *presentation {
	t.Helper()
	playcheck.Require(t)
	dir := t.TempDir()
	p := &presentation{source: filepath.Join(dir, "film.mp4"), files: map[string][]byte{}}
	ffmpeg(t, dir, "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=6", "-f", "lavfi", "-i", "aevalsrc=sin(440*t*(1+t)):s=44100:d=6",
		"-c:v", "libx264", "-g", "50", "-bf", "2", "-c:a", "aac", p.source)
	ffmpeg(t, dir, "-i", p.source, "-map", "0:v", "-map", "0:a", "-c", "copy", "-f", "hls", "-hls_time", "2", "-hls_playlist_type", "vod",
		"-hls_segment_type", "fmp4", "-var_stream_map", "v:0,agroup:x,name:v a:0,agroup:x,name:a",
		"-hls_fmp4_init_filename", "%v.mp4", "-hls_segment_filename", "%v%d.m4s", "%v.m3u8")
	p.files["master.m3u8"] = []byte("#EXTM3U\n#EXT-X-VERSION:7\n" +
		"#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"a\",DEFAULT=YES,URI=\"a.m3u8\"\n" +
		"#EXT-X-STREAM-INF:BANDWIDTH=9000000,CODECS=\"" + codec(t, dir) + ",mp4a.40.2\",RESOLUTION=320x180,AUDIO=\"a\"\nv.m3u8\n")
	for _, pattern := range []string{"*.m3u8", "*.m4s", "[av].mp4"} {
		names, _ := filepath.Glob(filepath.Join(dir, pattern))
		for _, name := range names {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			p.files[filepath.Base(name)] = data
		}
	}
	return p
}

// codec is the CODECS string of the video, out of its avcC box.
func codec(t *testing.T, dir string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "v.mp4"))
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(data, []byte("avcC"))
	return fmt.Sprintf("avc1.%x", data[at+5:at+8])
}

func ffmpeg(t *testing.T, dir string, args ...string) {
	t.Helper()
	c := exec.CommandContext(t.Context(), "ffmpeg", append([]string{"-v", "error", "-y", "-nostdin"}, args...)...)
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg %q: %v: %s", args, err, out)
	}
}

func (p *presentation) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	data, ok := p.files[strings.TrimPrefix(r.URL.Path, "/")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	kind := "video/mp4"
	if strings.HasSuffix(r.URL.Path, ".m3u8") {
		kind = "application/vnd.apple.mpegurl"
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", fmt.Sprint(len(data)))
	_, _ = w.Write(data)
}

func (p *presentation) replace(name, old, fresh string) {
	p.files[name] = bytes.Replace(p.files[name], []byte(old), []byte(fresh), 1)
}

// postpone moves the decode times of all segments of a track.
func (p *presentation) postpone(track string, ticks uint32) {
	for name, data := range p.files {
		if strings.HasPrefix(name, track) && strings.HasSuffix(name, ".m4s") {
			at := bytes.Index(data, []byte("tfdt")) + 8 // the low half of a version 1 time
			if data[at-4] == 1 {
				at += 4
			}
			binary.BigEndian.PutUint32(data[at:], binary.BigEndian.Uint32(data[at:])+ticks)
		}
	}
}

func TestCompare(t *testing.T) {
	whole := newPresentation(t)
	tests := []struct {
		name  string
		spoil func(*presentation)
		want  string // in the first problem; "" plays
	}{
		{"what ffmpeg segments plays", func(*presentation) {}, ""},
		{"a lost audio segment is missed", func(p *presentation) { p.cut("a.m3u8", "a1.m4s") }, "audio packets"},
		{"a lost last video segment is missed", func(p *presentation) { p.cut("v.m3u8", "v2.m4s") }, "video packets"},
		{"a segment served twice is noticed", func(p *presentation) { p.replace("v.m3u8", "v2.m4s", "v1.m4s") }, "video packets"},
		{"sound 50 ms late is noticed", func(p *presentation) { p.postpone("a", 2205) }, "later against video"},
		{"pictures 40 ms late are noticed", func(p *presentation) { p.postpone("v", 512) }, "audio is -0.04"},
		{"one changed byte of a picture is noticed", func(p *presentation) { p.flip("v1.m4s") }, "video packets"},
		{"a low BANDWIDTH is noticed", func(p *presentation) { p.replace("master.m3u8", "BANDWIDTH=9000000", "BANDWIDTH=9000") }, "BANDWIDTH=9000"},
		{"a wrong RESOLUTION is noticed", func(p *presentation) { p.replace("master.m3u8", "320x180", "180x320") }, "RESOLUTION"},
		{"a wrong CODECS is noticed", func(p *presentation) { p.replace("master.m3u8", "avc1.", "avc1.4d") }, "CODECS"},
		{"a missing file is noticed", func(p *presentation) { delete(p.files, "a1.m4s") }, "404"},
		{"a missing track is noticed", func(p *presentation) {
			p.replace("master.m3u8", "#EXT-X-MEDIA", "#EXT-X-NOTHING")
			p.replace("master.m3u8", `,AUDIO="a"`, "")
		}, "audio track"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := whole.clone()
			tt.spoil(p)
			server := httptest.NewServer(p)
			defer server.Close()
			r := playcheck.Compare(t, p.source, server.URL+"/master.m3u8")
			t.Logf("%+v", r)
			all := strings.Join(r.Problems, "\n")
			if r.Plays() != (tt.want == "") || !strings.Contains(all, tt.want) {
				t.Errorf("problems %q, want one with %q", r.Problems, tt.want)
			}
		})
	}
}

func (p *presentation) clone() *presentation {
	c := &presentation{source: p.source, files: map[string][]byte{}}
	for name, data := range p.files {
		c.files[name] = bytes.Clone(data)
	}
	return c
}

// cut takes a segment and its EXTINF out of a playlist.
func (p *presentation) cut(list, segment string) {
	lines := strings.SplitAfter(string(p.files[list]), "\n")
	for i, line := range lines {
		if strings.TrimSpace(line) == segment {
			lines = append(lines[:i-1:i-1], lines[i+1:]...)
			break
		}
	}
	p.files[list] = []byte(strings.Join(lines, ""))
}

// flip changes a byte near the end of a segment: of its samples.
func (p *presentation) flip(name string) {
	data := p.files[name]
	data[len(data)-20] ^= 0x10
}

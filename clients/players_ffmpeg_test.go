package clients_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os/exec"
	"regexp"
	"strconv"
	"testing"
)

// byFFmpeg is what ffmpeg makes of a presentation: when each picture is due and
// when each beep begins, and which picture it shows after each seek. It seeks by
// the manifest: ffmpeg 5.1 loses its place in fragments after a seek within
// a playlist, in one of its own making, too.
func (f *film) byFFmpeg(t *testing.T, base string, duration float64) shown {
	s := shown{Engine: "ffmpeg", Proof: true, Duration: duration}
	url := base + "master.m3u8"
	pictures, times := decode(t, "-copyts", "-i", url, "-map", "0:v:0", "-vf", "scale=320:192,showinfo", "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "gray", "pipe:1")
	last := -1
	for i := range times {
		if last = readCode(pictures[i*filmWidth*filmHeight:]); i < 1000 {
			s.Frames = append(s.Frames, [2]float64{times[i], float64(last)})
		}
	}
	s.Ended = math.Abs(float64(last)/f.fps()+f.picture-duration) < 3/f.fps()+max(f.picture, 0)
	samples, times := decode(t, "-copyts", "-i", url, "-map", "0:a:0", "-af", "aresample=async=1:first_pts=0,ashowinfo", "-f", "s16le", "-ac", "1", "-ar", strconv.Itoa(beepRate), "pipe:1")
	quiet := -beepRate
	for i := 0; i+1 < len(samples) && len(times) > 0; i += 2 {
		if v := int16(binary.LittleEndian.Uint16(samples[i:])); v > 3000 || v < -3000 {
			if i/2-quiet > beepRate/2 {
				s.Onsets = append(s.Onsets, times[0]+float64(i/2)/beepRate)
			}
			quiet = i / 2
		}
	}
	for _, place := range f.places(duration) {
		picture := ffmpeg(t, nil, "-ss", fmt.Sprint(place[0]), "-i", base+"manifest.mpd", "-map", "0:v:0", "-frames:v", "1", "-vf", "scale=320:192", "-f", "rawvideo", "-pix_fmt", "gray", "pipe:1")
		code := -1
		if len(picture) > 0 {
			code = readCode(picture)
		}
		s.Seeks = append(s.Seeks, [3]float64{place[0], place[0], float64(code)})
	}
	return s
}

// readCode reads the number of a picture in gray.
func readCode(picture []byte) (n int) {
	for bit := range codeBits {
		x := (2*bit + 1) * filmWidth / codeBits / 2
		n <<= 1
		if picture[16*filmWidth+x] > picture[48*filmWidth+x] {
			n |= 1
		}
	}
	return n
}

var ptsTime = regexp.MustCompile(`(?m)^\[Parsed_a?showinfo.* pts_time: *(-?[0-9.]+)`)

// decode runs ffmpeg and returns what it writes, and when each frame of it is due.
func decode(t *testing.T, args ...string) (out []byte, times []float64) {
	t.Helper()
	program, err := exec.LookPath("ffmpeg")
	if err != nil {
		missing(t, "ffmpeg is not here: install it, or run make need")
	}
	cmd := exec.CommandContext(t.Context(), program, append([]string{"-nostdin", "-nostats", "-v", "info"}, args...)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("ffmpeg %q: %v\n%s", args, err, &stderr)
	}
	for _, m := range ptsTime.FindAllSubmatch(stderr.Bytes(), -1) {
		at, err := strconv.ParseFloat(string(m[1]), 64)
		if err != nil {
			t.Fatal(err)
		}
		times = append(times, at)
	}
	return stdout.Bytes(), times
}

package transcode_test

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/metadata"
)

// oddities are films of odd shapes: what ffmpeg makes them by, and what is to become of
// them. $P is a moving picture of 3 s, 320×180 with 25 frames a second, $S a tone of 3 s.
var oddities = []struct {
	name, file, make string
	then             func(t *testing.T, path string) // what is done to the file
	want             string
	often            bool // in short runs, too
	late             bool // its picture sets in later than its sound
}{
	{name: "pixels that are not square, upright", file: "a.mp4", make: "$P $S -vf setsar=4/3 -c:v mpeg4 -q:v 4 -c:a aac", then: uprightly, want: "180x426 25fps 75 pictures 3.0s, 1ch 3.0s", often: true},
	{name: "interlaced MPEG-2", file: "a.ts", make: "-f lavfi -i testsrc2=s=320x240:r=50:d=3 $S -vf tinterlace=interleave_top,fieldorder=tff -c:v mpeg2video -flags +ildct+ilme -q:v 4 -c:a mp2", want: "320x240 25fps 75 pictures 3.0s, 1ch 3.0s"},
	{name: "HDR10", file: "a.mkv", make: "$P $S -c:v libx265 -preset ultrafast -x265-params log-level=error:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc -pix_fmt yuv420p10le -c:a libvorbis", want: "320x180 25fps 75 pictures 3.0s, 1ch 3.0s"},
	{name: "4:4:4 of 10 bits", file: "a.mkv", make: "$P $S -c:v ffv1 -pix_fmt yuv444p10le -c:a wavpack", want: "320x180 25fps 75 pictures 3.0s, 1ch 3.0s"},
	{name: "an odd size, in RGB", file: "a.avi", make: "-f lavfi -i testsrc2=s=213x121:r=25:d=1 -c:v huffyuv -pix_fmt rgb24", want: "212x120 25fps 25 pictures 1.0s", often: true},
	{name: "one pixel", file: "a.mkv", make: "-f lavfi -i testsrc2=s=16x16:r=25:d=1 -vf format=yuv444p,crop=1:1:0:0:exact=1 -c:v ffv1", want: "2x2 25fps 25 pictures 1.0s", often: true},
	{name: "a strip", file: "a.mkv", make: "-f lavfi -i testsrc2=s=32x1000:r=25:d=1 -c:v ffv1", want: "32x1000 25fps 25 pictures 1.0s"},
	{name: "a rate that varies", file: "a.mkv", make: "-f lavfi -i testsrc2=s=320x180:r=25:d=4 $S -vf select='not(mod(n,3))+gt(mod(n,50),30)' -fps_mode vfr -c:v mpeg4 -q:v 4 -c:a libvorbis", want: "320x180 14.75fps 59 pictures 4.0s, 1ch 3.0s"},
	{name: "120 frames a second", file: "a.avi", make: "-f lavfi -i testsrc2=s=320x180:r=120:d=3 $S -c:v mjpeg -q:v 5 -c:a pcm_s16le", want: "320x180 60.17fps 180 pictures 3.0s, 1ch 3.0s"},
	{name: "Speex alone", file: "a.ogg", make: "-f lavfi -i sine=r=16000:d=3 -c:a libspeex", want: "1ch 3.0s"},
	{name: "mono of 8 kHz", file: "a.wav", make: "-f lavfi -i sine=r=8000:d=3 -c:a pcm_mulaw", want: "1ch 3.0s", often: true},
	{name: "7.1 channels", file: "a.mkv", make: "$P -f lavfi -i anoisesrc=d=3:r=48000,pan=7.1|c0=c0|c1=c0|c2=c0|c3=c0|c4=c0|c5=c0|c6=c0|c7=c0 -c:v mpeg4 -q:v 4 -c:a flac", want: "320x180 25fps 75 pictures 3.0s, 6ch 3.0s"},
	{name: "four channels", file: "a.mkv", make: "-f lavfi -i anoisesrc=d=3:r=48000,pan=quad|c0=c0|c1=c0|c2=c0|c3=c0 -c:a pcm_s16le", want: "2ch 3.0s"},
	{name: "three languages, of which one sets in late", file: "a.mkv", make: "$P $S $S -itsoffset 1.5 -f lavfi -i sine=r=48000:d=1.5 -map 0 -map 1 -map 2 -map 3 -c:v mpeg4 -q:v 4 -c:a libvorbis", want: "320x180 25fps 75 pictures 3.0s, 1ch 3.0s, 1ch 3.0s, 1ch 3.0s"},
	{name: "a picture that sets in late", file: "a.ts", make: "-itsoffset 1.5 -f lavfi -i testsrc2=s=320x180:r=25:d=1.5 $S -map 0 -map 1 -c:v mpeg2video -q:v 4 -c:a mp2", want: "320x180 25fps 38 pictures 3.1s, 1ch 3.0s", late: true},
	{name: "a cover", file: "a.mp3", make: "$S -f lavfi -i color=red:s=30x30:r=1:d=1 -map 0 -map 1 -c:a libmp3lame -c:v mjpeg -disposition:v attached_pic -id3v2_version 3", want: "1ch 3.0s"},
	{name: "DV of NTSC", file: "a.mov", make: "-f lavfi -i testsrc2=s=720x480:r=30000/1001:d=1 $S -c:v dvvideo -pix_fmt yuv411p -ar 48000 -ac 2 -c:a pcm_s16be -aspect 16:9 -shortest", want: "852x480 29.97fps 30 pictures 1.0s, 2ch 1.0s"},
	{name: "ProRes with an alpha channel", file: "a.mov", make: "$P -c:v prores_ks -profile:v 4 -pix_fmt yuva444p10le", want: "320x180 25fps 75 pictures 3.0s"},
	{name: "a palette", file: "a.avi", make: "$P -c:v rawvideo -pix_fmt pal8", want: "320x180 25fps 75 pictures 3.0s"},
	{name: "Flash", file: "a.flv", make: "-f lavfi -i testsrc2=s=320x180:r=12:d=3 $S -c:v flv1 -q:v 4 -ar 44100 -c:a mp3", want: "320x180 12fps 36 pictures 3.0s, 1ch 3.0s"},
	{name: "Windows Media, in chunks", file: "a.wmv", make: "-f lavfi -i testsrc2=s=160x90:r=25:d=40 -f lavfi -i sine=d=40 -c:v wmv2 -q:v 4 -g 50 -c:a wmav2", want: "160x90 25fps 1000 pictures 40.0s, 1ch 40.0s", often: true},
	{name: "Windows Media's sound", file: "a.wma", make: "$S -c:a wmav2", want: "1ch 3.0s"},
	{name: "MXF, in chunks", file: "a.mxf", make: "-f lavfi -i testsrc2=s=160x96:r=25:d=40 -f lavfi -i sine=r=48000:d=40 -c:v mpeg2video -q:v 3 -c:a pcm_s16le", want: "160x96 25fps 1000 pictures 40.0s, 1ch 40.0s"},
	{name: "RealMedia", file: "a.rm", make: "$P $S -c:v rv20 -c:a ac3 -ar 44100", want: "320x180 25fps 75 pictures 3.0s, 1ch 3.0s"},
	{name: "a tape of DV", file: "a.dv", make: "-f lavfi -i testsrc2=s=720x576:r=25:d=1 $S -c:v dvvideo -pix_fmt yuv420p -ar 48000 -ac 2 -shortest", want: "768x576 25fps 25 pictures 1.0s, 2ch 1.0s"},
	{name: "AIFF", file: "a.aiff", make: "$S", want: "1ch 3.0s"},
	{name: "Core Audio", file: "a.caf", make: "$S -c:a pcm_s16le", want: "1ch 3.0s"},
	{name: "Theora", file: "a.ogv", make: "$P $S -c:v libtheora -q:v 7 -c:a libvorbis", want: "320x180 25fps 75 pictures 3.0s, 1ch 3.0s"},
	{name: "packed B-frames", file: "a.avi", make: "$P $S -c:v mpeg4 -bf 2 -q:v 4 -c:a mp3", want: "320x180 25fps 75 pictures 3.0s, 1ch 3.0s"},
	{name: "one picture", file: "a.avi", make: "-f lavfi -i testsrc2=s=320x180:r=25 -frames:v 1 -c:v mpeg4", want: "320x180 25fps 1 pictures 0.0s", often: true},
	{name: "a key frame in thirty seconds", file: "a.avi", make: "-f lavfi -i testsrc2=s=160x90:r=25:d=40 -f lavfi -i sine=d=40 -c:v mpeg4 -g 750 -q:v 5 -c:a mp3", want: "160x90 24.98fps 1000 pictures 40.0s, 1ch 40.0s"},
	{name: "a beginning at ten hours", file: "a.ts", make: "$P $S -c:v mpeg2video -q:v 4 -c:a mp2 -output_ts_offset 36000", want: "320x180 25fps 75 pictures 3.0s, 1ch 3.0s"},
	{name: "a clock of 33 bits that runs over", file: "a.ts", make: "$P $S -c:v mpeg2video -q:v 4 -c:a mp2 -output_ts_offset 95442", want: "320x180 25fps 75 pictures 3.0s, 1ch 3.0s"},
	{name: "a clock that jumps on", file: "a.ts", make: "$P $S -c:v mpeg2video -q:v 4 -c:a mp2 -output_ts_offset 20", then: gluedTo(100), want: "320x180 25fps 150 pictures 6.0s, 1ch 6.0s", often: true},
	{name: "a clock that jumps back", file: "a.ts", make: "$P $S -c:v mpeg2video -q:v 4 -c:a mp2 -output_ts_offset 100", then: gluedTo(20), want: "320x180 25fps 150 pictures 6.0s, 1ch 6.0s"},
	{name: "a file that lost its end", file: "a.avi", make: "$P $S -c:v mpeg4 -bf 2 -q:v 4 -c:a mp3", then: cutTo(60_000), want: "320x180 25fps 11 pictures 0.5s, 1ch 0.4s"},
	{name: "full range", file: "a.avi", make: "$P -c:v mjpeg -q:v 3 -pix_fmt yuvj420p", want: "320x180 25fps 75 pictures 3.0s"},
	{name: "a DVD", file: "a.vob", make: "-f lavfi -i testsrc2=s=720x576:r=25:d=1 $S -vf setdar=16/9 -c:v mpeg2video -q:v 4 -c:a ac3 -shortest", want: "1024x576 25fps 25 pictures 1.0s, 1ch 1.0s"},
	{name: "a GIF of an odd size", file: "a.gif", make: "-f lavfi -i testsrc2=s=213x121:r=10:d=3", want: "212x120 10fps 30 pictures 3.0s", often: true},
	{name: "a GIF at a rate that varies", file: "a.gif", make: "-f lavfi -i testsrc2=s=320x180:r=25:d=4 -vf select='not(mod(n,3))+gt(mod(n,50),30)' -fps_mode vfr", want: "320x180 14.75fps 59 pictures 4.0s"},
	{name: "a GIF that one can see through", file: "a.gif", make: "-f lavfi -i testsrc2=s=320x180:r=10:d=1,format=rgba,colorkey=black:0.2", want: "320x180 10fps 10 pictures 1.0s"},
	{name: "a GIF whose last picture stays", file: "a.gif", make: "-f lavfi -i testsrc2=s=64x48:r=10:d=1 -final_delay 300", want: "64x48 2.82fps 11 pictures 3.9s", often: true},
	{name: "a slide show in a GIF", file: "a.gif", make: "-f lavfi -i testsrc2=s=64x48:r=1/8:d=24", want: "64x48 0.17fps 4 pictures 24.0s"},
	{name: "a GIF without delays", file: "a.gif", make: "-f lavfi -i testsrc2=s=64x48:r=20:d=1", then: withoutDelays, want: "64x48 10fps 20 pictures 2.0s", often: true},
	{name: "an APNG that one can see through", file: "a.apng", make: "-f lavfi -i testsrc2=s=320x180:r=12:d=2,format=rgba,colorkey=black:0.2:0.2", want: "320x180 12fps 24 pictures 2.0s", often: true},
	{name: "an APNG of 16 bits", file: "a.apng", make: "-f lavfi -i testsrc2=s=320x180:r=12:d=1 -pix_fmt rgb48be", want: "320x180 12fps 12 pictures 1.0s"},
	{name: "an APNG in gray", file: "a.apng", make: "-f lavfi -i testsrc2=s=320x180:r=12:d=1 -pix_fmt ya8", want: "320x180 12fps 12 pictures 1.0s"},
	{name: "an AVIF that moves", file: "a.avif", make: "-f lavfi -i testsrc2=s=320x180:r=10:d=1 -c:v libaom-av1 -cpu-used 8 -usage realtime", want: "320x180 10fps 10 pictures 1.0s"},
	{name: "HEVC in a transport stream", file: "a.ts", make: "$P $S -c:v libx265 -preset veryfast -x265-params log-level=error -c:a aac", want: "320x180 25fps 75 pictures 3.0s, 1ch 3.0s", often: true},
}

// apart is how far picture and sound may move, in seconds: a picture of AVI that is
// reordered shows one later there than it does.
const apart = 0.045

// TestOddFiles sends films of odd shapes, and looks at what plays then.
func TestOddFiles(t *testing.T) {
	h := newHouse(t, t.TempDir(), oddOptions())
	ids := make([]string, len(oddities))
	paths := make([]string, len(oddities))
	for i, o := range oddities {
		if testing.Short() && !o.often {
			t.Attr("short", "those that are frequent")
			continue
		}
		line := strings.NewReplacer("$P", "-f lavfi -i testsrc2=s=320x180:r=25:d=3", "$S", "-f lavfi -i sine=r=48000:d=3").Replace(o.make)
		paths[i] = makeFilm(t, o.file, line)
		if o.then != nil {
			o.then(t, paths[i])
		}
		ids[i] = h.send(paths[i], "").ID
	}
	for i, o := range oddities {
		if ids[i] == "" {
			continue
		}
		t.Run(o.name, func(t *testing.T) {
			a := h.over(ids[i])
			if a.State != metadata.Ready {
				t.Fatalf("%s: %s", a.State, a.Error)
			}
			if got := h.shape(t, a); got != o.want {
				t.Errorf("it became\n%s, want\n%s", got, o.want)
			}
			if o.late || len(a.Tracks) < 2 {
				return // it shows its first picture from the beginning
			}
			if off := h.sync(t, a) - syncOf(t, paths[i]); math.Abs(off) > apart {
				t.Errorf("picture and sound are %.3f s apart", off)
			}
		})
	}
}

// oddOptions are those of a house with one rung, of the source's size.
func oddOptions() houseOptions {
	o := smallOptions()
	o.Profiles[0].Rungs = o.Profiles[0].Rungs[:1]
	o.Profiles[0].Rungs[0].Height = 2160
	return o
}

// uprightly has the picture of an MP4 shown a quarter turn clockwise, by the matrix of
// its tkhd box (ISO/IEC 14496-12, 8.3.2).
func uprightly(t *testing.T, path string) {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(file, []byte("tkhd"))
	if at < 0 {
		t.Fatal("there is no track")
	}
	matrix := file[at+4+40:][:36]
	for i, v := range []uint32{0, 1 << 16, 0, 1<<32 - 1<<16, 0, 0, 180 << 16, 0, 1 << 30} {
		binary.BigEndian.PutUint32(matrix[4*i:], v)
	}
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
}

// gluedTo adds the same film, whose clock begins with so many seconds.
func gluedTo(seconds int) func(t *testing.T, path string) {
	return func(t *testing.T, path string) {
		t.Helper()
		other := filepath.Join(t.TempDir(), "other.ts")
		call(t, "", "ffmpeg", "-v", "error", "-i", path, "-map", "0", "-c", "copy", "-output_ts_offset", strconv.Itoa(seconds), other)
		more, err := os.ReadFile(other)
		if err != nil {
			t.Fatal(err)
		}
		f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(more); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// withoutDelays has all pictures of a GIF say that they show for no time, in the two
// bytes of their graphic control extensions (GIF89a, 23).
func withoutDelays(t *testing.T, path string) {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	begin, said := []byte{0x21, 0xf9, 4}, 0
	for at := bytes.Index(file, begin); at >= 0; said++ {
		file[at+4], file[at+5] = 0, 0
		next := bytes.Index(file[at+1:], begin)
		if next < 0 {
			break
		}
		at += 1 + next
	}
	if said == 0 {
		t.Fatal("no picture says how long it shows")
	}
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
}

func cutTo(size int64) func(t *testing.T, path string) {
	return func(t *testing.T, path string) {
		t.Helper()
		if err := os.Truncate(path, size); err != nil {
			t.Fatal(err)
		}
	}
}

// shape says what plays of an asset in its largest size, and how long each track lasts.
func (h *house) shape(t *testing.T, a *metadata.Asset) string {
	t.Helper()
	var said []string
	for _, track := range a.Tracks {
		if track.Kind == "video" {
			r := slices.MaxFunc(a.Renditions, func(x, y metadata.Rendition) int { return cmp.Compare(x.Width, y.Width) })
			n := 0
			for line := range strings.Lines(h.probe(t, a, "v:0", "packet=pts_time")) {
				if strings.TrimSpace(line) != "" {
					n++
				}
			}
			said = append(said, fmt.Sprintf("%dx%d %gfps %d pictures %.1fs", r.Width, r.Height, math.Round(100*track.FrameRate)/100, n, track.Duration))
		} else {
			said = append(said, fmt.Sprintf("%dch %.1fs", track.Channels, track.Duration))
		}
	}
	return strings.Join(said, ", ")
}

func (h *house) probe(t *testing.T, a *metadata.Asset, stream, what string) string {
	t.Helper()
	return call(t, "", "ffprobe", "-v", "error", "-select_streams", stream, "-show_entries", what, "-of", "csv=p=0", h.http.URL+"/play/"+a.ID+"/master.m3u8")
}

// sync is by how much later than the first sound the first picture is decoded to show,
// in seconds; 0 where there is but one of them.
func (h *house) sync(t *testing.T, a *metadata.Asset) float64 {
	t.Helper()
	return firstOf(h.probe(t, a, "v:0", "frame=best_effort_timestamp_time")) - firstOf(h.probe(t, a, "a:0", "frame=best_effort_timestamp_time"))
}

// syncOf is the same of a file.
func syncOf(t *testing.T, path string) float64 {
	t.Helper()
	first := func(stream string) float64 {
		return firstOf(call(t, "", "ffprobe", "-v", "quiet", "-select_streams", stream, "-read_intervals", "%+#40", "-show_entries", "frame=best_effort_timestamp_time", "-of", "csv=p=0", path))
	}
	return first("v:0") - first("a:0")
}

// firstOf is the least of the times, one to a line; 0 where there is none.
func firstOf(text string) float64 {
	least := math.Inf(1)
	for line := range strings.Lines(text) {
		if at, err := strconv.ParseFloat(strings.Trim(line, ", \n"), 64); err == nil {
			least = min(least, at)
		}
	}
	if math.IsInf(least, 1) {
		return 0
	}
	return least
}

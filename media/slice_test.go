package media

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// headLine is a line of the bit stream filter trace_headers: where an element is,
// its name, and its bits.
var headLine = regexp.MustCompile(`\] ([0-9]+) +([^ ]+) +([01]+) = `)

// TestSliceHeadersEndWhereFFmpegSays holds the length of every slice header of
// streams of every kind against those that another reader finds.
func TestSliceHeadersEndWhereFFmpegSays(t *testing.T) {
	if testing.Short() {
		t.Skip("ffmpeg encodes 22 films here: leave out -short")
	}
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("ffmpeg is not installed")
		}
		t.Skip("ffmpeg is not installed; `apt-get install ffmpeg` brings it")
	}
	const x264, x265 = "-c:v libx264 -preset veryfast -x264-params ", "-c:v libx265 -preset ultrafast -tag:v hvc1 -x265-params log-level=error:"
	for name, line := range map[string]string{
		"H.264 with B-frames and weights":         x264 + "bframes=5:b-pyramid=normal:weightp=2:weightb=1:ref=6",
		"H.264 in slices":                         x264 + "slices=4:bframes=2:ref=3",
		"H.264 by CAVLC":                          x264 + "cabac=0:bframes=2:slices=2",
		"H.264 interlaced":                        x264 + "interlaced=1:bframes=3:ref=4 -flags +ildct+ilme",
		"H.264 in field pictures":                 x264 + "fake-interlaced=1:bframes=3",
		"H.264 baseline":                          "-c:v libx264 -preset veryfast -profile:v baseline",
		"H.264 4:4:4":                             "-pix_fmt yuv444p " + x264 + "bframes=3:weightp=2",
		"H.264 without colour":                    "-pix_fmt gray " + x264 + "bframes=3:weightp=2",
		"H.264 with open groups":                  x264 + "open-gop=1:keyint=12:bframes=3:b-pyramid=strict",
		"H.264 without deblocking":                x264 + "no-deblock=1:bframes=2",
		"H.264 with parameter sets in the stream": x264 + "repeat-headers=1:sps-id=3:bframes=2",
		"H.264 with scaling lists":                x264 + "cqm=jvt:bframes=2",
		"HEVC":                                    x265 + "bframes=4:ref=4:weightp=1:weightb=1:b-pyramid=1",
		"HEVC in slices":                          x265 + "slices=3:bframes=2",
		"HEVC in wavefronts":                      "-s 640x360 " + x265 + "wpp=1:bframes=2:ctu=16",
		"HEVC without wavefronts":                 x265 + "wpp=0:bframes=3:no-sao=1:temporal-mvp=0",
		"HEVC 4:2:2 with open groups":             "-pix_fmt yuv422p10 " + x265 + "open-gop=1:keyint=12:bframes=3",
		"HEVC 4:4:4":                              "-pix_fmt yuv444p " + x265 + "bframes=3:cbqpoffs=2",
		"HEVC with scaling lists":                 x265 + "scaling-list=default:bframes=2",
		"HEVC with parameter sets in the stream":  x265 + "repeat-headers=1:bframes=2",
		"HEVC in temporal layers":                 x265 + "temporal-layers=3:bframes=3:b-adapt=0",
		"HEVC with references of other pictures":  x265 + "multi-pass-opt-rps=1:bframes=4:ref=4",
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "a.mp4")
			ffmpeg(t, strings.Fields("-f lavfi -i testsrc2=s=320x180:r=25:d=2 -vf fade=d=1 "+line+" "+file)...)
			want := tracedHeads(ffmpeg(t, "-i", file, "-c", "copy", "-bsf:v", "trace_headers", "-f", "null", "-"))
			got := sliceHeads(t, file)
			if len(want) < 25 || len(got) != len(want) {
				t.Fatalf("%d slices, ffmpeg finds %d", len(got), len(want))
			}
			for i := range got {
				if got[i] != want[i] {
					t.Fatalf("the header of slice %d is %d bytes long, ffmpeg says %d", i, got[i], want[i])
				}
			}
		})
	}
}

func ffmpeg(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "ffmpeg", append([]string{"-hide_banner", "-nostdin", "-y", "-v", "info"}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("ffmpeg %s: %v\n%s", args, err, out[max(0, len(out)-2000):])
	}
	return string(out)
}

// tracedHeads are the lengths of slice headers, in bytes without escapes.
func tracedHeads(trace string) (list []int) {
	within := false
	for line := range strings.Lines(trace) {
		m := headLine.FindStringSubmatch(line)
		switch {
		case strings.Contains(line, "] Slice Header") || strings.Contains(line, "] Slice Segment Header"):
			list, within = append(list, 0), true
		case m == nil:
			within = false
		case within:
			at, _ := strconv.Atoi(m[1])
			list[len(list)-1] = (at + len(m[3]) + 7) / 8
		}
	}
	return list
}

// sliceHeads are the same, as a Subsampler finds them.
func sliceHeads(t *testing.T, file string) (list []int) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	index, err := Parse(t.Context(), bytes.NewReader(data), int64(len(data)), nil)
	if err != nil {
		t.Fatal(err)
	}
	track := index.Tracks[0]
	p, err := NewSubsampler(track.Entries[0])
	if err != nil {
		t.Fatal(err)
	}
	for n := range track.Segments {
		samples, err := index.Samples(nil, nil, 0, n)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range samples {
			sample := data[s.Offset:][:s.Size]
			for len(sample) > p.lengthSize {
				size := int(binary.BigEndian.Uint32(sample))
				unit := sample[4:][:size]
				if p.slices.look(unit) {
					list = append(list, len(unescape(nil, unit[:p.sliceHead(unit)])))
				}
				sample = sample[4+size:]
			}
		}
	}
	return list
}

func TestSubsamples(t *testing.T) {
	slice := func(n int) string { return "\x65" + strings.Repeat("x", n-1) } // of unknown parameter sets
	for _, c := range []struct {
		name, sample string
		want         string
	}{
		{"nothing", "", "[]"},
		{"no slice", nal("\x09\x10", "\x67abc"), "[{14 0}]"},
		{"a slice whose header cannot be read", nal("\x09\x10", slice(4000)), "[{1034 2976}]"},
		{"one that is shorter than a header may be", nal(slice(900)), "[{904 0}]"},
		{"less than a block stays in the clear", nal(slice(1024 + 11)), "[{1039 0}]"},
		{"two slices, and something between and behind them", nal(slice(2000), "\x06x", slice(2000), "\x0b"), "[{1028 976} {1034 976} {5 0}]"},
		{"a long message", nal("\x06"+strings.Repeat("x", 1<<17), slice(2000)), "[{65535 0} {65535 0} {1035 976}]"},
		{"a unit that claims more than there is", "\x00\x00\x10\x00\x65" + strings.Repeat("x", 2000), "[{1024 981}]"},
		{"less than a length", "\x00\x00", "[{2 0}]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := NewSubsampler(pictureEntry("avcC"))
			if err != nil {
				t.Fatal(err)
			}
			got, err := p.Append(nil, strings.NewReader("ab"+c.sample), nil, Sample{Offset: 2, Size: uint32(len(c.sample))})
			if err != nil || fmt.Sprint(got) != c.want {
				t.Errorf("%v, %v; want %s", got, err, c.want)
			}
		})
	}
}

func TestMoreSubsamplesThanCanBeSaidAreEncryptedTogether(t *testing.T) {
	p, err := NewSubsampler(pictureEntry("hvcC"))
	if err != nil {
		t.Fatal(err)
	}
	units := make([]string, 60)
	for i := range units {
		units[i] = "\x02\x01" + strings.Repeat("x", 2000)
	}
	sample := nal(units...)
	before := []Subsample{{1, 2}}
	got, err := p.Append(before, strings.NewReader(sample), nil, Sample{Size: uint32(len(sample))})
	if err != nil || len(got) != 1+maxSubsamples || got[0] != before[0] {
		t.Fatalf("%d subsamples, %v", len(got), err)
	}
	sum := 0
	for _, s := range got[1:] {
		sum += int(s.Clear) + int(s.Protected)
	}
	if last := got[len(got)-1]; sum != len(sample) || last.Protected < 18*2000 {
		t.Errorf("%d bytes of %d, the last is %v", sum, len(sample), last)
	}
}

func TestWhatHasNoSlicesIsRefused(t *testing.T) {
	for _, entry := range [][]byte{nil, []byte("short"), pictureEntry("av1C"), pictureEntry("none")} {
		if _, err := NewSubsampler(entry); err == nil {
			t.Errorf("an entry of %d bytes has slices", len(entry))
		}
	}
}

func TestASampleThatCannotBeReadIsAnError(t *testing.T) {
	p, err := NewSubsampler(pictureEntry("avcC"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Append(nil, strings.NewReader("abc"), nil, Sample{Size: 9}); err == nil {
		t.Error("it was read")
	}
}

// FuzzSubsamples reads a sample with parameter sets of whatever kind: what comes
// out is as long as the sample, and each part of it can be said.
func FuzzSubsamples(f *testing.F) {
	f.Add([]byte{}, []byte{}, []byte(nal("\x65\x88\x84")), false)
	f.Add([]byte("\x67\x64\x00\x0a\xac\xd9\x42\x84\xdf\x9f\x01"), []byte("\x68\xeb\xe3\xcb\x22\xc0"), []byte(nal("\x65\x88\x84\x00\x21")), false)
	f.Add([]byte("\x42\x01\x01\x01\x60\x00\x00\x03\x00\x90\x00\x00\x03\x00\x00\x03\x00\x3c\xa0\x14\x20\x60\xf1\x31\x96\xbb"), []byte("\x44\x01\xc1\x72\xb4\x62\x40"), []byte(nal("\x28\x01\xaf\x09")), true)
	f.Fuzz(func(t *testing.T, sequence, picture, sample []byte, hevc bool) {
		config := "avcC"
		if hevc {
			config = "hvcC"
		}
		p, err := NewSubsampler(pictureEntry(config))
		if err != nil {
			t.Fatal(err)
		}
		for _, unit := range [][]byte{sequence, picture} {
			if len(unit) >= p.slices.header() {
				p.slices.look(unit)
			}
		}
		list, err := p.Append(nil, bytes.NewReader(sample), nil, Sample{Size: uint32(len(sample))})
		if err != nil {
			t.Fatal(err)
		}
		sum := 0
		for _, s := range list {
			if s.Protected > 0 && s.Protected < cipherBlock {
				t.Errorf("%d bytes are encrypted, less than a block", s.Protected)
			}
			sum += int(s.Clear) + int(s.Protected)
		}
		if sum != len(sample) || len(list) > maxSubsamples {
			t.Errorf("%d subsamples of %d bytes, the sample has %d", len(list), sum, len(sample))
		}
	})
}

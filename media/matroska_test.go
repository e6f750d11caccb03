package media_test

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/media"
)

func parsed(t *testing.T, file []byte) *media.Index {
	t.Helper()
	ix, err := media.Parse(t.Context(), bytes.NewReader(file), int64(len(file)), nil)
	if err != nil {
		t.Fatal(err)
	}
	checkOutcome(t, ix, nil, int64(len(file)))
	return ix
}

// samplesOf returns all samples of a track.
func samplesOf(t *testing.T, ix *media.Index, track int) (all []media.Sample) {
	t.Helper()
	for i := range ix.Tracks[track].Segments {
		var err error
		if all, err = ix.Samples(all, nil, track, i); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// bodies are the bytes of a track's samples.
func bodies(t *testing.T, ix *media.Index, track int, file []byte) (all []string) {
	t.Helper()
	for _, s := range samplesOf(t, ix, track) {
		all = append(all, string(file[s.Offset:s.Offset+int64(s.Size)]))
	}
	return all
}

// MP3 of 128 kbit/s at 44.1 kHz: 1152 samples; the rest of a frame is anything.
func mp3(name string) string { return "\xff\xfb\x90\x64" + name }

func TestLacesAreTakenApart(t *testing.T) {
	long := mp3(strings.Repeat("x", 300))
	frames := []string{long, mp3("b"), mp3("ccc")}
	same := []string{mp3("a"), mp3("b"), mp3("c")}
	for _, c := range []struct {
		name  string
		flags byte
		sizes []byte
		want  []string
	}{
		{"no laces", 0, nil, frames[:1]},
		{"Xiph laces", lacedXiph, []byte{2, 255, 49, 5}, frames},
		{"EBML laces", lacedEBML, []byte{2, 0x41, 0x30, 0x5e, 0xd4}, frames}, // 304, then -299
		{"laces of one size", lacedSame, []byte{2}, same},
		{"one frame in Xiph laces", lacedXiph, []byte{0}, frames[1:2]},
	} {
		t.Run(c.name, func(t *testing.T) {
			payload := slices.Concat(c.sizes, []byte(strings.Join(c.want, "")))
			for form, block := range map[string][]byte{
				"SimpleBlock": simple(2, 0, c.flags, payload...),
				"BlockGroup":  ebml(0xa0, ebml(0xa1, blockBody(2, 0, c.flags, payload)), number(0x9b, 78)),
			} {
				file := matroskaFile(info(1e6), tracks(sound("A_MPEG/L3", nil, 44100)), cluster(0, block))
				ix := parsed(t, file)
				if diff := cmp.Diff(c.want, bodies(t, ix, 0, file)); diff != "" {
					t.Errorf("%s: %s", form, diff)
				}
				for i, s := range samplesOf(t, ix, 0) {
					if s.Duration != 1152 {
						t.Errorf("%s: frame %d lasts %d", form, i, s.Duration)
					}
				}
			}
		})
	}
}

func TestLacesThatLieAreRefused(t *testing.T) {
	for name, block := range map[string][]byte{
		"Xiph sizes that are more than the block":   simple(2, 0, lacedXiph, 1, 200, 'a', 'b'),
		"Xiph sizes that never end":                 simple(2, 0, lacedXiph, bytes.Repeat([]byte{255}, 100_000)...),
		"EBML sizes below zero":                     simple(2, 0, lacedEBML, 2, 0x81, 0x80, 'a', 'b'),
		"an EBML size of 2^56-1":                    simple(2, 0, lacedEBML, slices.Concat([]byte{1}, bytes.Repeat([]byte{0xff}, 1), []byte{0, 0, 0, 0, 0, 0, 0})...),
		"EBML sizes that are cut off":               simple(2, 0, lacedEBML, 200, 0x81),
		"a zero where an EBML size should be":       simple(2, 0, lacedEBML, 1, 0, 0, 0),
		"frames of one size that do not divide":     simple(2, 0, lacedSame, 2, 'a', 'b', 'c', 'd'),
		"laces without a count":                     simple(2, 0, lacedXiph),
		"256 frames of one size in a block of four": simple(2, 0, lacedSame, 255, 'a', 'b', 'c', 'd'),
	} {
		t.Run(name, func(t *testing.T) {
			file := matroskaFile(info(1e6), tracks(sound("A_AAC", aacConfig, 44100)), cluster(0, block))
			if _, err := media.Parse(t.Context(), bytes.NewReader(file), int64(len(file)), nil); !errors.Is(err, media.ErrInvalid) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestPicturesAreBackOnTheirRate makes B-frames at several rates whose
// timestamps were rounded to milliseconds, in each way that muxers do.
func TestPicturesAreBackOnTheirRate(t *testing.T) {
	for _, rate := range []struct {
		name      string
		duration  uint64 // ns
		timescale uint32
		ticks     uint32
	}{
		{"23.976", 41708333, 24000, 1001},
		{"23.976, rounded up", 41708334, 24000, 1001},
		{"24", 41666667, 24000, 1000},
		{"25", 40000000, 25000, 1000},
		{"29.97", 33366667, 30000, 1001},
		{"30, rounded down", 33333333, 30000, 1000},
		{"50", 20000000, 50000, 1000},
		{"59.94", 16683333, 60000, 1001},
		{"12.5", 80000000, 12500, 1000},
		{"1 in 3 seconds", 3000000000, 333, 1000},
	} {
		for way, round := range map[string]func(float64) float64{"rounded": math.Round, "cut off": math.Floor, "rounded up": math.Ceil} {
			t.Run(rate.name+" "+way, func(t *testing.T) {
				if rate.timescale == 333 {
					rate.timescale, rate.ticks = 1000, 3000 // no clock of its own: whole milliseconds
				}
				var clusters [][]byte
				shown := []int{0, 3, 1, 2, 6, 4, 5} // I P B B P B B
				for i := range 70 {
					k := i/7*7 + shown[i%7]
					at := round(float64(k) * float64(rate.ticks) / float64(rate.timescale) * 1000)
					flags := byte(0)
					if i%7 == 0 {
						flags = isKey
					}
					clusters = append(clusters, cluster(uint64(at), simple(1, 0, flags, byte(i))))
				}
				file := matroskaFile(info(1e6), tracks(picture(number(0x23e383, rate.duration))), slices.Concat(clusters...))
				ix := parsed(t, file)
				track := ix.Tracks[0]
				if track.Timescale != rate.timescale || !track.Layout.Steady || track.Layout.Duration != rate.ticks {
					t.Errorf("timescale %d, layout %+v", track.Timescale, track.Layout)
				}
				for i, s := range samplesOf(t, ix, 0) {
					// Decoded one frame early, so that no offset is negative; those that
					// begin a group at the last moment.
					want := int32(i/7*7+shown[i%7]-i+1) * int32(rate.ticks)
					if i%7 == 0 {
						want = int32(rate.ticks) / 400
					}
					if s.Shift != want || s.Sync != (i%7 == 0) {
						t.Fatalf("frame %d: offset %d, sync %t, want %d", i, s.Shift, s.Sync, want)
					}
				}
			})
		}
	}
}

func TestPicturesOffTheirRateKeepTheirTimes(t *testing.T) {
	var blocks [][]byte
	at := []int16{0, 33, 67, 120, 133, 190} // 30 a second, it says
	for i, rel := range at {
		blocks = append(blocks, simple(1, rel, isKey, byte(i)))
	}
	ix := parsed(t, matroskaFile(info(1e6), tracks(picture(number(0x23e383, 33333333))), cluster(0, blocks...)))
	var got []int16
	now := int16(0)
	for _, s := range samplesOf(t, ix, 0) {
		got = append(got, now)
		now += int16(s.Duration)
	}
	if diff := cmp.Diff(at, got); diff != "" || ix.Tracks[0].Timescale != 1000 {
		t.Error(ix.Tracks[0].Timescale, diff)
	}
}

func TestSoundFollowsOnItself(t *testing.T) {
	var blocks [][]byte
	for i := range 400 {
		ms := float64(i) * 1024 / 44.1
		if i >= 200 {
			ms += 500 // silence that nobody recorded
		}
		blocks = append(blocks, simple(2, int16(ms), isKey, byte(i)))
	}
	ix := parsed(t, matroskaFile(info(1e6), tracks(sound("A_AAC", aacConfig, 44100)), cluster(7, blocks...)))
	var odd []int
	for i, s := range samplesOf(t, ix, 0) {
		if s.Duration != 1024 {
			odd = append(odd, i, int(s.Duration))
		}
	}
	if len(odd) != 2 || odd[0] != 199 || odd[1] < 1024+22050-45 || odd[1] > 1024+22050+45 {
		t.Errorf("packets that last otherwise than 1024: %v", odd)
	}
}

func TestOpusIsTrimmedAtBothEnds(t *testing.T) {
	var blocks [][]byte
	for i := range 50 {
		blocks = append(blocks, ebml(0xa0, ebml(0xa1, blockBody(2, int16(i*20), 0, []byte{0xfc, byte(i)})))) // CELT of 20 ms
	}
	last := ebml(0xa0, ebml(0xa1, blockBody(2, 1000, 0, []byte{0xfc, 0})), number(0x75a2, 13_500_000))
	file := matroskaFile(info(1e6), tracks(sound("A_OPUS", opusConfig, 48000, number(0x56aa, 6_500_000))), cluster(0, slices.Concat(blocks...), last))
	track := parsed(t, file).Tracks[0]
	if track.Duration != 48000 || track.SampleRate != 48000 || track.Channels != 2 || track.Codec != "opus" {
		t.Errorf("got %d ticks of %s", track.Duration, track.Codec)
	}
	if first := track.Segments[0]; first.Start != -312 {
		t.Errorf("the priming begins at %d", first.Start)
	}
}

// film is 4 seconds of picture and sound in clusters of a second.
func matroskaClusters() (list [][]byte) {
	for i := range uint64(4) {
		var blocks [][]byte
		for k := range 25 {
			flags := byte(0)
			if k == 0 {
				flags = isKey
			}
			blocks = append(blocks, simple(1, int16(40*k), flags, byte(i), byte(k)), simple(2, int16(40*k), isKey, 0xfc, 1), simple(2, int16(40*k+20), isKey, 0xfc, 2))
		}
		list = append(list, cluster(1000*i, blocks...))
	}
	return list
}

func opusAndPicture() []byte {
	return tracks(picture(number(0x23e383, 40_000_000)), sound("A_OPUS", opusConfig, 48000))
}

// TestEveryFormOfFileIsTheSame reads one film in every form that Matroska has for it.
func TestEveryFormOfFileIsTheSame(t *testing.T) {
	list := matroskaClusters()
	clusters := slices.Concat(list...)
	void, crc := ebml(0xec, make([]byte, 500)), ebml(0xbf, make([]byte, 4))
	own := ebml(0x4abc, ebml(0xae, make([]byte, 9)))
	open := func(c []byte) []byte { return endlessly(0x1f43b675, c[12:]) }
	var live, noisy []byte
	for _, c := range list {
		live = append(live, open(c)...)
		noisy = slices.Concat(noisy, void, ebml(0x1f43b675, crc, void, c[12:], own))
	}
	seek := ebml(0x114d9b74, ebml(0x4dbb, ebml(0x53ab, unhexed("1654ae6b")), number(0x53ac, 0)))
	head := slices.Concat(info(1e6))
	at := len(seek) + len(head) + len(clusters)
	seek = ebml(0x114d9b74, ebml(0x4dbb, ebml(0x53ab, unhexed("1654ae6b")), number(0x53ac, uint64(at))))
	want := parsed(t, matroskaFile(info(1e6), opusAndPicture(), clusters))
	if len(want.Tracks) != 2 || want.Duration != 4 {
		t.Fatalf("%d tracks, %v s", len(want.Tracks), want.Duration)
	}
	for name, file := range map[string][]byte{
		"clusters of unknown size":            matroskaFile(info(1e6), opusAndPicture(), live),
		"a segment of unknown size":           slices.Concat(matroskaHead, endlessly(0x18538067, info(1e6), opusAndPicture(), clusters)),
		"all of unknown size":                 slices.Concat(matroskaHead, endlessly(0x18538067, info(1e6), opusAndPicture(), live)),
		"unknown size, another file behind":   slices.Concat(matroskaHead, endlessly(0x18538067, info(1e6), opusAndPicture(), live), matroskaFile(info(1e6))),
		"cues after clusters of unknown size": matroskaFile(info(1e6), opusAndPicture(), live, ebml(0x1c53bb6b, make([]byte, 30))),
		"voids, checksums, unknown elements":  matroskaFile(crc, void, own, info(1e6), void, opusAndPicture(), noisy, own),
		"tracks behind the clusters":          matroskaFile(seek, head, clusters, opusAndPicture()),
		"the clock behind the clusters":       matroskaFile(opusAndPicture(), clusters, info(1e6)),
	} {
		t.Run(name, func(t *testing.T) {
			ix := parsed(t, file)
			for i, track := range ix.Tracks {
				if diff := cmp.Diff(want.Tracks[i].Segments, track.Segments); diff != "" {
					t.Error(diff)
				}
				if diff := cmp.Diff(bodies(t, want, i, matroskaFile(info(1e6), opusAndPicture(), clusters)), bodies(t, ix, i, file)); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

// Thirty pictures back to front need as many to be looked at for the first to
// know when it is decoded.
func TestPicturesMayComeBackToFront(t *testing.T) {
	blocks := [][]byte{simple(1, 0, isKey, 0)}
	for i := range 30 {
		blocks = append(blocks, simple(1, int16((30-i)*40), 0, byte(i)))
	}
	ix := parsed(t, matroskaFile(info(1e6), tracks(picture(number(0x23e383, 40e6))), cluster(0, blocks...)))
	for i, s := range samplesOf(t, ix, 0) {
		shown := 0
		if i > 0 {
			shown = 31 - i
		}
		want, lasts := int32(shown-i+29)*1000, uint32(1000)
		if i < 29 { // before anything shows
			want, lasts = int32(shown*1000+(29-i)*2), 2
		}
		if s.Shift != want || s.Duration != lasts {
			t.Fatalf("picture %d: offset %d, lasts %d, want %d, %d", i, s.Shift, s.Duration, want, lasts)
		}
	}
}

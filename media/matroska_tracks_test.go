package media_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/media"
)

// oneFrame is a file of a track and a block of each.
func oneFrame(entries ...[]byte) []byte {
	var blocks [][]byte
	for i := range entries {
		blocks = append(blocks, simple(byte(i+1), 0, isKey, 0xfc, 1))
	}
	return matroskaFile(info(1e6), tracks(entries...), cluster(0, blocks...))
}

func numbered(num, kind uint64, codec string, more ...[]byte) []byte {
	private := map[string][]byte{"A_AAC": aacConfig, "A_OPUS": opusConfig, "V_MPEG4/ISO/AVC": unhexed(parameters)}[codec]
	detail := ebml(0xe1, float(0xb5, 44100), number(0x9f, 2))
	if kind == 1 {
		detail = ebml(0xe0, number(0xb0, 64), number(0xba, 48))
	}
	return trackEntry(num, kind, codec, private, detail, slices.Concat(more...))
}

func TestWhatMatroskaTracksSayOfThemselves(t *testing.T) {
	file := oneFrame(
		numbered(1, 1, "V_MPEG4/ISO/AVC", ebml(0xe0, number(0xb0, 64), number(0xba, 48), number(0x54b0, 128), number(0x54ba, 72),
			ebml(0x55b0, number(0x55bb, 9), number(0x55ba, 16), number(0x55b1, 9), number(0x55bc, 1000), number(0x55bd, 400)))),
		numbered(2, 2, "A_OPUS", number(0x88, 0), text(0x22b59c, "ger"), text(0x536e, "Kommentar")),
		numbered(3, 2, "A_OPUS", text(0x22b59c, "chi"), text(0x22b59d, "zh-Hant")),
		numbered(4, 2, "A_OPUS", number(0xb9, 0)),
		numbered(5, 2, "A_OPUS"),
		numbered(6, 17, "S_TEXT/UTF8"),
	)
	type said struct {
		ID             int
		Kind           media.Kind
		Language, Name string
		Default        bool
	}
	var got []said
	ix := parsed(t, file)
	for _, track := range ix.Tracks {
		got = append(got, said{track.ID, track.Kind, track.Language, track.Name, track.Default})
	}
	want := []said{
		{1, media.Video, "en", "", true}, // the language that RFC 9559 has for those that say nothing
		{3, media.Audio, "zh-Hant", "", true},
		{5, media.Audio, "en", "", false},
		{2, media.Audio, "de", "Kommentar", false},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	video := ix.Tracks[0]
	if video.Width != 85 || video.Height != 48 || video.Range != "PQ" {
		t.Errorf("the picture is %dx%d, %s", video.Width, video.Height, video.Range)
	}
	for _, box := range []string{"pasp\x00\x00\x00\x04\x00\x00\x00\x03", "colrnclx\x00\x09\x00\x10\x00\x09\x00", "clli\x03\xe8\x01\x90"} {
		if !bytes.Contains(video.Entries[0], []byte(box)) {
			t.Errorf("no %q in %q", box, video.Entries[0])
		}
	}
}

// Profile 5 of Dolby Vision is for its decoders alone; profile 8 is HEVC to others.
func TestDolbyVisionIsNamed(t *testing.T) {
	hvcC := unhexed("01 01 60000000 90000000 0000 5d f000 fc fd f8 f8 0000 0f 03 a0 0001 0002 4001 a1 0001 0002 4201 a2 0001 0002 4401")
	for config, codec := range map[string]string{"01000a35100000": "dvh1.05.06", "01001035100000": "hvc1.1.6.L93.90"} {
		mapping := ebml(0x41e4, number(0x41e7, 0x64766343), ebml(0x41ed, unhexed(config)))
		file := matroskaFile(info(1e6), tracks(trackEntry(1, 1, "V_MPEGH/ISO/HEVC", hvcC, ebml(0xe0, number(0xb0, 64), number(0xba, 48)), mapping)), cluster(0, simple(1, 0, isKey, 1)))
		track := parsed(t, file).Tracks[0]
		if track.Codec != codec || !bytes.Contains(track.Entries[0], append([]byte("dvcC"), unhexed(config)...)) {
			t.Errorf("%s, %q", track.Codec, track.Entries[0])
		}
	}
}

func TestWhatIsRefusedOfMatroskaAndWhy(t *testing.T) {
	whole := matroskaFile(info(1e6), opusAndPicture(), slices.Concat(matroskaClusters()...))
	encoded := func(encoding ...[]byte) []byte {
		return oneFrame(numbered(1, 2, "A_OPUS", ebml(0x6d80, ebml(0x6240, encoding...))))
	}
	video := numbered(1, 1, "V_MPEG4/ISO/AVC")
	for _, c := range []struct {
		name, says string
		file       []byte
		want       error
	}{
		{"VP8", "VP8 (V_VP8)", oneFrame(numbered(1, 1, "V_VP8")), media.ErrUnsupported},
		{"a VP9 track of something else", "not VP9", oneFrame(numbered(1, 1, "V_VP9")), media.ErrInvalid},
		{"Vorbis beside a picture", "Vorbis (A_VORBIS)", oneFrame(video, numbered(2, 2, "A_VORBIS")), media.ErrUnsupported},
		{"a codec that nobody knows", "V_SOMETHING", oneFrame(numbered(1, 1, "V_SOMETHING")), media.ErrUnsupported},
		{"H.264 as Video for Windows has it", "V_MS/VFW/FOURCC", oneFrame(numbered(1, 1, "V_MS/VFW/FOURCC")), media.ErrUnsupported},
		{"AAC without its configuration", "A_AAC/MPEG4/LC", oneFrame(numbered(1, 2, "A_AAC/MPEG4/LC")), media.ErrUnsupported},
		{"PCM", "PCM (A_PCM/INT/LIT)", oneFrame(numbered(1, 2, "A_PCM/INT/LIT")), media.ErrUnsupported},
		{"compressed frames", "zlib", encoded(ebml(0x5034, number(0x4254, 0))), media.ErrUnsupported},
		{"frames that are encoded twice", "twice", oneFrame(numbered(1, 2, "A_OPUS", ebml(0x6d80, ebml(0x6240), ebml(0x6240)))), media.ErrUnsupported},
		{"frames without their first 5000 bytes", "5000", encoded(ebml(0x5034, number(0x4254, 3), ebml(0x4255, make([]byte, 5000)))), media.ErrInvalid},
		{"encrypted frames", "encrypted", encoded(number(0x5033, 1)), media.ErrEncrypted},
		{"H.264 without its configuration", "avcC", oneFrame(trackEntry(1, 1, "V_MPEG4/ISO/AVC", nil)), media.ErrInvalid},
		{"an AC-3 track of something else", "AC-3", oneFrame(numbered(1, 2, "A_AC3")), media.ErrInvalid},
		{"an MP3 track of something else", "not MP3", oneFrame(numbered(1, 2, "A_MPEG/L3")), media.ErrInvalid},
		{"subtitles alone", "no audio or video", oneFrame(numbered(1, 17, "S_TEXT/UTF8")), media.ErrNoMedia},
		{"tracks without blocks", "no audio or video", matroskaFile(info(1e6), opusAndPicture()), media.ErrNoMedia},
		{"no tracks", "Tracks", matroskaFile(info(1e6)), media.ErrInvalid},
		{"a cluster before the tracks", "before the description", matroskaFile(info(1e6), cluster(0, simple(1, 0, isKey, 1))), media.ErrInvalid},
		{"a timestamp scale of zero", "timestamp scale", matroskaFile(info(0), opusAndPicture()), media.ErrInvalid},
		{"a file that is cut off", "the file is truncated: ", whole[:len(whole)-100], media.ErrInvalid},
		{"only a header", "no segment", matroskaHead, media.ErrInvalid},
		{"a segment of zeros", "no element", slices.Concat(matroskaHead, endlessly(0x18538067, make([]byte, 64))), media.ErrInvalid},
		{"a damaged cluster", "no element", matroskaFile(info(1e6), opusAndPicture(), ebml(0x1f43b675, number(0xe7, 0), make([]byte, 64))), media.ErrInvalid},
		{"a block without a time", "before the timestamp", matroskaFile(info(1e6), opusAndPicture(), ebml(0x1f43b675, simple(1, 0, isKey, 1))), media.ErrInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := media.Parse(t.Context(), bytes.NewReader(c.file), int64(len(c.file)), nil)
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %v that says %q", err, c.want, c.says)
			}
		})
	}
}

// Frames may lie in the file without what they all begin with: it is in front.
func TestFramesWithoutTheirFirstBytesGetThem(t *testing.T) {
	stripped := func(bytes ...byte) []byte {
		return ebml(0x6d80, ebml(0x6240, ebml(0x5034, number(0x4254, 3), ebml(0x4255, bytes))))
	}
	first := unhexed("0b770000 1e 40 e1 80")
	file := matroskaFile(info(1e6), tracks(picture(stripped(0, 0)), sound("A_AC3", nil, 48000, stripped(first[:2]...))),
		cluster(0, simple(1, 0, isKey, 0, 3, 0x65, 0x88, 0x84), simple(2, 0, isKey, first[2:]...), simple(1, 40, 0, 0, 2, 0x41, 0x9a)))
	ix := parsed(t, file)
	want := [][]string{{"\x00\x00\x00\x03\x65\x88\x84", "\x00\x00\x00\x02\x41\x9a"}, {string(first)}}
	for i, track := range ix.Tracks {
		p := track.Prefix
		var got []string
		for _, s := range samplesOf(t, ix, i) {
			got = append(got, string(file[p.Offset:p.Offset+int64(p.Size)])+string(file[s.Offset:s.Offset+int64(s.Size)-int64(p.Size)]))
		}
		if diff := cmp.Diff(want[i], got); diff != "" {
			t.Error(diff)
		}
	}
}

// A picture that stands for a file of sound is none of it.
func TestACoverInMatroskaRefusesNoFile(t *testing.T) {
	bitmap := slices.Concat(make([]byte, 16), []byte("MPNG"), make([]byte, 20))
	for name, cover := range map[string][]byte{
		"JPEG":                    trackEntry(1, 1, "V_MJPEG", nil),
		"PNG as ffmpeg writes it": trackEntry(1, 1, "V_MS/VFW/FOURCC", bitmap),
	} {
		ix := parsed(t, oneFrame(cover, numbered(2, 2, "A_OPUS")))
		if len(ix.Tracks) != 1 || ix.Tracks[0].ID != 2 {
			t.Errorf("%s: %d tracks", name, len(ix.Tracks))
		}
	}
	film := matroskaFile(info(1e6), tracks(trackEntry(1, 1, "V_MJPEG", nil), numbered(2, 2, "A_OPUS")),
		cluster(0, simple(1, 0, isKey, 1), simple(1, 40, isKey, 1), simple(2, 0, isKey, 0xfc, 1)))
	if _, err := media.Parse(t.Context(), bytes.NewReader(film), int64(len(film)), nil); !errors.Is(err, media.ErrUnsupported) {
		t.Errorf("a film: %v", err)
	}
}

func TestEveryCutOfMatroskaIsRefusedOrComplete(t *testing.T) {
	whole := matroskaFile(info(1e6), opusAndPicture(), slices.Concat(matroskaClusters()[:1]...))
	live := slices.Concat(matroskaHead, endlessly(0x18538067, info(1e6), opusAndPicture(), matroskaClusters()[0]))
	for n := range len(whole) {
		if ix, err := media.Parse(t.Context(), bytes.NewReader(whole[:n]), int64(n), nil); err == nil {
			t.Fatalf("the first %d of %d bytes are taken for %v", n, len(whole), ix)
		}
		ix, err := media.Parse(t.Context(), bytes.NewReader(live[:n]), int64(n), nil)
		checkOutcome(t, ix, err, int64(n))
	}
}

// A reader's own failure is no word on the file.
func TestAReadThatFailsIsNotTheFilesFault(t *testing.T) {
	whole := matroskaFile(info(1e6), opusAndPicture(), slices.Concat(matroskaClusters()...))
	for after := range 12 {
		_, err := media.Parse(t.Context(), &failing{bytes.NewReader(whole), after}, int64(len(whole)), nil)
		if err != nil && (!errors.Is(err, errDisk) || errors.Is(err, media.ErrInvalid)) {
			t.Errorf("after %d reads: %v", after, err)
		}
	}
}

var errDisk = errors.New("the disk is gone")

type failing struct {
	r     *bytes.Reader
	after int
}

func (f *failing) ReadAt(p []byte, off int64) (int, error) {
	if f.after--; f.after < 0 {
		return 0, errDisk
	}
	return f.r.ReadAt(p, off)
}

// Numbers of E-AC-3 and AC-3 headers of 5.1 channels, as encoders write them.
func TestDolbyIsDescribedByItsFirstFrame(t *testing.T) {
	for _, c := range []struct {
		name, codec string
		frames      []byte
		channels    int
		box         string
	}{
		{"AC-3 5.1 at 448 kbit/s", "A_AC3", unhexed("0b770000 1e 40 e1 80"), 6, "dac3\x10\x3d\xe0"},
		{"AC-3 stereo at 192 kbit/s", "A_AC3", unhexed("0b770000 14 40 43 e1"), 2, "dac3\x10\x11\x40"},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := matroskaFile(info(1e6), tracks(sound(c.codec, nil, 48000)), cluster(0, simple(2, 0, isKey, c.frames...)))
			track := parsed(t, file).Tracks[0]
			if track.Channels != c.channels || !bytes.Contains(track.Entries[0], []byte(c.box)) {
				t.Errorf("%d channels, %q", track.Channels, track.Entries[0])
			}
		})
	}
	t.Run("E-AC-3 7.1 in two substreams", func(t *testing.T) {
		first := slices.Concat(eac3Frame(0, 7, 1, nil), make([]byte, 20))
		second := slices.Concat(eac3Frame(1, 7, 0, []byte{0x02, 0x00}), make([]byte, 20)) // Lrs and Rrs
		file := matroskaFile(info(1e6), tracks(sound("A_EAC3", nil, 48000)), cluster(0, simple(2, 0, isKey, slices.Concat(first, second)...)))
		track := parsed(t, file).Tracks[0]
		// One dependent substream, in which chan_loc has the pair of bit 1.
		if want := []byte{0x20, 0x0f, 0x02, 0x02}; track.Channels != 6 || !bytes.HasSuffix(track.Entries[0], want) {
			t.Errorf("%d channels, % x", track.Channels, track.Entries[0])
		}
	})
	t.Run("E-AC-3 with objects", func(t *testing.T) {
		frame := slices.Concat(eac3Frame(0, 7, 1, nil), make([]byte, 20))
		// After compre: no mixing, no information; additional of 2 bytes, whose last
		// bit of the first says that there are objects, 16 of them.
		copyBits(frame, 16+2+3+11+2+2+3+1+5+5+1, "0"+"0"+"1"+"000001"+"00000001"+"00010000")
		file := matroskaFile(info(1e6), tracks(sound("A_EAC3", nil, 48000)), cluster(0, simple(2, 0, isKey, frame...)))
		track := parsed(t, file).Tracks[0]
		if want := []byte{0x20, 0x0f, 0x00, 0x01, 0x10}; track.Channels != 6 || track.Objects != 16 || !bytes.HasSuffix(track.Entries[0], want) {
			t.Errorf("%d channels, %d objects, % x", track.Channels, track.Objects, track.Entries[0])
		}
	})
	t.Run("E-AC-3 in short frames", func(t *testing.T) {
		frame := slices.Concat(eac3Frame(0, 7, 1, nil), make([]byte, 20))
		frame[4] &^= 0x30 // one block
		file := matroskaFile(info(1e6), tracks(sound("A_EAC3", nil, 48000)), cluster(0, simple(2, 0, isKey, frame...)))
		if _, err := media.Parse(t.Context(), bytes.NewReader(file), int64(len(file)), nil); !errors.Is(err, media.ErrUnsupported) || !strings.Contains(err.Error(), "256 samples") {
			t.Errorf("got %v", err)
		}
	})
}

// copyBits writes bits at a place.
func copyBits(b []byte, at int, bits string) {
	for i, c := range bits {
		b[(at+i)/8] |= byte(c-'0') << (7 - (at+i)%8)
	}
}

// eac3Frame is the header of a frame of 32 bytes at 48 kHz in 6 blocks.
func eac3Frame(kind, acmod, lfe int, locations []byte) []byte {
	var bits string
	put := func(v, n int) {
		for i := n - 1; i >= 0; i-- {
			bits += string(rune('0' + v>>i&1))
		}
	}
	for _, f := range [][2]int{{0x0b77, 16}, {kind, 2}, {0, 3}, {15, 11}, {0, 2}, {3, 2}, {acmod, 3}, {lfe, 1}, {16, 5}, {31, 5}, {0, 1}} {
		put(f[0], f[1])
	}
	if kind == 1 {
		put(1, 1)
		put(int(locations[0])<<8|int(locations[1]), 16)
	}
	out := make([]byte, 12)
	for i, c := range bits {
		out[i/8] |= byte(c-'0') << (7 - i%8)
	}
	return out
}

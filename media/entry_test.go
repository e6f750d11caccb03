package media

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

func visual(kind string, boxes ...[]byte) (string, []byte) {
	content := append(make([]byte, 24), b16(1920, 1080)...)
	content = append(content, make([]byte, 50)...)
	return kind, append(content, bytes.Join(boxes, nil)...)
}

func sound(kind string, version uint16, extra []byte, boxes ...[]byte) (string, []byte) {
	content := append(make([]byte, 8), b16(version, 0, 0, 0, 2, 16, 0, 0)...)
	content = append(content, b32(44100<<16)...)
	content = append(content, extra...)
	return kind, append(content, bytes.Join(boxes, nil)...)
}

func esdsBox(object byte, config string) []byte {
	info := unhex(config)
	dec := append([]byte{object, 0x15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 5, byte(len(info)))
	dec = append(dec, info...)
	es := append([]byte{0, 0, 0, 4, byte(len(dec))}, dec...)
	return makeBox("esds", []byte{0, 0, 0, 0, 3, byte(len(es))}, es)
}

var (
	hvcC   = makeBox("hvcC", unhex("01 01 60000000 90000000 0000 5d f000 fc fd f8 f8 0000 0f 03 a0 0001 0002 4001 a1 0001 0002 4201 a2 0001 0002 4401"))
	hvcC10 = makeBox("hvcC", unhex("01 22 20000000 b00000000000 99 f000 fc fd fa fa 0000 0f 00"))
)

func TestCodecsOfVideo(t *testing.T) {
	for _, c := range []struct{ name, kind, want, box string }{
		{"H.264 High 3.1", "avc1", "avc1.64001f", "avc1"},
		{"H.264 with parameter sets in band and in the configuration", "avc3", "avc1.64001f", "avc1"},
		{"HEVC Main", "hvc1", "hvc1.1.6.L93.90", "hvc1"},
		{"HEVC whose configuration is whole", "hev1", "hvc1.1.6.L93.90", "hvc1"},
		{"AV1 Main 10 bit", "av01", "av01.0.08M.10", "av01"},
	} {
		t.Run(c.name, func(t *testing.T) {
			av1C := makeBox("av1C", unhex("81 08 4c 00"))
			e, err := videoEntry(visual(c.kind, testAVC[86:], hvcC, av1C))
			if err != nil {
				t.Fatal(err)
			}
			if e.codec != c.want || string(e.box[4:8]) != c.box {
				t.Errorf("got %s in %q, want %s in %q", e.codec, e.box[4:8], c.want, c.box)
			}
		})
	}
	t.Run("HEVC Main 10 high tier with its parameters in band", func(t *testing.T) {
		e, err := videoEntry(visual("hev1", hvcC10))
		if err != nil || e.codec != "hev1.2.4.H153.B0" {
			t.Errorf("got %s, %v", e.codec, err)
		}
	})
	t.Run("Dolby Vision profile 5", func(t *testing.T) {
		e, err := videoEntry(visual("dvh1", hvcC, makeBox("dvcC", unhex("01 00 0a 35 10"))))
		if err != nil || e.codec != "dvh1.05.06" {
			t.Errorf("got %s, %v", e.codec, err)
		}
	})
}

func TestCodecsOfAudio(t *testing.T) {
	for _, c := range []struct {
		name     string
		kind     string
		box      []byte
		codec    string
		channels int
		rate     int
	}{
		{"AAC LC", "mp4a", esdsBox(0x40, "1210"), "mp4a.40.2", 2, 44100},
		{"AAC LC 5.1", "mp4a", esdsBox(0x40, "11b0"), "mp4a.40.2", 6, 48000},
		{"HE-AAC", "mp4a", esdsBox(0x40, "2b920800"), "mp4a.40.5", 2, 44100},
		{"HE-AAC that old decoders may miss", "mp4a", esdsBox(0x40, "139056e5a0"), "mp4a.40.5", 2, 22050},
		{"HE-AAC v2", "mp4a", esdsBox(0x40, "eb8a0800"), "mp4a.40.29", 2, 44100},
		{"xHE-AAC", "mp4a", esdsBox(0x40, "f94a4000"), "mp4a.40.42", 0, 0},
		{"MPEG-2 AAC", "mp4a", esdsBox(0x67, "1210"), "mp4a.67", 2, 44100},
		{"MP3", "mp4a", esdsBox(0x6b, ""), "mp4a.6B", 2, 44100},
		{"MP3 in QuickTime", ".mp3", nil, "mp4a.6B", 2, 44100},
		{"AC-3 5.1", "ac-3", makeBox("dac3", unhex("103dc0")), "ac-3", 6, 48000},
		{"E-AC-3 5.1", "ec-3", makeBox("dec3", unhex("1400200f00")), "ec-3", 6, 48000},
		{"Opus", "Opus", makeBox("dOps", unhex("00 02 0138 0000bb80 0000 00")), "opus", 2, 48000},
		{"FLAC", "fLaC", makeBox("dfLa", unhex("00000000 80000022 1000 1000 000000 000000 0bb802f0 00000000 00000000000000000000000000000000")), "fLaC", 2, 48000},
		{"Apple Lossless", "alac", makeBox("alac", unhex("00000000 00001000 00 10 28 0a 0e 02 00ff 00000000 00000000 0000bb80")), "alac", 2, 48000},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := audioEntry(sound(c.kind, 0, nil, c.box))
			if err != nil {
				t.Fatal(err)
			}
			if e.codec != c.codec || c.channels != 0 && (e.channels != c.channels || e.sampleRate != c.rate) {
				t.Errorf("got %s, %d channels, %d Hz; want %s, %d, %d", e.codec, e.channels, e.sampleRate, c.codec, c.channels, c.rate)
			}
		})
	}
}

func TestQuickTimeSoundBecomesISO(t *testing.T) {
	wave := makeBox("wave", makeBox("frma", []byte("mp4a")), esdsBox(0x40, "1210"), b32(8, 0))
	want, err := audioEntry(sound("mp4a", 0, nil, esdsBox(0x40, "1210")))
	if err != nil {
		t.Fatal(err)
	}
	v2 := bytes.Join([][]byte{b32(72), {0x40, 0xe5, 0x88, 0x80, 0, 0, 0, 0}, b32(2, 0x7f000000, 0, 0, 0, 0)}, nil)
	for name, entry := range map[string]struct {
		version uint16
		extra   []byte
	}{
		"version 1": {1, make([]byte, 16)},
		"version 2": {2, v2},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := audioEntry(sound("mp4a", entry.version, entry.extra, wave))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.box, want.box) {
				t.Errorf("got\n%x, want\n%x", got.box, want.box)
			}
		})
	}
}

func TestTheDisplayedSizeFollowsThePixels(t *testing.T) {
	for _, c := range []struct {
		h, v          uint32
		width, height int
	}{{1, 1, 1920, 1080}, {4, 3, 2560, 1080}, {3, 4, 1920, 1440}, {0, 1, 1920, 1080}, {1 << 31, 1, 1920, 1080}} {
		_, content := visual("avc1", testAVC[86:], makeBox("pasp", b32(c.h, c.v)))
		e, err := videoEntry("avc1", content)
		if err != nil || e.width != c.width || e.height != c.height {
			t.Errorf("%d:%d makes %dx%d (%v), want %dx%d", c.h, c.v, e.width, e.height, err, c.width, c.height)
		}
	}
}

func TestTheVideoRangeIsThatOfTheTransfer(t *testing.T) {
	for transfer, want := range map[byte]string{1: "SDR", 16: "PQ", 18: "HLG", 2: ""} {
		_, content := visual("avc1", testAVC[86:], makeBox("colr", []byte("nclx"), []byte{0, 9, 0, transfer, 0, 9, 0}))
		if e, err := videoEntry("avc1", content); err != nil || e.colors != want {
			t.Errorf("transfer %d is %q (%v), want %q", transfer, e.colors, err, want)
		}
	}
}

func TestLanguages(t *testing.T) {
	for code, want := range map[uint16]string{0x15c7: "en", 0x55c4: "", 0: "en", 0x7fff: "", 0x10b5: "de"} {
		if got := language(code); got != want {
			t.Errorf("%#x is %q, want %q", code, got, want)
		}
	}
	for tag, want := range map[string]bool{"en": true, "zh-Hant": true, "und": false, "x\"y": false, "e": false, "-en": false, "en-": false, "toolonglang": false} {
		if got := isLanguageTag([]byte(tag)); got != want {
			t.Errorf("%q is a tag: %v", tag, got)
		}
	}
}

func FuzzEntry(f *testing.F) {
	for _, kind := range []string{"avc1", "hev1", "av01", "vp09", "dvav", "mp4v", "dvh1", "mp4a", "ac-3", "ec-3", "Opus", "fLaC", "alac", "enca"} {
		_, v := visual(kind, testAVC[86:], hvcC)
		_, a := sound(kind, 1, make([]byte, 16), esdsBox(0x40, "1210"))
		f.Add(kind, v)
		f.Add(kind, a)
	}
	f.Fuzz(func(t *testing.T, kind string, content []byte) {
		for _, read := range []func(string, []byte) (entry, error){videoEntry, audioEntry} {
			e, err := read(kind, content)
			if err == nil && (len(e.box) < 8 || e.codec == "") {
				t.Errorf("%q: %x is taken without a codec", kind, content)
			}
			if err != nil && !errors.Is(err, ErrInvalid) && !errors.Is(err, ErrUnsupported) && !errors.Is(err, ErrEncrypted) {
				t.Errorf("%q: %v", kind, err)
			}
		}
	})
}

// Both forms of vpcC are read, and one that players read is written; a level that
// does not exist is worked out from the size.
func TestTheConfigurationOfVP9(t *testing.T) {
	for _, c := range []struct{ name, config, codec, colors, want string }{
		{"version 1", "01000000 00 29 82 020202 0000", "vp09.00.41.08", "", "01000000 00 29 82 020202 0000"},
		{"without a level", "01000000 00 00 82 020202 0000", "vp09.00.40.08", "", "01000000 00 28 82 020202 0000"},
		{"10 bit in PQ", "01000000 02 33 a2 091009 0000", "vp09.02.51.10", "PQ", "01000000 02 33 a2 091009 0000"},
		{"the draft of the format", "00000000 00 1f 82 11 0000", "vp09.00.31.08", "", "01000000 00 1f 83 020202 0000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, content := visual("vp09", makeBox("vpcC", unhex(c.config)))
			e, err := videoEntry("vp09", content)
			if err != nil || e.codec != c.codec || e.colors != c.colors || !bytes.HasSuffix(e.box, unhex(c.want)) {
				t.Errorf("%s, %q, % x, %v", e.codec, e.colors, e.box[86:], err)
			}
		})
	}
	for _, broken := range []string{"", "01000000 00", "01000000 09 29 82 020202 0000", "01000000 00 29 72 020202 0000"} {
		_, content := visual("vp09", makeBox("vpcC", unhex(broken)))
		if _, err := videoEntry("vp09", content); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", broken, err)
		}
	}
}

func TestTheLightOfHDRInVP9IsThatOfISO(t *testing.T) {
	light := makeBox("CoLL", unhex("00000000 03e8 0190"))
	// Red 0.708, 0.292 in 0.16; 1000 cd/m² in 24.8, 0.005 in 18.14.
	mastering := makeBox("SmDm", unhex("00000000 b53f 4ac1 2b85 cc08 2189 0bc7 5014 5439 0003e800 00000052"))
	_, content := visual("vp09", makeBox("vpcC", unhex("01000000 02 33 a2 091009 0000")), light, mastering)
	e, err := videoEntry("vp09", content)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range [][]byte{
		makeBox("clli", unhex("03e8 0190")),
		// Green, blue, red, white in 0.00002; 1000 and 0.005 in 0.0001.
		makeBox("mdcv", b16(8500, 39850, 6550, 2300, 35400, 14600, 15640, 16450), b32(10000000, 50)),
	} {
		if !bytes.Contains(e.box, want) {
			t.Errorf("no % x in % x", want, e.box[86:])
		}
	}
}

func TestObjectsOfEAC3(t *testing.T) {
	for config, want := range map[string]int{
		"2000 200f 00":          0,
		"2000 200f 00 01 10":    16,
		"2000 200f 02 02 01 0c": 12, // of which one substream depends
		"2000 200f 00 00 10":    0,
		"2000 200f 00 01 11":    0, // more than there can be
		"2000 200f 00 01":       0,
	} {
		var e entry
		if err := e.eac3(unhex(config)); err != nil || e.objects != want || e.channels != 6 {
			t.Errorf("%s: %d objects, %d channels, %v", config, e.objects, e.channels, err)
		}
	}
}

// Of several colr boxes the first is the most accurate (ISO/IEC 14496-12 §12.1.5).
func TestTheFirstOfSeveralColorsCounts(t *testing.T) {
	colr := func(transfer byte) []byte {
		return makeBox("colr", []byte("nclx"), []byte{0, 9, 0, transfer, 0, 9, 0})
	}
	for _, c := range []struct {
		first, second byte
		want          string
	}{{18, 1, "HLG"}, {1, 16, "SDR"}, {2, 16, "PQ"}} {
		_, content := visual("avc1", testAVC[86:], colr(c.first), colr(c.second))
		if e, err := videoEntry("avc1", content); err != nil || e.colors != c.want {
			t.Errorf("transfers %d and %d are %q (%v), want %q", c.first, c.second, e.colors, err, c.want)
		}
	}
}

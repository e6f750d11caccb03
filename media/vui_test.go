package media

import (
	"encoding/hex"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// configs are codec configurations made by x264, x265, SVT-AV1 and libaom, and
// what their encoders were told.
var configs = []struct {
	name, kind, box, config string
	want                    look
}{
	{"H.264 with HLG and scaling lists", "avc1", "avcC", "016e000bffe1001c676e000ba6cb4146d87350912094000003000400000300c83c50aa8001000568ce0fc40cfdfafa00", look{18, [2]uint32{4, 3}}},
	{"H.264 baseline with BT.709", "avc1", "avcC", "0142c00bffe1001d6742c00bda0a36ffc0094007da81008120000003002000000641e2855401000468ce0fc8", look{1, [2]uint32{37, 31}}},
	{"H.264 4:4:4 with PQ", "avc1", "avcC", "01f4000bffe1001c67f4000b9196828db01b50210024000003000400000300c83c50aa8001000568ce0f1920fff8f800", look{16, [2]uint32{1, 1}}},
	{"H.264 that says nothing of color", "avc1", "avcC", "0142c00bffe100176742c00bda0a36c044000003000400000300c83c50aa8001000468ce0fc8", look{0, [2]uint32{1, 1}}},
	{"H.264 interlaced with SMPTE 170M", "avc3", "avcC", "014d4015ffe10019674d4015f414db016a040c048000000300800000190f8a155001000468de0fc8", look{6, [2]uint32{1, 1}}},
	{"HEVC with PQ", "hvc1", "hvcC", "0102200000009000000000001ef000fcfdfafa00000f01a10001002d42010102200000030090000003000003001ea014206136595952930bc0da848804820000030002000003003210", look{16, [2]uint32{10, 11}}},
	{"HEVC with HLG and scaling lists", "hev1", "hvcC", "0102200000009000000000001ef000fcfdfafa00000f01a10001002c42010102200000030090000003000003001ea0142061365998a924e5780b5021202040000003004000000642", look{18, [2]uint32{1, 1}}},
	{"AV1 with PQ", "av01", "av1C", "81004c000a0d00000003b4fdf00be142440241", look{transfer: 16}},
	{"AV1 with HLG", "av01", "av1C", "81004c000a0d00000003b4fdf36be542448241", look{transfer: 18}},
	{"AV1 that says nothing of color", "av01", "av1C", "81000c000a0a00000003b4fdf36be401", look{}},
}

func TestParameterSetsTellHowToShow(t *testing.T) {
	for _, c := range configs {
		t.Run(c.name, func(t *testing.T) {
			config, err := hex.DecodeString(c.config)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, lookOf(c.kind, map[string][]byte{c.box: config}), cmp.AllowUnexported(look{})); d != "" {
				t.Error(d)
			}
			for n := range config { // cut short, it says nothing wrong
				if got := lookOf(c.kind, map[string][]byte{c.box: config[:n]}); got.transfer != 0 && got.transfer != c.want.transfer {
					t.Errorf("of %d bytes: %+v", n, got)
				}
			}
		})
	}
}

func FuzzParameterSets(f *testing.F) {
	for _, c := range configs {
		config, _ := hex.DecodeString(c.config)
		f.Add(config)
	}
	f.Fuzz(func(t *testing.T, config []byte) {
		for kind, box := range map[string]string{"avc1": "avcC", "hvc1": "hvcC", "av01": "av1C"} {
			lookOf(kind, map[string][]byte{box: config})
		}
		avcLook(config)
		hevcLook(config)
		_, obu := av1SequenceOBU(config)
		h := av1Sequence(&bitReader{b: config})
		if b := h.config(obu); len(b) != 4+len(obu) {
			t.Errorf("av1C of %d bytes", len(b))
		}
	})
}

// FuzzHeaders reads what describes VP9, E-AC-3 and H.264 or HEVC in the stream.
func FuzzHeaders(f *testing.F) {
	f.Add(unhex("82498342 2003f002f0 0000"))
	f.Add(unhex("0b77 000f 3f f8 1f 00 00 00 00 00"))
	f.Add([]byte(nal("\x67\x64\x00\x1f\x01", "\x68\xee", "\x40\x01ab", "\x42\x01ab", "\x44\x01ab")))
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, ok := vp9Header(b); ok && !c.sound() {
			t.Errorf("VP9 of profile %d, depth %d, chroma %d", c.profile, c.depth, c.chroma)
		}
		if c, ok := vp9Record(b); ok && len(c.box()) != 20 {
			t.Error("a vpcC box of another length")
		}
		if config, err := dec3(b, int64(len(b))); err == nil {
			var e entry
			if err := e.eac3(config[8:]); err != nil || e.objects > maxObjects {
				t.Errorf("dec3 %x: %v, %d objects", config, err, e.objects)
			}
		}
		for _, c := range []struct{ kind, box, bare string }{
			{"avc3", "avcC", "010000 00ffe000"},
			{"hev1", "hvcC", "01 00 00000000 000000000000 00 f000 fc fd f8 f8 0000 0f 00"},
		} {
			_, content := visual(c.kind, makeBox(c.box, unhex(c.bare)))
			e, err := videoEntry(c.kind, content)
			if err != nil {
				t.Fatal(err)
			}
			if filled, ok := e.withSets(b); ok && (filled.lacksSets() || len(filled.units()) == 0) {
				t.Errorf("%x makes %x", b, filled.box)
			}
		}
	})
}

func TestSupplementalCodecs(t *testing.T) {
	config := func(profile, level, base byte) []byte {
		return []byte{1, 0, profile<<1 | level>>5, level<<3 | 5, base << 4}
	}
	for _, c := range []struct {
		name, kind           string
		profile, level, base byte
		want, colors         string
	}{
		{"profile 8.1 on HEVC is HDR10 without", "hvc1", 8, 6, 1, "dvh1.08.06/db1p", "PQ"},
		{"profile 8.2 on HEVC is SDR without", "hvc1", 8, 3, 2, "dvh1.08.03/db2g", "SDR"},
		{"profile 8.4 on HEVC is HLG without", "hvc1", 8, 7, 4, "dvh1.08.07/db4h", "HLG"},
		{"profile 8.4 with parameter sets in the stream", "hev1", 8, 7, 4, "dvhe.08.07/db4h", "HLG"},
		{"profile 10.1 on AV1", "av01", 10, 9, 1, "dav1.10.09/db1p", "PQ"},
		{"profile 10.4 on AV1", "av01", 10, 9, 4, "dav1.10.09/db4h", "HLG"},
		{"profile 5 is nothing without", "dvh1", 5, 6, 0, "", "PQ"},
		{"profile 7 has two layers", "hvc1", 7, 6, 6, "", ""},
		{"profile 10.0 on AV1 is nothing without", "av01", 10, 9, 0, "", "PQ"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var e entry
			e.look(c.kind, map[string][]byte{"dvvC": config(c.profile, c.level, c.base)})
			if e.supplemental != c.want || e.colors != c.colors {
				t.Errorf("got %q and %q", e.supplemental, e.colors)
			}
		})
	}
}

// What a pasp or colr box says counts before the parameter sets.
func TestBoxesCountBeforeParameterSets(t *testing.T) {
	avcC, _ := hex.DecodeString(configs[1].config) // BT.709, pixels of 37:31
	e := entry{width: 310, height: 100}
	e.look("avc1", map[string][]byte{"avcC": avcC})
	if e.width != 370 || e.colors != "SDR" {
		t.Errorf("it is %d wide and %s", e.width, e.colors)
	}
	e = entry{width: 310, height: 100, colors: "PQ"}
	e.look("avc1", map[string][]byte{"avcC": avcC, "pasp": b32(2, 1)})
	if e.width != 620 || e.colors != "PQ" {
		t.Errorf("it is %d wide and %s", e.width, e.colors)
	}
}

func TestAllSampleEntriesCount(t *testing.T) {
	c := &choice{trak: &trak{}, entries: []entry{{codec: "a", colors: "SDR"}, {codec: "b", colors: "HLG"}, {codec: "a"}, {codec: "b", colors: "PQ"}}}
	track := c.track(&presenter{video: true, scale: 1})
	if d := cmp.Diff([]any{"a", []string{"b"}, "PQ"}, []any{track.Codec, track.Further, track.Range}); d != "" {
		t.Error(d)
	}
}

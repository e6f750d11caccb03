package media_test

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/media"
)

// textTrack is a track of text of a file that is made for a test, at 600 ticks a
// second.
type textTrack struct {
	handler, entry string
	samples        []string
	ticks          []uint32 // that each lasts
	edits          []uint32 // triplets
	more           [][]byte // boxes of the trak
	fault          map[string]func([]byte) []byte
	at             uint32 // where the samples are; 0 is behind the rest
}

func (tt textTrack) trak(id, at uint32) []byte {
	sizes, times := words(0, 0, uint32(len(tt.samples))), words(0, uint32(len(tt.samples)))
	for i, s := range tt.samples {
		sizes = append(sizes, words(uint32(len(s)))...)
		times = append(times, words(1, tt.ticks[i])...)
	}
	table := func(kind string, body []byte) []byte {
		if f := tt.fault[kind]; f != nil {
			body = f(body)
		}
		return box(kind, body)
	}
	parts := [][]byte{box("tkhd", words(0, 0, 0, id, 0, 1920, 0, 0, 0, 0), identity, words(0, 0))}
	if tt.edits != nil {
		parts = append(parts, box("edts", box("elst", words(0, uint32(len(tt.edits)/3)), words(tt.edits...))))
	}
	parts = append(parts, box("mdia",
		table("mdhd", words(0, 0, 0, 600, 0, 0x15c70000)), // eng
		box("hdlr", words(0, 0), []byte(tt.handler), make([]byte, 13)),
		box("minf", box("stbl",
			table("stsd", slices.Concat(words(0, 1), box(tt.entry, make([]byte, 6), []byte{0, 1}, words(0, 0, 0, 0, 0, 0)))),
			table("stts", times),
			table("stsc", words(0, 1, 1, uint32(len(tt.samples)), 1)),
			table("stsz", sizes),
			table("stco", words(0, 1, at))))))
	return box("trak", slices.Concat(slices.Concat(parts...), slices.Concat(tt.more...)))
}

// withText is a movie with tracks of text.
func withText(m movie, list ...textTrack) []byte {
	add := func(at uint32) []byte {
		made := movie{do: map[string]func([]byte) []byte{}, fragmented: m.fragmented}
		maps.Copy(made.do, m.do)
		made.do["moov"] = func(body []byte) []byte {
			if f := m.do["moov"]; f != nil {
				body = f(body)
			}
			off := at
			for i, tt := range list {
				place := off
				if tt.at != 0 {
					place = tt.at
				}
				body = slices.Concat(body, tt.trak(uint32(i+3), place))
				off += uint32(len(strings.Join(tt.samples, "")))
			}
			return body
		}
		return made.build()
	}
	file := add(0)
	data := ""
	for _, tt := range list {
		data += strings.Join(tt.samples, "")
	}
	return slices.Concat(add(uint32(len(file)+8)), box("mdat", []byte(data)))
}

func tx3g(text string) string { return string([]byte{0, byte(len(text))}) + text }

// two is "One" from 0.5 s to 1.5 s, and "Two" from 1.5 s to 2.2 s.
func two() textTrack {
	return textTrack{handler: "sbtl", entry: "tx3g", samples: []string{tx3g(""), tx3g("One"), tx3g("Two")}, ticks: []uint32{300, 600, 420}}
}

// shownOf are the samples of the texts of a file: start, end, content.
func shownOf(t *testing.T, file []byte) (list []string) {
	t.Helper()
	ix := parseText(t, file)
	for i, text := range ix.Texts {
		samples, err := ix.TextSamples(nil, nil, i, math.MinInt64, math.MaxInt64)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range samples {
			b, err := text.Read(bytes.NewReader(file), &s)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, fmt.Sprintf("%d-%d %q", s.Start, s.End, b))
		}
	}
	return list
}

func parseText(t *testing.T, file []byte) *media.Index {
	t.Helper()
	ix, err := media.Parse(t.Context(), bytes.NewReader(file), int64(len(file)), nil)
	if err != nil {
		t.Fatal(err)
	}
	return ix
}

func TestTextIsOnTheTimelineOfThePresentation(t *testing.T) {
	late := map[string]func([]byte) []byte{"moov/trak/edts/elst": is(words(0, 2, 1000, math.MaxUint32, 0x10000, 1920, 0, 0x10000))}
	with := func(change func(*textTrack)) textTrack {
		tt := two()
		change(&tt)
		return tt
	}
	for _, c := range []struct {
		name string
		of   movie
		text textTrack
		want []string
	}{
		{"as it stands there", movie{}, two(), []string{`500-1500 "\x00\x03One"`, `1500-2200 "\x00\x03Two"`}},
		{"a delay", movie{}, with(func(tt *textTrack) { tt.edits = []uint32{250, math.MaxUint32, 0x10000, 0, 0, 0x10000} }), []string{`750-1750 "\x00\x03One"`, `1750-2450 "\x00\x03Two"`}},
		{"an edit within a sample", movie{}, with(func(tt *textTrack) { tt.edits = []uint32{1000, 600, 0x10000} }), []string{`0-500 "\x00\x03One"`, `500-1000 "\x00\x03Two"`}},
		{"two edits, the second first", movie{}, with(func(tt *textTrack) { tt.edits = []uint32{700, 900, 0x10000, 1000, 300, 0x10000} }), []string{`0-700 "\x00\x03Two"`, `700-1700 "\x00\x03One"`}},
		{"sound and picture begin later", movie{do: late}, two(), []string{`-500-500 "\x00\x03One"`, `500-1200 "\x00\x03Two"`}},
		{"what ends before they begin is left out", movie{do: late}, with(func(tt *textTrack) { tt.ticks = []uint32{0, 600, 420} }), []string{`0-700 "\x00\x03Two"`}},
		{"QuickTime's text", movie{}, with(func(tt *textTrack) { tt.handler, tt.entry = "text", "text" }), []string{`500-1500 "\x00\x03One"`, `1500-2200 "\x00\x03Two"`}},
		{"beside fragments", movie{fragmented: true}, two(), []string{`500-1500 "\x00\x03One"`, `1500-2200 "\x00\x03Two"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(c.want, shownOf(t, withText(c.of, c.text))); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestWhatATrackOfTextSays(t *testing.T) {
	kind := func(value string) []byte {
		return box("udta", box("kind", words(0), []byte("urn:mpeg:dash:role:2011\x00"+value+"\x00")))
	}
	forced := two()
	forced.fault = map[string]func([]byte) []byte{"stsd": poke(8+16, 0xc0000000)}
	caption, role := two(), two()
	caption.more, role.more = [][]byte{kind("caption"), box("udta", box("name", []byte("Loud")))}, [][]byte{kind("forced-subtitle")}
	subt := textTrack{handler: "subt", entry: "stpp", samples: []string{"<tt/>"}, ticks: []uint32{600}}
	var got []string
	for _, x := range parseText(t, withText(movie{}, two(), forced, caption, role, subt)).Texts {
		got = append(got, fmt.Sprintf("%d %s %s %q %t %v %d", x.ID, x.Codec, x.Language, x.Name, x.Forced, x.Characteristics, x.Samples()))
	}
	if d := cmp.Diff([]string{
		`3 tx3g en "" false [] 2`,
		`4 tx3g en "" true [] 2`,
		`5 tx3g en "Loud" false [public.accessibility.describes-music-and-sound public.accessibility.transcribes-spoken-dialog] 2`,
		`6 tx3g en "" true [public.subtitles.forced-only] 2`,
		`7 stpp en "" false [] 1`,
	}, got); d != "" {
		t.Error(d)
	}
}

func TestNoFileIsRefusedForItsText(t *testing.T) {
	fault := func(kind string, f func([]byte) []byte) textTrack {
		tt := two()
		tt.fault = map[string]func([]byte) []byte{kind: f}
		return tt
	}
	pictures, empty, beyond := two(), two(), two()
	pictures.handler, pictures.entry = "subp", "mp4s"
	empty.samples, empty.ticks = nil, nil
	beyond.at = 1 << 30
	chapters := movie{do: map[string]func([]byte) []byte{"moov/trak": func(body []byte) []byte {
		return slices.Concat(body, box("tref", box("chap", words(3))))
	}}}
	many := two()
	for range 250_000 {
		many.samples, many.ticks = append(many.samples, "\x00\x01a"), append(many.ticks, 1)
	}
	for name, file := range map[string][]byte{
		"pictures":                       withText(movie{}, pictures),
		"no samples":                     withText(movie{}, empty),
		"samples beyond the file":        withText(movie{}, beyond),
		"chapters":                       withText(chapters, two()),
		"no timescale":                   withText(movie{}, fault("mdhd", poke(12, 0))),
		"no sample entry":                withText(movie{}, fault("stsd", is(words(0, 0)))),
		"a sample entry that is cut off": withText(movie{}, fault("stsd", poke(8, 1<<20))),
		"fewer sizes than samples":       withText(movie{}, fault("stsz", poke(8, 1<<20))),
		"no chunks":                      withText(movie{}, fault("stco", is(words(0, 0)))),
		"more samples than are read":     withText(movie{}, many),
	} {
		if ix := parseText(t, file); len(ix.Texts) != 0 || len(ix.Tracks) != 2 {
			t.Errorf("%s: %d texts, %d other tracks", name, len(ix.Texts), len(ix.Tracks))
		}
	}
	if ix := parseText(t, withText(movie{}, slices.Repeat([]textTrack{two()}, 40)...)); len(ix.Texts) != 32 {
		t.Errorf("of 40 there are %d", len(ix.Texts))
	}
}

// TestAnIndexKeepsText writes one with enough samples for some pages, and finds
// those of a time in it.
// Tracks of closed captions (QuickTime File Format, "Closed Captioning Media") hold
// the bytes of CEA-608 and 708, which are no text: the file plays without them.
func TestTracksOfClosedCaptionsAreLeftOut(t *testing.T) {
	for _, entry := range []string{"c608", "c708"} {
		captions := textTrack{handler: "clcp", entry: entry, samples: []string{"\x00\x00\x00\x0acdat\x94\x20", "\x00\x00\x00\x0acdat\xc8\xe5"}, ticks: []uint32{600, 600}}
		ix := parseText(t, withText(movie{}, captions, two()))
		if len(ix.Tracks) == 0 || len(ix.Texts) != 1 || ix.Texts[0].Codec != "tx3g" {
			t.Errorf("%s: %d tracks, and the texts %+v", entry, len(ix.Tracks), ix.Texts)
		}
	}
}

func TestAnIndexKeepsText(t *testing.T) {
	tt := textTrack{handler: "sbtl", entry: "tx3g", edits: nil}
	for i := range 400 {
		tt.samples, tt.ticks = append(tt.samples, tx3g(fmt.Sprint(i))), append(tt.ticks, 600)
	}
	file := withText(movie{}, tt, two())
	ix := parseText(t, file)
	var kept bytes.Buffer
	if _, err := ix.WriteTo(&kept); err != nil {
		t.Fatal(err)
	}
	stored := bytes.NewReader(kept.Bytes())
	again, err := media.Read(stored, stored.Size())
	if err != nil {
		t.Fatal(err)
	}
	if ix.Revision("x") != again.Revision("x") || again.Memory() <= 0 {
		t.Error("what was read has another revision")
	}
	for _, c := range []struct {
		from, to    int64
		first, last int // numbers
	}{{0, 1, 1, 1}, {0, 1000, 1, 1}, {999, 1001, 1, 2}, {127_500, 128_500, 128, 129}, {399_999, math.MaxInt64, 400, 400}, {math.MinInt64, math.MaxInt64, 1, 400}} {
		list, err := again.TextSamples(nil, stored, 0, c.from, c.to)
		if err != nil || len(list) != c.last-c.first+1 || list[0].Number != c.first || list[len(list)-1].Number != c.last {
			t.Errorf("%d to %d: %v, %v", c.from, c.to, list, err)
			continue
		}
		b, err := again.Texts[0].Read(bytes.NewReader(file), &list[0])
		if want := tx3g(fmt.Sprint(c.first - 1)); err != nil || string(b) != want {
			t.Errorf("sample %d is %q, %v", c.first, b, err)
		}
		inMemory, err := ix.TextSamples(nil, nil, 0, c.from, c.to)
		if d := cmp.Diff(list, inMemory); d != "" || err != nil {
			t.Error(d, err)
		}
	}
	if list, err := again.TextSamples(nil, stored, 0, 400_000, math.MaxInt64); err != nil || len(list) != 0 {
		t.Errorf("after the end: %v, %v", list, err)
	}
	if _, err := again.TextSamples(nil, stored, 2, 0, 1); !errors.Is(err, media.ErrNoSegment) {
		t.Errorf("a text that is not there: %v", err)
	}
	damaged := kept.Bytes()
	damaged[len(damaged)-1] ^= 1 // of the last block, which is the second text's
	if _, err := again.TextSamples(nil, bytes.NewReader(damaged), 1, 0, 5000); !errors.Is(err, media.ErrIndex) {
		t.Errorf("a damaged block: %v", err)
	}
}

// matroskaText is a file with text of every packing.
func matroskaText() []byte {
	packed := func(s string) []byte {
		var b bytes.Buffer
		z := zlib.NewWriter(&b)
		_, _ = z.Write([]byte(s))
		_ = z.Close()
		return b.Bytes()
	}
	group := func(track byte, rel int16, lasts uint64, payload []byte) []byte {
		return ebml(0xa0, ebml(0xa1, blockBody(track, rel, 0, payload)), number(0x9b, lasts))
	}
	encoded := func(algo uint64, settings string) []byte {
		return ebml(0x6d80, ebml(0x6240, ebml(0x5034, number(0x4254, algo), ebml(0x4255, []byte(settings)))))
	}
	entries := tracks(
		picture(),
		trackEntry(3, 17, "S_TEXT/UTF8", nil, text(0x22b59c, "ger"), text(0x536e, "Deutsch"), number(0x55aa, 1), number(0x55ab, 1)),
		trackEntry(4, 17, "S_TEXT/ASS", []byte("[Script Info]"), encoded(0, "")),
		trackEntry(5, 17, "S_TEXT/UTF8", nil, encoded(3, "Al")),
		trackEntry(6, 17, "S_VOBSUB", nil),
		trackEntry(7, 17, "S_TEXT/UTF8", nil, number(0xb9, 0)),
		trackEntry(8, 17, "S_TEXT/UTF8", nil, encoded(1, "")),
		trackEntry(9, 17, "S_TEXT/UTF8", nil),
	)
	return matroskaFile(info(1e6), entries, cluster(1000,
		simple(1, 0, isKey, 0, 0, 0, 1, 0x65), simple(1, 40, isKey, 0, 0, 0, 1, 0x65),
		group(3, 500, 1500, []byte("Drei")), group(3, 100, 250, []byte("Zwei")), group(3, -1000, 500, []byte("vorher")), group(3, -100, 150, []byte("Eins")),
		group(4, 0, 1000, packed("0,0,D,,0,0,0,,Hi")),
		group(5, 0, 1000, []byte("so")),
		group(6, 0, 1000, []byte("picture")), group(7, 0, 1000, []byte("off")), group(8, 0, 1000, []byte("bzip2")),
		simple(9, 0, isKey, []byte("until the next")...), simple(9, 700, isKey, []byte("until who knows when")...), simple(9, 800, isKey),
	))
}

func TestTextOfMatroska(t *testing.T) {
	file := matroskaText()
	if d := cmp.Diff([]string{
		`-100-50 "Eins"`, `100-350 "Zwei"`, `500-2000 "Drei"`,
		`0-1000 "0,0,D,,0,0,0,,Hi"`,
		`0-1000 "Also"`,
		`0-700 "until the next"`, `700-5700 "until who knows when"`,
	}, shownOf(t, file)); d != "" {
		t.Error(d)
	}
	x := parseText(t, file).Texts[0]
	if x.Language != "de" || x.Name != "Deutsch" || !x.Forced || len(x.Characteristics) != 2 || x.ID != 3 || x.Codec != "S_TEXT/UTF8" {
		t.Errorf("%+v", x)
	}
}

func TestTextThatDoesNotUnpack(t *testing.T) {
	var bomb bytes.Buffer
	z := zlib.NewWriter(&bomb)
	_, _ = z.Write(make([]byte, 64<<20))
	_ = z.Close()
	file := bytes.NewReader(bomb.Bytes())
	x := media.Text{Packing: media.Packing{Zlib: true}}
	for _, size := range []uint32{uint32(bomb.Len()), 20, 1, 0} {
		if b, err := x.Read(file, &media.TextSample{Size: size}); !errors.Is(err, media.ErrInvalid) {
			t.Errorf("%d bytes: %d, %v", size, len(b), err)
		}
	}
	if _, err := x.Read(file, &media.TextSample{Size: math.MaxUint32}); !errors.Is(err, media.ErrInvalid) {
		t.Error(err)
	}
	if _, err := x.Read(file, &media.TextSample{Size: 100, Offset: int64(bomb.Len())}); err == nil || errors.Is(err, media.ErrInvalid) {
		t.Errorf("beyond the end: %v", err)
	}
}

package media_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/media"
)

// spoken are files with subtitles of every coding and shape.
func spoken() map[string][]byte {
	forced := two()
	forced.fault = map[string]func([]byte) []byte{"stsd": poke(8+16, 0xc0000000)}
	named := two()
	named.more = [][]byte{box("udta", box("kind", words(0), []byte("urn:mpeg:dash:role:2011\x00caption\x00")), box("name", []byte("Loud")))}
	late := two()
	late.edits = []uint32{250, 0xffffffff, 1 << 16, 1200, 100, 1 << 16}
	twice := two()
	twice.edits = []uint32{2200, 0, 1 << 16, 2200, 0, 1 << 16}
	stpp := textTrack{handler: "subt", entry: "stpp", samples: []string{"<tt/>", "<tt></tt>"}, ticks: []uint32{600, 900}}
	wvtt := textTrack{handler: "text", entry: "wvtt", samples: []string{"\x00\x00\x00\x10vttcabcdefgh", "\x00\x00\x00\x08vtte", "\x00\x00\x00\x10vttcijklmnop"}, ticks: []uint32{600, 300, 300}}
	text := textTrack{handler: "text", entry: "text", samples: []string{tx3g("One")}, ticks: []uint32{500}}
	return map[string][]byte{
		"timed text": withText(movie{}, two(), forced), "in fragments": withText(movie{fragmented: true}, two()), "named, for who cannot hear": withText(movie{}, named),
		"that sets in late": withText(movie{}, late), "that an edit list plays twice": withText(movie{}, twice),
		"TTML": withText(movie{}, stpp), "WebVTT": withText(movie{}, wvtt), "QuickTime text": withText(movie{}, text), "several": withText(movie{}, two(), stpp, wvtt),
		"Matroska": matroskaText(),
	}
}

// Subtitles come out as they went in: each sample, with all that is said of it.
func TestSubtitlesSettle(t *testing.T) {
	for name, file := range spoken() {
		t.Run(name, func(t *testing.T) {
			r, ix := withSource(t, file)
			out, again, err := resettled(t, r, ix)
			if err != nil {
				t.Fatal(err)
			}
			size, err := media.RewrittenSize(t.Context(), ix)
			if err != nil || size != int64(len(out)) {
				t.Errorf("%d bytes were told, %d written: %v", size, len(out), err)
			}
			if d := cmp.Diff(shownOf(t, file), shownOf(t, out)); d != "" || len(ix.Texts) == 0 {
				t.Error(d)
			}
			for i := range ix.Texts {
				if a, b := ix.Texts[i], again.Texts[i]; a.ID != b.ID || a.Codec != b.Codec || a.Name != b.Name || a.Language != b.Language || a.Forced != b.Forced || a.Peak != b.Peak {
					t.Errorf("text %d is %+v, and %+v", i, a, b)
				}
			}
			if again.Revision("x") != ix.Revision("x") {
				t.Error("another revision")
			}
			once, _, err := resettled(t, bytes.NewReader(out), again)
			if err != nil || len(once) == 0 {
				t.Errorf("it does not settle again: %v", err)
			}
		})
	}
}

// Who does not know our list finds the same in the tables, where MP4 has such a
// coding: one sample at a time.
func TestOthersFindSettledSubtitles(t *testing.T) {
	for name, file := range spoken() {
		if name == "Matroska" { // whose tables have no samples
			continue
		}
		t.Run(name, func(t *testing.T) {
			r, ix := withSource(t, file)
			out, _, err := resettled(t, r, ix)
			if err != nil {
				t.Fatal(err)
			}
			list := []byte("uuid\x5e\x77\x1e\xd0\x8b\x1c\x4f\x26\x9a\x3dSGTEXT")
			hidden := bytes.ReplaceAll(out, list, append([]byte("free"), list[4:]...))
			if bytes.Equal(hidden, out) {
				t.Fatal("there is no list")
			}
			if d := cmp.Diff(shownOf(t, file), shownOf(t, hidden)); d != "" {
				t.Error(d)
			}
		})
	}
}

// What Compare does not see of subtitles would be served.
func TestCompareSeesEveryChangeOfSubtitles(t *testing.T) {
	r, ix := withSource(t, withText(movie{}, two(), two()))
	file, _, err := resettled(t, r, ix)
	if err != nil {
		t.Fatal(err)
	}
	list := bytes.Index(file, []byte("SGTEXT")) + len("SGTEXT")
	for name, change := range map[string]func(b []byte){
		"a byte of a subtitle":        func(b []byte) { b[bytes.LastIndex(b, []byte("Two"))]++ },
		"where the first one lies":    func(b []byte) { b[list+7]++ },
		"how long the last one shows": func(b []byte) { b[list+8+bytes.IndexByte(b[list+8:], '}')+9] ^= 2 },
		"the coding":                  func(b []byte) { b[bytes.Index(b[list:], []byte("tx3g"))+list] = 'T' },
		"forced":                      func(b []byte) { copy(b[bytes.Index(b[list:], []byte("false"))+list:], "true ") },
		"the language":                func(b []byte) { copy(b[bytes.LastIndex(b, []byte("elng"))+8:], "xx") },
		"a track that is another's":   func(b []byte) { b[bytes.LastIndex(b, []byte("tkhd"))+4+15]++ },
	} {
		t.Run(name, func(t *testing.T) {
			b := bytes.Clone(file)
			change(b)
			if bytes.Equal(b, file) {
				t.Fatal("nothing changed")
			}
			again, err := media.Parse(t.Context(), bytes.NewReader(b), int64(len(b)), nil)
			if err != nil {
				return // that is seen, too
			}
			err = media.Compare(t.Context(), media.Presented{Index: ix, Source: r}, media.Presented{Index: again, Source: bytes.NewReader(b)})
			if !errors.Is(err, media.ErrDiffers) {
				t.Errorf("%v", err)
			}
		})
	}
}

// A list that somebody made up costs no more than any other track.
func TestAListOfSubtitlesThatIsDamagedIsLeftOut(t *testing.T) {
	r, ix := withSource(t, withText(movie{}, two()))
	file, _, err := resettled(t, r, ix)
	if err != nil {
		t.Fatal(err)
	}
	list := bytes.Index(file, []byte("SGTEXT")) + len("SGTEXT")
	for name, change := range map[string]func(b []byte){
		"its place is beyond the file":  func(b []byte) { b[list]++ },
		"its place is the last byte":    func(b []byte) { b[list+7], b[list+6] = 0xff, 0xff },
		"what it says is longer":        func(b []byte) { b[list+8] = 0x7f },
		"what it says is no JSON":       func(b []byte) { b[list+9] = '!' },
		"it has more than it has room":  func(b []byte) { b[list+8+bytes.IndexByte(b[list+8:], '}')+2] = 0x7f },
		"it has fewer than it has room": func(b []byte) { b[list+8+bytes.IndexByte(b[list+8:], '}')+2] = 1 },
	} {
		t.Run(name, func(t *testing.T) {
			b := bytes.Clone(file)
			change(b)
			if n := len(parseText(t, b).Texts); n != 0 {
				t.Errorf("%d tracks", n)
			}
		})
	}
}

// What anybody can write into our list is no name of a coding by that.
func TestSubtitlesOfACodingThatThereIsNotAreLeftOut(t *testing.T) {
	r, ix := withSource(t, matroskaText())
	out, _, err := resettled(t, r, ix)
	if err != nil {
		t.Fatal(err)
	}
	made := bytes.ReplaceAll(out, []byte(`"Codec":"S_TEXT/UTF8"`), []byte(`"Codec":"\u0000/UTF8"`))
	again, err := media.Parse(t.Context(), bytes.NewReader(made), int64(len(made)), nil)
	if err != nil || bytes.Equal(made, out) {
		t.Fatal(err)
	}
	for _, text := range again.Texts {
		if text.Codec == "\x00/UTF8" {
			t.Errorf("there is a track of subtitles in %q", text.Codec)
		}
	}
}

package metadata_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/metadata"
)

func TestValidateBringsInputIntoItsUsualForm(t *testing.T) {
	a := &metadata.Asset{
		Title: " \t a title\n", Description: "\r\none\r\n\ttwo\n",
		Tags: []string{" a ", "a", "", "  ", "A", "b c"}, Filename: "clip.mp4",
	}
	if err := a.Validate(); err != nil {
		t.Fatal(err)
	}
	equal(t, "asset", a, &metadata.Asset{
		Title: "a title", Description: "one\n\ttwo", Tags: []string{"a", "A", "b c"}, Filename: "clip.mp4",
	})
}

func TestValidateKeepsItsLimits(t *testing.T) {
	runes := func(n int) string { return strings.Repeat("é", n) }
	for _, c := range []struct {
		name  string
		a     metadata.Asset
		field string // that the error names; "" where there is none
	}{
		{"nothing at all", metadata.Asset{}, ""},
		{"a title of 200", metadata.Asset{Title: runes(200)}, ""},
		{"a title of 201", metadata.Asset{Title: runes(201)}, "title"},
		{"a title on two lines", metadata.Asset{Title: "a\nb"}, "title"},
		{"a title with a tab", metadata.Asset{Title: "a\tb"}, "title"},
		{"a title with an emoji of several code points", metadata.Asset{Title: "👩‍👩‍👧 🏴󠁧󠁢󠁳󠁣󠁴󠁿"}, ""},
		{"a title in Hebrew with a mark", metadata.Asset{Title: "שלום\u200f!"}, ""},
		{"a title that is no UTF-8", metadata.Asset{Title: "\xff"}, "title"},
		{"a description of 10,000", metadata.Asset{Description: runes(10_000)}, ""},
		{"a description of 10,001", metadata.Asset{Description: runes(10_001)}, "description"},
		{"a description with DEL", metadata.Asset{Description: "\x7f"}, "description"},
		{"a description with an override", metadata.Asset{Description: "x\u202ey"}, "description"},
		{"50 tags", metadata.Asset{Tags: numbers(50)}, ""},
		{"51 tags", metadata.Asset{Tags: numbers(51)}, "tags"},
		{"a million tags", metadata.Asset{Tags: numbers(1_000_000)}, "tags"},
		{"a million times one tag", metadata.Asset{Tags: make([]string, 1_000_000)}, ""},
		{"a tag of 64", metadata.Asset{Tags: []string{runes(64)}}, ""},
		{"a tag of 65", metadata.Asset{Tags: []string{runes(65)}}, "tags"},
		{"a tag with a line break", metadata.Asset{Tags: []string{"a\nb"}}, "tags"},
		{"a file name of 255 bytes", metadata.Asset{Filename: strings.Repeat("x", 255)}, ""},
		{"a file name of 256 bytes", metadata.Asset{Filename: strings.Repeat("x", 256)}, "filename"},
		{"a path", metadata.Asset{Filename: "../x"}, "filename"},
		{"a path of Windows", metadata.Asset{Filename: `c:\x`}, "filename"},
		{"the folder above", metadata.Asset{Filename: ".."}, "filename"},
	} {
		err := c.a.Validate()
		switch {
		case c.field == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.field != "" && (!errors.Is(err, metadata.ErrInvalid) || !strings.HasPrefix(err.Error(), c.field+" ")):
			t.Errorf("%s: %v, want an error about %s", c.name, err, c.field)
		}
	}
}

var names = map[string]string{
	"clip.mp4":                          "clip.mp4",
	"../../etc/passwd":                  "passwd",
	`C:\fakepath\my clip.mp4`:           "my clip.mp4",
	"/":                                 "",
	"..":                                "",
	" ... ":                             "",
	"":                                  "",
	"a\r\nSet-Cookie: x":                "aSet-Cookie: x",
	"\x00\x1b[31mred.mp4":               "[31mred.mp4",
	"gpj.\u202e4pm.exe":                 "gpj.4pm.exe",
	"ü\xff.mp4":                         "ü\ufffd.mp4",
	"東京.mp4":                            "東京.mp4",
	strings.Repeat("x", 300) + ".mp4":   strings.Repeat("x", 251) + ".mp4",
	strings.Repeat("é", 200) + ".mp4":   strings.Repeat("é", 125) + ".mp4",
	"a." + strings.Repeat("e", 300):     "a." + strings.Repeat("e", 253),
	"quote\"; filename*=utf-8''evil.sh": "quote\"; filename*=utf-8''evil.sh", // inert: encoding it is for who writes a header
}

func TestInertFilename(t *testing.T) {
	for in, want := range names {
		equal(t, in, metadata.InertFilename(in), want)
	}
}

func FuzzInertFilename(f *testing.F) {
	for in := range names {
		f.Add(in)
	}
	f.Fuzz(func(t *testing.T, in string) {
		out := metadata.InertFilename(in)
		a := &metadata.Asset{Filename: out}
		if err := a.Validate(); err != nil {
			t.Errorf("%q became %q: %v", in, out, err)
		}
		if again := metadata.InertFilename(out); again != out {
			t.Errorf("%q became %q, and that %q", in, out, again)
		}
	})
}

package validate_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/streamgate/streamgate/validate"
)

// row is an input and what the error about it says; "" where there is none.
type row struct{ name, in, want string }

func check(t *testing.T, fn func(field, s string) error, rows []row) {
	t.Helper()
	for _, r := range rows {
		err := fn("the field", r.in)
		switch {
		case r.want == "" && err != nil:
			t.Errorf("%s: %v", r.name, err)
		case r.want != "" && (err == nil || !strings.Contains(err.Error(), r.want)):
			t.Errorf("%s: error %v, want %q in it", r.name, err, r.want)
		case err != nil && (!errors.Is(err, validate.ErrInvalid) || !strings.HasPrefix(err.Error(), "the field ")):
			t.Errorf("%s: %v does not match ErrInvalid or names no field", r.name, err)
		}
	}
}

func TestText(t *testing.T) {
	check(t, func(f, s string) error { return validate.Text(f, s, 5) }, []row{
		{"nothing", "", ""},
		{"as much as possible", "äöü東京", ""},
		{"a character more", "äöü東京x", "6 characters; at most 5"},
		{"several lines", "a\n\tb", ""},
		{"a carriage return", "a\rb", "U+000D"},
		{"a NUL", "\x00", "U+0000"},
		{"DEL", "\x7f", "U+007F"},
		{"a C1 control", "\u0085", "U+0085"},
		{"an override", "\u202e", "U+202E"},
		{"an isolate", "\u2067", "U+2067"},
		{"a mark", "א\u200f", ""},
		{"a joiner", "👩\u200d👧", ""},
		{"no UTF-8", "\xff", "not valid UTF-8"},
		{"a surrogate in UTF-8", "\xed\xa0\x80", "not valid UTF-8"},
	})
}

func TestLine(t *testing.T) {
	check(t, func(f, s string) error { return validate.Line(f, s, 5) }, []row{
		{"a line", "a b c", ""},
		{"a newline", "a\n", "U+000A"},
		{"a tab", "\t", "U+0009"},
		{"a line separator", "\u2028", "U+2028"},
		{"a paragraph separator", "\u2029", "U+2029"},
		{"a character more", "123456", "at most 5"},
	})
}

func TestLength(t *testing.T) {
	check(t, func(f, s string) error { return validate.Length(f, s, 2, 3) }, []row{
		{"as little as possible", "éé", ""},
		{"as much as possible", "ééé", ""},
		{"less", "é", "1 characters; at least 2"},
		{"more", "éééé", "4 characters; at most 3"},
		{"nothing", "", "is missing"},
		{"no UTF-8", "a\xc3", "not valid UTF-8"},
	})
}

func TestCount(t *testing.T) {
	if err := validate.Count("tags", 3, 3); err != nil {
		t.Error(err)
	}
	if err := validate.Count("tags", 4, 3); !errors.Is(err, validate.ErrInvalid) || err.Error() != "tags holds 4; at most 3 are possible" {
		t.Error(err)
	}
}

func TestFilename(t *testing.T) {
	check(t, validate.Filename, []row{
		{"a name", "my clip (1).mp4", ""},
		{"a hidden one", ".mp4", ""},
		{"255 bytes", strings.Repeat("é", 127) + "x", ""},
		{"256 bytes", strings.Repeat("é", 128), "256 bytes; at most 255"},
		{"nothing", "", "is missing"},
		{"a path", "a/b", "path separator"},
		{"a path of Windows", `a\b`, "path separator"},
		{"this folder", ".", "folder"},
		{"the folder above", "..", "folder"},
		{"a line break", "a\nb", "U+000A"},
		{"an override", "gpj\u202e4pm.exe", "U+202E"},
		{"no UTF-8", "\xff", "not valid UTF-8"},
	})
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"", "text", "a\nb", "\x00", "\u202e", "\xff", "東京", "\u2028", "../x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text, line, name := validate.Text("f", s, 100), validate.Line("f", s, 100), validate.Filename("f", s)
		for _, err := range []error{text, line, name} {
			if err != nil && (!errors.Is(err, validate.ErrInvalid) || !utf8.ValidString(err.Error())) {
				t.Errorf("%q: %q", s, err)
			}
		}
		if line == nil && text != nil {
			t.Errorf("%q is a line and no text: %v", s, text)
		}
		if line == nil && strings.ContainsAny(s, "\x00\n\r\t\u2028") || text == nil && !utf8.ValidString(s) {
			t.Errorf("%q was accepted", s)
		}
	})
}

func Example() {
	fmt.Println(validate.Line("title", strings.Repeat("x", 512), 200))
	fmt.Println(validate.Email("contact", "ann@example.com"))
	// Output:
	// title has 512 characters; at most 200 are possible
	// <nil>
}

func TestBytes(t *testing.T) {
	check(t, func(f, s string) error { return validate.Bytes(f, s, 2, 5) }, []row{
		{"nothing", "", "is missing"},
		{"a byte less", "a", "1 bytes; at least 2"},
		{"the least", "ab", ""},
		{"the most", "äöa", ""},
		{"a byte more", "äöü", "6 bytes; at most 5"},
		{"no UTF-8", "\xff\xfe", ""},
	})
}

func ExampleBytes() {
	fmt.Println(validate.Bytes("password", "secret", 8, 72))
	// Output: password has 6 bytes; at least 8 are needed
}

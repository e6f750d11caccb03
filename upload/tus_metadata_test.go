package upload

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/internal/problem"
)

var metadataCases = map[string]struct {
	header string
	want   map[string]string // nil where it is refused, or empty
	bad    bool
}{
	"none":                          {"", nil, false},
	"one pair":                      {"filename Y2xpcC5tcDQ=", map[string]string{"filename": "clip.mp4"}, false},
	"two pairs and spaces":          {"a YQ== , b Yg==", map[string]string{"a": "a", "b": "b"}, false},
	"a key without a value":         {"is_private,a YQ==", map[string]string{"is_private": "", "a": "a"}, false},
	"a value of nothing":            {"a ", map[string]string{"a": ""}, false},
	"a value with line breaks":      {"a YQ0KYg==", map[string]string{"a": "a\r\nb"}, false},
	"a key twice":                   {"a YQ==,a Yg==", nil, true},
	"an empty pair":                 {"a YQ==,", nil, true},
	"a value that is not base64":    {"a %%%", nil, true},
	"base64 for URLs":               {"a _-8=", nil, true},
	"base64 without its padding":    {"a YQ", nil, true},
	"base64 with bits left over":    {"a YR==", nil, true},
	"base64 over two lines":         {"a YQ\n==", nil, true},
	"two values":                    {"a YQ== Yg==", nil, true},
	"bytes that are no UTF-8":       {"a /w==", nil, true},
	"a key with a control":          {"a\x00 YQ==", nil, true},
	"a key beyond ASCII":            {"ä YQ==", nil, true},
	"as long as may be, and longer": {strings.Repeat("a", maxMetadata+1), nil, true},
}

func TestParseMetadata(t *testing.T) {
	for name, tc := range metadataCases {
		t.Run(name, func(t *testing.T) {
			got, err := parseMetadata(tc.header)
			if diff := cmp.Diff(tc.want, got); diff != "" || (err != nil) != tc.bad {
				t.Errorf("%v %s", err, diff)
			}
			if err != nil && !errors.Is(err, problem.ErrBadRequest) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

func FuzzMetadata(f *testing.F) {
	for _, tc := range metadataCases {
		f.Add(tc.header)
	}
	f.Fuzz(func(t *testing.T, header string) {
		m, err := parseMetadata(header)
		if err != nil {
			return
		}
		text := formatMetadata(m)
		if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Fatalf("%q would break a header", text)
		}
		again, err := parseMetadata(text)
		if err != nil && len(text) <= maxMetadata {
			t.Fatal(err)
		}
		if diff := cmp.Diff(m, again); err == nil && diff != "" && len(m) > 0 {
			t.Fatal(diff)
		}
	})
}

package captions

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// check holds what comes out of Parse to what a player and a segmenter rely on.
func check(t interface {
	Helper()
	Fatalf(string, ...any)
}, file []byte,
) {
	t.Helper()
	cues, err := Parse(file)
	if err != nil {
		if !errors.Is(err, ErrInvalid) {
			t.Fatalf("%v", err)
		}
		return
	}
	last := time.Duration(0)
	for _, c := range cues {
		if c.Start < last || c.Start >= c.End || c.End > MaxTime || c.Start%time.Millisecond != 0 {
			t.Fatalf("times %v to %v, after %v", c.Start, c.End, last)
		}
		last = c.Start
		if !safe(c.Text) || strings.Contains(c.Settings, "\n") {
			t.Fatalf("%q %q", c.Settings, c.Text)
		}
	}
	text := Format(cues)
	if len(text) > MaxBytes || bytes.Contains(text, []byte("\r")) {
		t.Fatalf("%d bytes", len(text))
	}
	again, err := Parse(text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if d := cmp.Diff(cues, again); d != "" {
		t.Fatalf("read again it is another:\n%s", d)
	}
}

// tag is all that may stand between angle brackets.
var tag = regexp.MustCompile(`^(/?(i|b|u|c|v|lang|ruby|rt)(\.[A-Za-z0-9_-]+)*( [^<>\n]+)?|\d\d+:\d\d:\d\d\.\d\d\d)$`)

func safe(text string) bool {
	if text == "" || !utf8.ValidString(text) || strings.Contains(text, "-->") || strings.ContainsAny(text, "\r\x00") {
		return false
	}
	for line := range strings.SplitSeq(text, "\n") {
		if line == "" {
			return false
		}
	}
	for part := range strings.SplitSeq(text, "<") {
		inside, rest, ok := strings.Cut(part, ">")
		if strings.Contains(rest, ">") || ok && !tag.MatchString(inside) {
			return false
		}
	}
	return true
}

func FuzzParse(f *testing.F) {
	for _, c := range read {
		f.Add([]byte(c.file))
	}
	for _, c := range refused {
		if len(c.file) < 1000 {
			f.Add([]byte(c.file))
		}
	}
	f.Fuzz(func(t *testing.T, file []byte) { check(t, file) })
}

func TestWhateverIsReadIsReadAgainAsTheSame(t *testing.T) {
	text := rapid.StringOf(rapid.SampledFrom([]rune("ab <>/&;ivclang.0123:-\t\u00a0\u2028\u202eü🎬\x00{}\\\"'=#")))
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		webVTT := rapid.Bool().Draw(t, "WebVTT")
		if webVTT {
			b.WriteString("WEBVTT\n\n")
		}
		for range rapid.IntRange(1, 5).Draw(t, "cues") {
			from := time.Duration(rapid.IntRange(0, 10_000).Draw(t, "start")) * time.Millisecond
			b.Write(AppendTime(nil, from))
			b.WriteString(" --> ")
			b.Write(AppendTime(nil, from+time.Duration(rapid.IntRange(0, 10_000).Draw(t, "length"))*time.Millisecond))
			b.WriteString(rapid.SampledFrom([]string{"", " align:end", " line:5%,end x"}).Draw(t, "settings") + "\n")
			for range rapid.IntRange(0, 3).Draw(t, "lines") {
				b.WriteString(text.Draw(t, "text") + "\n")
			}
			b.WriteString("\n")
		}
		check(t, []byte(b.String()))
	})
}

// No input costs more than its size: one allocation a byte is the most.
func TestHostileFilesCostLittle(t *testing.T) {
	const size = 1 << 20
	for name, unit := range map[string]string{
		"open brackets": "<", "tags that do not end": "<a", "ampersands": "&", "ends": "</i>", "tags": "<i></i>",
		"empty lines": "\n", "numbers": "1\n", "arrows": "00:01.000 --> 00:02.000\n", "braces": "{\\an8", "lines": "a\n",
	} {
		for _, head := range []string{"WEBVTT\n\n00:01.000 --> 00:02.000\n", "1\n00:00:01,000 --> 00:00:02,000\n", tt + "><body><div><p begin='1s' end='2s'>"} {
			file := []byte(head + strings.Repeat(unit, size/len(unit)))
			if n := testing.AllocsPerRun(1, func() { _, _ = Parse(file) }); n > size {
				t.Errorf("%s: %.0f allocations", name, n)
			}
		}
	}
}

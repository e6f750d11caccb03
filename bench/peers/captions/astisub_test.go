package captions_test

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/asticode/go-astisub"
	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/captions"
)

// reader is one of astisub's; it knows the format beforehand.
type reader func(file string) (*astisub.Subtitles, error)

var readers = map[string]reader{
	"WebVTT": func(f string) (*astisub.Subtitles, error) { return astisub.ReadFromWebVTT(strings.NewReader(f)) },
	"SubRip": func(f string) (*astisub.Subtitles, error) { return astisub.ReadFromSRT(strings.NewReader(f)) },
	"TTML":   func(f string) (*astisub.Subtitles, error) { return astisub.ReadFromTTML(strings.NewReader(f)) },
}

// file makes n cues in a format, one a second.
func file(format string, n int) string {
	var b strings.Builder
	b.WriteString(map[string]string{"WebVTT": "WEBVTT\n\n", "TTML": `<tt xmlns="http://www.w3.org/ns/ttml"><body><div>` + "\n"}[format])
	for i := range n {
		from := time.Duration(i) * time.Second
		start, end := string(captions.AppendTime(nil, from)), string(captions.AppendTime(nil, from+900*time.Millisecond))
		text := []string{fmt.Sprintf("Line %d of the film", i), "and äöü 日本 go on"}
		switch format {
		case "WebVTT":
			fmt.Fprintf(&b, "%d\n%s --> %s align:start\n%s\n\n", i+1, start, end, strings.Join(text, "\n"))
		case "SubRip":
			fmt.Fprintf(&b, "%d\n%s --> %s\n%s\n\n", i+1, strings.Replace(start, ".", ",", 1), strings.Replace(end, ".", ",", 1), strings.Join(text, "\n"))
		case "TTML":
			fmt.Fprintf(&b, "<p begin=\"%s\" end=\"%s\">%s</p>\n", start, end, strings.Join(text, "<br/>"))
		}
	}
	b.WriteString(map[string]string{"TTML": "</div></body></tt>"}[format])
	return b.String()
}

// line is a cue as both say it.
type line struct {
	Start, End time.Duration
	Text       string
}

func ours(t testing.TB, file []byte) (list []line) {
	t.Helper()
	cues, err := captions.Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cues {
		list = append(list, line{c.Start, c.End, c.Text})
	}
	return list
}

func theirs(s *astisub.Subtitles) (list []line) {
	for _, item := range s.Items {
		var text []string
		for _, l := range item.Lines {
			if s := l.String(); s != "" {
				text = append(text, s)
			}
		}
		list = append(list, line{item.StartAt, item.EndAt, strings.Join(text, "\n")})
	}
	return list
}

func TestBothReadTheSame(t *testing.T) {
	for format, read := range readers {
		t.Run(format, func(t *testing.T) {
			text := file(format, 200)
			s, err := read(text)
			if err != nil {
				t.Fatal(err)
			}
			mine := ours(t, []byte(text))
			if d := cmp.Diff(theirs(s), mine); d != "" || len(mine) != 200 {
				t.Error(d)
			}
		})
	}
}

func TestAstisubReadsWhatIsKept(t *testing.T) {
	cues, err := captions.Parse([]byte(file("SubRip", 200)))
	if err != nil {
		t.Fatal(err)
	}
	s, err := astisub.ReadFromWebVTT(bytes.NewReader(captions.Format(cues)))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(theirs(s), ours(t, captions.Format(cues))); d != "" {
		t.Error(d)
	}
}

// TestWhereTheyDiffer is why there are parsers of our own. A row that does not
// hold any more, after a new version, is to be taken out, and the reason with it.
func TestWhereTheyDiffer(t *testing.T) {
	const tt = `<tt xmlns="http://www.w3.org/ns/ttml"><body begin="10s"><div><p begin="1s" dur="2s">a</p></div></body></tt>`
	for _, c := range []struct {
		name, format, file string
		differs            func(s *astisub.Subtitles, err error, panicked bool) bool
		ours               string // of the error; "" is that it can be read
	}{
		{"an arrow without an end: it panics", "SubRip", "1\n00:00:01,000 --> \nx\n", func(_ *astisub.Subtitles, _ error, panicked bool) bool { return panicked }, "line 2"},
		{"a line of 64 KiB: it stops there without an error", "SubRip", strings.Repeat("x", 70<<10) + "\n" + file("SubRip", 3), func(s *astisub.Subtitles, err error, _ bool) bool { return err == nil && len(s.Items) == 0 }, "line 1"},
		{"an end before the beginning: it is taken", "WebVTT", "WEBVTT\n\n00:03.000 --> 00:02.000\nx\n", func(s *astisub.Subtitles, err error, _ bool) bool { return err == nil && len(s.Items) == 1 }, "line 3"},
		{"a paragraph of TTML with dur and no end: it panics", "TTML", tt, func(_ *astisub.Subtitles, _ error, panicked bool) bool { return panicked }, ""},
		{"times of TTML that count from the parent's: they count from 0", "TTML", strings.Replace(tt, `dur="2s"`, `end="3s"`, 1), func(s *astisub.Subtitles, err error, _ bool) bool {
			return err == nil && len(s.Items) == 1 && s.Items[0].StartAt == time.Second
		}, ""},
		{"a time in TTML that is none: no line is named", "TTML", strings.Replace(tt, `"1s"`, `"-1s"`, 1), func(_ *astisub.Subtitles, err error, panicked bool) bool {
			return panicked || err == nil || !strings.Contains(err.Error(), "line")
		}, "line 1"},
		{"no subtitles at all: they are none, and no error", "WebVTT", "just text", func(s *astisub.Subtitles, err error, _ bool) bool { return err == nil && len(s.Items) == 0 }, "neither"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, panicked, err := try(readers[c.format], c.file)
			if !c.differs(s, err, panicked) {
				t.Errorf("astisub reads %+v, %v; panicked %t: this is no difference any more", s, err, panicked)
			}
			cues, err := captions.Parse([]byte(c.file))
			switch {
			case c.ours == "" && (err != nil || len(cues) != 1 || cues[0].Start != 11*time.Second || cues[0].End != 13*time.Second):
				t.Errorf("it is read as %v, %v", cues, err)
			case c.ours != "" && (err == nil || !strings.Contains(err.Error(), c.ours)):
				t.Errorf("%v, want %q", err, c.ours)
			}
		})
	}
}

func try(read reader, file string) (s *astisub.Subtitles, panicked bool, err error) {
	defer func() { panicked = recover() != nil }()
	s, err = read(file)
	return s, false, err
}

// BenchmarkParse reads a film of 2000 cues by turns, and reports the times and
// allocations as ratios: below 1 is less than astisub.
func BenchmarkParse(b *testing.B) {
	for format, read := range readers {
		b.Run(format, func(b *testing.B) {
			text := file(format, 2000)
			var spent, allocated [2]float64
			for range max(b.N, 5) {
				for i, parse := range []func(){
					func() { _, _ = captions.Parse([]byte(text)) },
					func() { _, _ = read(text) },
				} {
					var before, after runtime.MemStats
					runtime.ReadMemStats(&before)
					start := time.Now()
					parse()
					spent[i] += time.Since(start).Seconds()
					runtime.ReadMemStats(&after)
					allocated[i] += float64(after.TotalAlloc - before.TotalAlloc)
				}
			}
			b.ReportMetric(spent[0]/spent[1], "time-ratio")
			b.ReportMetric(allocated[0]/allocated[1], "bytes-ratio")
			b.ReportMetric(0, "ns/op")
		})
	}
}

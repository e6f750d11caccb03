package captions_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/captions"
)

// boxOf is a box around the parts.
func boxOf(kind string, parts ...string) string {
	body := strings.Join(parts, "")
	n := len(body) + 8
	return string([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}) + kind + body
}

// timed is a sample of 3GPP timed text: its length, the text, boxes.
func timed(text string, boxes ...string) string {
	return string([]byte{byte(len(text) >> 8), byte(len(text))}) + text + strings.Join(boxes, "")
}

// styles is a styl box of records: from, to, face.
func styles(records ...[3]byte) string {
	b := []byte{0, byte(len(records))}
	for _, r := range records {
		b = append(b, 0, r[0], 0, r[1], 0, 1, r[2], 12, 255, 255, 255, 255)
	}
	return boxOf("styl", string(b))
}

const ttmlOfSample = `<?xml version="1.0" encoding="UTF-8"?><tt xmlns="http://www.w3.org/ns/ttml"><body><div>` +
	`<p begin="00:00:08.500" end="00:00:11">before and in</p><p begin="12s" end="13s">in <span xmlns:tts="http://www.w3.org/ns/ttml#styling" tts:fontStyle="italic">it</span></p>` +
	`<p begin="13.5s">to the end</p><p begin="30s" end="31s">after</p></div></body></tt>`

func TestSamples(t *testing.T) {
	for _, c := range []struct {
		name, coding, data string
		want               []string // what Append writes of each, on one line without number and arrow
	}{
		{"a line of timed text", "tx3g", timed("One"), []string{"10 20 One"}},
		{"markup is text there", "tx3g", timed("<b>a</b> & --> b"), []string{"10 20 &lt;b&gt;a&lt;/b&gt; &amp; --&gt; b"}},
		{"lines of every kind", "tx3g", timed("a\r\nb\rc\n\n\nd\u2028e"), []string{"10 20 a|b|c|d|e"}},
		{"styles become tags", "tx3g", timed("bold plain both", styles([3]byte{0, 4, 1}, [3]byte{11, 15, 6})), []string{"10 20 <b>bold</b> plain <i><u>both</u></i>"}},
		{"styles out of order and beyond the text", "tx3g", timed("abc", styles([3]byte{1, 2, 1}, [3]byte{0, 3, 2}, [3]byte{2, 255, 2})), []string{"10 20 a<b>b</b><i>c</i>"}},
		{"a style counts characters, not bytes", "tx3g", timed("äöü", styles([3]byte{1, 2, 1})), []string{"10 20 ä<b>ö</b>ü"}},
		{"a styl box that is cut off", "tx3g", timed("abc", styles([3]byte{0, 3, 1})[:15]), []string{"10 20 abc"}},
		{"UTF-16 by its mark", "tx3g", timed("\xfe\xff\x00a\x20\xac"), []string{"10 20 a€"}},
		{"UTF-16 the other way round", "tx3g", timed("\xff\xfea\x00\xac\x20"), []string{"10 20 a€"}},
		{"half a pair of UTF-16", "tx3g", timed("\xfe\xff\x00a\xd8\x00"), []string{"10 20 a\ufffd"}},
		{"what is no UTF-8", "tx3g", timed("a\xffb"), []string{"10 20 a\ufffdb"}},
		{"the Macintosh's characters in QuickTime", "text", timed("caf\x8e"), []string{"10 20 café"}},
		{"nothing", "tx3g", timed(""), nil},
		{"space alone", "tx3g", timed(" \n "), nil},

		{"a cue of WebVTT", "wvtt", boxOf("vttc", boxOf("iden", "7"), boxOf("sttg", "line:0 align:start nonsense:1"), boxOf("payl", "<i>One</i>\nTwo")), []string{"10 20 line:0 align:start <i>One</i>|Two"}},
		{"two cues at once", "wvtt", boxOf("vttc", boxOf("payl", "One")) + boxOf("vttc", boxOf("payl", "<script>Two")), []string{"10 20 One", "10 20 Two"}},
		{"none", "wvtt", boxOf("vtte"), nil},
		{"a note", "wvtt", boxOf("vtta", "said nobody"), nil},

		{"a document shows what is on with the sample", "stpp", ttmlOfSample, []string{"10 12 before and in", "13 14 in <i>it</i>", "14.5 20 to the end"}},
		{"a document with pictures behind it", "stpp", ttmlOfSample + "\x89PNG\xff</ttx>", []string{"10 12 before and in", "13 14 in <i>it</i>", "14.5 20 to the end"}},
		{"a document that shows nothing", "stpp", `<tt xmlns="http://www.w3.org/ns/ttml"/>`, nil},

		{"a block of SubRip", "S_TEXT/UTF8", "{\\an8}<i>One</i> & two\r\n<font color=red>three</font>", []string{"10 20 line:0 <i>One</i> &amp; two|three"}},
		{"a block of WebVTT", "S_TEXT/WEBVTT", "<v Ann>Hello", []string{"10 20 <v Ann>Hello</v>"}},
		{"a block of WebVTT as WebM had them", "D_WEBVTT/SUBTITLES", "id\nline:10%\nHello\nyou", []string{"10 20 line:10% Hello|you"}},
		{"an event", "S_TEXT/ASS", `3,0,Default,,0,0,0,,One, two\Nthree\hfour`, []string{"10 20 One, two|three\u00a0four"}},
		{"an event with overrides", "S_TEXT/ASS", `0,0,D,,0,0,0,,{\an8\b1}On{\b0}e }{ two`, []string{"10 20 line:0 One }{ two"}},
		{"an event at the top", "S_TEXT/ASS", `0,0,D,,0,0,0,,{\an8}One`, []string{"10 20 line:0 One"}},
		{"a drawing", "S_TEXT/ASS", `0,0,D,,0,0,0,,{\p1}m 0 0 l 9 9{\p0}One`, []string{"10 20 One"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := captions.Sample{Coding: c.coding, Data: []byte(c.data), Start: 10 * time.Second, End: 20 * time.Second, Zero: time.Second}
			cues, err := s.Cues()
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, cue := range cues {
				text := cue.Start.String() + " " + cue.End.String() + " "
				if cue.Settings != "" {
					text += cue.Settings + " "
				}
				got = append(got, strings.ReplaceAll(strings.ReplaceAll(text, "s ", " ")+cue.Text, "\n", "|"))
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestSamplesThatCannotBeRead(t *testing.T) {
	for name, s := range map[string]captions.Sample{
		"no coding":                           {Coding: "dvb"},
		"timed text without a length":         {Coding: "tx3g", Data: []byte{0}},
		"a length beyond the sample":          {Coding: "tx3g", Data: []byte("\xff\xffabc")},
		"64 KiB of text":                      {Coding: "tx3g", Data: []byte(timed(strings.Repeat("a", 65535)))},
		"a box beyond the sample":             {Coding: "wvtt", Data: []byte("\x00\x00\x01\x00vttc")},
		"a box of a cue beyond the cue":       {Coding: "wvtt", Data: []byte(boxOf("vttc", "\x00\x00\x00\xffpayl"))},
		"a box smaller than its header":       {Coding: "wvtt", Data: []byte("\x00\x00\x00\x00vttc")},
		"tags a hundred deep":                 {Coding: "wvtt", Data: []byte(boxOf("vttc", boxOf("payl", strings.Repeat("<i>", 100)+"x")))},
		"a document that is none":             {Coding: "stpp", Data: []byte("<html/>")},
		"a document that is cut off":          {Coding: "stpp", Data: []byte(ttmlOfSample[:200])},
		"a document that is nothing":          {Coding: "stpp"},
		"an event with too few fields":        {Coding: "S_TEXT/ASS", Data: []byte("a,b,c")},
		"more than a file of captions may be": {Coding: "S_TEXT/UTF8", Data: make([]byte, captions.MaxBytes+1)},
	} {
		s.End = time.Second
		if cues, err := s.Cues(); !errors.Is(err, captions.ErrInvalid) {
			t.Errorf("%s: %v, %v", name, cues, err)
		}
	}
}

func TestASampleHasManyCuesButNotAnyNumber(t *testing.T) {
	s := captions.Sample{Coding: "wvtt", Data: []byte(strings.Repeat(boxOf("vttc", boxOf("payl", "x")), 50_000)), End: time.Second}
	if cues, err := s.Cues(); err != nil || len(cues) != 1000 {
		t.Errorf("%d cues, %v", len(cues), err)
	}
}

// FuzzSample holds what comes of a sample against what Parse promises: it is
// within the sample's time, and a file of it reads as the same.
func FuzzSample(f *testing.F) {
	f.Add("tx3g", []byte(timed("bold", styles([3]byte{0, 4, 1}))), int64(0), int64(1000), int64(0))
	f.Add("text", []byte(timed("caf\x8e\r")), int64(5), int64(6), int64(0))
	f.Add("tx3g", []byte(timed("\xfe\xff\x00a")), int64(-5), int64(6), int64(0))
	f.Add("wvtt", []byte(boxOf("vttc", boxOf("sttg", "line:0"), boxOf("payl", "<v x>One"))), int64(0), int64(1000), int64(0))
	f.Add("stpp", []byte(ttmlOfSample), int64(0), int64(100_000), int64(-500))
	f.Add("S_TEXT/ASS", []byte(`0,0,D,,0,0,0,,{\an8}One{\p1}m{`), int64(0), int64(1000), int64(0))
	f.Add("S_TEXT/UTF8", []byte("<i>a --> b"), int64(0), int64(1000), int64(0))
	f.Add("D_WEBVTT/SUBTITLES", []byte("1\nline:0\n\n\nx"), int64(0), int64(1000), int64(0))
	f.Fuzz(func(t *testing.T, coding string, data []byte, start, end, zero int64) {
		limit := int64(captions.MaxTime / time.Millisecond)
		start, end, zero = start%limit, end%limit, zero%limit
		s := captions.Sample{
			Coding: coding, Data: data, Start: time.Duration(max(start, 0)) * time.Millisecond,
			End: time.Duration(end) * time.Millisecond, Zero: time.Duration(zero) * time.Millisecond,
		}
		cues, err := s.Cues()
		if err != nil || len(cues) == 0 {
			return
		}
		for _, c := range cues {
			if c.Start < s.Start || c.End > s.End || c.Start >= c.End || c.Text == "" || len(c.Text) > captions.MaxText {
				t.Fatalf("%+v within %v to %v", c, s.Start, s.End)
			}
		}
		file := captions.Format(cues)
		again, err := captions.Parse(file)
		if err != nil {
			if len(file) < captions.MaxShown {
				t.Fatalf("%v\n%s", err, file)
			}
			return
		}
		if len(again) != len(cues) {
			t.Fatalf("%d cues, read again %d\n%s", len(cues), len(again), file)
		}
	})
}

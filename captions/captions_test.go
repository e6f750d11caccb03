package captions

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/internal/problem"
)

func ms(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

// utf16Of encodes with a byte order mark.
func utf16Of(s string, order binary.AppendByteOrder) string {
	var b []byte
	for _, u := range utf16.Encode([]rune("\ufeff" + s)) {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}

const tt = `<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttp="http://www.w3.org/ns/ttml#parameter" xmlns:tts="http://www.w3.org/ns/ttml#styling" `

var read = []struct {
	name, file string
	want       []Cue
}{
	{"the smallest WebVTT", "WEBVTT\n\n00:01.000 --> 00:02.000\nHello", []Cue{{ms(1000), ms(2000), "", "Hello"}}},
	{
		"identifiers, notes, styles, regions and a header are left out",
		"WEBVTT - a film\nKind: captions\n\nNOTE\nnothing\n\nSTYLE\n::cue { color: red }\n\nREGION\nid:a\n\nfirst\n00:01.000 --> 00:02.000\nHello\nyou\n",
		[]Cue{{ms(1000), ms(2000), "", "Hello\nyou"}},
	},
	{
		"settings that are right stay",
		"WEBVTT\n\n00:01.000 --> 00:02.000\talign:start  line:-1 position:10.5%,line-left size:50% vertical:rl region:a line:2\nx",
		[]Cue{{ms(1000), ms(2000), "align:start line:-1 position:10.5%,line-left size:50% vertical:rl", "x"}},
	},
	{
		"settings that are not right go",
		"WEBVTT\n\n00:01.000 --> 00:02.000 align:nowhere line:99999 position:1e9% color:red x:\"><script>\nx",
		[]Cue{{ms(1000), ms(2000), "", "x"}},
	},
	{"CRLF", "WEBVTT\r\n\r\n00:01.000 --> 00:02.000\r\na\r\nb\r\n\r\n", []Cue{{ms(1000), ms(2000), "", "a\nb"}}},
	{"CR", "WEBVTT\r\r00:01.000 --> 00:02.000\ra\rb\r\r", []Cue{{ms(1000), ms(2000), "", "a\nb"}}},
	{"a byte order mark", "\ufeffWEBVTT\n\n00:01.000 --> 00:02.000\nx", []Cue{{ms(1000), ms(2000), "", "x"}}},
	{"UTF-16, the little end first", utf16Of("1\r\n00:00:01,000 --> 00:00:02,000\r\n日本 🎬\r\n", binary.LittleEndian), []Cue{{ms(1000), ms(2000), "", "日本 🎬"}}},
	{"UTF-16, the big end first", utf16Of("WEBVTT\n\n00:01.000 --> 00:02.000\nü", binary.BigEndian), []Cue{{ms(1000), ms(2000), "", "ü"}}},
	{"half a pair", "\xff\xfe" + strings.TrimPrefix(utf16Of("1\n00:00:01,000 --> 00:00:02,000\na", binary.LittleEndian), "\xff\xfe") + "\x3d\xd8b\x00\x00", []Cue{{ms(1000), ms(2000), "", "a\ufffdb\ufffd"}}},
	{"NUL is left out", "WEBVTT\n\n00:01.000 --> 00:02.000\na\x00b", []Cue{{ms(1000), ms(2000), "", "ab"}}},
	{
		"cues are sorted, the longer first",
		"WEBVTT\n\n00:05.000 --> 00:06.000\nc\n\n00:01.000 --> 00:02.000\nb\n\n00:01.000 --> 00:09.000\na",
		[]Cue{{ms(1000), ms(9000), "", "a"}, {ms(1000), ms(2000), "", "b"}, {ms(5000), ms(6000), "", "c"}},
	},
	{
		"cues that overlap stay as they are",
		"1\n00:00:01,000 --> 00:00:05,000\na\n\n2\n00:00:02,000 --> 00:00:03,000\nb\n",
		[]Cue{{ms(1000), ms(5000), "", "a"}, {ms(2000), ms(3000), "", "b"}},
	},
	{
		"a cue without text or without time is left out",
		"WEBVTT\n\n00:01.000 --> 00:01.000\ngone\n\n00:02.000 --> 00:03.000\n<i> </i>\n\n00:02.000 --> 00:03.000\n\n00:03.000 --> 00:04.000\nx",
		[]Cue{{ms(3000), ms(4000), "", "x"}},
	},
	{
		"known tags stay, balanced; others are left out",
		"WEBVTT\n\n00:01.000 --> 00:02.000\n<v.loud Ann \"A\" & B>Hi <I.x><b>there</I> <font color=red>you</font> <script>alert(1)</script><00:01.500><c.yellow.\"x>now</c><lang en>e<ruby>k<rt>kan",
		[]Cue{{ms(1000), ms(2000), "", `<v.loud Ann "A" &amp; B>Hi <i.x><b>there</b></i> you alert(1)<00:00:01.500><c.yellow>now</c><lang en>e<ruby>k<rt>kan</rt></ruby></lang></v>`}},
	},
	{
		"what is no tag is text",
		"WEBVTT\n\n00:01.000 --> 00:02.000\na < b & c &lt;i&gt; &amp;amp; &#x3c;script&#62; 5 > 4 <i",
		[]Cue{{ms(1000), ms(2000), "", "a &lt; b &amp; c &lt;i&gt; &amp;amp; &lt;script&gt; 5 &gt; 4 &lt;i"}},
	},
	{
		"SubRip without numbers and empty lines, with one within the text",
		"00:00:01,000 --> 00:00:02,000\na\n\nb\n2\n00:00:03.5 --> 00:00:04,000 X1:1 X2:2\nin 1984\n1984\n\n\n3\n1:00:05,000 --> 1:00:06,000\nc",
		[]Cue{{ms(1000), ms(2000), "", "a\nb"}, {ms(3500), ms(4000), "", "in 1984\n1984"}, {ms(3_605_000), ms(3_606_000), "", "c"}},
	},
	{
		"SubRip's tags and overrides",
		"1\n00:00:01,000 --> 00:00:02,000\n{\\an8}<font color=\"#ff0000\"><i>a</i></font> {b}\n",
		[]Cue{{ms(1000), ms(2000), "line:0", "<i>a</i> {b}"}},
	},
	{
		"TTML with times of all kinds",
		`<?xml version="1.0" encoding="utf-16"?>` + "\n" + tt + `ttp:frameRate="25" ttp:tickRate="10000000"><head><metadata><p>no</p></metadata></head><body begin="1s"><div>
<p begin="00:00:01" end="00:00:02.5">a</p>
<p begin="2500ms" dur="0.5s">b<br/>c</p>
<p dur="1s" begin="0.001h">d</p>
<p begin="00:00:05:05" end="150f">e</p>
<p begin="60000000t" end="0.12m">  f
  g </p></div></body></tt>`,
		[]Cue{
			{ms(2000), ms(3500), "", "a"},
			{ms(3500), ms(4000), "", "b\nc"},
			{ms(4600), ms(5600), "", "d"},
			{ms(6200), ms(7000), "", "e"},
			{ms(7000), ms(8200), "", "f g"},
		},
	},
	{
		"TTML's styles, its spans with times of their own, and what is no text",
		tt + `><head><styling><style xml:id="s" tts:fontStyle="italic"/></styling><layout><region><style tts:fontWeight="bold"/></region></layout></head>` +
			`<body><div><p begin="1s" end="9s">x <span style="s">y &lt;b&gt;</span><span tts:fontWeight="bold" tts:textDecoration="underline">z</span></p>` +
			`<p><span begin="1s" end="2s">one</span> <span begin="2s" end="3s" xml:space="preserve">two  !</span><metadata>no</metadata></p></div></body></tt>`,
		[]Cue{
			{ms(1000), ms(9000), "", "x <i>y &lt;b&gt;</i><b><u>z</u></b>"},
			{ms(1000), ms(2000), "", "one"},
			{ms(2000), ms(3000), "", "two  !"},
		},
	},
	{
		"frames of NTSC",
		tt + `ttp:frameRate="30" ttp:frameRateMultiplier="1000 1001"><body><div><p begin="0f" end="30f">a</p></div></body></tt>`,
		[]Cue{{0, ms(1001), "", "a"}},
	},
}

func TestParse(t *testing.T) {
	for _, c := range read {
		t.Run(c.name, func(t *testing.T) {
			got, err := Parse([]byte(c.file))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

var refused = []struct {
	name, file string
	line       int // 0 where no line is to blame
	want       string
}{
	{"nothing", "", 0, "neither"},
	{"a page", "<!DOCTYPE html>\n<html><script>alert(1)</script></html>", 2, "no TTML"},
	{"a text", "just a text", 0, "neither"},
	{"bytes", "\x00\x01\x02\x03", 0, "neither"},
	{"a name that only begins alike", "WEBVTTX\n\nfoo", 0, "neither"},
	{"WebVTT without cues", "WEBVTT\n\nNOTE nothing", 0, "no cue"},
	{"only cues without text", "WEBVTT\n\n00:01.000 --> 00:02.000\n\n", 0, "no cue"},
	{"Latin-1", "WEBVTT\n\n00:01.000 --> 00:02.000\nn\xe4chste", 4, "UTF-8"},
	{"no arrow", "WEBVTT\n\n1\n00:01.000 > 00:02.000\nx", 4, "-->"},
	{"no times", "WEBVTT\n\n00:01.000 --> 00:02.000\nx\n\nlost", 6, "no line with the times"},
	{"no empty line after the header", "WEBVTT\n00:01.000 --> 00:02.000\nx", 2, "empty line"},
	{"no empty line between cues", "WEBVTT\n\n00:01.000 --> 00:02.000\nx\n00:03.000 --> 00:04.000\ny", 5, "empty line"},
	{"SubRip without an arrow", "1\n00:00:01,000 --> 00:00:02,000\na\n\n2\n00:00:03,000 - 00:00:04,000\nb", 6, "-->"},
	{"text before the first times", "Hello\n\n1\n00:00:01,000 --> 00:00:02,000\na", 1, "before the times"},
	{"the end before the beginning", "WEBVTT\n\n00:03.000 --> 00:02.000\nx", 3, "ends before"},
	{"a negative time", "1\n-00:00:01,000 --> 00:00:02,000\na", 2, "no time"},
	{"a negative minute", "1\n00:-1:01,000 --> 00:00:02,000\na", 2, "no time"},
	{"99 minutes of an hour", "WEBVTT\n\n00:99:01.000 --> 01:40:02.000\nx", 3, "no time"},
	{"words for times", "WEBVTT\n\nnow --> then\nx", 3, "no time"},
	{"no end", "WEBVTT\n\n00:01.000 -->\nx", 3, "no time"},
	{"an arrow alone", "-->", 1, "no time"},
	{"a billion hours", "1\n00:00:01,000 --> 999999999:00:00,000\na", 2, "1000 hours"},
	{"more digits than a number has", "1\n00:00:01,000 --> 99999999999999999999999:00:00,000\na", 2, "no time"},
	{"a thousand hours and more", "1\n00:00:01,000 --> 1000:00:00,001\na", 2, "1000 hours"},
	{"tags within tags", "WEBVTT\n\n00:01.000 --> 00:02.000\n" + strings.Repeat("<i>", 17), 3, "deep"},
	{"a long text", "WEBVTT\n\n00:01.000 --> 00:02.000\n" + strings.Repeat("a", MaxText+1), 3, "bytes"},
	{"a text that is long once escaped", "WEBVTT\n\n00:01.000 --> 00:02.000\n" + strings.Repeat("&", MaxText/2), 3, "bytes"},
	{"a long text in SubRip", "00:01.000 --> 00:02.000\n" + strings.Repeat("a\n", MaxText), 8194, "bytes"},
	{"too much at once", "WEBVTT\n\n" + strings.Repeat("00:01.000 --> 00:02.000\n"+strings.Repeat("a", 5000)+"\n\n", 14), 39, "at the same time"},
	{"a large file", "WEBVTT\n\n" + strings.Repeat("a", MaxBytes), 0, "bytes that are read"},
	{"too many cues", "WEBVTT\n\n" + manyCues(MaxCues+1), 300003, "more than 100000 cues"},
	{"TTML without an end", tt + ">\n<body><div><p begin='1s'>x</p></div></body></tt>", 2, "ends"},
	{"TTML with another clock", tt + "ttp:timeBase='clock'><body/></tt>", 1, "timeBase"},
	{"TTML in sequence", tt + "><body>\n<div timeContainer='seq'><p begin='0s' dur='1s'>x</p></div></body></tt>", 2, "timeContainer"},
	{"TTML with a time that is none", tt + ">\n<body><div>\n<p begin='-1s' end='2s'>x</p></div></body></tt>", 3, "-1s"},
	{"TTML with no number", tt + "><body><div>\n<p begin='NaNs' end='2s'>x</p></div></body></tt>", 2, "no time"},
	{"TTML with two points", tt + "><body><div>\n<p begin='1.2.3s' end='2s'>x</p></div></body></tt>", 2, "no time"},
	{"TTML for ever", tt + "><body><div>\n<p begin='1s' end='999999999999h'>x</p></div></body></tt>", 2, "ends"},
	{"TTML that is cut short", tt + ">\n<body><div>\n<p begin='1s' end='2s'>x", 3, "well-formed"},
	{"TTML with an entity of its own", "<!DOCTYPE tt [<!ENTITY a 'aaaa'>]>\n" + tt + ">\n<body><div><p begin='1s' end='2s'>&a;</p></div></body></tt>", 3, "well-formed"},
	{"TTML that is deep", tt + ">" + strings.Repeat("<div>", 100), 1, "deep"},
	{"TTML with a long text", tt + "><body><div><p begin='1s' end='2s'>" + strings.Repeat("<span>ab</span>", MaxText/2+1), 1, "bytes"},
}

func manyCues(n int) string { return strings.Repeat("00:01.000 --> 00:02.000\nx\n\n", n) }

func TestWhatCannotBeReadNamesItsLine(t *testing.T) {
	for _, c := range refused {
		t.Run(c.name, func(t *testing.T) {
			cues, err := Parse([]byte(c.file))
			if !errors.Is(err, ErrInvalid) || cues != nil {
				t.Fatalf("%d cues, %v", len(cues), err)
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v; want it to say %q", err, c.want)
			}
			e, _ := errors.AsType[*problem.Error](err)
			line, _ := e.Fields["line"].(int)
			if line != c.line || (line > 0) != strings.HasPrefix(e.Detail, "line ") {
				t.Errorf("line %d, want %d: %s", line, c.line, e.Detail)
			}
		})
	}
}

func TestFormat(t *testing.T) {
	got := string(Format([]Cue{{ms(1000), ms(2500), "align:start", "a\nb"}, {ms(3_600_000), 100 * time.Hour, "", "c"}}))
	want := "WEBVTT\n\n1\n00:00:01.000 --> 00:00:02.500 align:start\na\nb\n\n2\n01:00:00.000 --> 100:00:00.000\nc\n"
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

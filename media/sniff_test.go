package media_test

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/media"
)

// pngHead is what a PNG file of 64×48 pixels begins with.
const pngHead = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x40\x00\x00\x00\x30\x08\x06\x00\x00\x00\x00\x00\x00\x00"

func repeat(packet string, size, n int) string {
	return strings.Repeat(packet+strings.Repeat("\x00", size-len(packet)), n)
}

var sniffCases = map[string]struct {
	head string
	want media.Type // "" where it is refused
}{
	"MP4":                         {"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00", media.TypeMP4},
	"MP4 with a brand of its own": {"\x00\x00\x00\x18ftypXYZ1\x00\x00\x02\x00", media.TypeMP4},
	"M4A":                         {"\x00\x00\x00\x18ftypM4A \x00\x00\x02\x00", media.TypeM4A},
	"QuickTime":                   {"\x00\x00\x00\x18ftypqt  \x00\x00\x02\x00", media.TypeQuickTime},
	"QuickTime without a brand":   {"\x00\x00\x00\x08wide\x00\x00\x10\x00mdat", media.TypeQuickTime},
	"3GP":                         {"\x00\x00\x00\x18ftyp3gp4\x00\x00\x02\x00", media.TypeThreeGPP},
	"3G2":                         {"\x00\x00\x00\x18ftyp3g2a\x00\x00\x02\x00", media.TypeThreeGPP2},
	"a fragment":                  {"\x00\x00\x00\x18stypmsdh\x00\x00\x00\x00", media.TypeMP4},
	"mdat to the end of the file": {"\x00\x00\x00\x00mdat\x00\x00\x00\x00", media.TypeQuickTime},
	"mdat with a large size":      {"\x00\x00\x00\x01mdat\x00\x00\x00\x01\x00\x00\x00\x00", media.TypeQuickTime},
	"a box smaller than its head": {"\x00\x00\x00\x07ftypisom\x00\x00\x02\x00", ""},
	"a still image (HEIC)":        {"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", ""},
	"a still image (AVIF)":        {"\x00\x00\x00\x18ftypavif\x00\x00\x00\x00", ""},
	"Matroska":                    {"\x1a\x45\xdf\xa3\xa3\x42\x86\x81\x01\x42\x82\x88matroska", media.TypeMatroska},
	"WebM":                        {"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm", media.TypeWebM},
	"EBML that is something else": {"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84mkvx", ""},
	"AVI":                         {"RIFF\x24\x00\x00\x00AVI LIST", media.TypeAVI},
	"WAV":                         {"RIFF\x24\x00\x00\x00WAVEfmt ", media.TypeWAV},
	"WAV beyond 4 GiB":            {"RF64\xff\xff\xff\xffWAVEds64", media.TypeWAV},
	"WebP":                        {"RIFF\x24\x00\x00\x00WEBPVP8 ", ""},
	"FLV":                         {"FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00", media.TypeFLV},
	"FLV with another header":     {"FLV\x01\x05\x00\x00\x00\x08\x00\x00\x00\x00", ""},
	"Ogg with Vorbis":             {"OggS\x00\x02" + strings.Repeat("\x00", 20) + "\x01\x1e\x01vorbis", media.TypeOggAudio},
	"Ogg with Theora":             {"OggS\x00\x02" + strings.Repeat("\x00", 20) + "\x01\x2a\x80theora", media.TypeOggVideo},
	"Ogg from its middle":         {"OggS\x00\x00" + strings.Repeat("\x00", 20) + "\x01\x1e\x01vorbis", ""},
	"FLAC":                        {"fLaC\x80\x00\x00\x22\x10\x00", media.TypeFLAC},
	"an MPEG-2 program stream":    {"\x00\x00\x01\xba\x44\x00\x04\x00\x04\x01\x00\x00", media.TypeMPEGPS},
	"an MPEG-1 program stream":    {"\x00\x00\x01\xba\x21\x00\x01\x00\x01\x80\x00\x01", media.TypeMPEGPS},
	"a transport stream":          {repeat("G\x40\x00\x10", 188, 5), media.TypeMPEGTS},
	"a transport stream of 192":   {repeat("\x00\x00\x00\x00G\x40\x00\x10", 192, 5), media.TypeMPEGTS},
	"two packets and then a text": {repeat("G\x40\x00\x10", 188, 2) + strings.Repeat("text", 200), ""},
	"Windows Media":               {"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c\xf7\x02", media.TypeASF},
	"MXF":                         {"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01\x01\x02\x04\x00\x83", media.TypeMXF},
	"RealMedia":                   {".RMF\x00\x00\x00\x12\x00\x00\x00\x00", media.TypeReal},
	"Core Audio":                  {"caff\x00\x01\x00\x00desc\x00\x00\x00\x00", media.TypeCAF},
	"AMR":                         {"#!AMR\n\x3c\x00", media.TypeAMR},
	"AMR-WB":                      {"#!AMR-WB\n\x3c\x00", media.TypeAMR},
	"a script":                    {"#!/bin/sh\n", ""},
	"AIFF":                        {"FORM\x00\x04\x65\x2eAIFFCOMM", media.TypeAIFF},
	"a picture of an Amiga":       {"FORM\x00\x04\x65\x2eILBMBMHD", ""},
	"DV":                          {dif(0x1f0700, 0x3f0700, 0x3f0701, 0x560700, 0x560701, 0x560702), media.TypeDV},
	"blocks out of order":         {dif(0x1f0700, 0x3f0701, 0x3f0700, 0x560700, 0x560701, 0x560702), ""},
	"a GIF":                       {"GIF89a\x40\x01\xb4\x00\xf7\x00\x00", media.TypeGIF},
	"an old GIF":                  {"GIF87a\x40\x01\xb4\x00\xf7\x00\x00", media.TypeGIF},
	"a GIF without a size":        {"GIF89a" + strings.Repeat("\x00", 1000), ""},
	"a GIF that is cut off":       {"GIF89a\x40\x01\xb4\x00", ""},
	"an APNG":                     {pngHead + "\x00\x00\x00\x08acTL\x00\x00\x00\x14\x00\x00\x00\x00", media.TypeAPNG},
	"an APNG that says so late":   {pngHead + "\x00\x00\x00\x04gAMA\x00\x00\xb1\x8f\x00\x00\x00\x00" + "\x00\x00\x00\x08acTL\x00\x00\x00\x14\x00\x00\x00\x00", media.TypeAPNG},
	"an APNG of one picture":      {pngHead + "\x00\x00\x00\x08acTL\x00\x00\x00\x01\x00\x00\x00\x00", ""},
	"a PNG that says it too late": {pngHead + "\x00\x00\x00\x00IDAT\x00\x00\x00\x00" + "\x00\x00\x00\x08acTL\x00\x00\x00\x14\x00\x00\x00\x00", ""},
	"a PNG with a chunk of 4 GiB": {pngHead + "\xff\xff\xff\xffgAMA\x00\x00\x00\x08acTL\x00\x00\x00\x14\x00\x00\x00\x00", ""},
	"MP3":                         {repeat("\xff\xfb\x90\x64", 417, 4), media.TypeMP3},
	"MP3 after zeros":             {strings.Repeat("\x00", 300) + repeat("\xff\xfb\x90\x64", 417, 4), media.TypeMP3},
	"one frame of MP3 and a text": {repeat("\xff\xfb\x90\x64", 417, 1) + strings.Repeat("text", 200), ""},
	"MP3 after an ID3 tag":        {"ID3\x03\x00\x00\x00\x00\x00\x04abcd" + repeat("\xff\xfb\x90\x64", 417, 2), media.TypeMP3},
	"an ID3 tag without an end":   {"ID3\x03\x00\x00\x00\x7f\x7f\x7fTIT2", media.TypeMP3},
	"a page after an ID3 tag":     {"ID3\x03\x00\x00\x00\x00\x00\x04abcd<html>" + strings.Repeat(" ", 500), ""},
	"AAC":                         {repeat("\xff\xf1\x50\x80\x0c\x80\x00", 100, 4), media.TypeAAC},
	"UTF-16 text":                 {"\xff\xfe<\x00h\x00t\x00m\x00l\x00>\x00", ""},
	"nothing":                     {"", ""},
	"HTML":                        {"<!DOCTYPE html><html>", ""},
	"SVG":                         {`<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg">`, ""},
	"PDF":                         {"%PDF-1.7\n%\xe2\xe3\xcf\xd3", ""},
	"ZIP":                         {"PK\x03\x04\x14\x00\x00\x00\x08\x00", ""},
	"an HLS playlist":             {"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n", ""},
	"an HLS playlist after a BOM": {"\ufeff#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n", ""},
	"a concat script":             {"ffconcat version 1.0\nfile /etc/passwd\n", ""},
	"a DASH manifest":             {`<MPD xmlns="urn:mpeg:dash:schema:mpd:2011">`, ""},
	"a text":                      {"free as in mdat", ""},
	"a JPEG":                      {"\xff\xd8\xff\xe0\x00\x10JFIF\x00", ""},
	"a PNG":                       {"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", ""},
}

func TestSniff(t *testing.T) {
	for name, tc := range sniffCases {
		t.Run(name, func(t *testing.T) {
			if got, ok := media.Sniff([]byte(tc.head)); got != tc.want || ok != (tc.want != "") {
				t.Errorf("Sniff is %q, %t, want %q", got, ok, tc.want)
			}
		})
	}
}

// TestSniffKnowsTheCorpus wants every file that ffprobe can read to be known,
// except those whose beginning is garbage.
func TestSniffKnowsTheCorpus(t *testing.T) {
	dir := os.Getenv("STREAMGATE_CORPUS")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "media")
	}
	list, err := os.ReadFile(filepath.Join(dir, "manifest.tsv"))
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("the media corpus is not here: %v", err)
		}
		t.Skipf("the media corpus is not here; set STREAMGATE_CORPUS to its folder: %v", err)
	}
	r := csv.NewReader(bytes.NewReader(list))
	r.Comma, r.LazyQuotes = '\t', true
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	known := map[media.Type]int{}
	for _, row := range rows[1:] {
		name, container, class := row[0], row[4], row[6]
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		got, ok := media.Sniff(b)
		known[got]++
		if garbage := strings.Contains(name, "garbage-prefix"); !ok && class != "reject" && !garbage {
			t.Errorf("%s (%s, %s) is not known: % x", name, container, class, b[:min(16, len(b))])
		}
	}
	t.Log(known)
}

func FuzzSniff(f *testing.F) {
	for _, tc := range sniffCases {
		f.Add([]byte(tc.head))
	}
	f.Fuzz(func(t *testing.T, head []byte) {
		got, ok := media.Sniff(head)
		kind, _, _ := strings.Cut(string(got), "/")
		moves := got == media.TypeGIF || got == media.TypeAPNG
		if ok != (got != "") || ok && kind != "video" && kind != "audio" && !moves {
			t.Fatalf("Sniff is %q, %t", got, ok)
		}
		if picture := media.SniffPicture(head); ok && picture != "" {
			t.Fatalf("Sniff is %q, and SniffPicture %q", got, picture)
		}
		if again, _ := media.Sniff(append(slices.Clip(head), "<script>"...)); len(head) >= media.SniffLen && again != got {
			t.Fatalf("what lies beyond SniffLen made %q of %q", again, got)
		}
	})
}

func ExampleSniff() {
	head := []byte("#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n")
	if _, ok := media.Sniff(head); !ok {
		os.Stdout.WriteString("not a media file\n")
	}
	// Output: not a media file
}

// dif are blocks of DV with these first bytes.
func dif(heads ...uint32) string {
	var b strings.Builder
	for _, h := range heads {
		b.WriteString(string([]byte{byte(h >> 16), byte(h >> 8), byte(h)}) + strings.Repeat("\xff", 77))
	}
	return b.String()
}

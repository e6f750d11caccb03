package ffmpeg

import (
	"bytes"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// packetOf is a packet of a PID with a payload that begins a section, or goes on.
func packetOf(pid int, begins bool, payload []byte) []byte {
	b := []byte{0x47, byte(pid >> 8), byte(pid), 0x10}
	if begins {
		b[1] |= 0x40
		payload = append([]byte{0}, payload...)
	}
	return append(append(b, payload...), bytes.Repeat([]byte{0xff}, packet-4-len(payload))...)
}

// sectionOf is a section, whose checksum nobody looks at.
func sectionOf(table byte, body ...byte) []byte {
	length := 5 + len(body) + 4
	return slices.Concat([]byte{table, 0xb0 | byte(length>>8), byte(length), 0, 1, 0xc1, 0, 0}, body, make([]byte, 4))
}

// association says that the program's table is at PID 0x1000.
var association = packetOf(0, true, sectionOf(tablePrograms, 0, 1, 0xf0, 0x00))

// streamsOf is the body of a program map table with these streams.
func streamsOf(streams ...[]byte) []byte {
	return slices.Concat([]byte{0xe1, 0x00, 0xf0, 0x00}, slices.Concat(streams...))
}

func streamOf(pid int, kind byte, descriptors ...byte) []byte {
	return append([]byte{kind, 0xe0 | byte(pid>>8), byte(pid), 0xf0, byte(len(descriptors))}, descriptors...)
}

func TestTablesNameStreams(t *testing.T) {
	file := func(streams ...[]byte) []byte {
		return slices.Concat(association, packetOf(0x1000, true, sectionOf(tableStreams, streamsOf(streams...)...)), packetOf(0x100, false, nil))
	}
	long := sectionOf(tableStreams, streamsOf(streamOf(0x100, 0x1b, append([]byte{0xff, 200}, make([]byte, 200)...)...), streamOf(0x101, 0x2d))...)
	type streams map[int]string
	for name, c := range map[string]struct {
		file []byte
		want streams
	}{
		"H.264 and MPEG-H":           {file(streamOf(0x100, 0x1b), streamOf(0x101, 0x2d)), streams{0x100: "stream type 0x1b", 0x101: "MPEG-H 3D Audio, stream type 0x2d"}},
		"AC-4 of DVB":                {file(streamOf(0x101, 6, 0x7f, 2, 0x15, 0)), streams{0x101: "AC-4, stream type 0x06"}},
		"AC-4 by its registration":   {file(streamOf(0x101, 6, 0x05, 4, 'A', 'C', '-', '4')), streams{0x101: "AC-4, stream type 0x06"}},
		"a language, then DTS-UHD":   {file(streamOf(0x101, 6, 0x0a, 4, 'd', 'e', 'u', 0, 0x7f, 2, 0x21, 0)), streams{0x101: "DTS-UHD, stream type 0x06"}},
		"what nobody knows":          {file(streamOf(0x101, 6)), streams{0x101: "stream type 0x06"}},
		"a descriptor that is short": {file(streamOf(0x101, 6, 0x7f, 200, 0x15)), streams{0x101: "AC-4, stream type 0x06"}},
		"a table of two packets":     {slices.Concat(association, packetOf(0x1000, true, long[:183]), packetOf(0x1000, false, long[183:])), streams{0x100: "stream type 0x1b", 0x101: "MPEG-H 3D Audio, stream type 0x2d"}},
		"a table without its end":    {slices.Concat(association, packetOf(0x1000, true, long[:183]), packetOf(0x100, false, nil)), streams{}},
		"no association":             {slices.Concat(packetOf(0x1000, true, long[:183]), packetOf(0x1000, false, long[183:]), packetOf(0x100, false, nil)), streams{}},
		"something else":             {bytes.Repeat([]byte("text"), 1000), streams{}},
		"nothing":                    {nil, streams{}},
	} {
		got := streams{}
		for pid, m := range parsePrograms(c.file) {
			got[pid] = m.tag()
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestStreamsThatAreGuessedAreNamedByTheirTables(t *testing.T) {
	tables := programMap{
		0x100: {kind: 0x1b},
		0x101: {kind: 0x06, descriptors: []byte{0x7f, 2, 0x15, 0}},
		0x102: {kind: 0x2d},
		0x103: {kind: 0x03},
		0x104: {kind: 0x35},
		0x105: {kind: 0x06},
	}
	const picture = `{"index":0,"id":"0x100","codec_type":"video","codec_name":"h264"},`
	for name, c := range map[string]struct {
		streams string
		want    Source
	}{
		"AC-4 that is called data":                {picture + `{"index":1,"id":"0x101","codec_type":"data","codec_name":"bin_data"}`, Source{Audio: []Audio{{Stream: Stream{Index: 1, Tag: "AC-4, stream type 0x06"}}}}},
		"MPEG-H that is taken for MP3":            {picture + `{"index":1,"id":"0x102","codec_type":"audio","codec_name":"mp3","channels":0}`, Source{Audio: []Audio{{Stream: Stream{Index: 1, Tag: "MPEG-H 3D Audio, stream type 0x2d"}}}}},
		"MP3 that does not tell its channels":     {picture + `{"index":1,"id":"0x103","codec_type":"audio","codec_name":"mp3","channels":0}`, Source{Audio: []Audio{{Stream: Stream{Index: 1, Codec: "mp3"}}}}},
		"a picture that nobody knows, beside one": {picture + `{"index":1,"id":"0x104","codec_type":"data","codec_name":"bin_data"}`, Source{Others: 1}},
		"data":                 {picture + `{"index":1,"id":"0x105","codec_type":"data","codec_name":"bin_data"}`, Source{Others: 1}},
		"data that has a name": {picture + `{"index":1,"id":"0x101","codec_type":"data","codec_name":"scte_35"}`, Source{Others: 1}},
		"a stream that no table has, taken for MP3": {picture + `{"index":1,"id":"0x1ff","codec_tag":"0x0086","codec_type":"audio","codec_name":"mp3"}`, Source{Audio: []Audio{{Stream: Stream{Index: 1, Tag: "DTS-HD, stream type 0x86"}}}}},
	} {
		got, err := parseSource([]byte(`{"format":{"format_name":"mpegts"},"streams":[`+c.streams+`]}`), tables)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want.Audio, got.Audio); diff != "" || len(got.Video) != 1 || got.Others != c.want.Others {
			t.Errorf("%s (-want +got):\n%s%+v", name, diff, got)
		}
	}
	got, err := parseSource([]byte(`{"format":{"format_name":"mpegts"},"streams":[{"index":0,"id":"0x104","codec_type":"data","codec_name":"bin_data"}]}`), tables)
	if err != nil || len(got.Video) != 1 || got.Video[0].Tag != "EVC, stream type 0x35" {
		t.Errorf("a picture that nobody knows, alone, is %+v, %v", got, err)
	}
}

func FuzzPrograms(f *testing.F) {
	f.Add(slices.Concat(association, packetOf(0x1000, true, sectionOf(tableStreams, streamsOf(streamOf(0x101, 6, 0x7f, 2, 0x15, 0))...)), packetOf(0x100, false, nil)))
	f.Fuzz(func(t *testing.T, head []byte) {
		found := parsePrograms(head)
		if len(found) > mostStreams {
			t.Errorf("there are %d streams", len(found))
		}
		for pid, m := range found {
			if kind, name := m.name(); pid < 0 || pid > 0x1fff || (kind == "") != (name == "") || len(m.descriptors) > 0xfff {
				t.Errorf("%#x is %+v", pid, m)
			}
		}
	})
}

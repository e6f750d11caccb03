package hlsrules_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/streamgate/streamgate/internal/mpegts"
	"github.com/streamgate/streamgate/media"
)

const transport = "/t/index.m3u8"

// transport makes of the presentation one of transport streams, of the picture
// alone: 4 segments of 2 seconds.
func (f files) transport(t *testing.T) {
	t.Helper()
	list := "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXT-X-PLAYLIST-TYPE:VOD\n"
	bytes := 0
	for n := range 4 {
		data := transportSegment(t, n)
		f[fmt.Sprintf("/t/%d.ts", n)] = data
		bytes = max(bytes, len(data))
		list += fmt.Sprintf("#EXTINF:2.000000,\n%d.ts\n", n)
	}
	f[transport] = []byte(list + "#EXT-X-ENDLIST\n")
	f[master] = fmt.Appendf(nil, "#EXTM3U\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-STREAM-INF:BANDWIDTH=%d,CODECS=\"avc1.640028\",RESOLUTION=16x16\nt/index.m3u8\n", bytes*4)
}

func transportSegment(t *testing.T, n int) []byte {
	t.Helper()
	avcC := []byte{1, 0x64, 0, 0x28, 0xff, 0xe1, 0, 4, 0x67, 0x64, 0, 0x28, 1, 0, 2, 0x68, 0xeb}
	entry := append(make([]byte, 8+78+8), avcC...)
	copy(entry[4:], "avc1")
	copy(entry[8+78+4:], "avcC")
	binary.BigEndian.PutUint32(entry, uint32(len(entry)))
	binary.BigEndian.PutUint32(entry[8+78:], uint32(8+len(avcC)))
	s, err := mpegts.NewStream(&media.Track{Kind: media.Video, Timescale: 25, Entries: [][]byte{entry}})
	if err != nil {
		t.Fatal(err)
	}
	var source []byte
	in := &mpegts.Input{Stream: s, Decode: uint64(50 * n), Runs: []mpegts.Run{{Samples: 50}}}
	for i := range 50 {
		sample := append([]byte{0, 0, 4, 0, 0x41}, make([]byte, 1023)...)
		in.Samples = append(in.Samples, media.Sample{Offset: int64(len(source)), Size: uint32(len(sample)), Duration: 1, Sync: i == 0})
		source = append(source, sample...)
	}
	in.Source = bytes.NewReader(source)
	var b bytes.Buffer
	if _, err := (&mpegts.Segment{Number: n, Video: in}).WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// spoil makes a presentation of transport streams and changes one of its segments.
func spoil(uri string, change func(*testing.T, []byte) []byte) func(*testing.T, files) {
	return func(t *testing.T, f files) {
		t.Helper()
		f.transport(t)
		f[uri] = change(t, f[uri])
	}
}

var inTransport = []breaks{
	{rule: "transport", change: spoil("/t/1.ts", func(_ *testing.T, b []byte) []byte { return b[188:] })},
	{rule: "transport", change: spoil("/t/1.ts", func(_ *testing.T, b []byte) []byte { return b[:len(b)-1] })},
	{rule: "transport", change: spoil("/t/2.ts", func(_ *testing.T, b []byte) []byte {
		b[188*3+3] ^= 1 // a counter
		return b
	})},
	{rule: "counters", change: spoil("/t/2.ts", func(_ *testing.T, b []byte) []byte {
		for at := 0; at < len(b); at += 188 {
			if b[at+1]&0x1f == 1 {
				b[at+3] = b[at+3]&0xf0 | (b[at+3]+5)&15
			}
		}
		return b
	})},
	{rule: "continuous", change: spoil("/t/3.ts", func(t *testing.T, b []byte) []byte {
		again := transportSegment(t, 2)
		copy(again[:188*2], b[:188*2]) // the tables count on
		return again
	}), also: "duration-true"},
	{rule: "duration-true", change: func(t *testing.T, f files) {
		f.transport(t)
		f.replace(t, transport, "#EXTINF:2.000000,\n1", "#EXTINF:1.700000,\n1")
	}, also: "bandwidth bandwidth-true"},
	{rule: "independent-true", change: spoil("/t/1.ts", func(_ *testing.T, b []byte) []byte {
		b[188*2+5] &^= 0x40
		return b
	})},
	{rule: "change-marked", change: spoil("/t/1.ts", func(_ *testing.T, b []byte) []byte {
		pmt := b[188+5 : 188+5+18+4]
		pmt[12] = 0x1c
		crc := ^uint32(0)
		for _, c := range pmt[:len(pmt)-4-1] {
			for i := 7; i >= 0; i-- {
				top := crc>>31 ^ uint32(c>>i&1)
				if crc <<= 1; top != 0 {
					crc ^= 0x04c11db7
				}
			}
		}
		binary.BigEndian.PutUint32(pmt[len(pmt)-4-1:], crc)
		return b
	})},
}

func TestWholeTransportStreamsKeepToTheRules(t *testing.T) {
	f := whole(t)
	f.transport(t)
	for _, v := range f.check() {
		t.Error(v)
	}
}

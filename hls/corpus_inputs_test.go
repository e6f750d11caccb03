package hls_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// inputShapes are files as cameras, phones, editors and crashes make them.
var inputShapes = []fixture{
	{name: "lengths of NAL units in 2 bytes", steps: "$V -t 4 " + x264 + " out.mp4", patch: shortLengths, breaks: map[string]string{"init": "the checker reads lengths of 4 bytes alone"}},
	{name: "parameter sets in the stream alone", steps: "$V -t 4 " + x264 + " -x264-params repeat-headers=1 out.mp4", patch: withoutSets("avcC", "avc1", "avc3", 5, "\xe0\x00")},
	{name: "HEVC with parameter sets in the stream alone", steps: "$V -t 4 " + x265 + ":repeat-headers=1 -tag:v hev1 out.mp4", patch: withoutSets("hvcC", "hev1", "hev1", 22, "\x00")},
	{name: "two parts of other parameter sets", steps: "$V -t 4 -c:v libx264 -preset veryfast -g 25 second.mp4\n$V -t 4 -c:v libx264 -preset veryfast -g 25 -profile:v main -bf 2 -x264-params cabac=0:ref=2 out.mp4", patch: appended, only: "video packets: 2 of 200 missing"}, // the first of a segment has its parameter sets
	{name: "no list of sync samples", steps: "$V -t 4 -c:v libx264 -preset veryfast -g 25 -bf 0 out.mp4", patch: retable("stss", "free", bytes.Clone)},
	{name: "a list of sync samples without any", steps: "$V -t 4 -c:v libx264 -preset veryfast -g 25 -bf 0 out.mp4", patch: retable("stss", "stss", func([]byte) []byte { return make([]byte, 8) })},
	{name: "a text glued to the end", steps: "$BASE -t 4 -c copy out.mp4", patch: glued("<html>504 Gateway Time-out</html>")},
	{name: "zeros at the end of fragments", steps: "$BASE -t 4 -c copy -movflags frag_keyframe+empty_moov out.mp4", patch: glued(string(make([]byte, 4096)))},
	{name: "sample descriptions with padding", steps: "$BASE -t 4 -c copy out.mp4", patch: retable("stsd", "stsd", func(b []byte) []byte { return append(b, make([]byte, 16)...) })},
	{name: "QuickTime whose first track is one JPEG", steps: "-f lavfi -i color=red:s=64x64 -frames:v 1 cover.jpg\n-i cover.jpg $BASE -map 1:v -map 1:a -map 0 -t 4 -c copy out.mov", exception: "the JPEG is a cover, and not shown"},
	{name: "a book with a cover and chapters", steps: "-f lavfi -i color=red:s=64x64 -frames:v 1 cover.png\n$A -i cover.png -f ffmetadata -i chapters.txt -map 0 -map 1 -map_metadata 2 -c:a aac -c:v copy -disposition:v:0 attached_pic -f ipod out.m4b"},
	{name: "tracks of which the first sound is not the default", steps: "$BASE $A -map 0:v -map 0:a -map 1:a -t 4 -c:v copy -c:a aac -aac_pns 0 -af:a:1 volume=0.5 -disposition:a:0 0 -disposition:a:1 default out.mp4"},
	{name: "a frame of sound", steps: "-f lavfi -i sine=d=0.01:r=48000 -c:a aac out.m4a", exception: "a decoder is right from the second packet on, and there is but one"},
	{name: "a gap in the sound", steps: "$V $A -t 8 -af aselect=lt(t\\,2)+gt(t\\,5) " + x264 + " -c:a aac out.mp4"},
	{name: "a gap in the sound, fragmented", steps: "$V $A -t 8 -af aselect=lt(t\\,2)+gt(t\\,5) " + x264 + " -c:a aac -movflags frag_keyframe+delay_moov out.mp4"},
	{name: "Matroska with a gap in the sound", steps: "$V $A -t 8 -af aselect=lt(t\\,2)+gt(t\\,5) " + x264 + " -c:a aac out.mkv"},
	{name: "pictures at random times on a clock of 90 kHz", steps: "$V -t 5 -vf settb=1/90000,setpts=PTS+floor(random(0)*2000) -fps_mode passthrough -enc_time_base 1:90000 " + x264 + " out.mp4"},
	{name: "timescale of 1 GHz", steps: "$BASE -t 4 -c copy -video_track_timescale 1000000000 out.mp4"},
	{name: "a movie clock of one tick a second", steps: "-ss 1.7 $BASE -t 4 -c copy -movie_timescale 1 out.mp4"},
	{name: "pictures that are 2 pixels wide", steps: "$V -t 1 -vf scale=2:2,setsar=1 -pix_fmt yuv444p " + x264 + " out.mp4"},
	{name: "pixels of 200:1", steps: "$V -t 1 -vf setsar=200 " + x264 + " out.mp4"},
	{name: "a clock that begins a day late, fragmented", steps: "$BASE -t 4 -c copy -output_ts_offset 86400 -movflags frag_keyframe+empty_moov+default_base_moof+frag_discont -use_editlist 0 out.mp4"},
	{name: "HEVC with leading pictures that decode", steps: "$V -t 4 -c:v libx265 -preset ultrafast -x265-params log-level=none:keyint=25:radl=2:bframes=4:b-adapt=0:open-gop=0 out.mp4"},
	{name: "HEVC in HLG", steps: "$V -t 2 -c:v libx265 -preset ultrafast -pix_fmt yuv420p10le -color_primaries bt2020 -color_trc arib-std-b67 -colorspace bt2020nc -x265-params log-level=none:keyint=25 out.mp4"},
	{name: "Matroska of a recording that was stopped", steps: "$BASE -t 6 -c copy -f matroska -live 1 out.mkv", patch: cutShort(5000)},
	{name: "WebM of a recording that was stopped", steps: "$V $A -t 4 -c:v libvpx-vp9 -cpu-used 8 -deadline realtime -g 25 -c:a libopus -f webm -live 1 out.webm", patch: cutShort(700)},
	{name: "Matroska with a cover as a track", steps: "-f lavfi -i color=red:s=64x64 -frames:v 1 cover.png\n$A -t 4 -i cover.png -map 0 -map 1 -c:a aac -c:v copy -disposition:v:0 attached_pic out.mkv", exception: "the PNG is a cover, and not shown"},
	{name: "Matroska with frames of H.264 without their first bytes", steps: "$V $A -t 4 " + x264 + " -c:a libmp3lame out.mkv", patch: stripped(1, 0, 0)},
	{name: "Matroska with AC-3 without its first bytes", steps: "$V $A -t 4 " + x264 + " -c:a ac3 out.mkv", patch: stripped(2, 0x0b, 0x77)},
	{name: "Matroska that is damaged within a cluster", steps: "$BASE -t 8 -c copy -cluster_time_limit 500 out.mkv", patch: damaged},
	{name: "MP2 in MP4", steps: "$A -t 2 -c:a mp2 out.mp4", class: classTranscode},
	{name: "MP2 beside a picture", steps: "$V $A -t 2 " + x264 + " -c:a mp2 out.mov", class: classTranscode},
	{name: "A-law PCM", steps: "$A -t 2 -ar 8000 -ac 1 -c:a pcm_alaw out.mov", class: classTranscode},
	{name: "Motion JPEG beside sound", steps: "$V $A -t 2 -c:v mjpeg -c:a aac out.mov", class: classTranscode},
	{name: "Matroska with TrueHD", steps: "$V $A -t 2 " + x264 + " -c:a truehd -strict -2 out.mkv", class: classTranscode},
}

// glued puts something behind the file.
func glued(text string) patcher {
	return func(_ *testing.T, _ string, data []byte) []byte { return append(data, text...) }
}

// cutShort takes bytes from the end.
func cutShort(n int) patcher {
	return func(_ *testing.T, _ string, data []byte) []byte { return data[:len(data)-n] }
}

// withoutSets keeps only the first bytes of a configuration and what says then
// that there are no parameter sets, and renames the sample entry.
func withoutSets(config, entry, name string, keep int, none string) patcher {
	return retable("stsd", "stsd", func(b []byte) []byte {
		at := bytes.Index(b, []byte(config)) + 4
		end := at - 8 + int(binary.BigEndian.Uint32(b[at-8:]))
		out := slices.Concat(b[:at+keep], []byte(none), b[end:])
		binary.BigEndian.PutUint32(out[at-8:], uint32(8+keep+len(none)))
		binary.BigEndian.PutUint32(out[8:], uint32(len(out)-8)) // the only entry
		copy(out[bytes.Index(out, []byte(entry)):], name)
		return out
	})
}

// rebuilt changes each sample of a file of one track, in one mdat, whose moov
// stands last.
func rebuilt(data []byte, change func(sample []byte) []byte) []byte {
	mdat := bytes.Index(data, []byte("mdat")) - 4
	moov := bytes.LastIndex(data, []byte("moov")) - 4
	sizes := boxAt(data[moov:], "moov/trak/mdia/minf/stbl/stsz")[12:]
	at := mdat + 8
	out, table := bytes.Clone(data[:at]), make([]byte, 0, len(sizes))
	moved := map[uint32]uint32{}
	for ; len(sizes) > 0; sizes = sizes[4:] {
		n := int(binary.BigEndian.Uint32(sizes))
		moved[uint32(at)] = uint32(len(out))
		sample := change(data[at : at+n])
		out, table = append(out, sample...), binary.BigEndian.AppendUint32(table, uint32(len(sample)))
		at += n
	}
	binary.BigEndian.PutUint32(out[mdat:], uint32(len(out)-mdat))
	tail := rewrite(data[moov:], "moov/trak/mdia/minf/stbl/stsz", func(b []byte) []byte { return append(b[:12], table...) })
	tail = rewrite(tail, "moov/trak/mdia/minf/stbl/stco", func(b []byte) []byte {
		for i := 8; i < len(b); i += 4 {
			binary.BigEndian.PutUint32(b[i:], moved[binary.BigEndian.Uint32(b[i:])])
		}
		return b
	})
	return append(out, tail...)
}

// shortLengths writes the lengths of NAL units in 2 bytes instead of 4.
func shortLengths(_ *testing.T, _ string, data []byte) []byte {
	data = rebuilt(data, func(sample []byte) (out []byte) {
		for len(sample) > 4 {
			n := int(binary.BigEndian.Uint32(sample))
			out = append(binary.BigEndian.AppendUint16(out, uint16(n)), sample[4:4+n]...)
			sample = sample[4+n:]
		}
		return out
	})
	return rewrite(data, "moov/trak/mdia/minf/stbl/stsd", func(b []byte) []byte {
		b[bytes.Index(b, []byte("avcC"))+8] = 0xfd
		return b
	})
}

// appended puts second.mp4 behind a file of the same clock, with its own sample
// entry. Both have one track, and their moov stands last.
func appended(t *testing.T, dir string, first []byte) []byte {
	second, err := os.ReadFile(filepath.Join(dir, "second.mp4"))
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.LastIndex(first, []byte("moov")) - 4
	end := bytes.LastIndex(second, []byte("moov")) - 4
	const stbl = "moov/trak/mdia/minf/stbl/"
	moov := first[at:]
	join := func(kind string, head int, change func(entry []byte)) {
		other := bytes.Clone(boxAt(second[end:], stbl+kind)[head:])
		change(other)
		moov = rewrite(moov, stbl+kind, func(b []byte) []byte {
			n := binary.BigEndian.Uint32(b[head-4:]) + binary.BigEndian.Uint32(boxAt(second[end:], stbl+kind)[head-4:])
			binary.BigEndian.PutUint32(b[head-4:], n)
			return append(b, other...)
		})
	}
	samples := binary.BigEndian.Uint32(boxAt(moov, stbl+"stsz")[8:])
	chunks := binary.BigEndian.Uint32(boxAt(moov, stbl+"stco")[4:])
	each := func(width, field int, add uint32) func([]byte) {
		return func(b []byte) {
			for i := field; i < len(b); i += width {
				binary.BigEndian.PutUint32(b[i:], binary.BigEndian.Uint32(b[i:])+add)
			}
		}
	}
	join("stsd", 8, func([]byte) {})
	join("stts", 8, func([]byte) {})
	join("ctts", 8, func([]byte) {})
	join("stsc", 8, func(b []byte) { each(12, 0, chunks)(b); each(12, 8, 1)(b) })
	join("stco", 8, each(4, 0, uint32(at)))
	join("stss", 8, each(4, 0, samples))
	join("stsz", 12, func([]byte) {})
	double := func(path string, field int) {
		moov = rewrite(moov, path, func(b []byte) []byte {
			binary.BigEndian.PutUint32(b[field:], 2*binary.BigEndian.Uint32(b[field:]))
			return b
		})
	}
	double("moov/mvhd", 16)
	double("moov/trak/tkhd", 20)
	double("moov/trak/mdia/mdhd", 16)
	double("moov/trak/edts/elst", 8)
	return slices.Concat(first[:at], second[:end], moov)
}

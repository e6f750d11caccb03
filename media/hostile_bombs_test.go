package media_test

import (
	"bytes"
	"encoding/binary"
	"slices"
)

const (
	stbl = "moov/trak/mdia/minf/stbl/"
	most = 0xffffffff
)

type change = map[string]func([]byte) []byte

// bomb is a file that was made to hurt.
type bomb struct {
	name string
	file []byte
	at   sparse // where the file is too large to be built
}

// bombs are one for each way that is known (row 18 of the list of attacks).
func bombs() []bomb {
	return slices.Concat(smallBombs(), largeBombs(), matroskaBombs(), sparseBombs())
}

// smallBombs are those that are built in no time: each process of a fuzz test
// builds its seeds.
func smallBombs() []bomb {
	return slices.Concat(boxBombs(), tableBombs(), codecBombs(), fragmentBombs())
}

func progressive(do change) []byte { return movie{do: do}.build() }

func fragmented(do change) []byte { return movie{do: do, fragmented: true}.build() }

func boxBombs() []bomb {
	whole := progressive(nil)
	large := func(size uint64) []byte {
		return slices.Concat(words(1), []byte("moov"), binary.BigEndian.AppendUint64(nil, size), whole)
	}
	ftyp := box("ftyp", []byte("isom"), words(0), []byte("isom"))
	back := -uint64(len(ftyp))
	return []bomb{
		{name: "moov with a largesize of 2^64-1", file: slices.Concat(ftyp, large(1<<64-1))},
		{name: "moov with a largesize of 2^63", file: slices.Concat(ftyp, large(1<<63))},
		{name: "moov with a largesize of 15", file: slices.Concat(ftyp, large(15))},
		{name: "moov with a largesize of 0", file: slices.Concat(ftyp, large(0))},
		{name: "a file of one box that wraps around to itself", file: slices.Concat(ftyp, words(1), []byte("free"), binary.BigEndian.AppendUint64(nil, back))},
		{name: "moov to the end of the file", file: slices.Concat(ftyp, words(0), []byte("moov"), whole)},
		{name: "a box of 7 bytes", file: slices.Concat(ftyp, words(7), []byte("free"), whole)},
		{name: "a box of size 1 without its large size", file: slices.Concat(ftyp, words(1), []byte("free"))},
		{name: "a claim of 1 GB for moov", file: slices.Concat(ftyp, words(1<<30), []byte("moov"), whole)},
		{name: "udta boxes 10,000 deep", file: progressive(change{"moov": func(b []byte) []byte { return slices.Concat(nested("udta", 10_000), b) }})},
		{name: "moov boxes 10,000 deep", file: slices.Concat(ftyp, nested("moov", 10_000))},
		{name: "stbl boxes 10,000 deep", file: progressive(change{"moov/trak/mdia/minf": func([]byte) []byte { return nested("stbl", 10_000) }})},
		{name: "two moov boxes", file: slices.Concat(whole, whole)},
		{name: "only ftyp", file: ftyp},
		{name: "nothing", file: nil},
		{name: "a track in which a box of size 0 stands", file: progressive(change{"moov/trak": func(b []byte) []byte { return slices.Concat(words(0), []byte("free"), b) }})},
		{name: "a track number that two have", file: progressive(change{"moov/trak/tkhd": poke(12, 1)})},
		{name: "a track number of 0", file: progressive(change{"moov/trak/tkhd": poke(12, 0)})},
		{name: "a timescale of 0 for the movie", file: progressive(change{"moov/mvhd": poke(12, 0)})},
		{name: "a timescale of 0 for the tracks", file: progressive(change{"moov/trak/mdia/mdhd": poke(12, 0)})},
		{name: "a timescale of 2^32-1", file: progressive(change{"moov/trak/mdia/mdhd": poke(12, most)})},
		{name: "a timescale of 1", file: progressive(change{"moov/trak/mdia/mdhd": poke(12, 1)})},
		{name: "a version 1 mdhd of 2^64-1 ticks", file: progressive(change{"moov/trak/mdia/mdhd": is(words(1<<24, 0, 0, 0, 0, 1000, most, most, 0x55c40000))})},
		{name: "a short mdhd", file: progressive(change{"moov/trak/mdia/mdhd": is(words(0, 0))})},
		{name: "a short tkhd", file: progressive(change{"moov/trak/tkhd": is(words(7, 0))})},
		{name: "an unknown box version", file: progressive(change{"moov/trak/mdia/mdhd": poke(0, 0xff000000)})},
		{name: "no tables", file: progressive(change{"moov/trak/mdia/minf/stbl": is(nil)})},
	}
}

func tableBombs() []bomb {
	one := func(name, path string, to func([]byte) []byte) bomb {
		return bomb{name: name, file: progressive(change{path: to})}
	}
	return []bomb{
		one("stsz with a count of 2^32-1 and one size", stbl+"stsz", is(words(0, 1, most))),
		one("stsz with a count of 2^32-1 and size 0", stbl+"stsz", is(words(0, 0, most))),
		one("stsz with sizes of 2^32-1", stbl+"stsz", is(words(0, most, samplesInTrack))),
		one("stsz that ends early", stbl+"stsz", is(words(0, 0, samplesInTrack, 1, 2))),
		one("samples beyond the end of the file", stbl+"stsz", is(words(0, 1<<20, samplesInTrack))),
		one("chunks beyond the end of the file", stbl+"stco", func(b []byte) []byte { return slices.Concat(b[:8], bytes.Repeat(words(1<<31), (len(b)-8)/4)) }),
		one("chunks at 0: over the headers", stbl+"stco", func(b []byte) []byte { return slices.Concat(b[:8], make([]byte, len(b)-8)) }),
		one("chunks that lie over each other", stbl+"stco", func(b []byte) []byte { return slices.Concat(b[:8], bytes.Repeat(b[8:12], (len(b)-8)/4)) }),
		one("stco with a count of 2^32-1", stbl+"stco", poke(4, most)),
		one("no chunks", stbl+"stco", is(words(0, 0))),
		one("stsc with a count of 2^32-1", stbl+"stsc", poke(4, most)),
		one("stsc that begins at chunk 0", stbl+"stsc", is(words(0, 1, 0, samplesInChunk, 1))),
		one("stsc that begins behind the last chunk", stbl+"stsc", is(words(0, 1, 1000, samplesInChunk, 1))),
		one("stsc that goes backwards", stbl+"stsc", is(words(0, 2, 4, samplesInChunk, 1, 1, samplesInChunk, 1))),
		one("stsc with 2^32-1 samples in a chunk", stbl+"stsc", is(words(0, 1, 1, most, 1))),
		one("stsc with 0 samples in a chunk", stbl+"stsc", is(words(0, 1, 1, 0, 1))),
		one("stsc that names sample entry 0", stbl+"stsc", is(words(0, 1, 1, samplesInChunk, 0))),
		one("stsc that names sample entry 9", stbl+"stsc", is(words(0, 1, 1, samplesInChunk, 9))),
		one("stts with deltas of 0", stbl+"stts", is(words(0, 1, samplesInTrack, 0))),
		one("stts with deltas of 2^32-1", stbl+"stts", is(words(0, 1, samplesInTrack, most))),
		one("stts with a count of 2^32-1", stbl+"stts", is(words(0, 1, most, 1))),
		one("stts with 2^32-1 entries", stbl+"stts", poke(4, most)),
		one("stts for fewer samples than there are", stbl+"stts", is(words(0, 1, 1, 512))),
		one("empty stts", stbl+"stts", is(nil)),
		one("ctts of -2^31", stbl+"ctts", is(words(1<<24, 1, samplesInTrack, 1<<31))),
		one("ctts of 2^32-1", stbl+"ctts", is(words(0, 1, samplesInTrack, most))),
		one("ctts with a count of 2^32-1", stbl+"ctts", is(words(0, 1, most, 0))),
		one("ctts with 2^32-1 entries", stbl+"ctts", poke(4, most)),
		one("stss with a count of 2^32-1", stbl+"stss", poke(4, most)),
		one("stss with sample 0", stbl+"stss", is(words(0, 1, 0))),
		one("stss with sample 2^32-1", stbl+"stss", is(words(0, 2, 1, most))),
		one("stss that goes backwards", stbl+"stss", is(words(0, 3, 25, 1, 25))),
		one("stss without entries", stbl+"stss", is(words(0, 0))),
		one("an edit list with a count of 2^32-1", "moov/trak/edts/elst", poke(4, most)),
		one("an edit of 2^32-1 ticks", "moov/trak/edts/elst", is(words(0, 1, most, 0, 0x10000))),
		one("an empty edit of 2^63 ticks", "moov/trak/edts/elst", is(words(1<<24, 1, 1<<31, 0, most, most, 0x10000))),
		one("an edit that begins behind the media", "moov/trak/edts/elst", is(words(0, 1, 1000, 0x7fffffff, 0x10000))),
		one("an edit that begins at -2", "moov/trak/edts/elst", is(words(0, 1, 1000, 0xfffffffe, 0x10000))),
		one("an edit at rate 0", "moov/trak/edts/elst", is(words(0, 1, 1000, 0, 0))),
	}
}

// largeBombs have tables, or tracks, by the million bytes.
func largeBombs() []bomb {
	one := func(name, path string, to func([]byte) []byte) bomb {
		return bomb{name: name, file: progressive(change{path: to})}
	}
	edits := words(0, 1_000_000)
	for range 1_000_000 {
		edits = append(edits, words(1, 0, 0x10000)...)
	}
	alternating := words(0, 500_000)
	for i := range uint32(500_000) {
		alternating = append(alternating, words(1, i%2*most)...)
	}
	manySizes := append(words(0, 0, 4_000_000), make([]byte, 16_000_000)...)
	return []bomb{
		{name: "65,535 tracks", file: movie{tracks: 65_535}.build()},
		one("stsz with 4 million sizes of 0", stbl+"stsz", is(manySizes)),
		{name: "4 million samples of no bytes", file: progressive(change{
			stbl + "stsz": is(manySizes), stbl + "stts": is(words(0, 1, 4_000_000, 1)), stbl + "stsc": is(words(0, 1, 1, 4_000_000, 1)),
			stbl + "stco": is(words(0, 1, 100)), stbl + "ctts": is(words(0, 1, 4_000_000, 0)),
		})},
		one("stts with deltas of 0 and of 2^32-1 in turn", stbl+"stts", is(alternating)),
		one("an edit list of a million edits", "moov/trak/edts/elst", is(edits)),
	}
}

func codecBombs() []bomb {
	one := func(name, path string, to func([]byte) []byte) bomb {
		return bomb{name: name, file: progressive(change{path: to})}
	}
	descriptors := []byte{}
	for range 5_000 {
		descriptors = append([]byte{3, 0xff, 0xff, 0xff, 0x7f, 0, 0, 0}, descriptors...)
	}
	return []bomb{
		one("stsd with a count of 2^32-1", stbl+"stsd", poke(4, most)),
		one("stsd without entries", stbl+"stsd", is(words(0, 0))),
		one("stsd with an entry of size 0", stbl+"stsd", is(words(0, 1, 0), []byte("avc1"))),
		one("stsd with an entry of 4 GB", stbl+"stsd", is(words(0, 1, most), []byte("avc1"))),
		one("stsd with 100,000 entries", stbl+"stsd", is(words(0, 100_000), bytes.Repeat(box("avc1", make([]byte, 8)), 100_000))),
		one("an entry that is too short", "avc1", is(make([]byte, 4))),
		one("avcC with 31 parameter sets of 65,535 bytes", "avc1/avcC", is([]byte{1, 0x42, 0xc0, 10, 0xff, 0xff, 0xff, 0xff, 0x67})),
		one("avcC of nothing", "avc1/avcC", is(nil)),
		one("avcC with parameter sets of no bytes", "avc1/avcC", is([]byte{1, 0x42, 0xc0, 10, 0xff, 0xe1, 0, 0, 1, 0, 0})),
		one("avcC with noise for parameter sets", "avc1/avcC", is([]byte{1, 0x64, 0, 10, 0xff, 0xe1, 0, 20, 0x67, 0x64}, bytes.Repeat([]byte{0}, 18), []byte{1, 0, 4, 0x68, 0, 0, 0})),
		one("esds with lengths of 2^28-1", "mp4a/esds", is(words(0), []byte{3, 0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 4, 0xff, 0xff, 0xff, 0x7f, 0x40})),
		one("esds with lengths that never end", "mp4a/esds", is(words(0), []byte{3}, bytes.Repeat([]byte{0x80}, 100_000))),
		one("esds with descriptors 5,000 deep", "mp4a/esds", is(words(0), descriptors)),
		one("esds of nothing", "mp4a/esds", is(nil)),
		one("AAC of a reserved rate", "mp4a/esds", is(words(0), []byte{3, 25, 0, 0, 0, 4, 17, 0x40, 0x15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 2, 0x16, 0x90, 6, 1, 2})),
		one("audio of 65,535 channels", "mp4a", func(b []byte) []byte { return slices.Concat(b[:16], words(most, most, most), b[28:]) }),
		one("a picture of 65,535 by 65,535", "avc1", poke(24, most)),
		one("a picture of 0 by 0", "avc1", poke(24, 0)),
	}
}

func fragmentBombs() []bomb {
	one := func(name, path string, to func([]byte) []byte) bomb {
		return bomb{name: name, file: fragmented(change{path: to})}
	}
	whole := fragmented(nil)
	moof := bytes.Index(whole, []byte("moof")) - 4
	return []bomb{
		one("trun with a count of 2^32-1 and no fields", "moof/traf/trun", is(words(0x1, most, 100))),
		one("trun with a count of 2^32-1 and sizes", "moof/traf/trun", poke(4, most)),
		one("trun of samples of 4 GB", "moof/traf/trun", func(b []byte) []byte { return slices.Concat(b[:12], bytes.Repeat(words(most), samplesInTrack)) }),
		one("trun with data before the file", "moof/traf/trun", poke(8, 1<<31)),
		one("trun with data behind the file", "moof/traf/trun", poke(8, 1<<31-1)),
		one("a short trun", "moof/traf/trun", is(words(0x201))),
		one("trun with durations of 2^32-1", "moof/traf/trun", is(words(0x301, 4, 500), bytes.Repeat(words(most, 64), 4))),
		one("trun with offsets of -2^31", "moof/traf/trun", is(words(1<<24|0xa01, 4, 500), bytes.Repeat(words(64, 1<<31), 4))),
		one("tfhd with a base offset of 2^64-1", "moof/traf/tfhd", is(words(0x1, 1, most, most))),
		one("tfhd of a track that is not there", "moof/traf/tfhd", is(words(0x020000, 77))),
		one("tfhd with sample entry 9", "moof/traf/tfhd", is(words(0x020002, 1, 9))),
		one("a short tfhd", "moof/traf/tfhd", is(words(0x3f))),
		one("tfdt of 2^64-1", "moof/traf/tfdt", is(words(1<<24, most, most))),
		one("tfdt of 2^63-1", "moof/traf/tfdt", is(words(1<<24, 1<<31-1, most))),
		one("trex with sizes of 2^32-1", "moov/mvex/trex", is(words(0, 1, 1, most, most, 0))),
		one("no trex", "moov/mvex", is(nil)),
		one("sidx that refers to itself", "sidx", func(b []byte) []byte { return slices.Concat(b[:24], words(1<<31, 12800, 1<<31)) }),
		one("sidx with 65,535 references to sidx", "sidx", func(b []byte) []byte {
			return slices.Concat(b[:20], words(most), bytes.Repeat(words(1<<31|1, 1, 0), 65_535))
		}),
		one("sidx that ends early", "sidx", func(b []byte) []byte { return b[:10] }),
		{name: "2,000 times the same fragment", file: slices.Concat(whole, bytes.Repeat(whole[moof:], 2_000))},
		{name: "a fragment that comes first", file: slices.Concat(whole[moof:], whole[:moof])},
		{name: "a fragment that is cut off", file: whole[:moof+300]},
		{name: "mdat that is cut off", file: whole[:len(whole)-3000]},
	}
}

// sparseBombs are files of gigabytes, of which the reader is told but which are
// made up as they are read.
func sparseBombs() []bomb {
	ftyp := box("ftyp", []byte("isom"), words(0), []byte("isom"))
	const gigabytes = 2 << 30
	whole := fragmented(nil)
	moof := bytes.Index(whole, []byte("moof")) - 4
	moov := slices.Concat(ftyp, words(1<<30), []byte("moov"))
	stsz := words(0, 0, 200_000_000)
	inMoov := func(path, kind string, size uint32, body []byte) []byte {
		out := slices.Concat(words(size), []byte(kind), body)
		for _, k := range []string{"stbl", "minf", "mdia", "trak", "moov"} {
			size += 8
			out = slices.Concat(words(size), []byte(k), out)
		}
		return slices.Concat(ftyp, out)
	}
	all := []bomb{
		{name: "a moov of 1 GB of empty boxes", at: sparse{head: moov, tile: box("free"), size: gigabytes}},
		{name: "a moov of 1 GB of zeros", at: sparse{head: moov, tile: make([]byte, 4096), size: gigabytes}},
		{name: "a moov of 1 GB of empty tracks", at: sparse{head: moov, tile: box("trak"), size: gigabytes}},
		{name: "2 GB of empty boxes", at: sparse{head: ftyp, tile: box("free"), size: gigabytes}},
		{name: "2 GB of empty fragments", at: sparse{head: whole[:moof], tile: box("moof"), size: gigabytes}},
		{name: "2 GB of fragments", at: sparse{head: whole[:moof], tile: whole[moof:], size: gigabytes}},
		{name: "a moof of 1 GB", at: sparse{head: slices.Concat(whole[:moof], words(1<<30), []byte("moof")), tile: box("traf"), size: gigabytes}},
		{name: "an stsz of 800 MB", at: sparse{head: inMoov(stbl, "stsz", 800_000_020, stsz), tile: words(1), size: gigabytes}},
		{name: "2 GB of sidx boxes", at: sparse{head: ftyp, tile: box("sidx", words(0, 1, 1000, 0, 0, 1, 1<<31, 1, 0)), size: gigabytes}},
		{name: "2 GB of zeros", at: sparse{tile: make([]byte, 4096), size: gigabytes}},
		{name: "2 GB of noise", at: sparse{tile: noise(65_521), size: gigabytes}},
	}
	for i := range all { // in larger pieces, so that making them up is not what takes time
		all[i].at.tile = bytes.Repeat(all[i].at.tile, 1+1<<18/len(all[i].at.tile))
	}
	return all
}

func noise(n int) []byte {
	out := make([]byte, n)
	x := uint32(1)
	for i := range out {
		x = x*1664525 + 1013904223
		out[i] = byte(x >> 24)
	}
	return out
}

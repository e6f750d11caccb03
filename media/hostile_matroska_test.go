package media_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/media"
)

// matroskaBombs are files of Matroska that were made to hurt.
func matroskaBombs() []bomb {
	return slices.Concat(elementBombs(), blockBombs(), sparseMatroskaBombs())
}

func elementBombs() []bomb {
	one := func(name string, parts ...[]byte) bomb {
		return bomb{name: "Matroska: " + name, file: matroskaFile(parts...)}
	}
	head := func(name string, parts ...[]byte) bomb {
		return bomb{name: "Matroska: " + name, file: slices.Concat(matroskaHead, slices.Concat(parts...))}
	}
	good := slices.Concat(matroskaClusters()...)
	var deep, deepGroup []byte
	for i := range uint64(10_000) {
		deep = append(deep, claims(0x1f43b675, 12*(9_999-i))...)
		deepGroup = append(deepGroup, claims(0xa0, 9*(9_999-i))...)
	}
	many := [][]byte{}
	for i := range uint64(5_000) {
		many = append(many, number(0xd7, i))
	}
	entries := [][]byte{}
	for i := range uint64(3_000) {
		entries = append(entries, trackEntry(i+1, 2, "A_AAC", aacConfig))
	}
	return []bomb{
		head("a segment of 2^56-2 bytes", claims(0x18538067, 1<<56-2, info(1e6), opusAndPicture(), good)),
		head("a segment of no bytes", claims(0x18538067, 0, info(1e6))),
		head("an EBML header of unknown size in a segment of the same", endlessly(0x1a45dfa3), endlessly(0x18538067)),
		head("1,000 segments of unknown size in each other", bytes.Repeat(endlessly(0x18538067), 1000)),
		one("a cluster of 2^56-2 bytes", info(1e6), opusAndPicture(), claims(0x1f43b675, 1<<56-2, number(0xe7, 0))),
		one("a block of 2^56-2 bytes", info(1e6), opusAndPicture(), endlessly(0x1f43b675, number(0xe7, 0), claims(0xa3, 1<<56-2, []byte{0x81, 0, 0, 0}))),
		one("a block of unknown size", info(1e6), opusAndPicture(), endlessly(0x1f43b675, number(0xe7, 0), endlessly(0xa3, []byte{0x81, 0, 0, 0}))),
		one("a block group of unknown size", info(1e6), opusAndPicture(), endlessly(0x1f43b675, number(0xe7, 0), endlessly(0xa0, simple(1, 0, 0, 1)))),
		one("a void of unknown size", endlessly(0xec), info(1e6)),
		one("tracks of 2^56-2 bytes", info(1e6), claims(0x1654ae6b, 1<<56-2)),
		one("tracks of unknown size", info(1e6), endlessly(0x1654ae6b, picture())),
		one("clusters 10,000 deep", info(1e6), opusAndPicture(), deep),
		one("block groups 10,000 deep", info(1e6), opusAndPicture(), cluster(0, deepGroup)),
		one("5,000 clusters of unknown size", info(1e6), opusAndPicture(), bytes.Repeat(endlessly(0x1f43b675), 5000)),
		one("a track of 5,000 numbers", info(1e6), tracks(ebml(0xae, many...)), good),
		one("3,000 tracks", info(1e6), tracks(entries...), good),
		one("a track number that two have", info(1e6), tracks(picture(), picture(), sound("A_OPUS", opusConfig, 48000)), good),
		one("a track number of 0", info(1e6), tracks(trackEntry(0, 1, "V_AV1", nil)), good),
		one("a track number of 2^64-1", info(1e6), tracks(trackEntry(1<<64-1, 1, "V_AV1", nil)), good),
		one("a timestamp scale of 0", info(0), opusAndPicture(), good),
		one("a timestamp scale of 2^64-1", info(1<<64-1), opusAndPicture(), good),
		one("a timestamp scale of 10 s", info(10e9), opusAndPicture(), good),
		one("a timestamp scale of 1 ns", info(1), opusAndPicture(), good),
		one("two timestamp scales", info(1e6), opusAndPicture(), good, info(1e9)),
		one("tracks that SeekHead has behind the file", ebml(0x114d9b74, ebml(0x4dbb, ebml(0x53ab, unhexed("1654ae6b")), number(0x53ac, 1<<63))), good),
		one("tracks that SeekHead has in SeekHead", ebml(0x114d9b74, ebml(0x4dbb, ebml(0x53ab, unhexed("1654ae6b")), number(0x53ac, 12))), good),
		one("pictures of 2^64-1 pixels", info(1e6), tracks(trackEntry(1, 1, "V_MPEG4/ISO/AVC", unhexed(parameters),
			ebml(0xe0, number(0xb0, 1<<64-1), number(0xba, 1<<64-1), number(0x54b0, 1<<64-1), number(0x54ba, 1)))), good),
		one("a rate of NaN", info(1e6), tracks(picture(), ebml(0xae, number(0xd7, 2), number(0x83, 2), text(0x86, "A_AAC"), ebml(0x63a2, aacConfig), ebml(0xe1, ebml(0xb5, unhexed("7ff8000000000001"))))), good),
		one("a default duration of 2^64-1", info(1e6), tracks(picture(number(0x23e383, 1<<64-1)), sound("A_AAC", aacConfig, 44100, number(0x23e383, 1<<64-1))), good),
		one("a default duration of 1", info(1e6), tracks(picture(number(0x23e383, 1)), sound("A_OPUS", opusConfig, 48000)), good),
		one("a configuration of 3 MB", info(1e6), tracks(sound("A_AAC", make([]byte, 3<<20), 44100)), good),
		one("a name of 1 MB that is no text", info(1e6), tracks(picture(text(0x536e, strings.Repeat("\xff", 1<<20)))), good),
		one("a codec delay of 2^64-1", info(1e6), tracks(picture(), sound("A_OPUS", opusConfig, 48000, number(0x56aa, 1<<64-1))), good),
		one("FLAC of 1 Hz", info(1e6), tracks(picture(), sound("A_FLAC", slices.Concat([]byte("fLaC"), unhexed("80000022 1000 1000 000000 000000 000012f0 00000000 00000000000000000000000000000000")), 48000, number(0x56aa, 1000))), good),
		one("AAC of 1 Hz", info(1e6), tracks(picture(), sound("A_AAC", unhexed("17800000 9000"), 1, number(0x56aa, 1000))), good),
	}
}

func blockBombs() []bomb {
	one := func(name string, blocks ...[]byte) bomb {
		return bomb{name: "Matroska: " + name, file: matroskaFile(info(1e6), opusAndPicture(), cluster(0, blocks...))}
	}
	empty := slices.Concat([]byte{255}, make([]byte, 255))
	return []bomb{
		one("an empty block", ebml(0xa3)),
		one("a block of a header alone", simple(1, 0, isKey)),
		one("a block of half a header", ebml(0xa3, []byte{0x81, 0})),
		one("a block whose track number never ends", ebml(0xa3, make([]byte, 20))),
		one("a block of a track that is not there", simple(77, 0, isKey, 1)),
		one("no sync sample", simple(1, 0, 0, 1), simple(1, 40, 0, 1)),
		one("timestamps that jump back and forth", simple(1, 32767, isKey, 1), simple(1, -32768, 0, 1), simple(1, 32767, 0, 1)),
		one("256 frames of nothing, 1,000 times", bytes.Repeat(simple(2, 0, lacedXiph, empty...), 1000)),
		one("256 frames of a byte, 1,000 times", bytes.Repeat(simple(2, 0, lacedSame, append([]byte{255}, bytes.Repeat([]byte{0xff}, 256)...)...), 1000)),
		one("pictures in laces", bytes.Repeat(simple(1, 0, isKey|lacedSame, 3, 1, 2, 3, 4), 100)),
		one("a padding of 2^63 ns", ebml(0xa0, ebml(0xa1, blockBody(2, 0, 0, []byte{0xfc, 1})), ebml(0x75a2, unhexed("8000000000000000")))),
		one("a padding longer than the sound", ebml(0xa0, ebml(0xa1, blockBody(2, 0, 0, []byte{0xfc, 1})), number(0x75a2, 1e9))),
		one("two blocks in a group", ebml(0xa0, ebml(0xa1, blockBody(1, 0, 0, []byte{1})), ebml(0xa1, blockBody(2, 0, 0, []byte{0xfc, 1})))),
		one("a group without a block", ebml(0xa0, number(0x9b, 40))),
		{name: "Matroska: clusters 2^56 apart", file: matroskaFile(info(1e6), opusAndPicture(), cluster(0, simple(1, 0, isKey, 1)), cluster(1<<56, simple(1, 0, isKey, 1)))},
		{name: "Matroska: a cluster at 2^64-1", file: matroskaFile(info(1e6), opusAndPicture(), cluster(1<<64-1, simple(1, 0, isKey, 1)))},
		{name: "Matroska: clusters at the end of time alone", file: matroskaFile(info(1e6), opusAndPicture(), cluster(1<<56-40000, simple(1, 0, isKey, 1)), cluster(1<<56-39000, simple(1, 0, isKey, 1)))},
		{name: "Matroska: clusters six days apart", file: matroskaFile(info(1e6), opusAndPicture(), cluster(0, simple(1, 0, isKey, 1)), cluster(6*86400_000, simple(1, 0, isKey, 1)))},
		{name: "Matroska: clusters that go backwards by days", file: matroskaFile(info(1e6), opusAndPicture(), cluster(6*86400_000, simple(1, 0, isKey, 1)), cluster(0, simple(1, 0, isKey, 1)))},
	}
}

// sparseMatroskaBombs are files of gigabytes; see sparseBombs.
func sparseMatroskaBombs() []bomb {
	const gigabytes = 2 << 30
	head := slices.Concat(matroskaHead, endlessly(0x18538067, info(1e6), opusAndPicture()))
	inCluster := slices.Concat(head, endlessly(0x1f43b675, number(0xe7, 0)))
	small := func(id byte, body ...byte) []byte { return slices.Concat([]byte{id, 0x80 | byte(len(body))}, body) }
	all := []bomb{
		{name: "2 GB of blocks of a byte", at: sparse{head: inCluster, tile: small(0xa3, 0x81, 0, 0, 0x80, 1)}},
		{name: "2 GB of packets of two bytes that jump", at: sparse{head: inCluster, tile: slices.Concat(small(0xa3, 0x82, 0x7f, 0, 0x80, 0xfc, 1), small(0xa3, 0x82, 0x80, 0, 0x80, 0x04, 1))}},
		{name: "2 GB of block groups of nothing", at: sparse{head: inCluster, tile: small(0xa0)}},
		{name: "2 GB of voids", at: sparse{head: head, tile: small(0xec)}},
		{name: "2 GB of clusters of unknown size", at: sparse{head: head, tile: endlessly(0x1f43b675)}},
		{name: "2 GB of clusters of a block", at: sparse{head: head, tile: cluster(0, simple(1, 0, isKey, 1))}},
		{name: "2 GB of tracks", at: sparse{head: head, tile: opusAndPicture()}},
		{name: "2 GB of infos", at: sparse{head: head, tile: info(1e6)}},
		{name: "2 GB of frames of nothing in laces", at: sparse{head: inCluster, tile: simple(2, 0, lacedXiph, slices.Concat([]byte{255}, make([]byte, 255))...)}},
		{name: "2 GB of sizes of laces", at: sparse{head: inCluster, tile: simple(2, 0, lacedXiph, bytes.Repeat([]byte{255}, 60_000)...)}},
		{name: "2 GB of zeros in a segment", at: sparse{head: head, tile: make([]byte, 4096)}},
		{name: "2 GB of noise in a cluster", at: sparse{head: inCluster, tile: noise(65_521)}},
		{name: "tracks of 1 GB", at: sparse{head: slices.Concat(matroskaHead, endlessly(0x18538067, claims(0x1654ae6b, 1<<30))), tile: picture()}},
		{name: "an EBML header of 1 GB", at: sparse{head: claims(0x1a45dfa3, 1<<30, matroskaHead[5:]), tile: small(0xec)}},
	}
	for i := range all {
		b := &all[i]
		b.name, b.at.size = "Matroska: "+b.name, gigabytes
		b.at.tile = bytes.Repeat(b.at.tile, 1+1<<18/len(b.at.tile))
	}
	return all
}

// FuzzMatroska looks for files that break the reader, beginning with small ones
// that play and with the bombs.
func FuzzMatroska(f *testing.F) {
	f.Add(matroskaText())
	f.Add(slices.Concat(matroskaHead, endlessly(0x18538067, info(1e6), opusAndPicture(), matroskaClusters()[0])))
	for _, codec := range []string{"A_AAC", "A_AC3", "A_EAC3", "A_MPEG/L3", "A_FLAC", "A_ALAC", "A_OPUS"} {
		f.Add(matroskaFile(info(1e6), tracks(sound(codec, aacConfig, 44100)), cluster(0, simple(2, 0, lacedEBML, []byte(mp3("\x01\x40\x02abc"))...))))
	}
	for _, b := range slices.Concat(elementBombs(), blockBombs()) {
		if len(b.file) < 8<<10 {
			f.Add(b.file)
		}
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		ix, err := media.Parse(t.Context(), bytes.NewReader(file), int64(len(file)), nil)
		checkOutcome(t, ix, err, int64(len(file)))
		if err != nil {
			return
		}
		var kept bytes.Buffer
		if _, err := ix.WriteTo(&kept); err != nil {
			t.Fatalf("writing the index: %v", err)
		}
		again, err := media.Read(bytes.NewReader(kept.Bytes()), int64(kept.Len()))
		if err != nil {
			t.Fatalf("reading the index that was written: %v", err)
		}
		if ix.Revision("") != again.Revision("") {
			t.Error("the index that was read has another revision")
		}
	})
}

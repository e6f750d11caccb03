package media

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fragmented returns a movie with one empty video track with id 1, the given
// defaults, and what follows the moov box.
func fragmented(defaults trex, rest ...[]byte) []byte {
	track := testTrack{handler: "vide", timescale: 100}
	moov := makeBox("moov", movieHeader(), track.trak(1, 0),
		makeBox("mvex", makeBox("trex", b32(0, 1, defaults.entry, defaults.duration, defaults.size, defaults.flags))))
	parts := [][]byte{makeBox("ftyp", []byte("iso6\x00\x00\x00\x00")), moov}
	return bytes.Join(append(parts, rest...), nil)
}

func moofBox(trafs ...[]byte) []byte {
	return makeBox("moof", append([][]byte{makeBox("mfhd", b32(0, 1))}, trafs...)...)
}

func tfhdBox(flags uint32, fields ...uint32) []byte {
	return makeBox("tfhd", b32(flags, 1), b32(fields...))
}

func tfdtBox(at uint32) []byte { return makeBox("tfdt", b32(0, at)) }

func trunBox(flags, count uint32, fields ...uint32) []byte {
	return makeBox("trun", b32(flags, count), b32(fields...))
}

func mdatBox(n int) []byte { return makeBox("mdat", make([]byte, n)) }

func TestSamplesOfFragments(t *testing.T) {
	defaults := trex{entry: 1, duration: 10, size: 4, flags: sampleNonSync}
	base := int64(len(fragmented(defaults)))
	data := func(moof []byte) int64 { return base + int64(len(moof)) + 8 }
	plain := moofBox(makeBox("traf", tfhdBox(tfhdMoofBase), tfdtBox(0), trunBox(trunOffset|trunFirstFlags, 3, 0, 0)))
	// The offset counts from the moof to the data behind the mdat's header.
	at := uint32(len(plain) + 8)
	plain = moofBox(makeBox("traf", tfhdBox(tfhdMoofBase), tfdtBox(0), trunBox(trunOffset|trunFirstFlags, 3, at, 0)))
	full := moofBox(makeBox("traf", tfhdBox(tfhdMoofBase), tfdtBox(0),
		trunBox(trunOffset|trunDuration|trunSize|trunFlags|trunShift, 2, 0, 20, 3, 0, 0, 30, 5, sampleNonSync, 10)))
	full = moofBox(makeBox("traf", tfhdBox(tfhdMoofBase), tfdtBox(0),
		trunBox(trunOffset|trunDuration|trunSize|trunFlags|trunShift, 2, uint32(len(full)+8), 20, 3, 0, 0, 30, 5, sampleNonSync, 10)))
	own := moofBox(makeBox("traf", tfhdBox(tfhdMoofBase|tfhdDuration|tfhdSize|tfhdFlags, 25, 6, 0), tfdtBox(0), trunBox(trunOffset, 2, 0)))
	own = moofBox(makeBox("traf", tfhdBox(tfhdMoofBase|tfhdDuration|tfhdSize|tfhdFlags, 25, 6, 0), tfdtBox(0), trunBox(trunOffset, 2, uint32(len(own)+8))))
	absolute := moofBox(makeBox("traf", makeBox("tfhd", b32(tfhdBase, 1, 0, 0)), tfdtBox(0), trunBox(0, 2)))
	absolute = moofBox(makeBox("traf", makeBox("tfhd", b32(tfhdBase, 1, 0, uint32(data(absolute)))), tfdtBox(0), trunBox(0, 2)))

	for _, c := range []struct {
		name string
		file []byte
		want []timed
	}{
		{
			"all by default, the first a sync sample", fragmented(defaults, plain, mdatBox(12)),
			[]timed{{data(plain), 0, 0, 10, true}, {data(plain) + 4, 10, 10, 10, false}, {data(plain) + 8, 20, 20, 10, false}},
		},
		{
			"all told by the run", fragmented(defaults, full, mdatBox(8)),
			[]timed{{data(full), 0, 0, 20, true}, {data(full) + 3, 20, 30, 30, false}},
		},
		{
			"defaults of the fragment's own", fragmented(defaults, own, mdatBox(12)),
			[]timed{{data(own), 0, 0, 25, true}, {data(own) + 6, 25, 25, 25, true}},
		},
		{
			"an absolute position", fragmented(defaults, absolute, mdatBox(8)),
			[]timed{{data(absolute), 0, 0, 10, false}, {data(absolute) + 4, 10, 10, 10, false}},
		},
		{
			"two fragments", fragmented(defaults, plain, mdatBox(12), bytes.Replace(plain, tfdtBox(0), tfdtBox(30), 1), mdatBox(12)),
			[]timed{
				{data(plain), 0, 0, 10, true},
				{data(plain) + 4, 10, 10, 10, false},
				{data(plain) + 8, 20, 20, 10, false},
				{data(plain) + 20 + int64(len(plain)), 30, 30, 10, true},
				{data(plain) + 24 + int64(len(plain)), 40, 40, 10, false},
				{data(plain) + 28 + int64(len(plain)), 50, 50, 10, false},
			},
		},
		{
			"a gap between fragments is the last sample's", fragmented(defaults, plain, mdatBox(12), bytes.Replace(plain, tfdtBox(0), tfdtBox(90), 1), mdatBox(12)),
			[]timed{
				{data(plain), 0, 0, 10, true},
				{data(plain) + 4, 10, 10, 10, false},
				{data(plain) + 8, 20, 20, 70, false},
				{data(plain) + 20 + int64(len(plain)), 90, 90, 10, true},
				{data(plain) + 24 + int64(len(plain)), 100, 100, 10, false},
				{data(plain) + 28 + int64(len(plain)), 110, 110, 10, false},
			},
		},
		{
			"a recording that began long ago", fragmented(defaults, bytes.Replace(plain, tfdtBox(0), tfdtBox(4e9), 1), mdatBox(12)),
			[]timed{{data(plain), 0, 0, 10, true}, {data(plain) + 4, 10, 10, 10, false}, {data(plain) + 8, 20, 20, 10, false}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, presented(t, parse(t, c.file), 0)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFragmentsWithoutTimesFollowEachOther(t *testing.T) {
	defaults := trex{entry: 1, duration: 10, size: 4}
	one := moofBox(makeBox("traf", tfhdBox(tfhdMoofBase), trunBox(trunOffset, 2, 64)))
	ix := parse(t, fragmented(defaults, one, mdatBox(8), one, mdatBox(8)))
	if diff := cmp.Diff([]int64{0, 10, 20, 30}, present(presented(t, ix, 0))); diff != "" {
		t.Error(diff)
	}
}

func TestATrackFragmentWithoutABaseFollowsTheOneBefore(t *testing.T) {
	defaults := trex{entry: 1, duration: 10, size: 4}
	traf := func(track uint32, run []byte) []byte {
		return makeBox("traf", makeBox("tfhd", b32(0, track)), run)
	}
	// Track 2, which is not presented, has three samples of 6 bytes before those of track 1.
	other := makeBox("traf", makeBox("tfhd", b32(tfhdSize, 2, 6)), trunBox(trunOffset, 3, 0))
	for name, run := range map[string][]byte{
		"with an offset of its own": trunBox(trunOffset, 2, 0),
		"without one":               trunBox(0, 2),
	} {
		t.Run(name, func(t *testing.T) {
			moof := moofBox(other, traf(1, run))
			first := bytes.Replace(other, trunBox(trunOffset, 3, 0), trunBox(trunOffset, 3, uint32(len(moof)+8)), 1)
			moof = moofBox(first, traf(1, run))
			head := fragmented(defaults)
			data := int64(len(head) + len(moof) + 8)
			got := presented(t, parse(t, fragmented(defaults, moof, mdatBox(18+8))), 0)
			want := []timed{{data + 18, 0, 0, 10, true}, {data + 22, 10, 10, 10, true}}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

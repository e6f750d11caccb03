package media_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/media"
)

// pictureTrack is a track of one frame.
func pictureTrack(codec string, private, frame []byte, video ...[]byte) []byte {
	detail := ebml(0xe0, number(0xb0, 64), number(0xba, 48), slices.Concat(video...))
	return matroskaFile(info(1e6), tracks(trackEntry(1, 1, codec, private, detail)), cluster(0, simple(1, 0, isKey, frame...)))
}

// Headers of key frames of 64 by 48 pixels.
var (
	vp9Frame   = unhexed("82498342 2003f002f0 0000")
	vp9Frame10 = unhexed("92498342 2001f80178 0000") // of profile 2
)

// A file of WebM says little of its VP9: the first frame does.
func TestVP9IsDescribedByItsFirstFrame(t *testing.T) {
	pq := ebml(0x55b0, number(0x55bb, 9), number(0x55ba, 16), number(0x55b1, 9))
	for _, c := range []struct {
		name, codec, config, shown string
		private, frame             []byte
		more                       []byte
	}{
		{"8 bit", "vp09.00.10.08", "010000000 00a82020202 0000", "", nil, vp9Frame, nil},
		{"10 bit in PQ", "vp09.02.10.10", "010000000 20aa2091009 0000", "PQ", nil, vp9Frame10, pq},
		{"a level that CodecPrivate knows", "vp09.00.31.08", "01000000 001f 82 020202 0000", "", unhexed("010100 02011f 030108 040101"), vp9Frame, nil},
		{"one that does not exist", "vp09.00.10.08", "01000000 000a 82 020202 0000", "", unhexed("020163"), vp9Frame, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			track := parsed(t, pictureTrack("V_VP9", c.private, c.frame, c.more)).Tracks[0]
			config := slices.Concat([]byte("vpcC"), unhexed(c.config))
			if track.Codec != c.codec || track.Range != c.shown || !bytes.Contains(track.Entries[0], config) {
				t.Errorf("%s, %q, % x", track.Codec, track.Range, track.Entries[0][86:])
			}
		})
	}
}

// Files from the first days of AV1 have no configuration. These are sequence
// headers of encoders, and the av1C that muxers make of them.
func TestAV1WithoutAConfigurationIsDescribedByItsFirstFrame(t *testing.T) {
	for config, codec := range map[string]string{
		"81000c00 0a0a00000003b4fd900be001":       "av01.0.00M.08",
		"81406000 0a0a40000003b4fd936be581":       "av01.2.00M.12",
		"81004c00 0a0d00000003b4fd936be542440241": "av01.0.00M.10",
	} {
		want := unhexed(config)
		frame := slices.Concat([]byte{0x12, 0}, want[4:], unhexed("320410000000"))
		track := parsed(t, pictureTrack("V_AV1", nil, frame)).Tracks[0]
		if track.Codec != codec || !bytes.Contains(track.Entries[0], slices.Concat([]byte("av1C"), want)) {
			t.Errorf("%s, %s of %s", track.Codec, hex.EncodeToString(track.Entries[0][86:]), config)
		}
	}
	file := pictureTrack("V_AV1", nil, []byte{0x12, 0, 0x32, 1, 0x10})
	if _, err := media.Parse(t.Context(), bytes.NewReader(file), int64(len(file)), nil); !errors.Is(err, media.ErrInvalid) {
		t.Errorf("without a sequence header: %v", err)
	}
}

// ProjectionPoseRoll turns counterclockwise, the matrix of MP4 has x and y of a
// point in its first two columns.
func TestAPictureIsTurnedAsItsProjectionIs(t *testing.T) {
	const one = 1 << 16
	for _, c := range []struct {
		name             string
		roll, yaw, pitch float64
		want             [4]int32 // a, b, c, d
		turned           bool
	}{
		{"not at all", 0, 0, 0, [4]int32{one, 0, 0, one}, false},
		{"counterclockwise", 90, 0, 0, [4]int32{0, -one, one, 0}, true},
		{"clockwise", -90, 0, 0, [4]int32{0, one, -one, 0}, true},
		{"upside down", 180, 0, 0, [4]int32{-one, 0, 0, -one}, false},
		{"upside down, the other way", -180, 0, 0, [4]int32{-one, 0, 0, -one}, false},
		{"mirrored", 0, 180, 0, [4]int32{-one, 0, 0, one}, false},
		{"a little", 10, 0, 0, [4]int32{one, 0, 0, one}, false},
		{"in space", 90, 0, 45, [4]int32{one, 0, 0, one}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			projection := ebml(0x7670, number(0x7671, 0), float(0x7673, c.yaw), float(0x7674, c.pitch), float(0x7675, c.roll))
			track := parsed(t, pictureTrack("V_VP9", nil, vp9Frame, projection)).Tracks[0]
			m := track.Matrix
			if diff := cmp.Diff(c.want, [4]int32{m[0], m[1], m[3], m[4]}); diff != "" {
				t.Error(diff)
			}
			if turned := track.Width == 48 && track.Height == 64; turned != c.turned {
				t.Errorf("it is %dx%d", track.Width, track.Height)
			}
		})
	}
}

package media

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// Parameter sets that stand in the samples alone are put where players look for
// them; the samples stay as they are.
func TestParameterSetsInTheStreamAreFound(t *testing.T) {
	bareAVC := makeBox("avc3", make([]byte, 24), b16(640, 360), make([]byte, 50), makeBox("avcC", []byte{1, 0, 0, 0, 0xff, 0xe0, 0}))
	kind, body := visual("hev1", makeBox("hvcC", unhex("01 00 00000000 000000000000 00 f000 fc fd f8 f8 0000 0f 00")))
	bareHEVC := makeBox(kind, body)
	video, sequence := "\x40\x01abc", "\x42\x01\x01\x01\x60\x00\x00\x03\x00\x90\x00\x00\x03\x00\x00\x03\x00\x5d\xa0"
	for _, c := range []struct {
		name, sample, codec string
		entry, config       []byte
	}{
		{
			"H.264", nal("\x09\x10", "\x67\x64\x00\x1f\x01", "\x68\xee", "\x68\xef", "\x65\x88\x84"), "avc1.64001f",
			bareAVC, []byte("\x01\x64\x00\x1f\xff\xe1\x00\x05\x67\x64\x00\x1f\x01\x02\x00\x02\x68\xee\x00\x02\x68\xef"),
		},
		{
			"HEVC", nal(video, sequence, "\x44\x01xy", "\x26\x01xyz"), "hvc1.1.6.L93.90",
			bareHEVC, []byte("\x03\xa0\x00\x01\x00\x05" + video + "\xa1\x00\x01\x00\x13" + sequence + "\xa2\x00\x01\x00\x04\x44\x01xy"),
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			samples := []testSample{{size: 3, duration: 1, delta: true}, {size: uint32(len(c.sample)), duration: 1}}
			file := progressive(testTrack{handler: "vide", timescale: 1, entry: c.entry, samples: samples, content: "xyz" + c.sample})
			track := parse(t, file).Tracks[0]
			if track.Codec != c.codec || !bytes.Contains(track.Entries[0], c.config) {
				t.Errorf("%s, %q", track.Codec, track.Entries[0])
			}
		})
	}
	t.Run("where there are none, the name says that they are in the stream", func(t *testing.T) {
		file := progressive(testTrack{handler: "vide", timescale: 1, entry: bareAVC, samples: gops(1, 3)})
		if track := parse(t, file).Tracks[0]; track.Codec != "avc3.000000" {
			t.Errorf("got %s", track.Codec)
		}
	})
}

// Layers I and II have the object type of MP3, and no player of HLS plays them.
func TestMPEGAudioOfOtherLayersIsNamed(t *testing.T) {
	_, body := sound("mp4a", 0, nil, esdsBox(0x6b, ""))
	for name, c := range map[string]struct{ head, says string }{
		"MP3":       {"\xff\xfb\x90\x00", ""},
		"MP2":       {"\xff\xfd\x90\x00", "MP2"},
		"MP1":       {"\xff\xff\x90\x00", "MP1"},
		"no header": {"abcd", ""},
	} {
		t.Run(name, func(t *testing.T) {
			file := progressive(testTrack{
				handler: "soun", timescale: 44100, entry: makeBox("mp4a", body),
				samples: []testSample{{size: 4, duration: 1152}}, content: c.head,
			})
			_, err := Parse(t.Context(), bytes.NewReader(file), int64(len(file)), nil)
			if (err == nil) != (c.says == "") || err != nil && (!errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), c.says)) {
				t.Errorf("got %v", err)
			}
		})
	}
}

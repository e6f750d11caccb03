package media

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// still is a track of one image of JPEG.
func still(images int) testTrack {
	return testTrack{
		handler: "vide", timescale: 1, entry: makeBox("jpeg", make([]byte, 24), b16(64, 64), make([]byte, 50)),
		samples: slices.Repeat([]testSample{{size: 5, duration: 1}}, images),
	}
}

// What belongs to another track does not decide what becomes of the file.
func TestMarginalTracksRefuseNoFile(t *testing.T) {
	picture := testTrack{handler: "vide", timescale: 100, samples: gops(2, 3)}
	audio := testTrack{handler: "soun", timescale: 48000, samples: []testSample{{size: 5, duration: 1024}}}
	chapters := audio
	chapters.parts = makeBox("tref", makeBox("chap", b32(2)))
	thumbnail := picture
	thumbnail.parts = makeBox("tref", makeBox("thmb", b32(2)))
	dormant := still(3)
	dormant.disabled = true
	resting := audio
	resting.disabled = true
	vorbis := audio
	vorbis.entry, vorbis.disabled = makeBox("vorb", testAAC[8:]), true
	for _, c := range []struct {
		name   string
		tracks []testTrack
		want   []int // their numbers
		says   string
	}{
		{"the cover of an album", []testTrack{still(1), audio}, []int{2}, ""},
		{"images of chapters", []testTrack{chapters, still(5)}, []int{1}, ""},
		{"a thumbnail that comes first", []testTrack{thumbnail, picture, audio}, []int{2, 3}, ""},
		{"a track that is not enabled and cannot be carried", []testTrack{dormant, audio}, []int{2}, ""},
		{"sound that is not enabled and cannot be carried", []testTrack{picture, vorbis}, []int{1}, ""},
		{"pictures that cannot be carried", []testTrack{still(2), audio}, nil, "JPEG"},
		{"nothing but a cover", []testTrack{still(1)}, nil, "JPEG"},
		{"nothing but what is not enabled and cannot be carried", []testTrack{dormant}, nil, "JPEG"},
		{"nothing but what is not enabled", []testTrack{resting}, []int{1}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := progressive(c.tracks...)
			ix, err := Parse(t.Context(), bytes.NewReader(file), int64(len(file)), nil)
			if c.says != "" {
				if !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), c.says) {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []int
			for _, track := range ix.Tracks {
				got = append(got, track.ID)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTheFirstEnabledSoundIsTheDefault(t *testing.T) {
	audio := testTrack{handler: "soun", timescale: 48000, samples: []testSample{{size: 5, duration: 1024}}}
	resting := audio
	resting.disabled = true
	var got []bool
	for _, track := range parse(t, progressive(resting, audio, audio)).Tracks {
		got = append(got, track.Default)
	}
	if diff := cmp.Diff([]bool{false, true, false}, got); diff != "" {
		t.Error(diff)
	}
}

func TestSamplesInOtherFilesAreRefused(t *testing.T) {
	for _, c := range []struct {
		name string
		ref  []byte
		want error
	}{
		{"this file", makeBox("url ", b32(1)), nil},
		{"a writer that forgot the flag", makeBox("url ", b32(0), []byte{0}), nil},
		{"another by its URL", makeBox("url ", b32(0), []byte("http://example.com/a.mp4\x00")), ErrUnsupported},
		{"another by an alias of QuickTime", makeBox("alis", b32(0), make([]byte, 150)), ErrUnsupported},
	} {
		t.Run(c.name, func(t *testing.T) {
			entry := bytes.Clone(testAVC)
			entry[15] = 1 // its data reference
			file := progressive(testTrack{
				handler: "vide", timescale: 100, samples: gops(2, 3), entry: entry,
				dinf: makeBox("dinf", makeBox("dref", b32(0, 1), c.ref)),
			})
			if _, err := Parse(t.Context(), bytes.NewReader(file), int64(len(file)), nil); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

// Writers pad their tables, and people glue things to files.
func TestWhatIsNoPartOfTheFileIsLeftOut(t *testing.T) {
	track := testTrack{handler: "vide", timescale: 100, samples: gops(2, 3)}
	padded := track
	padded.more = make([]byte, 16)
	for name, file := range map[string][]byte{
		"zeros behind a sample entry":     progressive(padded),
		"noise at the end":                slices.Concat(progressive(track), []byte{0xde, 0xad, 0xbe, 0xef, 1, 2, 3, 4, 5, 6}),
		"zeros at the end":                slices.Concat(progressive(track), make([]byte, 100)),
		"a text at the end":               slices.Concat(progressive(track), []byte("<html>not found</html>")),
		"a box that was cut off":          slices.Concat(progressive(track), b32(1000), []byte("free")),
		"a size of 3":                     slices.Concat(progressive(track), b32(3), []byte("free")),
		"an ID3 tag behind the fragments": slices.Concat(fragmentedFilm(), []byte("TAG a title of 1999 that goes on")),
	} {
		t.Run(name, func(t *testing.T) {
			if ix := parse(t, file); len(ix.Tracks) != 1 {
				t.Errorf("%d tracks", len(ix.Tracks))
			}
		})
	}
	t.Run("but a fragment that is cut off is missed", func(t *testing.T) {
		file := fragmentedFilm()
		file = slices.Concat(file, file[bytes.Index(file, []byte("moof"))-4:])
		file = file[:len(file)-200]
		if _, err := Parse(t.Context(), bytes.NewReader(file), int64(len(file)), nil); !errors.Is(err, ErrInvalid) {
			t.Errorf("got %v", err)
		}
	})
}

// Of several sample entries those count that samples use.
func TestSampleEntriesThatNoSampleUsesRefuseNoFile(t *testing.T) {
	track := testTrack{handler: "vide", timescale: 100, samples: gops(2, 3)}
	foreign := makeBox("mp4v", testAVC[8:])
	file := progressive(track)
	at := bytes.Index(file, []byte("stsd"))
	both := slices.Concat(b32(0, 2), testAVC, foreign)
	file = rebox(file, "moov/trak/mdia/minf/stbl/stsd", both)
	if ix := parse(t, file); len(ix.Tracks[0].Entries) != 2 || ix.Tracks[0].Codec != "avc1.64001f" || at < 0 {
		t.Errorf("%+v", ix.Tracks[0])
	}
	file = rebox(progressive(track), "moov/trak/mdia/minf/stbl/stsd", slices.Concat(b32(0, 2), foreign, testAVC))
	if _, err := Parse(t.Context(), bytes.NewReader(file), int64(len(file)), nil); !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "MPEG-4 Part 2") {
		t.Errorf("a sample that uses it: %v", err)
	}
}

// rebox replaces the content of the first box at path.
func rebox(file []byte, path string, content []byte) []byte {
	kind, rest, deeper := strings.Cut(path, "/")
	var out []byte
	done := false
	for _, b := range inners(file) {
		if b.kind != kind || done {
			out = append(out, b.all...)
			continue
		}
		done = true
		if deeper {
			out = append(out, makeBox(kind, rebox(b.body, rest, content))...)
		} else {
			out = append(out, makeBox(kind, content)...)
		}
	}
	return out
}

// fragmentedFilm is a file of one fragment of four samples.
func fragmentedFilm() []byte {
	return fragmented(trex{entry: 1, duration: 10, size: 100},
		moofBox(makeBox("traf", tfhdBox(tfhdMoofBase), tfdtBox(0), trunBox(trunOffset, 4, 100))), mdatBox(400))
}

// Some files tell the shape of their pictures by the size of the track alone.
func TestAShapeThatTheTrackHeaderTells(t *testing.T) {
	square := makeBox("pasp", b32(1, 1))
	for _, c := range []struct {
		name          string
		coded         [2]uint16
		more          []byte
		width, height int
		pasp          []byte
	}{
		{"the track is wider", [2]uint16{480, 360}, nil, 640, 360, makeBox("pasp", b32(4, 3))},
		{"the track is higher", [2]uint16{640, 180}, nil, 640, 360, makeBox("pasp", b32(1, 2))},
		{"it is the same", [2]uint16{640, 360}, nil, 640, 360, nil},
		{"it is the same, but for a line", [2]uint16{640, 358}, nil, 640, 358, nil},
		{"it is smaller, and of the same shape", [2]uint16{1280, 720}, nil, 1280, 720, nil},
		{"pixels are said to be square", [2]uint16{480, 360}, square, 480, 360, square},
	} {
		t.Run(c.name, func(t *testing.T) {
			entry := makeBox("avc1", make([]byte, 24), b16(c.coded[0], c.coded[1]), make([]byte, 50), testAVC[86:], c.more)
			track := parse(t, progressive(testTrack{handler: "vide", timescale: 100, samples: gops(1, 3), entry: entry})).Tracks[0]
			if track.Width != c.width || track.Height != c.height || bytes.Contains(track.Entries[0], []byte("pasp")) != (c.pasp != nil) || !bytes.Contains(track.Entries[0], c.pasp) {
				t.Errorf("%dx%d, %q", track.Width, track.Height, track.Entries[0])
			}
		})
	}
}

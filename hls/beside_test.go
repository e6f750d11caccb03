package hls

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/media"
)

// withSound are files that play together: a film with its sound, a smaller one, and sound
// in AAC beside.
func withSound(codecs ...string) []*mediaFile {
	film := &mediaFile{index: &media.Index{Tracks: []*media.Track{videoTrack()}}, revision: "s"}
	beside := &mediaFile{index: new(media.Index), revision: "b", name: "aac"}
	for i, codec := range codecs {
		own := audioTrack(i+2, codec, []string{"en", "de", "fr"}[i], "")
		own.Default = i == 0
		film.index.Tracks = append(film.index.Tracks, own)
		if codec != "mp4a.40.2" {
			beside.index.Tracks = append(beside.index.Tracks, audioTrack(i+2, "mp4a.40.2", own.Language, ""))
		}
	}
	small := videoTrack()
	small.Width, small.Height = 640, 360
	for i := range small.Segments {
		small.Segments[i].Bytes /= 4
	}
	return []*mediaFile{film, {index: &media.Index{Tracks: []*media.Track{small}}, revision: "r", name: "360p"}, beside}
}

func TestSoundBesideIsAGroupWithEachVideo(t *testing.T) {
	for _, c := range []struct {
		name   string
		codecs []string
		want   string
	}{
		{"of AC-3", []string{"ac-3"}, `
			audio-ac-3 en DEFAULT=YES s/a2/index.m3u8
			audio-aac en DEFAULT=YES b/a2/index.m3u8
			avc1.640028,ac-3 1920x1080 audio-ac-3
			avc1.640028,mp4a.40.2 1920x1080 audio-aac
			avc1.640028,ac-3 640x360 audio-ac-3
			avc1.640028,mp4a.40.2 640x360 audio-aac`},
		{"of AC-3 beside AAC of another language, which both have", []string{"ac-3", "mp4a.40.2"}, `
			audio-ac-3 en DEFAULT=YES s/a2/index.m3u8
			audio-ac-3 de DEFAULT=NO s/a3/index.m3u8
			audio-aac en DEFAULT=YES b/a2/index.m3u8
			audio-aac de DEFAULT=NO s/a3/index.m3u8
			avc1.640028,ac-3,mp4a.40.2 1920x1080 audio-ac-3
			avc1.640028,mp4a.40.2 1920x1080 audio-aac
			avc1.640028,ac-3,mp4a.40.2 640x360 audio-ac-3
			avc1.640028,mp4a.40.2 640x360 audio-aac`},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPresentation(withSound(c.codecs...)...)
			text := string(p.multivariant(nil))
			var got []string
			for line := range strings.Lines(text) {
				var a []string
				switch {
				case strings.HasPrefix(line, "#EXT-X-MEDIA:"):
					a = []string{attribute(line, "GROUP-ID"), attribute(line, "LANGUAGE"), "DEFAULT=" + attribute(line, "DEFAULT"), attribute(line, "URI")}
				case strings.HasPrefix(line, "#EXT-X-STREAM-INF:"):
					a = []string{attribute(line, "CODECS"), attribute(line, "RESOLUTION"), attribute(line, "AUDIO")}
				default:
					continue
				}
				got = append(got, strings.Join(a, " "))
			}
			slices.Sort(got[strings.Count(text, "#EXT-X-MEDIA:"):]) // in which order sizes come, another test has
			want := strings.Split(strings.ReplaceAll(strings.TrimSpace(c.want), "\t", ""), "\n")
			slices.Sort(want[strings.Count(text, "#EXT-X-MEDIA:"):])
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, text)
			}
			ids := map[string]int{}
			for _, set := range parsed(t, manifest(p)).Period[0].Sets {
				for _, r := range set.Representations {
					if ids[r.ID]++; ids[r.ID] > 1 {
						t.Errorf("two representations are called %q", r.ID)
					}
				}
			}
			if ids["a2"] != 1 || ids["a2-aac"] != 1 {
				t.Errorf("representations %v", ids)
			}
		})
	}
}

// attribute is the value of an attribute of a tag.
func attribute(line, name string) string {
	_, rest, _ := strings.Cut(line, name+"=")
	if quoted, ok := strings.CutPrefix(rest, `"`); ok {
		value, _, _ := strings.Cut(quoted, `"`)
		return value
	}
	value, _, _ := strings.Cut(strings.TrimSpace(rest), ",")
	return value
}

// TestSoundBesideChangesNoTransportStream: the addresses of its segments do not say what
// sound is in them.
func TestSoundBesideChangesNoTransportStream(t *testing.T) {
	film := &mediaFile{index: &media.Index{Tracks: []*media.Track{avcTrack(), coded(audioTrack(2, "ac-3", "", ""), "ac-3")}}, revision: "s"}
	small := &mediaFile{index: &media.Index{Tracks: []*media.Track{avcTrack()}}, revision: "r"}
	beside := &mediaFile{index: &media.Index{Tracks: []*media.Track{aacTrack(2)}}, revision: "b"}
	got := newTransport(newPresentation(film, small, beside))
	if len(got.videos) != 2 || len(got.audios) != 0 || got.refused != nil {
		t.Fatalf("%d videos, and %d sounds apart: %v", len(got.videos), len(got.audios), got.refused)
	}
	for _, v := range got.videos {
		if v.audio.Codec != "ac-3" {
			t.Errorf("with a video is %s", v.audio.Codec)
		}
	}
	film.index.Tracks[1] = coded(audioTrack(2, "opus", "", ""), "Opus")
	if got := newTransport(newPresentation(film, small, beside)); got.refused == nil {
		t.Error("what is refused alone is not with sound beside")
	}
}

// TestSoundBesideThatAnotherPartLacksIsLeftOut composes a film that has some with one
// that has none.
func TestSoundBesideThatAnotherPartLacksIsLeftOut(t *testing.T) {
	files := withSound("ac-3")
	for _, c := range []struct {
		name string
		next []*mediaFile
		want string
	}{
		{"one that has it, too", files, "v1 a2 v1-360p a2-aac"},
		{"one that has none", files[:2], "v1 a2 v1-360p"},
	} {
		var pieces []*piece
		for _, of := range [][]*mediaFile{files, c.next} {
			part, err := newPiece(newPresentation(of...), &Part{Asset: "x"})
			if err != nil {
				t.Fatal(err)
			}
			pieces = append(pieces, part)
		}
		list, err := lanesOf(pieces)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, l := range list {
			got = append(got, l[0].representationID())
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: %s, want %s", c.name, s, c.want)
		}
	}
}

package hls

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/media"
)

// sound makes an audio track of "codec language channels name", each a word.
func sound(id int, words string) *media.Track {
	w := strings.Fields(words + " . .")
	t := audioTrack(id, w[0], strings.TrimPrefix(w[1], "."), strings.TrimPrefix(w[3], "."))
	t.Channels = int(w[2][0] - '0')
	if w[4] != "." {
		t.Characteristics = []string{w[4]}
	}
	return t
}

func TestAudioGroups(t *testing.T) {
	for _, c := range []struct {
		name   string
		tracks []string // the first is the default, unless one begins with *
		want   []string
	}{
		{"one language in stereo and surround is two groups", []string{"mp4a.40.2 en 2", "mp4a.40.2 en 6"}, []string{
			"audio-aac-2: en*+ 2 a1", "audio-aac-6: en*+ 6 a2",
		}},
		{"so are two languages, in any order", []string{"mp4a.40.2 en 2", "mp4a.40.2 de 2", "mp4a.40.2 de 6", "mp4a.40.2 en 6"}, []string{
			"audio-aac-2: en*+ 2 a1, de+ 2 a2", "audio-aac-6: en*+ 6 a4, de+ 6 a3",
		}},
		{"where surround is there in one language only, it is a choice in one group", []string{"mp4a.40.2 en 2", "mp4a.40.2 de 2", "mp4a.40.2 en 6"}, []string{
			"audio-aac: en*+ 2 a1, de+ 2 a2, en (2) 6 a3",
		}},
		{"stereo commentary is no downmix", []string{"mp4a.40.2 en 6", "mp4a.40.2 en 2 Commentary"}, []string{
			"audio-aac: en*+ 6 a1, Commentary 2 a2",
		}},
		{"two codecs of the same languages are two groups", []string{"mp4a.40.2 en 2", "ac-3 en 6"}, []string{
			"audio-aac: en*+ 2 a1", "audio-ac-3: en*+ 6 a2",
		}},
		{"what a group lacks comes from AAC", []string{"mp4a.40.2 en 2", "*ac-3 en 6", "mp4a.40.2 fr 2"}, []string{
			"audio-ac-3: en*+ 6 a2, fr+ 2 a3", "audio-aac: en*+ 2 a1, fr+ 2 a3",
		}},
		{"but AAC takes nothing that a player may lack", []string{"mp4a.40.2 en 2", "ac-3 en 6", "ac-3 fr 6"}, []string{
			"audio-aac: en*+ 2 a1", "audio-ac-3: en*+ 6 a2, fr+ 6 a3",
		}},
		{"a description of the video is selected for who wants one", []string{"mp4a.40.2 en 2", "mp4a.40.2 en 2 . public.accessibility.describes-video"}, []string{
			"audio-aac: en*+ 2 a1, en (2)+ 2 a2",
		}},
		{"the default is the same in all groups", []string{"ac-3 en 6", "ac-3 de 6", "mp4a.40.2 en 2", "*mp4a.40.2 de 2"}, []string{
			"audio-aac: en+ 2 a3, de*+ 2 a4", "audio-ac-3: en+ 6 a1, de*+ 6 a2",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var tracks []*media.Track
			for i, words := range c.tracks {
				track := sound(i+1, strings.TrimPrefix(words, "*"))
				track.Default = words[0] == '*'
				tracks = append(tracks, track)
			}
			if !strings.Contains(strings.Join(c.tracks, ""), "*") {
				tracks[0].Default = true
			}
			text := multivariantPlaylist(append([]*media.Track{videoTrack()}, tracks...), "r")
			if d := cmp.Diff(c.want, groupsIn(t, text)); d != "" {
				t.Error(d)
			}
		})
	}
}

// groupsIn are the groups of a playlist, by its variants: name, * for DEFAULT,
// + for AUTOSELECT, channels and track of each member.
func groupsIn(t *testing.T, text []byte) []string {
	t.Helper()
	var groups []string
	for _, v := range parseMultivariant(t, text).Variants {
		var members []string
		for _, a := range v.Alternatives {
			if a.GroupId != v.Audio {
				continue
			}
			name := a.Name
			if a.Default {
				name += "*"
			}
			if a.Autoselect {
				name += "+"
			}
			members = append(members, name+" "+strconv.Itoa(a.Channels.Amount)+" "+strings.Split(a.URI, "/")[1])
		}
		groups = append(groups, v.Audio+": "+strings.Join(members, ", "))
	}
	return groups
}

func TestPlaylistsHaveOneTargetDuration(t *testing.T) {
	video, audio := videoTrack(), cutEvenly(media.Track{ID: 2, Kind: media.Audio, Codec: "mp4a.40.2", Timescale: 1000}, 4, 4200, 1000)
	all := sharedBy([]*media.Track{video, audio})
	if d := cmp.Diff(shared{target: 6}, all, cmp.AllowUnexported(shared{})); d != "" {
		t.Error(d)
	}
	for _, track := range []*media.Track{video, audio} {
		if p := parseMedia(t, appendMediaPlaylist(nil, track, nil, all)); p.TargetDuration != 6 {
			t.Errorf("track %d: the target duration is %d", track.ID, p.TargetDuration)
		}
	}
}

package transcode

import (
	"fmt"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/metadata"
)

func TestStreamsOfSoundAreTracks(t *testing.T) {
	for _, c := range []struct {
		name, streams, tracks, want string
	}{
		{"one for one", "ac3 aac", "ac-3 mp4a.40.2", "1 2"},
		{"a stream that is no track is passed over", "dts ac3 aac", "ac-3 mp4a.40.2", "0 1 2"},
		{"of two streams alike the first", "ac3 ac3", "ac-3", "1 0"},
		{"all names of codecs", "mp3 mp3 eac3 opus flac alac aac", "mp4a.6B mp4a.69 ec-3 opus fLaC alac mp4a.40.42", "1 2 3 4 5 6 7"},
		{"a track that is no stream", "ac3", "mp4a.40.2 ac-3", "2"},
	} {
		var s Source
		for codec := range strings.FieldsSeq(c.streams) {
			s.Audio = append(s.Audio, Audio{Codec: codec})
		}
		tracks := []metadata.Track{{ID: 9, Kind: "video", Codec: "avc1.640028"}}
		for i, codec := range strings.Fields(c.tracks) {
			tracks = append(tracks, metadata.Track{ID: i + 1, Kind: "audio", Codec: codec})
		}
		s.number(tracks)
		var got []string
		for _, a := range s.Audio {
			got = append(got, fmt.Sprint(a.ID))
		}
		if ids := strings.Join(got, " "); ids != c.want {
			t.Errorf("%s: %s, want %s", c.name, ids, c.want)
		}
	}
}

package upload

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/rendition"
)

func TestAnAssetNamesTheSubtitlesInItsFile(t *testing.T) {
	got := rendition.Tracks(&media.Index{
		Tracks: []*media.Track{{ID: 1, Kind: media.Video, Codec: "avc1.64001f", Timescale: 10, Duration: 25}},
		Texts:  []*media.Text{{ID: 3, Codec: "tx3g", Language: "de"}, {ID: 4, Codec: "S_TEXT/UTF8"}},
	})
	if d := cmp.Diff([]metadata.Track{
		{ID: 1, Kind: "video", Codec: "avc1.64001f", Duration: 2.5},
		{ID: 3, Kind: "text", Codec: "tx3g", Language: "de"},
		{ID: 4, Kind: "text", Codec: "S_TEXT/UTF8"},
	}, got); d != "" {
		t.Error(d)
	}
}

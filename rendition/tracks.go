package rendition

import (
	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
)

// Tracks is what an asset says of the tracks of an index.
func Tracks(ix *media.Index) []metadata.Track {
	tracks := make([]metadata.Track, len(ix.Tracks))
	for i, t := range ix.Tracks {
		seconds := float64(t.Duration) / float64(max(t.Timescale, 1))
		tracks[i] = metadata.Track{
			ID: t.ID, Kind: string(t.Kind), Codec: t.Codec, Language: t.Language,
			Width: t.Width, Height: t.Height, FrameRate: t.FrameRate,
			Channels: t.Channels, SampleRate: t.SampleRate,
			Bitrate: Bitrate(t), Duration: seconds,
		}
	}
	for _, t := range ix.Texts {
		tracks = append(tracks, metadata.Track{ID: t.ID, Kind: "text", Codec: t.Codec, Language: t.Language})
	}
	return tracks
}

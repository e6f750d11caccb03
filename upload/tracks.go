package upload

import (
	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
)

// tracksOf is what an asset says of the tracks of an index.
func tracksOf(ix *media.Index) []metadata.Track {
	tracks := make([]metadata.Track, len(ix.Tracks))
	for i, t := range ix.Tracks {
		seconds := float64(t.Duration) / float64(max(t.Timescale, 1))
		tracks[i] = metadata.Track{
			ID: t.ID, Kind: string(t.Kind), Codec: t.Codec, Language: t.Language,
			Width: t.Width, Height: t.Height, FrameRate: t.FrameRate,
			Channels: t.Channels, SampleRate: t.SampleRate,
			Bitrate: bitrate(t, seconds), Duration: seconds,
		}
	}
	for _, t := range ix.Texts {
		tracks = append(tracks, metadata.Track{ID: t.ID, Kind: "text", Codec: t.Codec, Language: t.Language})
	}
	return tracks
}

// bitrate is the average in bits a second.
func bitrate(t *media.Track, seconds float64) int64 {
	bytes := int64(0)
	for _, s := range t.Segments {
		bytes += s.Bytes
	}
	if seconds <= 0 {
		return 0
	}
	return int64(float64(bytes) * 8 / seconds)
}

// renditionsOf is the one rendition that plays at once: the file as it came.
func renditionsOf(ix *media.Index) []metadata.Rendition {
	r := metadata.Rendition{Name: metadata.SourceRendition, State: metadata.Ready}
	for _, t := range ix.Tracks {
		if t.Kind == media.Video {
			r.Width, r.Height, r.Codec = t.Width, t.Height, t.Codec
			r.Bitrate = bitrate(t, float64(t.Duration)/float64(max(t.Timescale, 1)))
			break
		}
	}
	return []metadata.Rendition{r}
}

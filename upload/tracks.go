package upload

import (
	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/rendition"
)

// renditionsOf is the one rendition that plays at once: the file as it came.
func renditionsOf(ix *media.Index) []metadata.Rendition {
	r := metadata.Rendition{Name: metadata.SourceRendition, State: metadata.Ready}
	for _, t := range ix.Tracks {
		if t.Kind == media.Video {
			r.Width, r.Height, r.Codec = t.Width, t.Height, t.Codec
			r.Bitrate = rendition.Bitrate(t)
			break
		}
	}
	return []metadata.Rendition{r}
}

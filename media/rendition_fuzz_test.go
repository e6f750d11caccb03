package media_test

import (
	"bytes"
	"testing"

	"github.com/streamgate/streamgate/media"
)

// FuzzRendition has one hostile file be a rendition of another: it is cut where
// that is, or refused.
func FuzzRendition(f *testing.F) {
	for _, file := range [][]byte{progressive(nil), fragmented(nil)} {
		f.Add(file, progressive(nil))
		f.Add(file, fragmented(nil))
	}
	f.Fuzz(func(t *testing.T, source, rendition []byte) {
		of, err := media.Parse(t.Context(), bytes.NewReader(source), int64(len(source)), nil)
		if err != nil {
			return
		}
		got, err := media.Parse(t.Context(), bytes.NewReader(rendition), int64(len(rendition)), &media.Options{RenditionOf: of})
		if err != nil {
			return
		}
		if len(got.Tracks) != 1 || len(got.Tracks[0].Segments) != len(videoOf(of).Segments) {
			t.Fatalf("%d tracks", len(got.Tracks))
		}
		checkTimes(t, got)
	})
}

func videoOf(ix *media.Index) *media.Track {
	for _, t := range ix.Tracks {
		if t.Kind == media.Video {
			return t
		}
	}
	return nil
}

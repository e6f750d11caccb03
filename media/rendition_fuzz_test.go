package media_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/streamgate/streamgate/media"
)

// FuzzRendition has one hostile file be a rendition of another: it is cut where
// that is, or refused.
func FuzzRendition(f *testing.F) {
	for _, file := range [][]byte{progressive(nil), fragmented(nil)} {
		f.Add(file, progressive(nil))
		f.Add(file, fragmented(nil))
		for _, sound := range [][]byte{progressive(nil), fragmented(nil)} { // without its picture
			f.Add(file, bytes.Replace(sound, []byte("vide"), []byte("meta"), 1))
		}
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
		if videoOf(got) == nil { // sound in another coding
			for _, track := range got.Tracks {
				if !slices.ContainsFunc(of.Tracks, func(o *media.Track) bool { return o.Kind == media.Audio && o.ID == track.ID }) || track.Default || int64(track.Segments[0].Decode) < 0 {
					t.Fatalf("track %d, the default: %v, begins at %d", track.ID, track.Default, int64(track.Segments[0].Decode))
				}
			}
			checkTimes(t, got)
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

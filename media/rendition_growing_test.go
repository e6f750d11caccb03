package media_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/streamgate/streamgate/internal/playcheck"
	"github.com/streamgate/streamgate/media"
)

// TestTheBeginningOfARenditionGivesTheBeginningOfItsIndex cuts off a rendition and the
// file that it is one of, each by itself, and holds what plays against what will.
func TestTheBeginningOfARenditionGivesTheBeginningOfItsIndex(t *testing.T) {
	playcheck.Require(t)
	const fragments = "-movflags +frag_keyframe+empty_moov+default_base_moof"
	for _, c := range []struct{ name, source, rung string }{
		{"closed groups", testPictures + " " + testSound + " " + testH264 + "-g 50 " + testAAC + fragments, testH264 + "-g 999 -force_key_frames source " + fragments},
		{"a key frame more than the source has", testPictures + " " + testSound + " " + testH264 + "-g 50 " + testAAC + fragments, testH264 + "-g 25 -force_key_frames source " + fragments},
		{"reordered more than the source", testPictures + " " + testH264 + "-g 50 -bf 0 " + fragments, "-c:v libx264 -preset veryfast -bf 4 -g 999 -force_key_frames source " + fragments},
		{"another clock", testPictures + " " + testH264 + "-g 50 " + fragments, testH264 + "-g 999 -force_key_frames source -video_track_timescale 90000 " + fragments},
		{"a fragment for each frame", testPictures + " " + testH264 + "-g 50 " + fragments, testH264 + "-g 999 -force_key_frames source -movflags +frag_every_frame+empty_moov+default_base_moof"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			source := makeGrowing(t, c.source)
			path := kept(t, source)
			rung := makeGrowing(t, "-i "+path+" -an -s 48x32 -fps_mode passthrough "+c.rung)
			final, err := media.Parse(t.Context(), bytes.NewReader(source), int64(len(source)), nil)
			if err != nil {
				t.Fatal(err)
			}
			want, err := media.Parse(t.Context(), bytes.NewReader(rung), int64(len(rung)), &media.Options{RenditionOf: final})
			if err != nil {
				t.Fatal(err)
			}
			most := 0
			for n := range 12 {
				known := beginningOf(t, source, len(source)*(n+1)/12, nil)
				if known == nil {
					continue
				}
				for m := range 12 {
					have := len(rung) * (m + 1) / 12
					g := beginningOf(t, rung, have, known.Known())
					if g == nil {
						continue
					}
					ix := g.Index(int64(have))
					if ix == nil {
						continue
					}
					got := len(ix.Tracks[0].Segments)
					if got > len(known.Known().Tracks[0].Segments) {
						t.Fatalf("it has %d segments of the %d that the source is known to have", got, len(known.Known().Tracks[0].Segments))
					}
					most = max(most, got)
					compareBeginning(t, ix, want, int64(have))
					if a, b := g.Known().Revision("id"), want.Revision("id"); a != b {
						t.Fatalf("with %d bytes its revision is %s, not %s", have, a, b)
					}
				}
			}
			if all := len(want.Tracks[0].Segments); most < all-1 || all < 3 {
				t.Errorf("%d of %d segments play before the end", most, all)
			}
		})
	}
}

// kept is where a file lies, for ffmpeg.
func kept(t *testing.T, file []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "source.mp4")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// beginningOf is what the first have bytes of a file tell, or nil.
func beginningOf(t *testing.T, file []byte, have int, of *media.Index) *media.Growing {
	t.Helper()
	g, err := media.ParseGrowing(t.Context(), bytes.NewReader(file[:have]), int64(have), -1, &media.Options{RenditionOf: of})
	if errors.Is(err, media.ErrMore) {
		return nil
	}
	if err != nil {
		t.Fatalf("with %d bytes: %v", have, err)
	}
	return g
}

// TestARenditionThatDoesNotFitDoesNotGrow has one that lacks a key frame where the
// source has a segment, and one that is not in fragments.
func TestARenditionThatDoesNotFitDoesNotGrow(t *testing.T) {
	playcheck.Require(t)
	const fragments = "-movflags +frag_keyframe+empty_moov+default_base_moof"
	source := makeGrowing(t, testPictures+" "+testH264+"-g 50 "+fragments)
	path := kept(t, source)
	known := beginningOf(t, source, len(source)*3/4, nil)
	for _, c := range []struct {
		name, args string
		want       error
	}{
		{"no key frame there", testH264 + "-g 999 -force_key_frames 0,1.9,20 " + fragments, media.ErrRendition},
		{"another shape", testH264 + "-vf scale=64:64,setsar=1 -g 50 " + fragments, media.ErrRendition},
		{"no fragments", testH264 + "-g 50 -movflags +faststart", media.ErrWhole},
	} {
		t.Run(c.name, func(t *testing.T) {
			rung := makeGrowing(t, "-i "+path+" -an "+c.args)
			_, err := media.ParseGrowing(t.Context(), bytes.NewReader(rung), int64(len(rung)), -1, &media.Options{RenditionOf: known.Known()})
			if !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
}

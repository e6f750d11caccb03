package transcode_test

import (
	"math"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/transcode"
)

// smallProfile is one that costs little.
func smallProfile() transcode.Profile {
	return transcode.Profile{Preset: "ultrafast", Rungs: []transcode.Rung{
		{Height: 64, CRF: 30, MaxRate: 60_000}, {Height: 128, CRF: 30, MaxRate: 400_000},
	}}
}

// smallOptions are options of a house with that profile.
func smallOptions() houseOptions {
	return houseOptions{Options: transcode.Options{Profiles: []transcode.Profile{smallProfile()}}}
}

const (
	movingPicture = "-f lavfi -i testsrc2=s=228x128:r=25:d=%s "
	tone          = "-f lavfi -i sine=d=%s "
)

func lasting(text, seconds string) string { return strings.ReplaceAll(text, "%s", seconds) }

// TestAFileThatHLSCannotCarryPlays sends files of several kinds, whole.
func TestAFileThatHLSCannotCarryPlays(t *testing.T) {
	cases := []struct {
		name, file, make string
		rungs            int // beside the source
		duration         float64
	}{
		{"MPEG-4 with MP3 in AVI", "film.avi", lasting(movingPicture+tone, "20") + "-c:v mpeg4 -q:v 5 -g 50 -c:a mp3", 1, 20},
		{"MPEG-2 in a transport stream", "film.ts", lasting(movingPicture+tone, "31") + "-c:v mpeg2video -q:v 5 -g 12 -c:a mp2", 1, 31},
		{"H.264 with AAC in a transport stream, which is copied", "film.ts", lasting(movingPicture+tone, "20") + "-c:v libx264 -preset ultrafast -g 50 -c:a aac", 1, 20},
		{"a picture without sound", "film.avi", lasting(movingPicture, "3") + "-c:v mpeg4 -q:v 5", 1, 3},
		{"sound alone", "sound.wav", lasting(tone, "9"), 0, 9},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t, t.TempDir(), smallOptions())
			path := makeFilm(t, c.file, c.make)
			sent := h.send(path, "?filename="+c.file)
			if sent.State != metadata.Processing {
				t.Fatalf("%s: %s", sent.State, sent.Error)
			}
			a := h.over(sent.ID)
			if a.State != metadata.Ready || !a.Playable || a.Waiting != "" || a.Filename != c.file || math.Abs(a.Duration-c.duration) > 0.2 {
				t.Fatalf("%+v", a)
			}
			if len(a.Renditions) != c.rungs+1 {
				t.Errorf("renditions: %+v, %s", a.Renditions, h.transcodes(a.ID)[0].Metadata)
			}
			master := string(h.get("/play/" + a.ID + "/master.m3u8"))
			if got := strings.Count(master, "#EXT-X-STREAM-INF"); got < c.rungs+1 {
				t.Errorf("%d variants:\n%s", got, master)
			}
			want := 3 + 2*c.rungs // as it came, what plays and its index, and rungs with theirs
			if a.Thumbnails != nil {
				want++
			}
			if keys := h.stored(); len(keys) != want {
				t.Errorf("%d files are stored, want %d: %q", len(keys), want, keys)
			}
		})
	}
}

package transcode_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"testing"
)

// TestSoundOfAVIWithAWrongRateIsAllThere has the header of the sound say that it is over
// a hundred times as soon as it is.
func TestSoundOfAVIWithAWrongRateIsAllThere(t *testing.T) {
	path := makeFilm(t, "film.avi", lasting(movingPicture+tone, "3")+"-c:v mpeg4 -q:v 5 -c:a mp3")
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(file, []byte("strh\x38\x00\x00\x00auds"))
	if at < 0 {
		t.Fatal("the film has no sound")
	}
	rate := file[at+32:][:4] // dwRate of AVISTREAMHEADER
	binary.LittleEndian.PutUint32(rate, 100*binary.LittleEndian.Uint32(rate))
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	joined, err := transcodeFile(t.Context(), runner(t), input(t, path), small(48), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, track := range indexOf(t, joined, nil).Tracks {
		if d := float64(track.Duration) / float64(track.Timescale); math.Abs(d-3) > 0.06 {
			t.Errorf("%s lasts %v s, want 3", track.Kind, d)
		}
	}
}

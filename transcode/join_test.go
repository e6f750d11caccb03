package transcode_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"path/filepath"
	"testing"
	"time"

	"github.com/streamgate/streamgate/internal/fmp4"
	"github.com/streamgate/streamgate/transcode"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// counting counts how often it is read.
type counting struct {
	io.ReaderAt

	calls int64
}

func (c *counting) ReadAt(p []byte, off int64) (int, error) {
	c.calls++
	return c.ReaderAt.ReadAt(p, off)
}

// perResumption is how many reads each Joiner makes of a file of sound: what describes
// it, and the fragments that were begun.
const perResumption = 8

// pieces are the files of a small film: its chunks, of three segments each, and sound.
func pieces(t *testing.T) (chunks []transcode.Part, sound []transcode.Sound) {
	t.Helper()
	path := makeFilm(t, "film.mkv", "-f lavfi -i testsrc2=s=64x48:r=25:d=36 -f lavfi -i sine=r=48000:d=37 -c:v mpeg4 -g 25 -c:a libvorbis")
	keys, end := keyFrames(t, path)
	p := ladder(t, transcode.Source{
		Format: "matroska,webm", Duration: end,
		Video: &transcode.Video{Codec: "mpeg4", PixelFormat: "yuv420p", Width: 64, Height: 48, Constant: true, Rate: transcode.Ratio{Num: 25, Den: 1}},
		Audio: []transcode.Audio{{Stream: 1, Codec: "vorbis", Channels: 1, SampleRate: 48000}},
	}, small(48))
	in := ffmpeg.Input{Path: path}
	for _, c := range p.Chunks(p.Cuts(end), keys, end, 1) {
		chunks = append(chunks, partOf(t, filepath.Join(run(t, p.VideoCommand(in, c, p.Video)), p.Video[0].File())))
	}
	heard := partOf(t, filepath.Join(run(t, p.AudioCommand(in, p.Audio[0], nil)), p.Audio[0].File()))
	return chunks, []transcode.Sound{{Part: heard}}
}

func TestJoiner(t *testing.T) {
	chunks, sound := pieces(t)
	var whole bytes.Buffer
	j, err := transcode.NewJoiner(&whole, &chunks[0], sound)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range chunks {
		if err := j.Append(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Finish(); err != nil {
		t.Fatal(err)
	}

	t.Run("goes on after a crash as if there had been none", func(t *testing.T) {
		var b bytes.Buffer
		j, err := transcode.NewJoiner(&b, &chunks[0], sound)
		for _, c := range chunks {
			if err != nil {
				t.Fatal(err)
			}
			if err := j.Append(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			text, _ := json.Marshal(j.State())
			var state transcode.Joined
			if err := json.Unmarshal(text, &state); err != nil {
				t.Fatal(err)
			}
			j, err = transcode.ResumeJoiner(&b, state, sound)
		}
		if err := j.Finish(); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(b.Bytes(), whole.Bytes()) {
			t.Errorf("the file has %d bytes, and not the %d of one that was joined at once", b.Len(), whole.Len())
		}
	})
	t.Run("reads no sound again that was written", func(t *testing.T) {
		asked := func(resume bool) int64 {
			heard := &counting{ReaderAt: sound[0]}
			list := []transcode.Sound{{Part: transcode.Part{ReaderAt: heard, Size: sound[0].Size}}}
			j, err := transcode.NewJoiner(io.Discard, &chunks[0], list)
			for _, c := range chunks {
				if err == nil {
					err = j.Append(t.Context(), c)
				}
				if err == nil && resume {
					j, err = transcode.ResumeJoiner(io.Discard, j.State(), list)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			return heard.calls
		}
		once, each := asked(false), asked(true)
		if more := each - once; more > int64(len(chunks))*perResumption {
			t.Errorf("%d reads of sound for %d chunks, where all at once need %d", each, len(chunks), once)
		}
	})
	t.Run("waits for sound that is not there yet", func(t *testing.T) {
		r, err := fmp4.NewReader(sound[0], sound[0].Size)
		for n := 0; err == nil && n < 7; n++ { // of two seconds each
			_, err = r.Next()
		}
		if err != nil {
			t.Fatal(err)
		}
		some := []transcode.Sound{{Part: transcode.Part{ReaderAt: sound[0], Size: r.Offset()}, More: true}}
		var b bytes.Buffer
		j, err := transcode.NewJoiner(&b, &chunks[0], some)
		if err == nil {
			err = j.Append(t.Context(), chunks[0])
		}
		if err != nil {
			t.Fatalf("sound of 14 seconds with a chunk of 12: %v", err)
		}
		state, length := j.State(), b.Len()
		if err := j.Append(t.Context(), chunks[1]); !errors.Is(err, transcode.ErrBehind) {
			t.Fatalf("without its sound the second chunk is %v", err)
		}
		b.Truncate(length)
		if j, err = transcode.ResumeJoiner(&b, state, sound); err != nil {
			t.Fatal(err)
		}
		for _, c := range chunks[1:] {
			if err := j.Append(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
		if err := j.Finish(); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(b.Bytes(), whole.Bytes()) {
			t.Errorf("the file has %d bytes, and not the %d of one whose sound was there at once", b.Len(), whole.Len())
		}
	})
	t.Run("refuses a chunk twice", func(t *testing.T) {
		j, err := transcode.NewJoiner(new(bytes.Buffer), &chunks[0], nil)
		if err == nil {
			err = j.Append(t.Context(), chunks[0])
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := j.Append(t.Context(), chunks[0]); !errors.Is(err, transcode.ErrOutput) {
			t.Errorf("got %v, want ErrOutput", err)
		}
	})
	t.Run("refuses what is cut short", func(t *testing.T) {
		j, err := transcode.NewJoiner(new(bytes.Buffer), &chunks[0], nil)
		if err != nil {
			t.Fatal(err)
		}
		short := transcode.Part{ReaderAt: chunks[0], Size: chunks[0].Size - 1000}
		if err := j.Append(t.Context(), short); !errors.Is(err, transcode.ErrOutput) {
			t.Errorf("got %v, want ErrOutput", err)
		}
		if _, err := transcode.NewJoiner(new(bytes.Buffer), &transcode.Part{ReaderAt: chunks[0], Size: 100}, nil); !errors.Is(err, transcode.ErrOutput) {
			t.Errorf("the beginning of a file: got %v, want ErrOutput", err)
		}
	})
	t.Run("refuses a chunk that is coded in another way", func(t *testing.T) {
		j, err := transcode.NewJoiner(new(bytes.Buffer), &chunks[0], nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := j.Append(t.Context(), sound[0].Part); !errors.Is(err, transcode.ErrOutput) {
			t.Errorf("got %v, want ErrOutput", err)
		}
	})
	t.Run("ends with its context", func(t *testing.T) {
		j, err := transcode.NewJoiner(new(bytes.Buffer), &chunks[0], nil)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), -time.Second)
		defer cancel()
		if err := j.Append(ctx, chunks[0]); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the context's error", err)
		}
	})
}

// TestARecordingOfUnknownLength transcodes what a browser records: it does not say how
// long it is.
func TestARecordingOfUnknownLength(t *testing.T) {
	lengthy(t)
	path := makeFilm(t, "film.webm", "-f lavfi -i testsrc2=s=64x48:r=10:d=31 -c:v libvpx -deadline realtime -cpu-used 8 -g 30 -f webm -seekable 0")
	r := runner(t)
	f, err := r.Probe(t.Context(), input(t, path))
	if err != nil || f.Duration != 0 {
		t.Fatalf("the film lasts %v, %v; the test wants one that does not say", f.Duration, err)
	}
	joined, err := transcodeFile(t.Context(), r, input(t, path), small(48), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if n := len(framesOf(t, joined)); n != 310 {
		t.Errorf("%d pictures, want 310", n)
	}
	ix := indexOf(t, joined, nil)
	if n := len(ix.Tracks[0].Segments); n != 6 {
		t.Errorf("%d segments, want 6: five of six seconds, and one", n)
	}
}

// TestWhatIsJoinedEndsWithItsLastPicture has pictures that are decoded in another order
// than they show up to the end.
func TestWhatIsJoinedEndsWithItsLastPicture(t *testing.T) {
	path := makeFilm(t, "film.mkv", "-f lavfi -i testsrc2=s=64x48:r=25:d=13 -c:v mpeg4 -g 25")
	for _, preset := range []string{"ultrafast", "veryfast"} { // without B-frames, and with
		p := small(48)
		p.Preset = preset
		joined, err := transcodeFile(t.Context(), runner(t), input(t, path), p, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if d := indexOf(t, joined, nil).Duration; math.Abs(d-13) > 1e-3 {
			t.Errorf("%s: it lasts %v s, want 13", preset, d)
		}
	}
}

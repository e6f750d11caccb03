package ffmpeg_test

import (
	"bytes"
	"errors"
	"log/slog"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

func TestHardwareThatIsNotThereFallsBackToSoftware(t *testing.T) {
	if !needFFmpeg(t).Has(ffmpeg.Encoder, "libx264") {
		missing(t, "this ffmpeg has no libx264; make test installs one that has")
	}
	var log bytes.Buffer
	r := newRunner(t, &ffmpeg.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	for _, h := range []ffmpeg.Hardware{ffmpeg.NVENC, ffmpeg.VAAPI, ffmpeg.QSV, ffmpeg.VideoToolbox} {
		for range 2 {
			got, err := r.Encoder(t.Context(), "h264", h)
			if err != nil {
				t.Fatal(err)
			}
			if got.Hardware == h && got.Name == "h264_"+string(h) {
				continue // it is there
			}
			if got.Name != "libx264" || got.Hardware != ffmpeg.None || got.Reason == "" || len(got.Args) > 0 {
				t.Errorf("%s becomes %+v", h, got)
			}
			if n := strings.Count(log.String(), "encoder=h264_"+string(h)); n != 1 {
				t.Errorf("the log has %d words on %s", n, h)
			}
		}
	}
	if got, err := r.Encoder(t.Context(), "h264", ffmpeg.None); err != nil || got.Name != "libx264" || got.Reason != "" {
		t.Errorf("software becomes %+v (%v)", got, err)
	}
}

func TestHardwareThatIsThereIsTaken(t *testing.T) {
	o := fake(t, `case "$*" in *vaapi_device*h264_vaapi*) echo progress=end; exit ;; esac; exit 1`)
	addEncoder(t, o.Path, "h264_vaapi")
	got, err := newRunner(t, o).Encoder(t.Context(), "h264", ffmpeg.VAAPI)
	if err != nil || got.Hardware != ffmpeg.VAAPI || got.Name != "h264_vaapi" || got.Filter != "format=nv12,hwupload" {
		t.Errorf("it is %+v (%v)", got, err)
	}
}

func TestTheFirstHardwareThatWorksIsTaken(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("other systems have others")
	}
	o := fake(t, `case "$*" in *vaapi_device*h264_vaapi*) echo progress=end; exit ;; esac; exit 1`)
	for _, name := range []string{"h264_nvenc", "h264_vaapi"} { // the first is in the build, and does not work
		addEncoder(t, o.Path, name)
	}
	r := newRunner(t, o)
	if got, err := r.Encoder(t.Context(), "h264", ffmpeg.Auto); err != nil || got.Hardware != ffmpeg.VAAPI {
		t.Errorf("it is %+v (%v)", got, err)
	}
	if got, err := r.Encoder(t.Context(), "h264", ffmpeg.VideoToolbox); err == nil && got.Hardware != ffmpeg.None {
		t.Errorf("one that is named and not there becomes %+v", got)
	}
}

// TestSVTAV1IsTakenWhereItMakesKeyFrames takes the word of KeyFrames for it.
func TestSVTAV1IsTakenWhereItMakesKeyFrames(t *testing.T) {
	tools := needFFmpeg(t)
	if !tools.Has(ffmpeg.Encoder, "libaom-av1") || !tools.Has(ffmpeg.Encoder, "libsvtav1") {
		missing(t, "this ffmpeg has not both libaom and SVT-AV1")
	}
	r := newRunner(t, nil)
	got, err := r.Encoder(t.Context(), "av1", ffmpeg.None)
	if err != nil {
		t.Fatal(err)
	}
	result, err := r.Run(t.Context(), &ffmpeg.Command{
		Inputs:  []ffmpeg.Input{{Graph: "testsrc2=size=128x128:rate=25:duration=0.4"}},
		Outputs: []ffmpeg.Output{{Name: "a.mp4", Args: []string{"-pix_fmt", "yuv420p", "-c:v", got.Name, "-g", "1000", "-force_key_frames", "0.2"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer result.Close()
	keys, err := r.KeyFrames(t.Context(), ffmpeg.Input{Path: filepath.Join(result.Dir, "a.mp4"), Type: media.TypeMP4}, 0)
	if err != nil || !slices.Contains(keys, 200*time.Millisecond) {
		t.Errorf("%s has key frames at %v (%v)", got.Name, keys, err)
	}
}

func TestAnEncoderThatNobodyHasIsMissing(t *testing.T) {
	r := newRunner(t, fake(t, ""))
	if _, err := r.Encoder(t.Context(), "hevc", ffmpeg.None); !errors.Is(err, ffmpeg.ErrIncomplete) || !strings.Contains(err.Error(), "encoder libx265") {
		t.Errorf("the error is %v", err)
	}
	for _, c := range []struct {
		codec string
		h     ffmpeg.Hardware
	}{{"theora", ffmpeg.None}, {"h264", "abacus"}} {
		if _, err := r.Encoder(t.Context(), c.codec, c.h); !errors.Is(err, ffmpeg.ErrCommand) {
			t.Errorf("%s by %q: %v", c.codec, c.h, err)
		}
	}
}

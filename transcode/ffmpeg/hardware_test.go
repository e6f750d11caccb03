package ffmpeg_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

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

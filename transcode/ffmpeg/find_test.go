package ffmpeg_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

func TestFFmpegIsFoundByOptionThenVariableThenPath(t *testing.T) {
	option, variable, path := fake(t, "").Path, fake(t, "").Path, fake(t, "").Path
	for _, c := range []struct {
		name, option, variable, want string
	}{
		{"an option counts most", option, variable, option},
		{"then the variable", "", variable, variable},
		{"then the PATH", "", "", path},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv(ffmpeg.Variable, c.variable)
			t.Setenv("PATH", filepath.Dir(path)+":/bin:/usr/bin")
			tools, err := ffmpeg.Find(t.Context(), c.option)
			if err != nil {
				t.Fatal(err)
			}
			if tools.FFmpeg != c.want || tools.FFprobe != filepath.Join(filepath.Dir(c.want), "ffprobe") {
				t.Errorf("found %s and %s, wanted %s", tools.FFmpeg, tools.FFprobe, c.want)
			}
			if tools.Version != "5.1" || tools.Major != 5 || !tools.Has(ffmpeg.Encoder, "libx264") || tools.Has(ffmpeg.Decoder, "libx264") {
				t.Errorf("it is taken for %+v", tools)
			}
		})
	}
}

func TestAnFFmpegThatCannotBeUsedIsMissingAndSaysWhatToDo(t *testing.T) {
	nobodys := filepath.Join(t.TempDir(), "ffmpeg")
	silent := fake(t, "").Path
	if err := os.WriteFile(silent, []byte("#!/bin/sh\necho hello\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	broken := fake(t, "").Path
	if err := os.WriteFile(broken, []byte("#!/bin/sh\necho 'cannot open shared object file' >&2; exit 127\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	old := fake(t, "").Path
	if err := os.WriteFile(old, []byte("#!/bin/sh\necho 'ffmpeg version 4.1.9 Copyright'\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	locked := fake(t, "").Path
	if err := os.Chmod(locked, 0o600); err != nil {
		t.Fatal(err)
	}
	alone := fake(t, "").Path
	if err := os.Remove(filepath.Join(filepath.Dir(alone), "ffprobe")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, path, program, words string
	}{
		{"where there is none", nobodys, "ffmpeg", nobodys},
		{"where nothing is found at all", "", "ffmpeg", "PATH"},
		{"where it is another program", silent, "ffmpeg", "nothing that ffmpeg would say"},
		{"where it is too old", old, "ffmpeg", "release 4.1.9, and 4.4 is the oldest"},
		{"where it lacks a library", broken, "ffmpeg", "cannot open shared object file"},
		{"where it may not be run", locked, "ffmpeg", "permission denied"},
		{"where there is no ffprobe", alone, "ffprobe", "ffprobe was not found"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv(ffmpeg.Variable, "")
			t.Setenv("PATH", t.TempDir())
			_, err := ffmpeg.Find(t.Context(), c.path)
			e, ok := errors.AsType[*ffmpeg.MissingError](err)
			if !ok || !errors.Is(err, ffmpeg.ErrMissing) {
				t.Fatalf("the error is %v", err)
			}
			if e.Program != c.program || !strings.Contains(e.Error(), c.words) || !strings.Contains(e.Error(), e.Install) || e.Install == "" {
				t.Errorf("it says %q of %s", e, e.Program)
			}
		})
	}
}

func TestASmallBuildIsKnownByItsMissingParts(t *testing.T) {
	r := newRunner(t, fake(t, ""))
	tools, err := r.Tools(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := tools.Need(ffmpeg.Part{Kind: ffmpeg.Encoder, Name: "libx264"}); err != nil {
		t.Errorf("what is there is missed: %v", err)
	}
	err = tools.Need(ffmpeg.Part{Kind: ffmpeg.Encoder, Name: "libx264"}, ffmpeg.Part{Kind: ffmpeg.Encoder, Name: "aac"}, ffmpeg.Part{Kind: ffmpeg.Filter, Name: "bwdif"})
	if !errors.Is(err, ffmpeg.ErrIncomplete) || !strings.Contains(err.Error(), "has no encoder aac, no filter bwdif: ") {
		t.Errorf("the error is %v", err)
	}
}

func TestTheInstalledFFmpegHasTheUsualParts(t *testing.T) {
	tools := needFFmpeg(t)
	err := tools.Need(
		ffmpeg.Part{Kind: ffmpeg.Encoder, Name: "aac"}, ffmpeg.Part{Kind: ffmpeg.Decoder, Name: "h264"},
		ffmpeg.Part{Kind: ffmpeg.Filter, Name: "scale"}, ffmpeg.Part{Kind: ffmpeg.Filter, Name: "split"}, ffmpeg.Part{Kind: ffmpeg.Filter, Name: "concat"},
		ffmpeg.Part{Kind: ffmpeg.Muxer, Name: "mp4"}, ffmpeg.Part{Kind: ffmpeg.Demuxer, Name: "mov"}, ffmpeg.Part{Kind: ffmpeg.Demuxer, Name: "mp4"},
		ffmpeg.Part{Kind: ffmpeg.Demuxer, Name: "matroska"}, ffmpeg.Part{Kind: ffmpeg.Muxer, Name: "null"},
	)
	if err != nil {
		t.Error(err)
	}
	if tools.Has(ffmpeg.Encoder, "=") || tools.Has(ffmpeg.Muxer, "mov,mp4,m4a,3gp,3g2,mj2") || tools.Major < 4 {
		t.Errorf("it is taken for %s, release %d", tools.Version, tools.Major)
	}
}

func TestTheInstalledFFmpegHasADemuxerForEachType(t *testing.T) {
	tools := needFFmpeg(t)
	for kind, demuxer := range ffmpeg.Demuxers {
		if !tools.Has(ffmpeg.Demuxer, demuxer) {
			t.Errorf("%s is to be read by %s, which is not there", kind, demuxer)
		}
	}
}

func TestARunnerWaitsForFFmpegAndSeesAnotherOne(t *testing.T) {
	o := fake(t, "")
	o.Look = 10 * time.Millisecond
	var log bytes.Buffer
	o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	away := o.Path + ".away"
	if err := os.Rename(o.Path, away); err != nil {
		t.Fatal(err)
	}
	r := newRunner(t, o)
	if _, err := r.Run(t.Context(), endless()); !errors.Is(err, ffmpeg.ErrMissing) {
		t.Errorf("without ffmpeg a run answers %v", err)
	}
	brief, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := r.Await(brief); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, ffmpeg.ErrMissing) {
		t.Errorf("who waits no longer gets %v", err)
	}
	came := make(chan error, 1)
	go func() {
		_, err := r.Await(t.Context())
		came <- err
	}()
	if err := os.Rename(away, o.Path); err != nil {
		t.Fatal(err)
	}
	if err := <-came; err != nil {
		t.Fatalf("ffmpeg is there, and: %v", err)
	}
	first, err := r.Tools(t.Context())
	if again, _ := r.Tools(t.Context()); err != nil || again != first {
		t.Errorf("the same file is asked twice (%v)", err)
	}
	text, err := os.ReadFile(o.Path)
	if err == nil {
		err = os.WriteFile(o.Path, []byte(strings.Replace(string(text), "version 5.1", "version 7.0.2", 1)), 0o700)
	}
	if err != nil {
		t.Fatal(err)
	}
	if now, err := r.Tools(t.Context()); err != nil || now.Major != 7 {
		t.Errorf("after an upgrade it is %+v (%v)", now, err)
	}
	for words, want := range map[string]int{"ffmpeg is missing": 1, "version=5.1": 1, "version=7.0.2": 1} {
		if n := strings.Count(log.String(), words); n != want {
			t.Errorf("the log has %q %d times, not %d:\n%s", words, n, want, log.String())
		}
	}
}

func TestWhoeverWaitsIsToldThatTheRunnerIsClosed(t *testing.T) {
	o := &ffmpeg.Options{Path: filepath.Join(t.TempDir(), "ffmpeg")}
	r := newRunner(t, o)
	came := make(chan error, 1)
	go func() {
		_, err := r.Await(t.Context())
		came <- err
	}()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-came; !errors.Is(err, ffmpeg.ErrClosed) {
		t.Errorf("it waits on with %v", err)
	}
}

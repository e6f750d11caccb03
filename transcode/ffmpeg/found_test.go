package ffmpeg_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// slow is a fake ffmpeg that answers once a file is there, and writes down in another
// that it was asked.
func slow(t *testing.T) (o *ffmpeg.Options, asked func() int, answer func()) {
	t.Helper()
	o = fake(t, "")
	dir := filepath.Dir(o.Path)
	log, goOn := filepath.Join(dir, "asked"), filepath.Join(dir, "go-on")
	text, err := os.ReadFile(o.Path)
	if err == nil {
		wait := "-version) echo >>" + log + "; while [ ! -e " + goOn + " ]; do /bin/sleep 0.02; done;"
		err = os.WriteFile(o.Path, []byte(strings.Replace(string(text), "-version)", wait, 1)), 0o700)
	}
	if err != nil {
		t.Fatal(err)
	}
	asked = func() int { text, _ := os.ReadFile(log); return len(text) }
	return o, asked, func() {
		if err := os.WriteFile(goOn, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// asks has somebody want to know what ffmpeg can do.
func asks(ctx context.Context, r *ffmpeg.Runner) <-chan error {
	c := make(chan error, 1)
	go func() { _, err := r.Tools(ctx); c <- err }()
	return c
}

func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for late := time.Now().Add(time.Minute); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(late) {
			t.Fatalf("not within a minute: %s", what)
		}
	}
}

func TestWhoWaitsForAnotherToFindFFmpegIsFreeToGo(t *testing.T) {
	o, asked, answer := slow(t)
	r := newRunner(t, o)
	first := asks(t.Context(), r)
	until(t, "it is asked", func() bool { return asked() == 1 })
	brief, cancel := context.WithCancel(t.Context())
	second, third := asks(brief, r), asks(t.Context(), r)
	cancel()
	select {
	case err := <-second:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("who went was told %v", err)
		}
	case <-time.After(time.Minute):
		t.Fatal("who waits cannot go")
	}
	answer()
	for _, c := range []<-chan error{first, third} {
		if err := <-c; err != nil {
			t.Error(err)
		}
	}
	if n := asked(); n != 1 {
		t.Errorf("it was asked %d times", n)
	}
}

func TestALookForFFmpegEndsWithTheLastWhoWaits(t *testing.T) {
	o, asked, answer := slow(t)
	r := newRunner(t, o)
	brief, cancel := context.WithCancel(t.Context())
	first := asks(brief, r)
	until(t, "it is asked", func() bool { return asked() == 1 })
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("who went was told %v", err)
	}
	second := asks(t.Context(), r)
	until(t, "it is asked anew", func() bool { return asked() == 2 })
	answer()
	if err := <-second; err != nil {
		t.Error(err)
	}
}

func TestALookForFFmpegEndsWithTheRunner(t *testing.T) {
	o, asked, _ := slow(t)
	r := newRunner(t, o)
	first := asks(t.Context(), r)
	until(t, "it is asked", func() bool { return asked() == 1 })
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-first; !errors.Is(err, ffmpeg.ErrClosed) {
		t.Errorf("who waited was told %v", err)
	}
}

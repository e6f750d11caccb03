package streamgate

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"
)

func TestPeriodicGoesOnAfterAnErrorAndEndsWhenStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		times := 0
		p := &periodic{name: "count", every: time.Hour, logger: slog.New(slog.DiscardHandler), do: func(context.Context) error {
			times++
			return errors.New("never content")
		}}
		if err := p.stop(t.Context()); err != nil {
			t.Errorf("stop before start: %v", err)
		}
		p.start(t.Context())
		time.Sleep(3*time.Hour + time.Minute)
		if err := p.stop(t.Context()); err != nil {
			t.Error(err)
		}
		if times != 3 {
			t.Errorf("%d times, want 3", times)
		}
	})
}

func TestPeriodicSaysWhenItCouldNotEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		p := &periodic{name: "hang", every: time.Hour, logger: slog.New(slog.DiscardHandler), do: func(context.Context) error {
			<-release
			return nil
		}}
		p.start(t.Context())
		time.Sleep(2 * time.Hour)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := p.stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
		}
		close(release)
	})
}

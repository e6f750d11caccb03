package hls

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestManyWaitForOnePieceOfWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f flights[int]
		var calls atomic.Int64
		var waiting sync.WaitGroup
		for range 50 {
			waiting.Go(func() {
				got, err := f.do(t.Context(), "key", func(context.Context) (int, error) {
					time.Sleep(time.Second)
					return int(calls.Add(1)), nil
				})
				if got != 1 || err != nil {
					t.Errorf("%d, %v", got, err)
				}
			})
		}
		waiting.Wait()
		if calls.Load() != 1 {
			t.Errorf("%d calls", calls.Load())
		}
		if len(f.on) != 0 {
			t.Errorf("%d flights are left", len(f.on))
		}
	})
}

func TestOneWhoLeavesDoesNotStopTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f flights[string]
		work := func(ctx context.Context) (string, error) {
			select {
			case <-time.After(time.Minute):
				return "done", nil
			case <-ctx.Done():
				return "", ctx.Err()
			}
		}
		first, leave := context.WithCancel(t.Context())
		var waiting sync.WaitGroup
		waiting.Go(func() {
			if _, err := f.do(first, "key", work); !errors.Is(err, context.Canceled) {
				t.Errorf("the first: %v", err)
			}
		})
		synctest.Wait()
		waiting.Go(func() {
			if got, err := f.do(t.Context(), "key", work); got != "done" || err != nil {
				t.Errorf("the second: %q, %v", got, err)
			}
		})
		synctest.Wait()
		leave()
		waiting.Wait()
	})
}

func TestTheLastWhoLeavesStopsTheWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f flights[string]
		stopped := false
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := f.do(ctx, "key", func(ctx context.Context) (string, error) {
			<-ctx.Done()
			stopped = true
			return "", ctx.Err()
		})
		synctest.Wait()
		if !errors.Is(err, context.DeadlineExceeded) || !stopped {
			t.Errorf("%v, stopped: %v", err, stopped)
		}
		got, err := f.do(t.Context(), "key", func(context.Context) (string, error) { return "anew", nil })
		if got != "anew" || err != nil {
			t.Errorf("the next: %q, %v", got, err)
		}
	})
}

func TestWorkThatPanicsIsAnError(t *testing.T) {
	var f flights[string]
	_, err := f.do(t.Context(), "key", func(context.Context) (string, error) { panic("a hostile file") })
	if err == nil || !strings.Contains(err.Error(), "a hostile file") {
		t.Errorf("%v", err)
	}
}

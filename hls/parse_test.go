package hls

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamgate/streamgate/media"
)

// slowReader takes a second for its first read, and counts who reads with it.
type slowReader struct {
	*bytes.Reader
	first       sync.Once
	active, top *atomic.Int64
}

func (r *slowReader) ReadAt(p []byte, off int64) (int, error) {
	r.first.Do(func() {
		r.top.Store(max(r.top.Load(), r.active.Add(1)))
		time.Sleep(time.Second)
		r.active.Add(-1)
	})
	return r.Reader.ReadAt(p, off)
}

func TestOnlySoManyFilesAreParsedAtOnce(t *testing.T) {
	var file bytes.Buffer
	if err := shortClip.writeTo(&file); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		p := newParser(2, media.Cut{})
		var active, top atomic.Int64
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				r := &slowReader{Reader: bytes.NewReader(file.Bytes()), active: &active, top: &top}
				if _, err := p.parse(t.Context(), source{ReaderAt: r, size: r.Size()}, new(media.Options)); err != nil {
					t.Error(err)
				}
			})
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		synctest.Wait()
		if _, err := p.parse(ctx, source{}, new(media.Options)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("one who does not wait: %v", err)
		}
		all.Wait()
		if top.Load() != 2 {
			t.Errorf("%d at once", top.Load())
		}
	})
}

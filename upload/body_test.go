package upload

import (
	"context"
	"io"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Whoever asks at the same time as another is not forgotten.
func TestAllWhoAskAWriterAreAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		up := &Uploader{o: (*Options)(nil).withDefaults()}
		h, err := up.holds.take("x")
		if err != nil {
			t.Fatal(err)
		}
		r, w := io.Pipe()
		b := up.newBody(httptest.NewRecorder(), r, h)
		b.ask = func() error { return nil }
		b.start()
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() {
				begin := time.Now()
				h.writeDown(context.Background())
				if took := time.Since(begin); took >= askWait {
					t.Errorf("waited %s in vain", took)
				}
			})
		}
		go func() { // a client that sends all the time
			for range 2000 {
				if _, err := w.Write(make([]byte, pieceSize)); err != nil {
					return
				}
				time.Sleep(time.Millisecond)
			}
			_ = w.Close()
		}()
		synctest.Wait()
		for {
			if _, err := b.next(); err != nil {
				break
			}
		}
		all.Wait()
		b.finish()
		h.release()
	})
}

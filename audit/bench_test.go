package audit

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"
)

// typical is an event of some 300 bytes.
func typical() Event {
	return Event{
		Time:  time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC),
		Actor: "user-4711", Address: "192.0.2.17", Action: "asset.deleted", Resource: "asset/0190b5c2-8c1e-7d3a",
		Outcome: Success, RequestID: "q3b7n2v5x8k1m4p7", TraceID: "4bf92f3577b34da6a3ce929d0e0e4736",
		Details: []slog.Attr{slog.String("title", "A film about a dog"), slog.Int64("size", 123456789), slog.Bool("public", false)},
	}
}

func BenchmarkAppendJSON(b *testing.B) {
	e := typical()
	buf := e.AppendJSON(nil)
	b.SetBytes(int64(len(buf)))
	b.ReportAllocs()
	for b.Loop() {
		buf = e.AppendJSON(buf[:0])
	}
}

// BenchmarkRecordNoWait is what a request pays that does not wait for the disk.
func BenchmarkRecordNoWait(b *testing.B) {
	f, err := OpenFile(b.TempDir(), testKey, quiet(FileOptions{NoWait: true, Buffer: 1 << 30}))
	must(b, err)
	defer f.Close()
	l, err := New([]Sink{f}, nil)
	must(b, err)
	e := typical()
	e.Time = time.Time{}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if err := l.Record(context.Background(), e); err != nil {
			b.Fatal(err)
		}
		if n++; n%2000 == 0 { // the disk is not what is measured
			b.StopTimer()
			must(b, f.Sync(b.Context()))
			b.StartTimer()
		}
	}
}

// BenchmarkDurable has 100 writers, each of which waits for its events.
func BenchmarkDurable(b *testing.B) {
	f, err := OpenFile(b.TempDir(), testKey, quiet(FileOptions{}))
	must(b, err)
	defer f.Close()
	l, err := New([]Sink{f}, nil)
	must(b, err)
	var mu sync.Mutex
	var took []time.Duration
	n := 0
	begin := time.Now()
	for b.Loop() {
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				mine := make([]time.Duration, 0, 50)
				for range 50 {
					begin := time.Now()
					if err := l.Record(context.Background(), typical()); err != nil {
						b.Error(err)
					}
					mine = append(mine, time.Since(begin))
				}
				mu.Lock()
				took = append(took, mine...)
				mu.Unlock()
			})
		}
		all.Wait()
		n += 5000
	}
	slices.Sort(took)
	b.ReportMetric(float64(n)/time.Since(begin).Seconds(), "events/s")
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}

// BenchmarkVerify reads files from memory, with so many events in each group.
func BenchmarkVerify(b *testing.B) {
	for _, group := range []int{1, 10, 100, 500} {
		b.Run(fmt.Sprint("group=", group), func(b *testing.B) {
			m := newMemFS()
			w := writer{fs: m, key: testKey, o: &FileOptions{MaxSize: 1 << 40}, link: link{next: 1}}
			e := typical()
			one := append(e.AppendJSON(nil), '\n')
			lines := slices.Repeat(one, group)
			must(b, w.prepare(len(lines)))
			var content []byte
			for len(content) < 256<<20 {
				next, _, err := w.compose(lines)
				must(b, err)
				w.link = next
				content = append(content, w.out...)
			}
			m.now[fileName(1)].data = content
			files := m.sources()
			b.SetBytes(int64(len(content)))
			for b.Loop() {
				if _, err := verify(b.Context(), testKeys, files, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkSlogHandler(b *testing.B) {
	l, err := New([]Sink{discard{}}, nil)
	must(b, err)
	logger := slog.New(l.Handler())
	b.ReportAllocs()
	for b.Loop() {
		logger.LogAttrs(context.Background(), slog.LevelInfo, "asset.deleted", slog.String("actor", "user-4711"), slog.Int("size", 17))
	}
}

type discard struct{}

func (discard) Append(context.Context, *Event, []byte) error { return nil }

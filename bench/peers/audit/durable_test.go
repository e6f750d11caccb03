package audit

import (
	"context"
	"crypto/ed25519"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/streamgate/streamgate/audit"
)

// syncedFile is the peer without a group commit: an fsync for each event.
type syncedFile struct {
	mu sync.Mutex
	f  *os.File
}

func (s *syncedFile) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.f.Write(p)
	if err == nil {
		err = s.f.Sync()
	}
	return n, err
}

// BenchmarkDurable has 100 writers that wait until their event is on the disk,
// here and in a log by slog that syncs after each line, by turns.
func BenchmarkDurable(b *testing.B) {
	dir := b.TempDir()
	file, err := audit.OpenFile(filepath.Join(dir, "log"), ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	ours, err := audit.New([]audit.Sink{file}, nil)
	if err != nil {
		b.Fatal(err)
	}
	f, err := os.Create(filepath.Join(dir, "slog"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	theirs, err := audit.New([]audit.Sink{audit.ToHandler(slog.NewJSONHandler(&syncedFile{f: f}, nil))}, nil)
	if err != nil {
		b.Fatal(err)
	}
	var rates, peers []float64
	var waits []time.Duration
	for b.Loop() {
		for range 5 {
			rate, took := hundred(b, ours, 50)
			rates, waits = append(rates, rate), append(waits, took...)
			rate, _ = hundred(b, theirs, 2)
			peers = append(peers, rate)
		}
	}
	slices.Sort(waits)
	b.ReportMetric(median(rates), "events/s")
	b.ReportMetric(median(peers), "slog-fsync-events/s")
	b.ReportMetric(median(rates)/median(peers), "times-slog-fsync")
	b.ReportMetric(float64(waits[len(waits)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(waits[len(waits)*99/100].Microseconds())/1000, "p99-ms")
}

// hundred has 100 writers record so many events each, and returns events in a
// second and how long each has waited.
func hundred(b *testing.B, l *audit.Log, each int) (float64, []time.Duration) {
	b.Helper()
	var mu sync.Mutex
	var all []time.Duration
	var writers sync.WaitGroup
	begin := time.Now()
	for range 100 {
		writers.Go(func() {
			for range each {
				begin := time.Now()
				if err := l.Record(context.Background(), event()); err != nil {
					b.Error(err)
				}
				mu.Lock()
				all = append(all, time.Since(begin))
				mu.Unlock()
			}
		})
	}
	writers.Wait()
	return float64(100*each) / time.Since(begin).Seconds(), all
}

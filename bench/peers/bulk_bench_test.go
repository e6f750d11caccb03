//go:build linux

package peers

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// BenchmarkBulk is what each server's CPU costs a GB of a large file, by one
// PATCH and by chunks of 8 MiB. What is wanted: at most 1.15 times the bare
// handler without a hash, 1.4 times with it. The bare handler that syncs is the
// one to hold a durable server against, and stands beside the other.
func BenchmarkBulk(b *testing.B) {
	size := *benchMiB << 20
	for _, way := range []struct {
		name  string
		chunk int64
	}{{"one", size}, {"8MiB", 8 << 20}} {
		b.Run(way.name, func(b *testing.B) {
			names := []string{"bare", "bare-sync", "nohash", "uploader", "gate", "tusd"}
			servers := startAll(b, names...)
			cpu, wall := make(rounds), make(rounds)
			for n := 0; b.Loop(); n++ {
				cpu.turn(names, n, func(name string) float64 {
					took, used := bulk(b, servers[name], size, way.chunk)
					wall[name] = append(wall[name], took.Seconds())
					return used.Seconds()
				})
			}
			report(b, cpu, wall, float64(size)/1e9, names)
		})
	}
}

// wanted are targets, as multiples of the bare handler's CPU.
var wanted = map[string]string{"nohash": "at most 1.15 x bare", "uploader": "at most 1.4 x bare", "gate": "at most 1.4 x bare"}

// report prints medians, and medians of the ratios of paired rounds.
func report(b *testing.B, cpu, wall rounds, gb float64, names []string) {
	var t strings.Builder
	fmt.Fprintf(&t, "\n%-10s %9s %9s %7s %12s %7s\n", "", "CPU s/GB", "MB/s", "x bare", "x bare-sync", "x tusd")
	for _, name := range names {
		fmt.Fprintf(&t, "%-10s %9.2f %9.0f %7.2f %12.2f %7.2f  %s\n", name, cpu.median(name)/gb, gb*1e3/wall.median(name),
			cpu.ratio(name, "bare"), cpu.ratio(name, "bare-sync"), cpu.ratio(name, "tusd"), wanted[name])
	}
	b.Log(strings.TrimRight(t.String(), " \n"))
	b.ReportMetric(0, "ns/op") // of all together: says nothing
	b.ReportMetric(cpu.ratio("nohash", "bare"), "nohash/bare")
	b.ReportMetric(cpu.ratio("uploader", "bare"), "uploader/bare")
	b.ReportMetric(cpu.ratio("gate", "bare"), "gate/bare")
	b.ReportMetric(cpu.ratio("gate", "tusd"), "gate/tusd")
}

// bulk uploads one file and removes it, and returns what the upload took.
func bulk(b *testing.B, c *client, size, chunk int64) (wall, cpu time.Duration) {
	before, start := c.used(b, false).CPU, time.Now()
	s, err := c.upload(size, chunk)
	if err != nil {
		b.Fatal(err)
	}
	wall, cpu = time.Since(start), c.used(b, false).CPU-before
	if err := s.remove(); err != nil {
		b.Fatal(err)
	}
	return wall, cpu
}

// BenchmarkMemory is a server's resident memory at its peak while 8 clients
// upload at once, and how much more that is than before: what is wanted is less
// than 20 MB more.
func BenchmarkMemory(b *testing.B) {
	size := *benchMiB << 20 / 4
	for _, name := range []string{"bare", "nohash", "uploader", "gate", "tusd"} {
		b.Run(name, func(b *testing.B) {
			var peaks, grown []float64
			for b.Loop() {
				peak, idle := peakOf(b, name, size)
				peaks, grown = append(peaks, float64(peak)/1e6), append(grown, float64(peak-idle)/1e6)
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(quantile(peaks, 0.5), "MB-resident")
			b.ReportMetric(quantile(grown, 0.5), "MB-over-idle")
		})
	}
}

// peakOf starts a server and lets it take one file before it counts as idle:
// what each server needs once is not growth.
func peakOf(b *testing.B, name string, size int64) (peak, idle int64) {
	c := start(b, name)
	if err := removed(c.upload(1<<20, 1<<20)); err != nil {
		b.Fatal(err)
	}
	idle = c.used(b, true).Now
	if err := together(8, 8, func(int) error { return removed(c.upload(size, size)) }); err != nil {
		b.Fatal(err)
	}
	return c.used(b, false).Peak, idle
}

func removed(s *sent, err error) error {
	if err != nil {
		return err
	}
	return s.remove()
}

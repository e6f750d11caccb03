//go:build linux

package peers

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// BenchmarkSmall is how many files of 1 KiB 8 clients upload in a second, created
// first and then sent, or sent with the creation. StreamGate's are durable when
// they are answered, tusd's are not: it syncs nothing. The bare handler that
// syncs its one file shows what the disk allows. What is wanted: at least as many
// as tusd. The Gate also looks into each file, and fails its asset.
func BenchmarkSmall(b *testing.B) {
	for _, way := range []struct {
		name  string
		first int64
	}{{"create-patch", 0}, {"create-with", 1 << 10}} {
		b.Run(way.name, func(b *testing.B) {
			names := []string{"bare", "bare-sync", "uploader", "nohash", "gate", "tusd", "tusd-memory"}
			servers := startAll(b, names...)
			took, cpu := make(rounds), make(rounds)
			for n := 0; b.Loop(); n++ {
				took.turn(names, n, func(name string) float64 {
					before, start := servers[name].used(b, false).CPU, time.Now()
					smallFiles(b, servers[name], *small, way.first)
					took := time.Since(start)
					cpu[name] = append(cpu[name], (servers[name].used(b, false).CPU - before).Seconds())
					return took.Seconds()
				})
			}
			reportSmall(b, took, cpu, names)
		})
	}
}

func reportSmall(b *testing.B, took, cpu rounds, names []string) {
	var t strings.Builder
	fmt.Fprintf(&t, "\n%-12s %8s %7s %7s %14s %12s\n", "", "files/s", "CPU ms", "x tusd", "x tusd-memory", "x bare-sync")
	for _, name := range names {
		// Times the other way round, for ratios of rates.
		fmt.Fprintf(&t, "%-12s %8.0f %7.2f %7.2f %14.2f %12.2f", name, float64(*small)/took.median(name), cpu.median(name)/float64(*small)*1e3,
			took.ratio("tusd", name), took.ratio("tusd-memory", name), took.ratio("bare-sync", name))
		if name == "gate" {
			t.WriteString("  at least 1 x tusd")
		}
		t.WriteString("\n")
	}
	b.Log(strings.TrimRight(t.String(), " \n"))
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(*small)/took.median("gate"), "gate/s")
	b.ReportMetric(float64(*small)/took.median("tusd"), "tusd/s")
	b.ReportMetric(took.ratio("tusd", "gate"), "gate/tusd")
	b.ReportMetric(took.ratio("tusd", "uploader"), "uploader/tusd")
}

// smallFiles uploads n files of 1 KiB, of which the first bytes come with the creation.
func smallFiles(b *testing.B, c *client, n int, first int64) {
	const size, clients = 1 << 10, 8
	err := together(clients, n, func(int) error {
		s, err := c.create(size, first)
		if err == nil && first < size {
			err = s.patch(size, size-first)
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkSmallTally is where the time of such an upload goes: for each kind of
// call to the stores how many one upload makes, and how long a client waits for
// all of them together.
func BenchmarkSmallTally(b *testing.B) {
	for _, way := range []struct {
		name  string
		first int64
	}{{"create-patch", 0}, {"create-with", 1 << 10}} {
		b.Run(way.name, func(b *testing.B) {
			c := start(b, "tallied")
			smallFiles(b, c, 50, way.first)
			c.used(b, false) // what was counted so far
			uploads, start := 0, time.Now()
			for b.Loop() {
				smallFiles(b, c, *small, way.first)
				uploads += *small
			}
			each := time.Since(start) * 8 / time.Duration(uploads) // of which 8 run at once
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(each.Seconds()*1e3, "ms")
			for what, s := range c.used(b, false).Tally {
				b.ReportMetric(float64(s.Calls)/float64(uploads), what+"s")
				b.ReportMetric(s.Time.Seconds()*1e3/float64(uploads), what+"-ms")
			}
		})
	}
}

package metrics_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/streamgate/streamgate/metrics"
)

func TestTheProcessIsDescribed(t *testing.T) {
	r := must(metrics.New(nil))
	if err := r.AddProcess(); err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	now := float64(time.Now().Unix())
	type between struct{ low, high float64 }
	want := map[string]between{
		"go_goroutines":                                {2, 1000},
		"go_threads":                                   {1, 1000},
		"go_memstats_alloc_bytes":                      {1000, 1 << 33},
		"go_memstats_alloc_bytes_total":                {1000, 1 << 40},
		"go_memstats_sys_bytes":                        {1 << 20, 1 << 40},
		"go_gc_duration_seconds_count":                 {1, 1e9},
		"go_gc_duration_seconds_sum":                   {1e-9, 1e6},
		`go_gc_duration_seconds{quantile="1"}`:         {1e-9, 1e3},
		`go_info{version="` + runtime.Version() + `"}`: {1, 1},
	}
	if runtime.GOOS == "linux" {
		want["process_cpu_seconds_total"] = between{0, 1e6}
		want["process_resident_memory_bytes"] = between{1 << 20, 1 << 40}
		want["process_virtual_memory_bytes"] = between{1 << 20, 1 << 48}
		want["process_open_fds"] = between{3, 1e6}
		want["process_max_fds"] = between{3, 1 << 63}
		want["process_start_time_seconds"] = between{1e9, now + 24*3600}
	}
	x := scrape(t, r)
	for key, w := range want {
		if got, ok := x.values[key]; !ok || got < w.low || got > w.high {
			t.Errorf("%s is %v, there: %t; want %v to %v", key, got, ok, w.low, w.high)
		}
	}
}

func TestTheProcessIsDescribedOnce(t *testing.T) {
	r := must(metrics.New(nil))
	if err := r.AddProcess(); err != nil {
		t.Fatal(err)
	}
	if err := r.AddProcess(); err == nil {
		t.Error("a second time was taken")
	}
}

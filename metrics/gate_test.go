package metrics_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/metrics"
)

func TestAnEventBecomesItsMetric(t *testing.T) {
	for name, tt := range map[string]struct {
		event events.Event
		want  map[string]float64
	}{
		"an upload by tus":           {events.Event{Type: events.UploadCreated, Data: map[string]any{"protocol": "tus"}}, map[string]float64{`uploads_created_total{protocol="tus"}`: 1}},
		"one by something else":      {events.Event{Type: events.UploadCreated, Data: map[string]any{"protocol": "canary"}}, map[string]float64{`uploads_created_total{protocol="other"}`: 1}},
		"one that says nothing":      {events.Event{Type: events.UploadCreated}, map[string]float64{`uploads_created_total{protocol="other"}`: 1}},
		"a complete upload":          {events.Event{Type: events.UploadComplete, Data: map[string]any{"size": int64(5000), "seconds": 2.5}}, map[string]float64{`uploads_completed_total`: 1, `upload_duration_seconds_sum`: 2.5, `upload_duration_seconds_count`: 1, `upload_size_bytes_sum`: 5000, `upload_size_bytes_count`: 1}},
		"the same out of the outbox": {events.Event{Type: events.UploadComplete, Data: map[string]any{"size": 5000.0}}, map[string]float64{`uploads_completed_total`: 1, `upload_size_bytes_sum`: 5000, `upload_size_bytes_count`: 1}},
		"a canceled upload":          {events.Event{Type: events.UploadCanceled}, map[string]float64{`uploads_canceled_total`: 1}},
		"a refused upload":           {events.Event{Type: events.UploadRefused}, map[string]float64{`uploads_refused_total`: 1}},
		"progress is not counted":    {events.Event{Type: events.UploadProgress}, map[string]float64{}},
		"an asset that is ready":     {events.Event{Type: events.AssetReady}, map[string]float64{`assets_total{event="ready"}`: 1}},
		"an asset that was deleted":  {events.Event{Type: events.AssetDeleted}, map[string]float64{`assets_total{event="deleted"}`: 1}},
		"a key":                      {events.Event{Type: events.KeyServed, Data: map[string]any{"key_ids": []string{"canary"}}}, map[string]float64{`keys_served_total`: 1}},
		"a search":                   {events.Event{Type: events.AssetSearched, Data: map[string]any{"q": "canary", "results": 7}}, map[string]float64{`search_results_sum`: 7, `search_results_count`: 1}},
		"an event of another":        {events.Event{Type: "asset.canary"}, map[string]float64{}},
	} {
		t.Run(name, func(t *testing.T) {
			r := must(metrics.New(nil))
			g := must(metrics.NewGate(r))
			var recorder events.Recorder = g
			if err := recorder.Record(t.Context(), tt.event); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, nonZero(t, r)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestWhatHappensToTranscodesIsCounted(t *testing.T) {
	for name, tt := range map[string]struct {
		event events.Event
		want  map[string]float64
	}{
		"one that was asked for": {events.Event{Type: events.TranscodeSubmitted}, map[string]float64{`transcodes_total{event="submitted"}`: 1}},
		"one that is done": {
			events.Event{Type: events.TranscodeDone, Data: map[string]any{"seconds": 2.5}},
			map[string]float64{`transcodes_total{event="done"}`: 1, `transcode_duration_seconds_sum`: 2.5, `transcode_duration_seconds_count`: 1},
		},
		"one that failed": {
			events.Event{Type: events.TranscodeFailed, Data: map[string]any{"error": "canary", "class": "stuck"}},
			map[string]float64{`transcodes_total{event="failed"}`: 1, `transcode_failures_total{class="stuck"}`: 1},
		},
		"one that failed for something new": {
			events.Event{Type: events.TranscodeFailed, Data: map[string]any{"class": "canary"}},
			map[string]float64{`transcodes_total{event="failed"}`: 1, `transcode_failures_total{class="other"}`: 1},
		},
		"one that was cancelled":  {events.Event{Type: events.TranscodeCanceled, Data: map[string]any{"error": "canary"}}, map[string]float64{`transcodes_total{event="canceled"}`: 1}},
		"progress is not counted": {events.Event{Type: events.TranscodeProgress}, map[string]float64{}},
		"nor is an asset":         {events.Event{Type: events.AssetReady}, map[string]float64{}},
	} {
		t.Run(name, func(t *testing.T) {
			r := must(metrics.New(nil))
			g := must(metrics.NewGate(r))
			if err := g.RecordTranscode(t.Context(), tt.event); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, nonZero(t, r)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// nonZero are the series that are not 0, but for buckets.
func nonZero(t *testing.T, r *metrics.Registry) map[string]float64 {
	t.Helper()
	x := scrape(t, r)
	got := map[string]float64{}
	for key, v := range x.values {
		if _, bucket := x.labels[key]["le"]; v != 0 && !bucket {
			got[key[len("streamgate_"):]] = v
		}
	}
	return got
}

type fakeRuns struct{}

func (fakeRuns) Usage() (int, int64) { return 3, 5000 }

func TestRunsOfProgramsAreAskedForAtEachScrape(t *testing.T) {
	r := must(metrics.New(nil))
	g := must(metrics.NewGate(r))
	if err := g.Programs(fakeRuns{}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]float64{"ffmpeg_running": 3, "ffmpeg_scratch_bytes": 5000}, nonZero(t, r)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if err := g.Programs(fakeRuns{}); err == nil {
		t.Error("a second one was taken")
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]float64{}, nonZero(t, r)); diff != "" {
		t.Errorf("after Close (-want +got):\n%s", diff)
	}
}

func TestEveryAssetEventIsCounted(t *testing.T) {
	r := must(metrics.New(nil))
	g := must(metrics.NewGate(r))
	all := []events.Type{events.AssetCreated, events.AssetUpdated, events.AssetReady, events.AssetFailed, events.AssetReplaced, events.AssetDeleted}
	for _, e := range all {
		if err := g.Record(t.Context(), events.Event{Type: e}); err != nil {
			t.Fatal(err)
		}
	}
	x := scrape(t, r)
	for _, e := range all {
		if got := x.values[`streamgate_assets_total{event="`+string(e)[len("asset."):]+`"}`]; got != 1 {
			t.Errorf("%s: %v", e, got)
		}
	}
}

func TestABusAndCachesAreAskedAtEachScrape(t *testing.T) {
	r := must(metrics.New(nil))
	g := must(metrics.NewGate(r))
	bus := events.NewBus(nil)
	if err := g.Bus(bus); err != nil {
		t.Fatal(err)
	}
	stats := metrics.CacheStats{Hits: 3, Misses: 2, Evictions: 1, Entries: 4, Bytes: 5}
	if err := g.Cache("index", func() metrics.CacheStats { return stats }); err != nil {
		t.Fatal(err)
	}
	if err := g.Cache("index", func() metrics.CacheStats { return stats }); err == nil {
		t.Error("a second cache of the same name was taken")
	}
	if err := g.Bus(bus); err == nil {
		t.Error("a second bus was taken")
	}
	if _, err := bus.Subscribe("ada"); err != nil {
		t.Fatal(err)
	}
	stats.Hits++
	x := scrape(t, r)
	for key, want := range map[string]float64{
		`streamgate_event_subscribers`:                                 1,
		`streamgate_events_dropped_total`:                              0,
		`streamgate_cache_requests_total{cache="index",result="hit"}`:  4,
		`streamgate_cache_requests_total{cache="index",result="miss"}`: 2,
		`streamgate_cache_evictions_total{cache="index"}`:              1,
		`streamgate_cache_entries{cache="index"}`:                      4,
		`streamgate_cache_bytes{cache="index"}`:                        5,
	} {
		if got, ok := x.values[key]; !ok || got != want {
			t.Errorf("%s is %v, want %v", key, got, want)
		}
	}
}

func TestTwoGatesInOneRegistryShareTheirSeries(t *testing.T) {
	r := must(metrics.New(nil))
	one, two := must(metrics.NewGate(r)), must(metrics.NewGate(r))
	one.UploadsCompleted.Inc()
	two.UploadsCompleted.Inc()
	if got := scrape(t, r).values["streamgate_uploads_completed_total"]; got != 2 {
		t.Errorf("%v, want both", got)
	}
}

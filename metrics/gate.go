package metrics

import (
	"fmt"
	"sync"
)

// Gate holds the series of the services of a Gate, beside those of Route. Its
// Record takes them from events; what no event tells is filled by whoever knows.
type Gate struct {
	UploadsCreated   *CounterVec // by protocol
	UploadsCompleted *Counter
	UploadsCanceled  *Counter
	UploadsRefused   *Counter
	UploadSize       *Histogram  // bytes, of whole files
	UploadDuration   *Histogram  // seconds, from creation to completion
	Assets           *CounterVec // by event
	SettledBytes     *Counter    // of files that were rewritten
	SettleFailures   *Counter    // no event tells it
	SearchResults    *Histogram
	KeysServed       *Counter
	LimitViolations  *CounterVec   // by service; no event tells it
	JobAttempts      *CounterVec   // by kind, and by the state of the job after it; no event tells it
	JobDuration      *HistogramVec // seconds, of attempts, by kind; no event tells it

	Transcodes        *CounterVec   // by event
	TranscodeFailures *CounterVec   // by class
	TranscodeDuration *Histogram    // seconds, of those that are done
	ProgramRuns       *CounterVec   // of ffmpeg and ffprobe, by program and how they ended; no event tells it
	ProgramDuration   *HistogramVec // seconds, by program; no event tells it
	EncodedSeconds    *Counter      // of films, by runs of ffmpeg; no event tells it
	EncodingSpeed     *Histogram    // seconds of the film in a second, of runs of ffmpeg; no event tells it

	auditDropped  *CounterVec
	auditRefused  *CounterVec
	eventsDropped *CounterVec
	subscribers   *GaugeVec
	cacheRequests *CounterVec
	cacheEvicted  *CounterVec
	cacheEntries  *GaugeVec
	cacheBytes    *GaugeVec
	jobs          *GaugeVec
	programs      *GaugeVec
	scratch       *GaugeVec

	assets map[string]*Counter // of Assets

	mu    sync.Mutex
	added []func() // take out what ask added
}

// NewGate makes the families of a Gate in r. Those that need a source (Bus,
// Cache, Audit) appear with it.
func NewGate(r *Registry) (*Gate, error) {
	g := &Gate{}
	for _, d := range gateSeries(g) {
		if err := d.make(r); err != nil {
			return nil, err
		}
	}
	g.assets = make(map[string]*Counter)
	for _, e := range assetEvents {
		g.assets[e] = g.Assets.With(e)
	}
	return g, nil
}

// series is a line of the table of what a Gate counts.
type series struct {
	name, help string
	labels     []string
	buckets    []float64
	into       any // where it is kept: a pointer to a *Counter, *CounterVec, …
}

// gateSeries is the table. docs/metrics.md is written from it.
func gateSeries(g *Gate) []series {
	return []series{
		{name: "streamgate_uploads_created_total", help: "Uploads that were begun.", labels: []string{"protocol"}, into: &g.UploadsCreated},
		{name: "streamgate_uploads_completed_total", help: "Uploads of which every byte is stored.", into: &g.UploadsCompleted},
		{name: "streamgate_uploads_canceled_total", help: "Uploads that were ended by their owner, or that nobody resumed.", into: &g.UploadsCanceled},
		{name: "streamgate_uploads_refused_total", help: "Uploads that were not taken: for their type, size, content or owner.", into: &g.UploadsRefused},
		{name: "streamgate_upload_size_bytes", help: "How large the files of completed uploads are.", into: &g.UploadSize},
		{name: "streamgate_upload_duration_seconds", help: "How long completed uploads took, from creation to the last byte, pauses included.", buckets: uploadDurationBuckets, into: &g.UploadDuration},
		{name: "streamgate_assets_total", help: "What happened to assets.", labels: []string{"event"}, into: &g.Assets},
		{name: "streamgate_settled_bytes_total", help: "Bytes of sources that were rewritten for playback.", into: &g.SettledBytes},
		{name: "streamgate_settle_failures_total", help: "How often a source could not be rewritten for playback and is tried again, as for want of room.", into: &g.SettleFailures},
		{name: "streamgate_keys_served_total", help: "Answers with content keys: a key, or a licence with some.", into: &g.KeysServed},
		{name: "streamgate_search_results", help: "How many assets a page of search results had.", buckets: resultBuckets, into: &g.SearchResults},
		{name: "streamgate_limit_violations_total", help: "Requests that a rate limit refused.", labels: []string{"service"}, into: &g.LimitViolations},
		{name: "streamgate_jobs", help: "Jobs that have not ended.", labels: []string{"kind", "state"}, into: &g.jobs},
		{name: "streamgate_job_attempts_total", help: "Attempts at jobs, by what they left the job in.", labels: []string{"kind", "state"}, into: &g.JobAttempts},
		{name: "streamgate_job_duration_seconds", help: "How long attempts at jobs took.", labels: []string{"kind"}, buckets: jobDurationBuckets, into: &g.JobDuration},
		{name: "streamgate_transcodes_total", help: "What happened to transcodes.", labels: []string{"event"}, into: &g.Transcodes},
		{name: "streamgate_transcode_failures_total", help: "Transcodes that failed, by what was the matter.", labels: []string{"class"}, into: &g.TranscodeFailures},
		{name: "streamgate_transcode_duration_seconds", help: "How long transcodes took that are done, from the upload to the last rung.", buckets: transcodeBuckets, into: &g.TranscodeDuration},
		{name: "streamgate_ffmpeg_runs_total", help: "Runs of ffmpeg and ffprobe, by how they ended.", labels: []string{"program", "end"}, into: &g.ProgramRuns},
		{name: "streamgate_ffmpeg_run_duration_seconds", help: "How long runs took.", labels: []string{"program"}, buckets: jobDurationBuckets, into: &g.ProgramDuration},
		{name: "streamgate_ffmpeg_encoded_seconds_total", help: "How much of films ffmpeg has worked through, in seconds of them; each pass over the sound, and over a chunk in all its rungs, counts.", into: &g.EncodedSeconds},
		{name: "streamgate_ffmpeg_speed_ratio", help: "Seconds of a film that a run of ffmpeg worked through in a second.", buckets: speedBuckets, into: &g.EncodingSpeed},
		{name: "streamgate_ffmpeg_running", help: "Runs that have a directory: of programs that run, and whose files are yet to be taken.", into: &g.programs},
		{name: "streamgate_ffmpeg_scratch_bytes", help: "What these directories held when they were last looked at, some seconds ago at most.", into: &g.scratch},
		{name: "streamgate_audit_dropped_total", help: "Events that the audit log did not take, and that happened all the same.", into: &g.auditDropped},
		{name: "streamgate_audit_refused_total", help: "What did not happen because the audit log did not take it.", into: &g.auditRefused},
		{name: "streamgate_events_dropped_total", help: "Live events that a slow listener had no room for.", into: &g.eventsDropped},
		{name: "streamgate_event_subscribers", help: "Listeners of live events.", into: &g.subscribers},
		{name: "streamgate_cache_requests_total", help: "Lookups in a cache, by whether it had the entry.", labels: []string{"cache", "result"}, into: &g.cacheRequests},
		{name: "streamgate_cache_evictions_total", help: "Entries that a cache gave up for others.", labels: []string{"cache"}, into: &g.cacheEvicted},
		{name: "streamgate_cache_entries", help: "Entries that a cache holds.", labels: []string{"cache"}, into: &g.cacheEntries},
		{name: "streamgate_cache_bytes", help: "What the entries of a cache take, by its own account; 0 for one that counts entries.", labels: []string{"cache"}, into: &g.cacheBytes},
	}
}

var (
	uploadDurationBuckets = []float64{0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 6 * 3600, 24 * 3600}
	jobDurationBuckets    = []float64{0.01, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 6 * 3600}
	transcodeBuckets      = []float64{1, 5, 15, 60, 300, 900, 3600, 2 * 3600, 6 * 3600, 24 * 3600}
	speedBuckets          = []float64{0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128}
	resultBuckets         = []float64{0, 1, 5, 10, 20, 50, 100}
)

func (d *series) make(r *Registry) (err error) {
	switch into := d.into.(type) {
	case **Counter:
		*into, err = r.Counter(d.name, d.help)
	case **CounterVec:
		*into, err = r.CounterVec(d.name, d.help, d.labels...)
	case **GaugeVec:
		*into, err = r.GaugeVec(d.name, d.help, d.labels...)
	case **HistogramVec:
		*into, err = r.HistogramVec(d.name, d.help, d.buckets, d.labels...)
	case **Histogram:
		*into, err = r.Histogram(d.name, d.help, d.buckets)
	default:
		err = fmt.Errorf("metrics: %s is kept in a %T", d.name, d.into)
	}
	return err
}

// asked is a family with series whose value is asked for.
type asked interface {
	Func(f func() float64, values ...string) error
	Forget(values ...string)
}

// ask adds such a series, until Close.
func (g *Gate) ask(v asked, f func() float64, values ...string) error {
	if err := v.Func(f, values...); err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.added = append(g.added, func() { v.Forget(values...) })
	return nil
}

// Close takes out the series that were asked for at each scrape, so that another
// Gate may count in the same Registry. What was counted stays.
func (g *Gate) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, forget := range g.added {
		forget()
	}
	g.added = nil
	return nil
}

// Bus has the live bus asked at each scrape; an *events.Bus is one.
func (g *Gate) Bus(b interface {
	Dropped() int64
	Subscribers() int
},
) error {
	if err := g.ask(g.eventsDropped, func() float64 { return float64(b.Dropped()) }); err != nil {
		return err
	}
	return g.ask(g.subscribers, func() float64 { return float64(b.Subscribers()) })
}

// Audit has the audit log asked at each scrape; an *audit.Log is one.
func (g *Gate) Audit(l interface {
	Dropped() uint64
	Refused() uint64
},
) error {
	if err := g.ask(g.auditDropped, func() float64 { return float64(l.Dropped()) }); err != nil {
		return err
	}
	return g.ask(g.auditRefused, func() float64 { return float64(l.Refused()) })
}

// Jobs has the number of jobs of a kind asked for at each scrape that are in a state.
func (g *Gate) Jobs(n func() float64, kind, state string) error { return g.ask(g.jobs, n, kind, state) }

// Programs has the runs of ffmpeg asked for at each scrape; an *ffmpeg.Runner is asked.
func (g *Gate) Programs(r interface {
	Usage() (runs int, bytes int64)
},
) error {
	runs := func() float64 { n, _ := r.Usage(); return float64(n) }
	bytes := func() float64 { _, n := r.Usage(); return float64(n) }
	if err := g.ask(g.programs, runs); err != nil {
		return err
	}
	return g.ask(g.scratch, bytes)
}

// CacheStats is what a cache tells of itself. Counts rise from its start.
type CacheStats struct {
	Hits, Misses, Evictions uint64
	Entries                 int64
	Bytes                   int64
}

// Cache has a cache asked at each scrape, under its name.
func (g *Gate) Cache(name string, stats func() CacheStats) error {
	for _, s := range []struct {
		to    asked
		value func(CacheStats) float64
		label []string
	}{
		{g.cacheRequests, func(s CacheStats) float64 { return float64(s.Hits) }, []string{name, "hit"}},
		{g.cacheRequests, func(s CacheStats) float64 { return float64(s.Misses) }, []string{name, "miss"}},
		{g.cacheEvicted, func(s CacheStats) float64 { return float64(s.Evictions) }, []string{name}},
		{g.cacheEntries, func(s CacheStats) float64 { return float64(s.Entries) }, []string{name}},
		{g.cacheBytes, func(s CacheStats) float64 { return float64(s.Bytes) }, []string{name}},
	} {
		if err := g.ask(s.to, func() float64 { return s.value(stats()) }, s.label...); err != nil {
			return err
		}
	}
	return nil
}

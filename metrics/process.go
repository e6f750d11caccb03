package metrics

import (
	"runtime"
	runtimemetrics "runtime/metrics"
	"sync"
)

// AddProcess adds what the Go runtime and the operating system tell of the
// process, under the names that dashboards know (go_…, process_…). It is asked at
// each scrape; nothing stops the world. Leave it away where another exposition of
// the same process has it already. What a system does not tell is left out:
// process_… are there on Linux.
func (r *Registry) AddProcess() error {
	p := &process{samples: make([]runtimemetrics.Sample, len(runtimeSeries))}
	for i, m := range runtimeSeries {
		p.samples[i].Name = m.source
	}
	p.refresh() // says which series there are
	for i, m := range runtimeSeries {
		if p.samples[i].Value.Kind() == runtimemetrics.KindBad {
			continue
		}
		if err := m.add(r, func() float64 { return p.runtime(i) }); err != nil {
			return err
		}
	}
	for _, m := range systemSeries {
		if _, ok := p.system[m.name]; !ok {
			continue
		}
		if err := m.add(r, func() float64 { return p.read(m.name) }); err != nil {
			return err
		}
	}
	info, err := r.GaugeVec(goInfo.name, goInfo.help, "version")
	if err != nil {
		return err
	}
	info.With(runtime.Version()).Set(1)
	if err := r.insert(newPauses(r.constant)); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.before = append(r.before, p.refresh)
	return nil
}

// processSeries is a series that is asked for.
type processSeries struct {
	name   string
	kind   kind
	source string // in runtime/metrics
	help   string
}

func (m *processSeries) add(r *Registry, value func() float64) error {
	if m.kind == counter {
		return r.CounterFunc(m.name, m.help, value)
	}
	return r.GaugeFunc(m.name, m.help, value)
}

var runtimeSeries = []processSeries{
	{"go_cpu_classes_gc_total_cpu_seconds_total", counter, "/cpu/classes/gc/total:cpu-seconds", "CPU time that the garbage collector took, an estimate."},
	{"go_gc_gomemlimit_bytes", gauge, "/gc/gomemlimit:bytes", "The memory limit of the Go runtime (GOMEMLIMIT)."},
	{"go_goroutines", gauge, "/sched/goroutines:goroutines", "Goroutines that exist."},
	{"go_memstats_alloc_bytes", gauge, "/memory/classes/heap/objects:bytes", "Heap memory that objects take, those not swept yet included."},
	{"go_memstats_alloc_bytes_total", counter, "/gc/heap/allocs:bytes", "Heap memory that was ever given to objects."},
	{"go_memstats_heap_objects", gauge, "/gc/heap/objects:objects", "Objects on the heap."},
	{"go_memstats_heap_released_bytes", gauge, "/memory/classes/heap/released:bytes", "Heap memory that was given back to the system."},
	{"go_memstats_next_gc_bytes", gauge, "/gc/heap/goal:bytes", "How large the heap may be before the next collection."},
	{"go_memstats_stack_inuse_bytes", gauge, "/memory/classes/heap/stacks:bytes", "Memory of the stacks of goroutines."},
	{"go_memstats_sys_bytes", gauge, "/memory/classes/total:bytes", "Memory that the Go runtime has from the system."},
	{"go_sched_gomaxprocs_threads", gauge, "/sched/gomaxprocs:threads", "Threads that run Go code at the same time (GOMAXPROCS)."},
	{"go_sync_mutex_wait_total_seconds_total", counter, "/sync/mutex/wait/total:seconds", "Time that goroutines waited for mutexes, an estimate."},
	{"go_threads", gauge, "/sched/threads/total:threads", "Threads of the system that the Go runtime has."},
}

var systemSeries = []processSeries{
	{name: "process_cpu_seconds_total", kind: counter, help: "CPU time of the process, in user and system mode."},
	{name: "process_max_fds", kind: gauge, help: "How many files the process may have open."},
	{name: "process_open_fds", kind: gauge, help: "Files that the process has open."},
	{name: "process_resident_memory_bytes", kind: gauge, help: "Memory of the process that is in RAM."},
	{name: "process_start_time_seconds", kind: gauge, help: "When the process began, in seconds since 1970."},
	{name: "process_virtual_memory_bytes", kind: gauge, help: "Address space of the process."},
}

var (
	goInfo   = processSeries{name: "go_info", kind: gauge, help: "The version of Go, as a label."}
	goPauses = processSeries{name: "go_gc_duration_seconds", kind: summary, help: "How long the garbage collector stopped the program, the last collections as quantiles."}
)

// process is what was read for the present scrape.
type process struct {
	mu      sync.Mutex
	samples []runtimemetrics.Sample
	system  map[string]float64
}

func (p *process) refresh() {
	system := readSystem()
	p.mu.Lock()
	defer p.mu.Unlock()
	runtimemetrics.Read(p.samples)
	p.system = system
}

func (p *process) runtime(i int) float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch v := p.samples[i].Value; v.Kind() {
	case runtimemetrics.KindUint64:
		return float64(v.Uint64())
	case runtimemetrics.KindFloat64:
		return v.Float64()
	}
	return 0
}

func (p *process) read(name string) float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.system[name]
}

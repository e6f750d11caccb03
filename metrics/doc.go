// Package metrics counts what happens and tells Prometheus of it.
//
// A [Registry] holds families of series: counters, gauges, histograms, with labels
// or without. Each Registry stands alone; there is no global one. A handle, such
// as a [Counter], is resolved once and then costs a few nanoseconds to use. The
// values lie in the counters and gauges of github.com/VictoriaMetrics/metrics.
//
//	registry, err := metrics.New(nil)
//	things, err := registry.Counter("app_things_total", "Things that were made.")
//	things.Inc()
//	admin.Handle("/metrics", registry.Handler())
//
// # How many series can there be?
//
// As many as the code knows names for. [Registry.Route] takes patterns, never
// paths; methods and statuses that do not exist are counted as one. What does
// come from outside into a label goes through [CounterVec.With]: a family takes
// Options.MaxSeries of them (2000), a value 128 bytes, and the rest goes to the
// series whose labels are all [Other]. A rise of
// streamgate_metrics_overflow_total{family="…"} says that this happens, and where.
// A counter or gauge takes some 130 bytes with its labels, a histogram 16 lines in
// the exposition. Series are never removed.
//
// # Can a value break the exposition?
//
// No. Quotes, backslashes and newlines in the values of labels are escaped, what
// is no UTF-8 and control characters become U+FFFD. A bad name of a family or a
// label is a mistake in the code: making the family returns an error. Nothing
// here panics.
//
// # Which buckets?
//
// [DurationBuckets] from 1 ms to 5 minutes for names that end with _seconds,
// [SizeBuckets] from 1 KiB to 16 GiB for names that end with _bytes, or your own.
// Whoever wants to alert on a limit needs a bucket at it. The buckets are those
// that Prometheus reads (le, cumulative), and fixed when the family is made. A
// negative, infinite or undefined value is left out.
//
// # Where does /metrics belong?
//
// To operators. It shows no secrets, but what a service does, and how often.
// [Registry.Handler] does not ask who comes. It writes plain text of 32 KiB at a
// time, whatever the number of series, and does not compress: that would cost
// more than all the rest.
//
// # Several Gates in one process?
//
// Each has its own Registry. Either expose each at a path of its own, or give
// each a label (Options.Labels) and expose all with [Handler].
//
// # Series of the application's own?
//
// Make them in the same Registry: names that do not begin with streamgate_ are
// free. What another library holds can be written after it, by a handler that
// calls [Registry.WriteTo] and then that library, as long as no family is in both.
//
// # Goroutines, memory, CPU?
//
// [Registry.AddProcess] adds go_… and process_…. Leave it out where the
// application exposes those of client_golang already.
package metrics

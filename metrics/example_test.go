package metrics_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	vm "github.com/VictoriaMetrics/metrics"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/metrics"
)

// show prints the lines of an exposition that have this in them.
func show(h http.Handler, part string) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for line := range strings.Lines(w.Body.String()) {
		if strings.Contains(line, part) {
			fmt.Print(line)
		}
	}
}

func ExampleNew() {
	registry, err := metrics.New(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	things, err := registry.Counter("app_things_total", "Things that were made.")
	if err != nil {
		fmt.Println(err)
		return
	}
	things.Add(3)
	show(registry.Handler(), "app_")
	// Output:
	// # HELP app_things_total Things that were made.
	// # TYPE app_things_total counter
	// app_things_total 3
}

func ExampleRegistry_CounterVec() {
	registry, err := metrics.New(&metrics.Options{MaxSeries: 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	logins, err := registry.CounterVec("app_logins_total", "Logins, by the client that was used.", "client")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, client := range []string{"web", "a \"quoted\"\nname", "a third", "a fourth"} {
		logins.With(client).Inc()
	}
	show(registry.Handler(), "_total{")
	// Output:
	// app_logins_total{client="a \"quoted\"\nname"} 1
	// app_logins_total{client="other"} 2
	// app_logins_total{client="web"} 1
	// streamgate_metrics_overflow_total{family="app_logins_total"} 2
}

func ExampleRegistry_Histogram() {
	registry, err := metrics.New(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	waits, err := registry.Histogram("app_wait_seconds", "How long somebody waited.", []float64{0.1, 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	waits.Observe(0.5)
	waits.Observe(7)
	show(registry.Handler(), "app_wait_seconds_")
	// Output:
	// app_wait_seconds_bucket{le="0.1"} 0
	// app_wait_seconds_bucket{le="1"} 1
	// app_wait_seconds_bucket{le="+Inf"} 2
	// app_wait_seconds_sum 7.5
	// app_wait_seconds_count 2
}

func ExampleRegistry_GaugeFunc() {
	registry, err := metrics.New(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	queue := make(chan int, 10)
	queue <- 1
	if err := registry.GaugeFunc("app_queue_length", "What waits.", func() float64 { return float64(len(queue)) }); err != nil {
		fmt.Println(err)
	}
	show(registry.Handler(), "app_queue_length ")
	// Output: # HELP app_queue_length What waits.
	// # TYPE app_queue_length gauge
	// app_queue_length 1
}

func ExampleRegistry_Route() {
	registry, err := metrics.New(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	count, err := registry.Route("shop", "/orders", "/orders/{id}")
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	mux.Handle("/orders/", count(http.NotFoundHandler()))

	for _, path := range []string{"/orders/1", "/orders/2", "/orders/2/items"} {
		mux.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil))
	}
	show(registry.Handler(), "http_requests_total{")
	// Output:
	// streamgate_http_requests_total{service="shop",route="/orders",method="GET",code="404"} 1
	// streamgate_http_requests_total{service="shop",route="/orders/{id}",method="GET",code="404"} 2
}

func ExampleHandler() {
	var all []*metrics.Registry
	for _, name := range []string{"films", "lectures"} {
		registry, err := metrics.New(&metrics.Options{Labels: map[string]string{"gate": name}})
		if err != nil {
			fmt.Println(err)
			return
		}
		gate, err := metrics.NewGate(registry)
		if err != nil {
			fmt.Println(err)
			return
		}
		gate.UploadsCompleted.Inc()
		all = append(all, registry)
	}
	show(metrics.Handler(all...), "completed_total{")
	// Output:
	// streamgate_uploads_completed_total{gate="films"} 1
	// streamgate_uploads_completed_total{gate="lectures"} 1
}

func ExampleGate() {
	registry, err := metrics.New(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	gate, err := metrics.NewGate(registry)
	if err != nil {
		fmt.Println(err)
		return
	}
	// Behind the recorder of the services, beside that of the application.
	recorder := events.Join(gate, events.Discard())
	if err := recorder.Record(context.Background(), events.Event{
		Type: events.UploadCreated, Data: map[string]any{"protocol": "tus"},
	}); err != nil {
		fmt.Println(err)
	}

	show(registry.Handler(), "uploads_created_total{")
	// Output:
	// streamgate_uploads_created_total{protocol="tus"} 1
}

// Series that are held by another library, in the same exposition.
func ExampleRegistry_WriteTo() {
	registry, err := metrics.New(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	theirs := vm.NewSet()
	theirs.NewCounter("legacy_total").Inc()

	both := func(w io.Writer) {
		if _, err := registry.WriteTo(w); err != nil {
			return
		}
		theirs.WritePrometheus(w)
	}
	both(os.Stdout)
	// Output:
	// legacy_total 1
}

func ExampleRegistry_AddProcess() {
	registry, err := metrics.New(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := registry.AddProcess(); err != nil {
		fmt.Println(err)
	}
	show(registry.Handler(), "# TYPE go_goroutines")
	// Output: # TYPE go_goroutines gauge
}

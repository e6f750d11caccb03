package streamgate_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/streamgate/streamgate/metrics"
	"github.com/streamgate/streamgate/ratelimit"
)

// The middlewares of a Gate stand before any other handler as well.
func Example_middlewares() {
	mux, admin := http.NewServeMux(), http.NewServeMux()
	shop := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "a thing") })
	if err := assemble(mux, admin, shop); err != nil {
		fmt.Println(err)
		return
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/things/7", nil))
	fmt.Println(w.Body, w.Header().Get("RateLimit-Policy"))
	w = httptest.NewRecorder()
	admin.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for line := range strings.Lines(w.Body.String()) {
		if strings.HasPrefix(line, "streamgate_http_requests_total") {
			fmt.Print(line)
		}
	}
	// Output:
	// a thing "default";q=100;w=10
	// streamgate_http_requests_total{service="shop",route="/things/{id}",method="GET",code="200"} 1
}

func assemble(mux, admin *http.ServeMux, shop http.Handler) error {
	limit, err := ratelimit.New(ratelimit.Limit{Burst: 100, Rate: 10}, ratelimit.ByClientIP, nil)
	if err != nil {
		return err
	}
	counts, err := metrics.New(nil)
	if err != nil {
		return err
	}
	things, err := counts.Route("shop", "/things/{id}") // counts by pattern, never by path
	if err != nil {
		return err
	}
	mux.Handle("/things/", things(limit.Middleware(shop)))
	admin.Handle("/metrics", counts.Handler())
	return nil
}

package streamgate_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/audit"
	"github.com/streamgate/streamgate/auth"
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

// A Gate as production wants it: its limits, its series beside those of the
// application, and an audit log.
func ExampleWithAudit() {
	dir, err := os.MkdirTemp("", "streamgate")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	if err := production(dir); err != nil {
		fmt.Println(err)
	}
	// Output: asset.searched by ada
}

func production(dir string) (err error) {
	key, err := audit.LoadKey(filepath.Join(dir, "audit.key"))
	if err != nil {
		return err
	}
	file, err := audit.OpenFile(filepath.Join(dir, "audit"), key, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }() // after the Gate has stopped
	log, err := audit.New([]audit.Sink{file}, &audit.Options{Policy: audit.Refuse})
	if err != nil {
		return err
	}
	registry, err := metrics.New(nil) // the application's own, which may have other series
	if err != nil {
		return err
	}
	gate, err := streamgate.New(filepath.Join(dir, "data"),
		streamgate.WithAuthenticator(auth.Everybody("ada")),
		streamgate.WithRateLimit("upload", ratelimit.Limit{Burst: 500, Rate: 50}),
		streamgate.WithTrustedProxies(netip.MustParsePrefix("10.0.0.0/8")),
		streamgate.WithMetrics(registry),
		streamgate.WithAudit(log))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, gate.Stop(context.Background())) }()
	if err := gate.Start(context.Background()); err != nil {
		return err
	}
	gate.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/v1/assets?q=holiday", nil))
	page, err := file.Search(context.Background(), audit.Query{Limit: 1})
	if err != nil {
		return err
	}
	fmt.Println(page.Entries[0].Action, "by", page.Entries[0].Actor)
	return nil
}

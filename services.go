package streamgate

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/streamgate/streamgate/audit"
	"github.com/streamgate/streamgate/internal/middleware"
	"github.com/streamgate/streamgate/ratelimit"
)

// defaultLimits are the services of a Gate, and how many requests each takes
// from one client: who is signed in, else the address. A limit stops abuse and
// never honest work. docs/operations.md has the table.
var defaultLimits = map[string]ratelimit.Limit{
	"gateway":    {Burst: 1000, Rate: 100},
	"upload":     {Burst: 100, Rate: 10},
	"streaming":  {Burst: 1000, Rate: 100},
	"metadata":   {Burst: 500, Rate: 50},
	"cache":      {Burst: 1000, Rate: 100},
	"transcoder": {Burst: 50, Rate: 5},
	"worker":     {Burst: 100, Rate: 10},
	"monitor":    {Burst: 1000, Rate: 100},
	"health":     {Burst: 1000, Rate: 100}, // apart from the gateway's, so that a flood of other paths does not look like an outage
	"auth":       {Burst: 50, Rate: 5},     // wrong credentials, by address
}

// inMemory are the limits of what has to answer while a shared store is away.
var inMemory = map[string]bool{"gateway": true, "cache": true, "worker": true, "monitor": true, "health": true}

func serviceNames() string {
	return strings.Join(slices.Sorted(maps.Keys(defaultLimits)), ", ")
}

// openLimits makes the limiter of each service.
func (g *Gate) openLimits() error {
	g.limits = make(map[string]*ratelimit.Limiter)
	address := ratelimit.RemoteIP
	if len(g.o.proxies) > 0 {
		address = ratelimit.ForwardedIP(g.o.proxies...)
	}
	g.address = address
	for service := range defaultLimits {
		l, err := g.newLimiter(service)
		if err != nil {
			return fmt.Errorf("streamgate: the rate limit of %s: %w", service, err)
		}
		g.limits[service] = l
	}
	return nil
}

func (g *Gate) newLimiter(service string) (*ratelimit.Limiter, error) {
	limit := defaultLimits[service]
	if l, ok := g.o.limits[service]; ok {
		limit = l
	}
	violations := g.counts.LimitViolations.With(service)
	o := &ratelimit.Options{
		Name: service, NoHeaders: g.o.quiet,
		OnRefuse: func(r *http.Request, _ string) {
			violations.Inc()
			g.count(r, actionLimited, "service/"+service, audit.Refused)
		},
	}
	if g.o.limitStore != nil && !inMemory[service] {
		var err error
		if o.Store, err = g.o.limitStore(service, limit); err != nil {
			return nil, err
		}
	}
	address := ratelimit.ByAddress(g.address)
	if service == "auth" { // before it is known who somebody is
		return ratelimit.New(limit, address, o)
	}
	o.Cost = costOf
	if g.o.limitKey != nil {
		return ratelimit.New(limit, g.o.limitKey, o)
	}
	return ratelimit.New(limit, ratelimit.ByPrincipal(address), o)
}

// costOf asks the route table.
func costOf(r *http.Request) float64 {
	if e, ok := r.Context().Value(middleware.EndpointKey{}).(*endpoint); ok {
		if cost, ok := e.costs[r.Method]; ok {
			return cost
		}
	}
	return 1
}

package streamgate

import (
	"cmp"
	"fmt"
	"net/http"

	"github.com/streamgate/streamgate/audit"
	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/internal/middleware"
)

type layer = func(http.Handler) http.Handler

// behindStack puts the layers before each endpoint of a table.
func (g *Gate) behindStack(table []route) (http.Handler, error) {
	return newRouter(table, http.HandlerFunc(g.serveNothing), func(r route, e *endpoint) (http.Handler, error) {
		layers, err := g.layers(r, e)
		if err != nil {
			return nil, fmt.Errorf("streamgate: the endpoint %s: %w", e.pattern, err)
		}
		return middleware.Chain(middleware.Strip(r.path, r.handler), layers...), nil
	})
}

// layers are those of one endpoint; the first is the outermost. What can be
// refused without asking the application is refused first, and whatever is
// refused is counted and logged.
func (g *Gate) layers(r route, e *endpoint) ([]layer, error) {
	count, err := g.registry.Route(r.service, label(e.pattern))
	if err != nil {
		return nil, err
	}
	limit, ok := g.limits[cmp.Or(r.limit, r.service)]
	if !ok {
		return nil, fmt.Errorf("there is no service %q; there are %s", r.service, serviceNames())
	}
	list := []layer{
		middleware.Begin(middleware.BeginOptions{Logger: g.o.logger, Endpoint: e, Quiet: g.o.quiet, Remote: g.remote()}),
		count,
		middleware.Recover,
		g.requests.layer,
	}
	if len(g.o.hosts) > 0 {
		list = append(list, middleware.AllowHosts(g.o.hosts...))
	}
	if !e.asks {
		list = append(list, middleware.CrossOriginLayer(g.crossOrigin))
	}
	// Before what may refuse: a page has to see why, and a preflight carries no
	// credentials.
	switch {
	case r.shared:
		list = append(list, middleware.Share(g.o.origins...))
	case r.anyOrigin:
		list = append(list, middleware.AnyOrigin(middleware.Strip(r.path, r.handler)))
	}
	if !r.open {
		list = append(list, g.limits["auth"].Peek, auth.Middleware(g.authenticate))
	}
	return append(list, limit.Middleware), nil
}

// remote tells the access log who a proxy speaks for, where one is named.
func (g *Gate) remote() func(*http.Request) string {
	if len(g.o.proxies) == 0 {
		return nil
	}
	return g.addressOf
}

// authenticate has an address pay for wrong credentials, whatever they are sent
// to. Other requests are paid for as such.
func (g *Gate) authenticate(r *http.Request) (auth.Principal, error) {
	p, err := g.o.authenticate(r)
	if err != nil {
		g.count(r, actionSignIn, "", audit.Refused)
		if charged := g.limits["auth"].Charge(r); charged != nil {
			g.o.logger.WarnContext(r.Context(), "wrong credentials were not counted", "error", charged)
		}
	}
	return p, err
}

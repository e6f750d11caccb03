package streamgate

import (
	"net/http"
	"strings"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/middleware"
	"github.com/streamgate/streamgate/internal/problem"
)

// route is one line of a route table: what lies at path, and below it.
type route struct {
	path    string
	exact   bool // nothing lies below path
	open    bool // needs no authentication: it must answer when that fails, too
	shared  bool // pages of trusted origins may read it; /play has rules of its own
	handler http.Handler
}

// publicRoutes is what viewers and uploaders may reach. The handlers see what
// is left of the path, so each can be mounted elsewhere, too.
func (g *Gate) publicRoutes() []route {
	return []route{
		{path: "/v1/uploads", shared: true, handler: g.uploads},
		{path: "/v1/assets", shared: true, handler: g.assets},
		{path: "/v1/events", shared: true, handler: events.NewHandler(g.bus, g.meta.Events(), &events.HandlerOptions{Authorizer: g.o.authorizer})},
		{path: "/play", handler: g.player},
		{path: "/health", exact: true, open: true, handler: reads(g.serveHealth)},
		{path: "/ready", exact: true, open: true, handler: reads(g.serveReady)},
	}
}

// adminRoutes is for operators.
func (g *Gate) adminRoutes() []route {
	return []route{
		{path: "/health", exact: true, open: true, handler: reads(g.serveHealth)},
		{path: "/ready", exact: true, open: true, handler: reads(g.serveReadyInDetail)},
	}
}

// router sends a request to its route. It looks at the path as it was sent and
// never cleans it: two spellings of one path are two paths, of which one is
// there. It does not redirect, since it does not know where it is mounted.
func router(table []route, authenticate, share func(http.Handler) http.Handler) http.Handler {
	for i, rt := range table {
		h := middleware.Strip(rt.path, rt.handler)
		if !rt.open {
			h = authenticate(h)
		}
		if rt.shared {
			h = share(h) // before authentication: a preflight carries no credentials
		}
		table[i].handler = h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := r.URL.EscapedPath()
		for _, rt := range table {
			rest, ok := strings.CutPrefix(path, rt.path)
			if ok && (rest == "" || !rt.exact && rest[0] == '/') {
				rt.handler.ServeHTTP(w, r)
				return
			}
		}
		problem.Write(w, r, problem.Errorf(problem.ErrNotFound, "there is nothing at this path"))
	})
}

// reads answers 405 to what is neither GET nor HEAD.
func reads(h http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			problem.Method(w, r, http.MethodGet, http.MethodHead)
			return
		}
		h(w, r)
	})
}

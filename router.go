package streamgate

import (
	"net/http"
	"slices"
	"strings"

	"github.com/streamgate/streamgate/audit"
	"github.com/streamgate/streamgate/internal/problem"
)

// router sends a request to its endpoint, each of which has a stack of its own.
// It looks at the path as it was sent and never cleans it: two spellings of one
// path are two paths, of which one is there. It does not redirect, since it does
// not know where it is mounted.
type router struct {
	routes   []routed
	notFound http.Handler
}

type routed struct {
	route

	handlers []http.Handler // of endpoints
	rest     http.Handler   // of what is none of them, and a 404 or 405
}

// newRouter puts each endpoint behind its stack.
func newRouter(table []route, nothing http.Handler, stack func(route, *endpoint) (http.Handler, error)) (_ *router, err error) {
	rt := &router{}
	nowhere := route{service: "gateway", open: true, handler: nothing}
	if rt.notFound, err = stack(nowhere, &endpoint{pattern: restPattern}); err != nil {
		return nil, err
	}
	for _, r := range table {
		one, err := newRouted(r, stack)
		if err != nil {
			return nil, err
		}
		rt.routes = append(rt.routes, one)
	}
	return rt, nil
}

func newRouted(r route, stack func(route, *endpoint) (http.Handler, error)) (one routed, err error) {
	one.route = r
	if one.rest, err = stack(r, &endpoint{pattern: r.path + restPattern}); err != nil {
		return one, err
	}
	if r.exact {
		one.endpoints = []endpoint{{}}
	}
	for _, e := range one.endpoints {
		e.pattern = r.path + e.pattern
		h, err := stack(r, &e)
		if err != nil {
			return one, err
		}
		one.handlers = append(one.handlers, h)
	}
	return one, nil
}

// restPattern stands for all paths that are no endpoint.
const restPattern = "/{path...}"

func (rt *router) ServeHTTP(w http.ResponseWriter, r *http.Request) { rt.find(r).ServeHTTP(w, r) }

func (rt *router) find(r *http.Request) http.Handler {
	path := r.URL.EscapedPath()
	for i := range rt.routes {
		one := &rt.routes[i]
		rest, ok := strings.CutPrefix(path, one.path)
		if !ok || rest != "" && (one.exact || rest[0] != '/') {
			continue
		}
		if n := slices.IndexFunc(one.endpoints, func(e endpoint) bool { return matches(e.pattern, rest) }); n >= 0 {
			return one.handlers[n]
		}
		return one.rest
	}
	return rt.notFound
}

// matches says whether a path has the form of a pattern, in which a {name}
// stands for something without a slash, and may have an ending.
func matches(pattern, path string) bool {
	for pattern != "" && path != "" {
		var p, s string
		p, pattern = element(pattern)
		s, path = element(path)
		if _, ending, varies := strings.Cut(p, "}"); varies {
			if len(s) <= len("/")+len(ending) || !strings.HasSuffix(s, ending) {
				return false
			}
		} else if s != p {
			return false
		}
	}
	return pattern == path // both are used up
}

// element cuts a path before its second slash.
func element(path string) (first, rest string) {
	if i := strings.IndexByte(path[1:], '/'); i >= 0 {
		return path[:i+1], path[i+1:]
	}
	return path, ""
}

func (g *Gate) serveNothing(w http.ResponseWriter, r *http.Request) {
	g.count(r, actionNotFound, "", audit.Refused)
	problem.Write(w, r, problem.Errorf(problem.ErrNotFound, "there is nothing at this path"))
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

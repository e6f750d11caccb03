package streamgate

import (
	"net/http"

	"github.com/streamgate/streamgate/events"
)

// route is one line of a route table: a handler for what lies at path and below
// it. Handlers see what is left of the path, so each can be mounted elsewhere,
// too.
type route struct {
	path      string
	service   string // whose limit and metrics it has: see defaultLimits
	limit     string // of another service
	exact     bool   // nothing lies below path
	open      bool   // needs no authentication: it must answer when that fails, too
	shared    bool   // pages of trusted origins may read it, with their users' cookies
	anyOrigin bool   // pages of every origin may read it, without
	handler   http.Handler
	endpoints []endpoint // below path, "" being path itself
}

// endpoint is what the metrics know as one thing, whatever ids stand in its path.
type endpoint struct {
	pattern string             // below the route's path, with {names} for what varies
	costs   map[string]float64 // in tokens of the limit, by method; where it is not named: 1
	asks    bool               // it changes nothing, whatever the method: pages of every origin may send it
}

// A chunk of an upload that was admitted costs a tenth of a creation, so that
// no client meets the limit by sending a file in pieces. Nor does one that asks
// how far it has come.
var chunkCosts = map[string]float64{
	http.MethodPatch: 0.1, http.MethodHead: 0.1, http.MethodGet: 0.1, http.MethodPost: 0.1, http.MethodOptions: 0,
}

// A file of subtitles, or a picture, costs memory and time that a few words do not; one for
// each of all the languages that an asset may have are within the burst.
var captionCosts = map[string]float64{http.MethodPut: 5}

// publicRoutes is what viewers and uploaders may reach.
func (g *Gate) publicRoutes() []route {
	return []route{
		{path: "/v1/uploads", service: "upload", shared: true, handler: g.uploads, endpoints: []endpoint{
			{pattern: ""}, {pattern: "/{id}", costs: chunkCosts}, {pattern: "/{id}/complete", costs: chunkCosts},
		}},
		{path: "/v1/assets", service: "metadata", shared: true, handler: g.assets, endpoints: []endpoint{
			{pattern: ""}, {pattern: "/{id}"}, {pattern: "/{id}/captions/{lang}", costs: captionCosts}, {pattern: "/{id}/renditions/{name}"}, {pattern: "/{id}/poster", costs: captionCosts},
		}},
		{path: "/v1/events", service: "gateway", shared: true, handler: g.live(), endpoints: []endpoint{{pattern: ""}}},
		{path: "/play", service: "streaming", anyOrigin: true, handler: g.player, endpoints: []endpoint{
			{pattern: "/{asset}/master.m3u8"},
			{pattern: "/{asset}/manifest.mpd"},
			{pattern: "/{asset}/ts.m3u8"},
			{pattern: "/{asset}/download"},
			{pattern: "/{asset}/{revision}/source"},
			{pattern: "/{asset}/{revision}/settled"},
			{pattern: "/{asset}/license", asks: true},
			{pattern: "/{asset}/{revision}/keys/{key}"},
			{pattern: "/{asset}/{revision}/{track}/index.m3u8"},
			{pattern: "/{asset}/{revision}/{track}/iframes.m3u8"},
			{pattern: "/{asset}/{revision}/{track}/{init}.mp4"},
			{pattern: "/{asset}/{revision}/{track}/{segment}.m4s"},
			{pattern: "/{asset}/{revision}/{track}/{cues}.vtt"},
			{pattern: "/{asset}/{revision}/{track}/index-ts.m3u8"},
			{pattern: "/{asset}/{revision}/{track}/{segment}.ts"},
			{pattern: "/{asset}/{revision}/{track}/{image}.jpg"},
			{pattern: "/{asset}/{revision}/poster.jpg"},
			{pattern: "/{asset}/{revision}/poster.png"},
			{pattern: "/{asset}/clip/{moments}/master.m3u8"},
			{pattern: "/{asset}/clip/{moments}/manifest.mpd"},
			{pattern: "/{asset}/clip/{moments}/{revision}/{track}/index.m3u8"},
			{pattern: "/{asset}/clip/{moments}/{revision}/{track}/iframes.m3u8"},
		}},
		{path: "/health", service: "gateway", limit: "health", exact: true, open: true, handler: reads(g.serveHealth)},
		{path: "/ready", service: "gateway", limit: "health", exact: true, open: true, handler: reads(g.serveReady)},
	}
}

// adminRoutes is for operators.
func (g *Gate) adminRoutes() []route {
	return []route{
		{path: "/health", service: "gateway", limit: "health", exact: true, open: true, handler: reads(g.serveHealth)},
		{path: "/ready", service: "gateway", limit: "health", exact: true, open: true, handler: reads(g.serveReadyInDetail)},
		{path: "/metrics", service: "monitor", exact: true, open: true, handler: g.registry.Handler()},
	}
}

func (g *Gate) live() http.Handler {
	return events.NewHandler(g.bus, g.meta.Events(), &events.HandlerOptions{Authorizer: g.o.authorizer})
}

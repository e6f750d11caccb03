package streamgate

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/streamgate/streamgate/audit"
	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/middleware"
)

// audited is what the audit log is told of, by service. Beside it there are
// violations of limits, paths that are not there and searches of the log itself,
// counted by the minute so that a flood of them does not fill the log.
var audited = map[string][]events.Type{
	"gateway":    {},
	"streaming":  {events.KeyServed}, // what is played is in the access log
	"monitor":    {},
	"upload":     {events.UploadCreated, events.UploadComplete, events.UploadCanceled, events.UploadRefused},
	"metadata":   {events.AssetCreated, events.AssetUpdated, events.AssetSettled, events.AssetUnsettled, events.AssetDeleted, events.AssetSearched},
	"transcoder": {events.TranscodeSubmitted, events.TranscodeCanceled, events.TranscodeDone, events.TranscodeFailed},
	"worker":     {events.JobSubmitted, events.JobCanceled, events.JobRetried},
	"cache":      {events.CacheSet, events.CacheDeleted, events.CacheCleared},
}

// What the tally counts.
const (
	actionLimited  = "limit.violated"
	actionNotFound = "path.not_found"
	actionSearched = "audit.searched"
	actionSignIn   = "auth.failed"
)

// openAudit makes what leads to the audit log, where there is one.
func (g *Gate) openAudit() error {
	if g.o.audit == nil {
		return nil
	}
	var types []events.Type
	for _, list := range audited {
		types = append(types, list...)
	}
	record, err := audit.NewRecorder(g.o.audit, &audit.RecorderOptions{Types: types})
	if err == nil {
		err = g.counts.Audit(g.o.audit)
	}
	if err == nil {
		g.tally, err = audit.NewTally(g.o.audit, &audit.TallyOptions{Logger: g.o.logger})
	}
	if err != nil {
		return fmt.Errorf("streamgate: the audit log: %w", err)
	}
	g.trail = events.RecorderFunc(func(ctx context.Context, e events.Event) error {
		return record.Record(audit.NewContext(ctx, g.origin(ctx)), e)
	})
	return nil
}

// origin is where the request comes from that something is done for; nowhere in
// the background. It is looked for when there is something to write down, which
// is seldom.
func (g *Gate) origin(ctx context.Context) audit.Origin {
	r, ok := ctx.Value(middleware.RequestKey{}).(*http.Request)
	if !ok {
		return audit.Origin{}
	}
	return audit.Origin{Address: g.addressOf(r), TraceID: traceID(r.Header.Get("Traceparent"))}
}

func (g *Gate) addressOf(r *http.Request) string {
	if a := g.address(r); a.IsValid() {
		return a.String()
	}
	return ""
}

// networkOf is the address, of IPv6 the first 64 bits: whoever has those can use
// all that are in it, and is counted as one.
func (g *Gate) networkOf(r *http.Request) string {
	a := g.address(r)
	if !a.Is6() {
		return g.addressOf(r)
	}
	p, err := a.Prefix(64)
	if err != nil {
		return ""
	}
	return p.String()
}

// traceID is the trace-id of a traceparent (W3C Trace Context, §3.2), "" where
// there is none.
func traceID(parent string) string {
	part := strings.Split(parent, "-")
	if len(part) < 4 || len(part[1]) != 32 || strings.Trim(part[1], "0123456789abcdef") != "" || strings.Trim(part[1], "0") == "" {
		return ""
	}
	return part[1]
}

// count has the tally count something that was refused to whoever sent r.
func (g *Gate) count(r *http.Request, action, resource string, outcome audit.Outcome) {
	if g.tally == nil {
		return
	}
	g.tally.Add(audit.Event{
		Action: action, Resource: resource, Outcome: outcome,
		Actor: auth.FromContext(r.Context()).ID, Address: g.networkOf(r),
	})
}

// auditRoutes shows the log to operators, where a sink of it can be searched.
func (g *Gate) auditRoutes() ([]route, error) {
	if g.o.audit == nil {
		return nil, nil
	}
	search := g.o.audit.Searcher()
	if search == nil {
		return nil, nil
	}
	everybody := auth.AuthorizerFunc(func(context.Context, auth.Principal, auth.Action, auth.Object) error { return nil })
	shown, err := audit.NewHandler(search, &audit.HandlerOptions{Authorizer: everybody}) // who reaches the admin plane may see it
	if err != nil {
		return nil, fmt.Errorf("streamgate: the audit log: %w", err)
	}
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.count(r, actionSearched, "", audit.Success)
		shown.ServeHTTP(w, r)
	})
	return []route{{path: "/v1/audit", service: "monitor", open: true, handler: h, endpoints: []endpoint{{pattern: ""}}}}, nil
}

// closeAudit writes down what was counted since the last minute. The log itself
// is the application's to close.
func (g *Gate) closeAudit(ctx context.Context) error {
	if g.tally == nil {
		return nil
	}
	return g.tally.Close(ctx)
}

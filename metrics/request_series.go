package metrics

import (
	"net/http"
	"strconv"
	"sync/atomic"
)

// requestSeries are the families that every service has.
type requestSeries struct {
	requests, successes, failures       *CounterVec
	duration, requestSize, responseSize *HistogramVec
	inFlight                            *GaugeVec
}

func newRequestSeries(r *Registry) (*requestSeries, error) {
	b := builder{registry: r}
	s := &requestSeries{
		requests: b.counters("streamgate_http_requests_total",
			"Requests that were answered.", "service", "route", "method", "code"),
		successes: b.counters("streamgate_http_successes_total",
			"Requests that were answered with a status below 400.", "service"),
		failures: b.counters("streamgate_http_failures_total",
			"Requests that were not: by the fault of the client (4xx), of the server (5xx), or broken off after the answer had begun.", "service", "fault"),
		duration: b.histograms("streamgate_http_request_duration_seconds",
			"How long requests took, from their header to the end of their answer.", "service", "route", "method"),
		requestSize: b.histograms("streamgate_http_request_size_bytes",
			"How much was read of the bodies of requests that have one.", "service", "route", "method"),
		responseSize: b.histograms("streamgate_http_response_size_bytes",
			"How large the bodies of answers were.", "service", "route", "method"),
		inFlight: b.gauges("streamgate_http_requests_in_flight",
			"Requests that are being served.", "service"),
	}
	return s, b.err
}

// outcomes are the two ends of a request, and whose fault the second is.
type outcomes struct{ success, client, server, aborted *Counter }

func newOutcomes(s *requestSeries, service string) *outcomes {
	return &outcomes{
		success: s.successes.With(service),
		client:  s.failures.With(service, "client"),
		server:  s.failures.With(service, "server"),
		aborted: s.failures.With(service, "aborted"),
	}
}

func (o *outcomes) of(status int, broken bool) *Counter {
	switch {
	case broken:
		return o.aborted
	case status >= http.StatusInternalServerError:
		return o.server
	case status >= http.StatusBadRequest:
		return o.client
	}
	return o.success
}

// routePattern is a pattern with its series, by method.
type routePattern struct {
	pattern
	all     *requestSeries
	service string
	label   string
	methods [len(methods) + 1]atomic.Pointer[methodSeries] // the last is Other
}

// of returns the series of a method, and makes them when it is the first time.
func (p *routePattern) of(method string) *methodSeries {
	i := methodIndex(method)
	if s := p.methods[i].Load(); s != nil {
		return s
	}
	name := Other
	if i < len(methods) {
		name = methods[i]
	}
	s := &methodSeries{
		pattern: p, method: name,
		duration:     p.all.duration.With(p.service, p.label, name),
		responseSize: p.all.responseSize.With(p.service, p.label, name),
	}
	s.codes.Store(new([]codeSeries))
	p.methods[i].CompareAndSwap(nil, s)
	return p.methods[i].Load()
}

// methods that have series of their own (RFC 9110 §9.3, RFC 5789).
var methods = [...]string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
	http.MethodDelete, http.MethodOptions, http.MethodConnect, http.MethodTrace,
}

func methodIndex(method string) int {
	for i := range methods {
		if methods[i] == method {
			return i
		}
	}
	return len(methods)
}

// methodSeries are the series of a route and a method.
type methodSeries struct {
	pattern                *routePattern
	method                 string
	duration, responseSize *Histogram

	codes atomic.Pointer[[]codeSeries] // few: those that were answered
}

// read counts the body of a request. Many methods never have one, and so no
// series for it.
func (s *methodSeries) read(bytes int64) {
	s.pattern.all.requestSize.With(s.pattern.service, s.pattern.label, s.method).Observe(float64(bytes))
}

// codeSeries are what is counted of a request when its end is known.
type codeSeries struct {
	status   int // or its class
	broken   bool
	requests *Counter
	outcome  *Counter
}

func (c *codeSeries) inc() {
	c.requests.Inc()
	c.outcome.Inc()
}

// code returns the series of a status, and makes them when it is the first time.
func (s *methodSeries) code(status int, broken bool, o *outcomes) *codeSeries {
	label := known(status)
	for {
		codes := s.codes.Load()
		for i := range *codes {
			if c := &(*codes)[i]; c.status == label && c.broken == broken {
				return c
			}
		}
		c := codeSeries{status: label, broken: broken, outcome: o.of(status, broken)}
		c.requests = s.pattern.all.requests.With(s.pattern.service, s.pattern.label, s.method, statusLabel(label))
		longer := append((*codes)[:len(*codes):len(*codes)], c)
		s.codes.CompareAndSwap(codes, &longer)
	}
}

// known bounds what a handler that takes its status from somewhere can make: one
// that is not registered is told by its class alone, a number from 1 to 9.
func known(status int) int {
	if http.StatusText(status) == "" && status != statusClientGone {
		return status / 100
	}
	return status
}

const statusClientGone = 499 // see internal/problem

func statusLabel(status int) string {
	if status < 100 {
		return strconv.Itoa(status) + "xx"
	}
	return strconv.Itoa(status)
}

// Package metrics holds the metrics of StreamGate against those of Prometheus'
// own library, client_golang: what counting a request, an increment, a scrape
// and 10,000 series cost. And it has Prometheus' own parser read what StreamGate
// exposes.
package metrics

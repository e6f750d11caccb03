package metrics

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write docs/metrics.md anew instead of comparing with it")

const document = "../docs/metrics.md"

// answers say which series has each number that the services are meant to tell.
var answers = []struct{ service, name, query string }{
	{"every", "requests", `streamgate_http_requests_total`},
	{"every", "successes", `streamgate_http_successes_total`},
	{"every", "failures", `streamgate_http_failures_total`},
	{"every", "latency", `streamgate_http_request_duration_seconds`},
	{"every", "limit violations", `streamgate_limit_violations_total`},
	{"gateway", "health_check", `streamgate_http_requests_total{service="gateway",route="/health"}`},
	{"gateway", "ready_check", `streamgate_http_requests_total{service="gateway",route="/ready"}`},
	{"gateway", "not_found", `streamgate_http_requests_total{service="gateway",route="/{path...}"}`},
	{"upload", "upload_requests", `streamgate_http_requests_total{service="upload"}`},
	{"upload", "upload_size", `streamgate_upload_size_bytes`},
	{"upload", "upload_latency", `streamgate_upload_duration_seconds`},
	{"upload", "chunk_upload", `streamgate_http_requests_total{service="upload",method="PATCH"}`},
	{"upload", "chunk_size", `streamgate_http_request_size_bytes{service="upload",method="PATCH"}`},
	{"upload", "complete_upload", `streamgate_uploads_completed_total`},
	{"metadata", "get_metadata", `streamgate_http_requests_total{service="metadata",route="/v1/assets/{id}",method="GET"}`},
	{"metadata", "create_metadata", `streamgate_http_requests_total{service="metadata",route="/v1/assets",method="POST"}`},
	{"metadata", "update_metadata", `streamgate_http_requests_total{service="metadata",route="/v1/assets/{id}",method="PATCH"}`},
	{"metadata", "delete_metadata", `streamgate_http_requests_total{service="metadata",route="/v1/assets/{id}",method="DELETE"}`},
	{"metadata", "search_metadata", `streamgate_http_requests_total{service="metadata",route="/v1/assets",method="GET"}`},
	{"metadata", "search results", `streamgate_search_results`},
	{"metadata", "cache hits", `streamgate_cache_requests_total{cache="metadata",result="hit"}`},
	{"cache", "cache_get", `streamgate_http_requests_total{service="cache",route="/v1/cache/{key}",method="GET"}`},
	{"cache", "cache_set", `streamgate_http_requests_total{service="cache",route="/v1/cache/{key}",method="PUT"}`},
	{"cache", "cache_delete", `streamgate_http_requests_total{service="cache",route="/v1/cache/{key}",method="DELETE"}`},
	{"cache", "cache_clear", `streamgate_http_requests_total{service="cache",route="/v1/cache",method="DELETE"}`},
	{"transcoder", "transcode_start", `streamgate_http_requests_total{service="transcoder",route="/v1/transcodes",method="POST"}`},
	{"transcoder", "transcode_status", `streamgate_http_requests_total{service="transcoder",route="/v1/transcodes/{id}",method="GET"}`},
	{"transcoder", "transcode_cancel", `streamgate_http_requests_total{service="transcoder",route="/v1/transcodes/{id}",method="DELETE"}`},
	{"transcoder", "queue size", `streamgate_jobs{kind=~"transcode-.*"}`},
	{"worker", "job_submit", `streamgate_http_requests_total{service="worker",route="/v1/jobs",method="POST"}`},
	{"worker", "job_status", `streamgate_http_requests_total{service="worker",route="/v1/jobs/{id}",method="GET"}`},
	{"worker", "job_cancel", `streamgate_http_requests_total{service="worker",route="/v1/jobs/{id}",method="DELETE"}`},
	{"worker", "job_list", `streamgate_http_requests_total{service="worker",route="/v1/jobs",method="GET"}`},
	{"worker", "queue sizes", `streamgate_jobs`},
	{"cache", "cache_stats", `streamgate_http_requests_total{service="cache",route="/v1/cache/stats"}`},
}

const introduction = `# Metrics

What a Gate counts, in Prometheus' text format, at ` + "`/metrics`" + ` of its admin plane. This page is written from the tables in the code (` + "`make metrics-update`" + `), and a test compares.

A family with labels appears once something was counted. Labels have only values that are known beforehand: nothing that stands in a request becomes one. Should a family all the same come to more series than a registry takes (2000), the rest is counted in the series whose labels are all ` + "`other`" + `, and ` + "`streamgate_metrics_overflow_total`" + ` counts that.

| label | values |
|---|---|
| ` + "`service`" + ` | gateway, upload, streaming, metadata, and each other service that there is |
| ` + "`route`" + ` | a pattern of the route table, never a path |
| ` + "`method`" + ` | the methods of HTTP; other |
| ` + "`code`" + ` | the status; of one that is not registered its class, such as 2xx |
| ` + "`fault`" + ` | client (4xx), server (5xx), aborted (broken off after the answer had begun) |
| ` + "`protocol`" + ` | tus, ietf, body, form; other |
| ` + "`event`" + ` | of assets: created, updated, ready, failed, replaced, settled, unsettled, deleted; of transcodes: submitted, done, failed, canceled |
| ` + "`class`" + ` | what ended ffmpeg: broken-input, unsupported, memory, disk-full, output-limit, time-limit, stuck, cancelled, crashed, failed; what is none of its: source (nothing that can be transcoded), profile, build (of ffmpeg, that lacks parts), output (that does not play), lost (nobody went on); other |
| ` + "`program`" + ` | ffmpeg, ffprobe |
| ` + "`end`" + ` | done, missing (not installed), busy (as many runs as may be), refused (never begun), and what ended ffmpeg |
| ` + "`result`" + ` | hit, miss |
| ` + "`kind`" + ` | the kinds of jobs that there are handlers for |
| ` + "`state`" + ` | scheduled, waiting, running, retrying, done, failed, cancelled |
| ` + "`cache`" + ` | the name of a cache |
| ` + "`family`" + ` | the name of a family |
`

// described are the families of a Gate, by name.
func described(t *testing.T) []description {
	t.Helper()
	r, err := New(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewGate(r); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Route("gateway", "/health"); err != nil {
		t.Fatal(err)
	}
	var all []description
	for _, f := range r.families {
		all = append(all, f.describe().description)
	}
	return all
}

func write(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(introduction)
	b.WriteString("\n## The series of a Gate\n\n| series | type | labels | what |\n|---|---|---|---|\n")
	for _, d := range described(t) {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", d.name, d.kind, strings.Join(d.labels, ", "), d.help)
	}
	b.WriteString("\n## Where to find what\n\nEach number that a service tells, and its series.\n\n| service | number | series |\n|---|---|---|\n")
	for _, a := range answers {
		fmt.Fprintf(&b, "| %s | %s | `%s` |\n", a.service, a.name, a.query)
	}
	b.WriteString("\n## The process\n\nAsked at each scrape; `process_…` on Linux.\n\n| series | type | what |\n|---|---|---|\n")
	all := slices.Concat(runtimeSeries, systemSeries, []processSeries{goInfo, goPauses})
	slices.SortFunc(all, func(a, b processSeries) int { return strings.Compare(a.name, b.name) })
	for _, m := range all {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", m.name, m.kind, m.help)
	}
	return b.String()
}

func TestTheDocumentIsThatOfTheTables(t *testing.T) {
	want := write(t)
	if *update {
		if err := os.WriteFile(document, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/metrics.md is not what the tables say; run make metrics-update (-tables +document):\n%s", diff)
	}
}

var selector = regexp.MustCompile(`^([a-z_]+)(?:\{(.*)\})?$`)

func TestEachAnswerIsASeriesThatIsThere(t *testing.T) {
	all := described(t)
	for _, a := range answers {
		m := selector.FindStringSubmatch(a.query)
		i := slices.IndexFunc(all, func(d description) bool { return m != nil && d.name == m[1] })
		if i < 0 {
			t.Errorf("%s: %s is no series", a.name, a.query)
			continue
		}
		for pair := range strings.SplitSeq(m[2], ",") {
			if label, _, _ := strings.Cut(pair, "="); label != "" && !slices.Contains(all[i].labels, label) {
				t.Errorf("%s: %s has no label %s", a.name, m[1], label)
			}
		}
	}
}

func TestEveryLabelIsExplained(t *testing.T) {
	for _, d := range described(t) {
		for _, l := range d.labels {
			if !strings.Contains(introduction, "| `"+l+"` |") {
				t.Errorf("the label %s of %s is explained nowhere", l, d.name)
			}
		}
	}
}

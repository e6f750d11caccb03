package metrics

import (
	"cmp"
	"io"
	"net/http"
	"slices"

	"github.com/streamgate/streamgate/internal/problem"
)

// contentType is that of the text format, version 0.0.4.
const contentType = "text/plain; version=0.0.4; charset=utf-8"

// WriteTo writes the exposition: every family that has a series, by name, with
// its HELP and TYPE, in Prometheus' text format 0.0.4.
func (r *Registry) WriteTo(w io.Writer) (int64, error) { return expose(w, r) }

// Handler answers GET and HEAD with the exposition of r. It is for operators:
// mount it where the public does not come.
func (r *Registry) Handler() http.Handler { return Handler(r) }

// Handler answers with several Registries as one. A family that several have is
// written once, with the series of all of them; give each Registry a label of its
// own (Options.Labels), so that no two series are the same.
func Handler(registries ...*Registry) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			problem.Method(w, r, http.MethodGet, http.MethodHead)
			return
		}
		h := w.Header()
		h.Set("Content-Type", contentType)
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		if r.Method == http.MethodGet {
			_, _ = expose(w, registries...) // a scraper that is gone needs no answer
		}
	})
}

// expose writes the families of all registries.
func expose(w io.Writer, registries ...*Registry) (int64, error) {
	p := pages.Get().(*page) //nolint:forcetypeassert // the pool holds nothing else
	defer pages.Put(p)
	*p = page{w: w, b: p.b[:0]}
	var written *layout
	for _, f := range snapshot(registries) {
		this := f.describe()
		continues := written != nil && written.name == this.name
		if f.empty() || continues && written.kind != this.kind { // no exposition could hold both kinds
			continue
		}
		if !continues {
			p.b = append(p.b, this.header...)
		}
		f.expose(p)
		written = this
	}
	p.flush()
	p.w = nil
	return p.n, p.err
}

// snapshot returns the families by name, after what is read once a scrape was
// read.
func snapshot(registries []*Registry) []exposer {
	var all []exposer
	for _, r := range registries {
		r.mu.Lock()
		families, before := r.families, r.before
		r.mu.Unlock()
		for _, f := range before {
			f()
		}
		all = append(all, families...)
	}
	if len(registries) > 1 {
		slices.SortStableFunc(all, func(a, b exposer) int { return cmp.Compare(a.describe().name, b.describe().name) })
	}
	return all
}

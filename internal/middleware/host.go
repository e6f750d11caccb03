package middleware

import (
	"net/http"
	"strings"

	"github.com/streamgate/streamgate/internal/problem"
)

var errHost error = problem.NewKind(http.StatusMisdirectedRequest, "unknown-host", "This server has another name")

// AllowHosts refuses requests whose Host is none of these names or addresses,
// whatever its port. It keeps a page on the internet from reaching a server on
// the loopback address by a name of its own that resolves to it (DNS rebinding).
func AllowHosts(hosts ...string) func(http.Handler) http.Handler {
	allowed := make(map[string]bool, len(hosts))
	for _, h := range hosts {
		allowed[hostname(h)] = true
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !allowed[hostname(r.Host)] {
				problem.Write(w, r, problem.Errorf(errHost, "this server does not answer to the host %q", r.Host))
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// hostname returns the name or address in a host with or without a port. It
// does without net.SplitHostPort, whose error for the usual host costs more than
// all else here.
func hostname(host string) string {
	i := strings.LastIndexByte(host, ':')
	if i >= 0 && (strings.IndexByte(host, ':') == i || strings.HasSuffix(host[:i], "]")) && strings.Trim(host[i+1:], "0123456789") == "" {
		host = host[:i]
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.TrimSuffix(strings.ToLower(host), ".")
}

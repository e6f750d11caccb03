package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
)

// problem asks h for a path, and returns the detail of its refusal (RFC 9457),
// without a full stop, or "".
func problem(ctx context.Context, h http.Handler, path string) string {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, path, nil)
	if err != nil {
		return "its name is no address"
	}
	a := &answer{header: http.Header{}, status: http.StatusOK}
	h.ServeHTTP(a, r)
	if a.status == http.StatusOK {
		return ""
	}
	var body struct {
		Detail string `json:"detail"`
	}
	if json.Unmarshal(a.body.Bytes(), &body) != nil || body.Detail == "" {
		return strings.ToLower(http.StatusText(a.status))
	}
	return strings.TrimSuffix(body.Detail, ".")
}

// answer is a ResponseWriter that keeps what is said.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(p []byte) (int, error) { return a.body.Write(p) }

// Package middleware holds the layers that every request of a Gate goes
// through. None of them takes anything away from the http.ResponseWriter that
// it wraps.
package middleware

import (
	"net/http"
	"slices"
)

// Chain returns h behind the layers, the first of which is the outermost.
func Chain(h http.Handler, layers ...func(http.Handler) http.Handler) http.Handler {
	for _, layer := range slices.Backward(layers) {
		h = layer(h)
	}
	return h
}

// Package stack holds what a Gate puts before a handler against what an
// application puts together from chi, httprate, client_golang and httplog.
package stack

// Package bench measures the service as a whole: a Gate with its defaults behind
// a real listener, and what a client waits for. `make bench` runs it with the
// benchmarks of the parts.
package bench

//go:build race

package metrics_test

// racing says that a sync.Pool forgets on purpose, so that allocations cannot be
// counted.
const racing = true

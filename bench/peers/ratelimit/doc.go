// Package ratelimit holds the rate limiter against those of others: its store
// against go-limiter's memorystore, its layer against httprate. Each benchmark
// takes them in turn in one run and reports the median of the paired ratios.
//
//	go test -run '^$' -bench . -benchtime 1x ./ratelimit
package ratelimit

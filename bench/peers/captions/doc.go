// Package captions holds the reader of subtitles against go-astisub: that both
// read the same of files without faults, what they make of others, and what it
// costs.
//
//	go test -run '^$' -bench . -benchtime 1x ./captions
package captions

// Package mpegts has tests alone: go-astits reads the transport streams that
// package hls makes.
package mpegts

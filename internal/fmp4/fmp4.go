// Package fmp4 reads MP4 files in fragments as ffmpeg writes them, of one track
// each, and writes such with several tracks, fragment by fragment (ISO/IEC 14496-12
// §8.8); and such of one track without fragments. Samples are copied and never looked
// into.
package fmp4

import "errors"

// ErrFormat means that a file is no MP4 in fragments, or not one that this package
// reads: of a single track, whose fragments say where their samples lie by the place
// of their moof box (default-base-is-moof).
var ErrFormat = errors.New("fmp4: not the fragmented MP4 that was expected")

// Track is what an init segment says of a track.
type Track struct {
	ID        uint32 // its number; 0 is its place among the tracks, from 1
	Video     bool   // else sound
	Timescale uint32 // ticks a second
	Width     uint32 // pixels; 0 of sound
	Height    uint32
	Language  string // ISO 639-2/T, three letters; "" is und
	Entries   []byte // the stsd box: how samples are coded
}

// Sample is a frame or a packet.
type Sample struct {
	Shown    int64  // when it begins to be shown or heard, in ticks
	Duration uint32 // ticks
	Offset   int64  // in the file
	Size     uint32
	Sync     bool
}

// Fragment are samples of a track, in the order in which they are decoded.
type Fragment struct {
	Decode  int64 // when the first one is decoded, in ticks
	Samples []Sample
}

// The limits of what is read.
const (
	maxHead    = 64 << 20 // bytes of a box that is read into memory
	maxSamples = 1 << 20  // of a fragment
)

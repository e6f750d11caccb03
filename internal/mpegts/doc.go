// Package mpegts writes samples of MP4 as segments of an MPEG-2 transport stream
// (ISO/IEC 13818-1), as HTTP Live Streaming carries it (RFC 8216bis §3.1.1): one
// program of one video and one audio stream at most, a PAT and a PMT at the
// beginning of each segment.
//
// Segments are made independently of each other and follow on each other
// seamlessly: each has a multiple of sixteen packets of each stream, so that
// their continuity counters always begin at 0. What a segment needs for that is
// spread over its last packets, and takes no more than 15 of them.
//
// A segment is read from its source twice, once for its size and once to be
// sent, by blocks: it takes the same memory whatever its size.
package mpegts

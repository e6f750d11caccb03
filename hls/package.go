package hls

import "github.com/streamgate/streamgate/media"

// initSegment returns the init segment of a track: ftyp and moov.
func initSegment(t *media.Track) []byte { panic("being written") }

// fragmentSize is how many bytes appendFragment appends for n samples.
func fragmentSize(t *media.Track, n int) int64 { panic("being written") }

// appendFragment appends what stands before the samples' bytes in a segment:
// styp, moof and the mdat header. seq counts segments from 0.
func appendFragment(dst []byte, t *media.Track, seq int, samples []media.Sample) []byte {
	panic("being written")
}

package media

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/Eyevinn/mp4ff/mp4"
)

// BenchmarkParse reads the tables of ten minutes of 1080p with sound, 46,125
// samples, cuts them and writes the blocks; mp4ff decodes the same boxes in the
// same run and makes nothing of them yet.
func BenchmarkParse(b *testing.B) {
	video := testTrack{handler: "vide", timescale: 15360, edits: []edit{{600000, 1024}}}
	for i := range 18000 {
		video.samples = append(video.samples, testSample{size: uint32(20 + i%7), duration: 512, shift: 1024, delta: i%60 > 0})
	}
	audio := testTrack{handler: "soun", timescale: 48000, samples: packets(28125), edits: []edit{{600000, 1024}}, noSync: true}
	file := progressive(video, audio)
	var ours, theirs time.Duration
	b.ReportAllocs()
	for b.Loop() {
		start := time.Now()
		if _, err := Parse(context.Background(), bytes.NewReader(file), int64(len(file)), nil); err != nil {
			b.Fatal(err)
		}
		middle := time.Now()
		if _, err := mp4.DecodeFile(bytes.NewReader(file), mp4.WithDecodeMode(mp4.DecModeLazyMdat)); err != nil {
			b.Fatal(err)
		}
		ours, theirs = ours+middle.Sub(start), theirs+time.Since(middle)
	}
	b.ReportMetric(float64(ours.Microseconds())/float64(b.N), "µs-parse")
	b.ReportMetric(float64(theirs.Microseconds())/float64(b.N), "µs-mp4ff-decode")
	b.ReportMetric(float64(ours)/float64(theirs), "ratio")
}

// BenchmarkSamples is what a segment costs before its bytes are read.
func BenchmarkSamples(b *testing.B) {
	ix := parseSeed(progressive(testTrack{handler: "vide", timescale: 100, samples: gops(4, 50)}))
	buf := make([]Sample, 0, 64)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ix.Samples(buf[:0], nil, 0, 1); err != nil {
			b.Fatal(err)
		}
	}
}

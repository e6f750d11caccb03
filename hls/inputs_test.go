package hls

import (
	"bytes"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/media"
)

func TestObjectsAreTold(t *testing.T) {
	track := audioTrack(2, "ec-3", "en", "Atmos")
	track.Channels, track.Objects = 6, 16
	if text := string(multivariantPlaylist([]*media.Track{videoTrack(), track}, "r")); !strings.Contains(text, `CHANNELS="16/JOC"`) {
		t.Error(text)
	}
	text := string(manifestOf(videoTrack(), track))
	for _, want := range []string{
		`<SupplementalProperty schemeIdUri="tag:dolby.com,2018:dash:EC3_ExtensionType:2018" value="JOC">`,
		`<SupplementalProperty schemeIdUri="tag:dolby.com,2018:dash:EC3_ExtensionComplexityIndex:2018" value="16">`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
}

// A track that is coded in several ways has parameter sets at the beginning of
// each segment, as a part of its first sample.
func TestParameterSetsBeginASegmentOfATrackThatIsCodedInSeveralWays(t *testing.T) {
	track := videoTrack()
	track.Sets = [][]byte{[]byte("first"), []byte("the second")}
	track.Layout.Durations = true
	s := &track.Segments[1]
	s.Entry, s.Samples, s.Bytes = 1, 2, 700
	samples := []media.Sample{{Offset: 10, Size: 300, Sync: true}, {Offset: 310, Size: 400}}
	b := &body{samples: samples}
	if got, want := b.fill(track, 1), segmentSize(track, 1); got != want || len(b.head)+700 != int(got) {
		t.Errorf("%d bytes, its head says %d", got, want)
	}
	if !bytes.HasSuffix(b.head, append([]byte("\x00\x00\x02\xcemdat"), track.Sets[1]...)) || !bytes.Contains(b.head, []byte("\x00\x00\x01\x36")) {
		t.Errorf("%q", b.head)
	}
}

func TestThePrefixOfATrackComesBeforeEachSample(t *testing.T) {
	source := []byte("..PR....abcdef")
	b := &body{source: bytes.NewReader(source), samples: []media.Sample{{Offset: 8, Size: 5}, {Offset: 11, Size: 5}}}
	b.runs = appendRuns(nil, b.samples, media.Prefix{Offset: 2, Size: 2})
	var out bytes.Buffer
	if _, err := b.gather(&out); err != nil || out.String() != "PRabcPRdef" {
		t.Errorf("%q, %v", out.String(), err)
	}
}

package media_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/media"
)

func sampleCounts(t *testing.T, ix *media.Index) (list []int) {
	t.Helper()
	for i := range ix.Tracks {
		list = append(list, len(samplesOf(t, ix, i)))
	}
	return list
}

// Whoever records writes a segment that does not say how long it is. If he is
// stopped, what is whole plays.
func TestRecordingsThatWereStoppedPlayToTheirEnd(t *testing.T) {
	list := matroskaClusters()
	head := slices.Concat(matroskaHead, endlessly(0x18538067, info(1e6), opusAndPicture()))
	open := func(c []byte) []byte { return endlessly(0x1f43b675, c[12:]) }
	block := len(simple(1, 0, isKey, 0, 0))
	whole := slices.Concat(head, list[0], list[1])
	live := slices.Concat(head, open(list[0]), open(list[1]))
	for _, c := range []struct {
		name string
		file []byte
		want []int
	}{
		{"at the end of a cluster", whole, []int{50, 100}},
		{"within the last block", whole[:len(whole)-1], []int{50, 99}},
		{"between blocks", whole[:len(whole)-2*block], []int{50, 98}},
		{"within the header of a block", whole[:len(whole)-3*block+3], []int{49, 98}},
		{"within a live cluster", live[:len(live)-1], []int{50, 99}},
		{"within the head of a cluster", slices.Concat(whole, list[2][:6]), []int{50, 100}},
		{"before the timestamp of a cluster", slices.Concat(whole, list[2][:12]), []int{50, 100}},
		{"within the cues", slices.Concat(whole, claims(0x1c53bb6b, 1000, make([]byte, 10))), []int{50, 100}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, sampleCounts(t, parsed(t, c.file))); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("but a file that was finished, and says how long it is, lost something", func(t *testing.T) {
		file := matroskaFile(info(1e6), opusAndPicture(), list[0], list[1])
		file = file[:len(file)-1]
		if _, err := media.Parse(t.Context(), bytes.NewReader(file), int64(len(file)), nil); !errors.Is(err, media.ErrInvalid) {
			t.Errorf("got %v", err)
		}
	})
}

// Where a file is damaged, players go on at the next cluster.
func TestDamagedPlacesAreSkippedToTheNextCluster(t *testing.T) {
	list := matroskaClusters()
	damaged := bytes.Clone(list[1])
	block := len(simple(1, 0, isKey, 0, 0))
	for i := range 40 {
		damaged[len(damaged)-10*block+i] = 0
	}
	longer := bytes.Clone(list[1])
	longer[len(longer)-10*block+8] = 0xff // of the size of a block
	broken := bytes.Clone(list[1])
	broken[len(broken)-10*block+1] = 0x08 // the same, which makes it another number
	deceptive := slices.Concat(damaged[:len(damaged)-block], []byte{0x1f, 0x43, 0xb6, 0x75, 0x01, 0xff}, damaged[len(damaged)-block:])
	for _, c := range []struct {
		name   string
		second []byte
		want   []int
	}{
		{"zeros within a cluster", damaged, []int{97, 193}},
		{"a block that is longer than its cluster", longer, []int{97, 193}},
		{"a block that is none", broken, []int{97, 193}},
		{"the mark of a cluster among the noise", deceptive, []int{97, 193}},
		{"zeros between clusters", slices.Concat(list[1], make([]byte, 1000)), []int{100, 200}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for form, file := range map[string][]byte{
				"finished": matroskaFile(info(1e6), opusAndPicture(), list[0], c.second, list[2], list[3]),
				"recorded": slices.Concat(matroskaHead, endlessly(0x18538067, info(1e6), opusAndPicture(), list[0], c.second, list[2], list[3])),
			} {
				ix := parsed(t, file)
				if diff := cmp.Diff(c.want, sampleCounts(t, ix)); diff != "" || ix.Duration != 4 {
					t.Errorf("%s: %s, %v s", form, diff, ix.Duration)
				}
			}
		})
	}
}

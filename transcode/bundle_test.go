package transcode_test

import (
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/internal/testclip"
	"github.com/streamgate/streamgate/metadata"
)

// TestAMRInBundlesIsHeardWhole: a file of a phone whose packets have fifty frames of AMR
// each sounds in each second, and not in the first 20 ms of it alone.
func TestAMRInBundlesIsHeardWhole(t *testing.T) {
	h := newHouse(t, t.TempDir(), oddOptions())
	a := h.over(h.send(filepath.Join(testclip.Corpus(t), "sannies_isoparser_src_test_resources_MOV00006.3gp"), "").ID)
	if a.State != metadata.Ready {
		t.Fatalf("%s: %s", a.State, a.Error)
	}
	if got, want := h.shape(t, a), "192x144 14.76fps 222 pictures 15.0s, 1ch 15.2s"; got != want {
		t.Errorf("it became %s, want %s", got, want)
	}
	// The noise of a room is above −60 dB.
	said := call(t, "", "ffmpeg", "-v", "error", "-i", h.http.URL+"/play/"+a.ID+"/master.m3u8", "-map", "0:a:0", "-af", "asetnsamples=4800,astats=metadata=1:reset=1,ametadata=print:key=lavfi.astats.Overall.RMS_level:file=-", "-f", "null", "-")
	heard, all := 0, 0
	for line := range strings.Lines(said) {
		if level, ok := strings.CutPrefix(strings.TrimSpace(line), "lavfi.astats.Overall.RMS_level="); ok {
			all++
			if f, err := strconv.ParseFloat(level, 64); err == nil && !math.IsInf(f, 0) && f > -60 {
				heard++
			}
		}
	}
	if all < 140 || heard < all*9/10 {
		t.Errorf("of %d tenths of a second %d are heard", all, heard)
	}
}

package mpegts

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/asticode/go-astits"

	"github.com/streamgate/streamgate/hls"
)

// film makes a file of 20 seconds of H.264 and AAC, or skips the test.
func film(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "film.mp4")
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("ffmpeg is not installed; `apt-get install ffmpeg` brings it")
	}
	out, err := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=20", "-f", "lavfi", "-i", "sine=d=20",
		"-c:v", "libx264", "-bf", "2", "-g", "50", "-c:a", "aac", path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

func get(t *testing.T, h http.Handler, path string) []byte {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, http.NoBody))
	if w.Code != http.StatusOK {
		t.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	return w.Body.Bytes()
}

// TestAstitsReadsAllSegmentsAsOneStream has go-astits read the segments one behind
// the other, packet by packet and as data.
func TestAstitsReadsAllSegmentsAsOneStream(t *testing.T) {
	folder, err := hls.NewDir(filepath.Dir(film(t)), &hls.DirOptions{MPEGTS: true})
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close() //nolint:errcheck // it was only read
	master := get(t, folder, "/film.mp4/ts.m3u8")
	at := "/film.mp4/" + string(regexp.MustCompile(`(?m)^([^#].*)index-ts\.m3u8$`).FindSubmatch(master)[1])
	list := regexp.MustCompile(`(?m)^[0-9]+\.ts$`).FindAll(get(t, folder, at+"index-ts.m3u8"), -1)
	if len(list) < 3 {
		t.Fatalf("%d segments", len(list))
	}
	var all []byte
	for _, name := range list {
		all = append(all, get(t, folder, at+string(name))...)
	}
	packets(t, all)
	units(t, all, len(list))
}

// packets checks the continuity counters of all PIDs.
func packets(t *testing.T, all []byte) {
	t.Helper()
	demuxer := astits.NewDemuxer(context.Background(), bytes.NewReader(all), astits.DemuxerOptPacketSize(188))
	counters := map[uint16]uint8{}
	for n := 0; ; n++ {
		p, err := demuxer.NextPacket()
		if errors.Is(err, astits.ErrNoMorePackets) {
			if n*188 != len(all) {
				t.Errorf("%d packets of %d bytes", n, len(all))
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if p.Header.TransportErrorIndicator || !p.Header.HasPayload {
			t.Fatalf("packet %d: %+v", n, p.Header)
		}
		if next, known := counters[p.Header.PID]; known && p.Header.ContinuityCounter != next {
			t.Fatalf("packet %d: PID %#x counts %d, not %d", n, p.Header.PID, p.Header.ContinuityCounter, next)
		}
		counters[p.Header.PID] = (p.Header.ContinuityCounter + 1) & 15
	}
}

// units checks tables, and the number and times of pictures and sounds.
func units(t *testing.T, all []byte, segments int) {
	t.Helper()
	demuxer := astits.NewDemuxer(context.Background(), bytes.NewReader(all))
	seen := map[string]int{}
	last := map[uint16]int64{}
	for {
		d, err := demuxer.NextData()
		if errors.Is(err, astits.ErrNoMorePackets) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case d.PAT != nil:
			seen["PAT"]++
		case d.PMT != nil:
			seen["PMT"]++
			for _, s := range d.PMT.ElementaryStreams {
				seen[fmt.Sprintf("type %#x", uint8(s.StreamType))]++
			}
		case d.PES != nil:
			h := d.PES.Header.OptionalHeader
			at := h.PTS.Base
			if h.DTS != nil {
				at = h.DTS.Base
			}
			if before, known := last[d.PID]; known && at <= before {
				t.Fatalf("PID %#x: %d after %d", d.PID, at, before)
			}
			last[d.PID] = at
			seen[fmt.Sprintf("stream %#x", d.PES.Header.StreamID)]++
		}
	}
	if seen["PAT"] != segments || seen["PMT"] != segments || seen["type 0x1b"] != segments || seen["type 0xf"] != segments {
		t.Errorf("of %d segments: %v", segments, seen)
	}
	if seen["stream 0xe0"] != 20*25 || seen["stream 0xc0"] < 50 {
		t.Errorf("%v", seen)
	}
}

package hls_test

import (
	"encoding/json"
	"math"
	"net/url"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/Eyevinn/hls-m3u8/m3u8"

	"github.com/streamgate/streamgate/hls"
	"github.com/streamgate/streamgate/internal/playcheck"
)

// untold are files of which ffprobe says something else, each with the reason.
var untold = map[string]string{
	"androidx_mp4_iibbibb_editlist_videoonly.mp4":                                              "its edit begins and ends within a picture: 13 are shown in 12.5 s",
	"androidx_mp4_sample_with_fake_auxiliary_tracks_interleaved_with_primary_video_tracks.mp4": "its pictures last no time, and their size is not that of the sample entry",
}

// TestCorpusTruths compares what the multivariant playlist of each file of the
// corpus says of its pictures and sounds with what ffprobe says. With -short it
// takes every sixth file.
func TestCorpusTruths(t *testing.T) {
	playcheck.Require(t)
	dir, films := corpus(t)
	for i, f := range films {
		if f.class != classHLS || exceptions[f.name] != "" || untold[f.name] != "" || spared(t, i, 1, 6) {
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			text, err := fetcher(hls.Dir(dir))("/" + url.PathEscape(f.name) + "/master.m3u8")
			if err != nil {
				t.Fatal(err)
			}
			list, _, err := m3u8.DecodeFrom(strings.NewReader(string(text)), true)
			if err != nil {
				t.Fatal(err)
			}
			streams := ffprobe(t, filepath.Join(dir, f.name))
			for _, v := range list.(*m3u8.MasterPlaylist).Variants {
				if s := streams[id(v.URI)]; s.Type == "video" && !v.Iframe {
					s.compare(t, v)
				}
				for _, a := range v.Alternatives {
					if a.Type != "AUDIO" {
						continue
					}
					// Of Matroska ffprobe tells no ids.
					if s, ok := streams[id(a.URI)]; ok && (a.Channels == nil || a.Channels.Amount != s.Channels) {
						t.Errorf("%s: CHANNELS are %+v, ffprobe says %d", a.URI, a.Channels, s.Channels)
					}
				}
			}
		})
	}
}

// id is the number of the track in a URI such as revision/v1/index.m3u8.
func id(uri string) int64 {
	parts := strings.Split(uri, "/")
	n, _ := strconv.ParseInt(parts[1][1:], 10, 64)
	return n
}

// probed is what ffprobe says of a stream.
type probed struct {
	ID       string `json:"id"`
	Type     string `json:"codec_type"`
	Width    float64
	Height   float64
	Aspect   string `json:"sample_aspect_ratio"`
	Transfer string `json:"color_transfer"`
	Rate     string `json:"avg_frame_rate"`
	Channels int
	SideData []struct{ Rotation float64 } `json:"side_data_list"`
}

func ffprobe(t *testing.T, path string) map[int64]probed {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "ffprobe", "-v", "quiet", "-show_streams", "-of", "json", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	var all struct{ Streams []probed }
	if err := json.Unmarshal(out, &all); err != nil {
		t.Fatal(err)
	}
	streams := map[int64]probed{}
	for _, s := range all.Streams {
		n, _ := strconv.ParseInt(s.ID, 0, 64)
		streams[n] = s
	}
	return streams
}

// ratio reads "30000/1001", "4:3" and the like; 0 where it is none.
func ratio(s string) float64 {
	a, b, _ := strings.Cut(strings.ReplaceAll(s, ":", "/"), "/")
	x, _ := strconv.ParseFloat(a, 64)
	y, _ := strconv.ParseFloat(b, 64)
	if x == 0 || y == 0 {
		return 0
	}
	return x / y
}

func (s *probed) compare(t *testing.T, v *m3u8.Variant) {
	t.Helper()
	width, height := s.Width, s.Height
	if pixel := ratio(s.Aspect); pixel > 1 {
		width *= pixel
	} else if pixel > 0 {
		height /= pixel
	}
	for _, d := range s.SideData {
		if int(math.Abs(d.Rotation))%180 == 90 {
			width, height = height, width
		}
	}
	w, h, _ := strings.Cut(v.Resolution, "x")
	x, _ := strconv.ParseFloat(w, 64)
	y, _ := strconv.ParseFloat(h, 64)
	if math.Abs(x-width) > 1 || math.Abs(y-height) > 1 {
		t.Errorf("RESOLUTION is %s, ffprobe says %.1fx%.1f", v.Resolution, width, height)
	}
	if rate := ratio(s.Rate); rate > 0 && math.Abs(v.FrameRate-rate) > 0.02*rate {
		t.Errorf("FRAME-RATE is %.3f, ffprobe says %.3f", v.FrameRate, rate)
	}
	want := map[string]string{"smpte2084": "PQ", "arib-std-b67": "HLG", "bt709": "SDR", "smpte170m": "SDR", "iec61966-2-1": "SDR", "bt2020-10": "SDR", "bt2020-12": "SDR"}[s.Transfer]
	if v.VideoRange != want {
		t.Errorf("VIDEO-RANGE is %q, ffprobe says %q", v.VideoRange, s.Transfer)
	}
}

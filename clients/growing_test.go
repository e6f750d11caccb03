package clients_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/streamgate/streamgate/transcode"
)

// switched is what the page tells of a film that it played from rung to rung.
type switched struct {
	Error      string   `json:"error"`
	Complaints []string `json:"complaints"`
	Open       bool     `json:"open"`
	Levels     []int    `json:"levels"`
	At         float64  `json:"at"`
	Duration   float64  `json:"duration"`
	Ended      bool     `json:"ended"`
}

// TestPlayersSwitchWhileRungsGrow has hls.js begin as soon as a film plays in both rungs,
// and go from one to the other while more of them is made, up to their end.
func TestPlayersSwitchWhileRungsGrow(t *testing.T) {
	if testing.Short() {
		t.Skip("browsers are slow; the run without -short has it")
	}
	const seconds = 50
	film := filepath.Join(t.TempDir(), "film.avi")
	ffmpeg(t, nil, append(strings.Fields(fmt.Sprintf("-f lavfi -i testsrc2=s=640x360:r=25:d=%d -f lavfi -i sine=r=48000:d=%d -c:v mpeg4 -q:v 4 -g 50 -c:a pcm_s16le", seconds, seconds)), film)...)
	server := serveTranscodes(t, transcode.Profile{Preset: "slow", Rungs: []transcode.Rung{ // so that there is time to watch it grow
		{Height: 90, CRF: 30, MaxRate: 100_000}, {Height: 360, CRF: 20, MaxRate: 4_000_000},
	}})
	browser := startBrowser(t)
	ctx, cancel := context.WithTimeout(browser, 5*time.Minute)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Navigate(server+"/growing.html")); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool]("Boolean(window.ready)", chromedp.WithPollingTimeout(2*time.Minute))); err != nil {
		t.Fatal(err)
	}
	master := "/play/" + send(t, server, film).asset + "/master.m3u8"
	for end := time.Now().Add(3 * time.Minute); variants(t, server+master) < 2; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it does not play in both rungs")
		}
	}
	got := call[switched](ctx, t, "switching", server+master)
	t.Logf("%+v", got)
	if got.Error != "" || !got.Ended || len(got.Complaints) > 0 || got.Duration < seconds-0.1 || got.Duration > seconds+0.3 {
		t.Errorf("it does not play on to its end: %+v", got)
	}
	if !slices.Contains(got.Levels, 90) || !slices.Contains(got.Levels, 360) {
		t.Errorf("it did not play in both rungs: %v", got.Levels)
	}
	if !got.Open {
		t.Log("this machine made it before the player began")
	}
}

// variants is how many a multivariant playlist has; 0 where there is none yet.
func variants(t *testing.T, url string) int {
	t.Helper()
	res, err := http.Get(url) //nolint:noctx // the server is this test's own
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(body), "#EXT-X-STREAM-INF")
}

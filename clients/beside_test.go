package clients_test

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/streamgate/streamgate/transcode"
)

// besideEngines are the players that choose from groups of sound.
var besideEngines = []string{"hls.js", "Shaka HLS", "Shaka DASH", "dash.js", "video.js", "native"}

// beepSlack is by how much a beep may sound early or late in a browser that is busy, in
// seconds.
const beepSlack = 0.1

// TestSoundBesidePlays sends films whose sound Chromium does not decode, and plays them in
// every player once there is AAC beside it: it is what they choose, and it is heard when
// the other would be.
func TestSoundBesidePlays(t *testing.T) {
	if testing.Short() {
		t.Skip("browsers are slow; the run without -short has it")
	}
	server := serveTranscodes(t, transcode.Profile{Rungs: []transcode.Rung{{Height: 64, MaxRate: 100_000}}})
	browser := startBrowser(t)
	for _, c := range []struct{ name, file, audio string }{
		{"AC-3 in Matroska", "film.mkv", "ac3"},
		{"E-AC-3 in MP4", "film.mp4", "eac3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			film := filepath.Join(t.TempDir(), c.file)
			ffmpeg(t, nil, append(strings.Fields(`-f lavfi -i testsrc2=s=128x72:r=25:d=8 -f lavfi -i aevalsrc=if(between(mod(t\,2)\,1\,1.2)\,sin(880*2*PI*t)/2\,0):s=48000:d=8
				-c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 50 -c:a `+c.audio), film)...)
			o := send(t, server, film)
			o.await(t, server)
			if o.state != "ready" || o.beside != "mp4a" {
				t.Fatalf("%+v", o)
			}
			watchOutcomes(t, server, []*outcome{o})
			var wrong []string
			for range attempts {
				if wrong = watchBeside(browser, t, server, o); len(wrong) == 0 {
					return
				}
				t.Logf("to be tried again: %s", strings.Join(wrong, "; "))
			}
			t.Error(strings.Join(wrong, "; "))
		})
	}
}

// watchBeside plays a film in all players, and says what is wrong.
func watchBeside(browser context.Context, t *testing.T, server string, o *outcome) (wrong []string) {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser)
	defer cancel()
	ctx, cancel = context.WithTimeout(ctx, 6*time.Minute)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Navigate(server+"/players.html")); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool]("Boolean(window.ready)", chromedp.WithPollingTimeout(2*time.Minute))); err != nil {
		t.Fatal(err)
	}
	base := server + strings.TrimSuffix(o.playback, "master.m3u8")
	call[[]box](ctx, t, "watchAll", besideEngines, base, playSeconds, [][2]float64{})
	for _, s := range call[[]shown](ctx, t, "endAll", o.duration-endSeconds) {
		switch {
		case s.Error != "":
			wrong = append(wrong, s.Engine+": "+s.Error)
		case !s.Proof || !s.Ended:
			wrong = append(wrong, fmt.Sprintf("%s: it is the player: %v, it ends: %v", s.Engine, s.Proof, s.Ended))
		case len(s.Onsets) < 2 || math.Abs(s.Onsets[0]-1) > beepSlack || math.Abs(s.Onsets[1]-3) > beepSlack:
			wrong = append(wrong, fmt.Sprintf("%s: beeps at %.3f, want them at 1 and 3", s.Engine, s.Onsets))
		}
	}
	return wrong
}

package main

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/chromedp/chromedp"
)

// rungs are renditions of the clip, by their heights.
var rungs = map[int]string{180: "320x180 -b:v 200k", 90: "160x90 -b:v 60k"}

// uploadLadder uploads the clip and its renditions.
func uploadLadder(t *testing.T, base, source string) asset {
	t.Helper()
	a := uploadFile(t, base, source, "")
	for height, size := range rungs {
		line := "-i SOURCE -an -c:v libx264 -preset ultrafast -pix_fmt yuv420p -force_key_frames source -s " + size
		args := strings.Fields(line)
		args[1] = source
		file := readFile(t, byFFmpeg(t, "rung.mp4", args...))
		resp, err := http.Post(fmt.Sprintf("%sv1/uploads?asset_id=%s&rendition=%dp", base, a.ID, height), "video/mp4", bytes.NewReader(file)) //nolint:noctx // the server is this test's own
		if err != nil {
			t.Fatal(err)
		}
		if _ = resp.Body.Close(); resp.StatusCode != http.StatusCreated {
			t.Fatalf("the rendition of %d is answered with %s", height, resp.Status)
		}
	}
	return a
}

// longFilm has six segments.
func longFilm(t *testing.T) string {
	t.Helper()
	return byFFmpeg(t, "long.mp4", strings.Fields("-f lavfi -i testsrc2=size=640x360:rate=30000/1001:duration=20 -f lavfi -i sine=frequency=440:duration=20"+
		" -c:v libx264 -preset ultrafast -bf 2 -g 9999 -force_key_frames 0,3.7,7.1,11,14.5,17 -pix_fmt yuv420p -c:a aac")...)
}

// withHLSJS is a page with hls.js and nothing else.
func withHLSJS(t *testing.T) fstest.MapFS {
	t.Helper()
	files := bare(t)
	files["assets/hlsjs.mjs"] = &fstest.MapFile{Data: bundled(t, "hlsjs.mjs")}
	files["assets/hlsjs.html"] = &fstest.MapFile{Data: []byte(`<!doctype html><meta charset="utf-8"><title>hls.js</title>` +
		`<link rel="icon" href="icon.svg"><video id="video" width="640" height="360"></video><script type="module" src="hlsjs.mjs"></script>`)}
	return files
}

const videoNow = `document.querySelector('#video')`

// switching has a player go through heights while it plays, by what choose says,
// and on to the end: nothing is missing in between.
func switching(b *tab, choose func(height int)) {
	b.t.Helper()
	b.until("it plays", videoNow+`.currentTime > 0.5`)
	for _, height := range []int{90, 360, 180, 360} {
		choose(height)
		b.until(fmt.Sprintf("the picture is %d high", height), fmt.Sprintf(`%s.videoHeight === %d`, videoNow, height))
		if shown := evaluate[float64](b, fmt.Sprintf(seekTo, 3.4)); math.Abs(shown-3.4) > 0.05 { // the same moment in each
			b.t.Errorf("after seeking to 3.4 s in %d the frame of %v s is shown", height, shown)
		}
		evaluate[any](b, videoNow+`.play().then(() => null)`)
	}
	evaluate[any](b, videoNow+`.currentTime = 10, `+videoNow+`.play().then(() => null)`)
	b.until("it has come to its end", videoNow+`.ended || seen.errors.length`)
	if end := evaluate[float64](b, videoNow+`.currentTime`); math.Abs(end-clipSeconds) > 0.1 {
		b.t.Errorf("it ended at %v s", end)
	}
	if said := evaluate[string](b, `JSON.stringify([seen.errors, gaps()])`); said != "[[],[]]" {
		b.t.Errorf("errors and gaps: %s", said)
	}
}

func TestHLSJSSwitchesBetweenRenditions(t *testing.T) {
	beside(t)
	base := runServer(t, config{}, withHLSJS(t))
	a := uploadLadder(t, base, clip(t))
	b := openTab(t, base+"assets/hlsjs.html")
	b.until("the player is there", `window.play`)
	evaluate[any](b, fmt.Sprintf(`play(%q).then(() => null)`, base+a.Playback[1:]))
	if got := evaluate[string](b, `heights().join()`); got != "90,180,360" {
		t.Errorf("the levels are %s", got)
	}
	switching(b, func(height int) { evaluate[any](b, fmt.Sprintf(`hls.currentLevel = heights().indexOf(%d)`, height)) })
}

// TestHLSJSSwitchesOnItsWay lets hls.js change at each boundary while it plays on:
// what was loaded of another rendition has to join without a gap.
func TestHLSJSSwitchesOnItsWay(t *testing.T) {
	needBrowser(t)
	base := runServer(t, config{}, withHLSJS(t))
	a := uploadLadder(t, base, longFilm(t))
	b := openLongTab(t, base+"assets/hlsjs.html", 10*time.Minute)
	for attempt := 1; ; attempt++ { // a machine that is short of time stalls any player, a film each time
		b.until("the player is there", `window.play`)
		evaluate[any](b, fmt.Sprintf(`play(%q, true).then(() => null)`, base+a.Playback[1:]))
		b.until("it has come to its end", videoNow+`.ended || seen.errors.length`)
		if said := evaluate[string](b, `JSON.stringify([seen.errors, gaps()])`); said != "[[],[]]" {
			t.Errorf("errors and gaps: %s", said)
		}
		stalls := evaluate[int](b, `seen.stalls`)
		if stalls == 0 {
			break
		}
		if attempt == 3 {
			t.Errorf("%d stalls, and some in each attempt before", stalls)
			break
		}
		b.do(chromedp.Reload())
	}
	if n := evaluate[float64](b, `new Set(seen.segments.filter((s) => s.includes('/v1/') && s.endsWith('.m4s')).map((s) => s.split('/').at(-3))).size`); n != 3 {
		t.Errorf("%v renditions were loaded", n)
	}
}

func TestShakaSwitchesBetweenRenditions(t *testing.T) {
	beside(t)
	base := runServer(t, config{}, withShaka(t))
	a := uploadLadder(t, base, clip(t))
	b := openTab(t, base+"assets/shaka.html")
	b.until("the player is there", `window.play`)
	evaluate[any](b, fmt.Sprintf(`play(%q).then(() => null)`, strings.Replace(base+a.Playback[1:], "master.m3u8", "manifest.mpd", 1)))
	evaluate[any](b, `player.configure('abr.enabled', false)`)
	switching(b, func(height int) {
		evaluate[any](b, fmt.Sprintf(`player.selectVariantTrack(player.getVariantTracks().find((t) => t.height === %d), true)`, height))
	})
}

// TestPlayersPlayAClip plays what lies from 7 to 9.5 s: by HLS the segment of it,
// from the second 1 of that on; by DASH from its beginning to 9.5 s.
func TestPlayersPlayAClip(t *testing.T) {
	beside(t)
	files := withHLSJS(t)
	maps.Copy(files, withShaka(t))
	base := runServer(t, config{}, files)
	a := uploadFile(t, base, clip(t), "")
	at := strings.Replace(base+a.Playback[1:], "master.m3u8", "clip/7000-9500/", 1)
	for _, c := range []struct {
		page, address  string
		begins, length float64
	}{
		{"hlsjs", at + "master.m3u8", 1, 6},
		{"shaka", at + "manifest.mpd", 0, 3.5},
	} {
		t.Run(c.page, func(t *testing.T) {
			b := openTab(t, base+"assets/"+c.page+".html")
			b.until("the player is there", `window.play`)
			evaluate[any](b, videoNow+`.addEventListener('playing', () => { window.began ??= `+videoNow+`.currentTime })`)
			evaluate[any](b, fmt.Sprintf(`play(%q).then(() => null)`, c.address))
			b.until("it has come to its end", videoNow+`.ended || seen.errors.length`)
			if d := evaluate[float64](b, videoNow+`.duration`); math.Abs(d-c.length) > 0.15 {
				t.Errorf("it lasts %v s, want %v", d, c.length)
			}
			if d := evaluate[float64](b, `window.began`); math.Abs(d-c.begins) > 0.3 {
				t.Errorf("it begins at %v s, want %v", d, c.begins)
			}
			if said := evaluate[string](b, `JSON.stringify([seen.errors, gaps()])`); said != "[[],[]]" {
				t.Errorf("errors and gaps: %s", said)
			}
		})
	}
}

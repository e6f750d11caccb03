package main

import (
	"bytes"
	"fmt"
	"image/png"
	"math"
	"testing"
	"testing/fstest"

	"github.com/chromedp/chromedp"

	"github.com/streamgate/streamgate/hls"
)

// encryptedPage is a page with a player and nothing else.
func encryptedPage(t *testing.T, script string) fstest.MapFS {
	t.Helper()
	files := bare(t)
	files["assets/"+script] = &fstest.MapFile{Data: bundled(t, script)}
	files["assets/play.html"] = &fstest.MapFile{Data: []byte(`<!doctype html><meta charset="utf-8"><title>` + script + `</title>` +
		`<link rel="icon" href="icon.svg"><video id="video" width="640" height="360"></video><script type="module" src="` + script + `"></script>`)}
	return files
}

// TestBrowsersPlayWhatIsEncrypted has the players of the web decrypt, and looks at
// the pictures that come out.
func TestBrowsersPlayWhatIsEncrypted(t *testing.T) {
	beside(t)
	for _, c := range []struct {
		name, script string
		scheme       hls.Scheme
		manifest     string
		more         string // arguments of play, with the licence's address
		keys         string // how often keys came
		period       int    // segments with the same key
	}{
		{"AES-128 by hls.js", "hlsjs.mjs", hls.AES128, "master.m3u8", "", "seen.keys", 0},
		{"SAMPLE-AES by hls.js and ClearKey", "hlsjs.mjs", hls.SampleAES, "master.m3u8", ", false, %q", "1", 0},
		{"SAMPLE-AES by Shaka and ClearKey", "shaka.mjs", hls.SampleAES, "manifest.mpd", ", {servers: {'org.w3.clearkey': %q}}", "seen.licenses", 0},
		{"AES-128 by hls.js, with keys that change", "hlsjs.mjs", hls.AES128, "master.m3u8", "", "seen.keys", 1},
		{"SAMPLE-AES by hls.js, with keys that change", "hlsjs.mjs", hls.SampleAES, "master.m3u8", ", false, %q", "1", 1},
		{"SAMPLE-AES by Shaka, with keys that change", "shaka.mjs", hls.SampleAES, "manifest.mpd", ", {servers: {'org.w3.clearkey': %q}}", "seen.licenses", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			base := runServer(t, config{encrypt: string(c.scheme), keyPeriod: c.period}, encryptedPage(t, c.script))
			a := uploadFile(t, base, clip(t), "")
			at := base + "play/" + a.ID + "/"
			b := openTab(t, base+"assets/play.html")
			b.until("the player is there", `window.play`)
			more := c.more
			if more != "" {
				more = fmt.Sprintf(more, at+"license")
			}
			evaluate[any](b, fmt.Sprintf(`void play(%q%s).catch((e) => seen.errors.push(String(e)))`, at+c.manifest, more))
			b.until("it plays", `document.querySelector('#video').currentTime > 1 || seen.errors.length`)
			if said := evaluate[string](b, `JSON.stringify(seen.errors)`); said != "[]" {
				t.Fatalf("errors: %s", said)
			}
			evaluate[any](b, `document.querySelector('#video').currentTime = 5, document.querySelector('#video').play().then(() => null)`)
			b.until("it plays on where the key changes", `document.querySelector('#video').currentTime > 7 || seen.errors.length`)
			for _, target := range []float64{9.3, 2.5} {
				if shown := evaluate[float64](b, fmt.Sprintf(seekTo, target)); math.Abs(shown-target) > 0.05 {
					t.Errorf("after seeking to %v s the frame of %v s is shown", target, shown)
				}
			}
			if err := looksRight(b); err != nil {
				t.Errorf("another picture: %v", err)
			}
			if said := evaluate[string](b, `JSON.stringify([seen.errors, gaps()])`); said != "[[],[]]" {
				t.Errorf("errors and gaps: %s", said)
			}
			if n := evaluate[int](b, c.keys); n < 1 {
				t.Error("no key was fetched")
			}
			b.picture("encrypted")
		})
	}
}

// looksRight compares what the screen shows with what testsrc2 always has: areas
// of one colour, and several colours along its lower edge. A canvas would not do:
// what EME decrypts is black there.
func looksRight(b *tab) error {
	b.t.Helper()
	screen, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		return err
	}
	picture, err := png.Decode(bytes.NewReader(screen))
	if err != nil {
		return err
	}
	at := evaluate[[]int](b, `(({x, y}) => [Math.round(x), Math.round(y)])(document.querySelector('#video').getBoundingClientRect())`)
	colors, smooth := map[[3]uint32]bool{}, 0
	for y := 4; y < 356; y += 2 {
		for x := 4; x < 636; x++ {
			r, g, b, _ := picture.At(at[0]+x, at[1]+y).RGBA()
			r2, _, _, _ := picture.At(at[0]+x+1, at[1]+y).RGBA()
			if max(r, r2)-min(r, r2) < 6<<10 {
				smooth++
			}
			colors[[3]uint32{r >> 14, g >> 14, b >> 14}] = true
		}
	}
	if share := float64(smooth) / (176 * 632); len(colors) < 5 || share < 0.8 {
		return fmt.Errorf("%d colours, and smooth at %.0f%%", len(colors), 100*share)
	}
	return nil
}

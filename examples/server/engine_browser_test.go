package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

func TestPageOffersNoHLSJSThatIsNotThere(t *testing.T) {
	beside(t)
	base := runServer(t, config{}, bare(t))
	a := uploadFile(t, base, clip(t), "")
	b := openTab(t, base)
	evaluate[any](b, `localStorage.setItem('streamgate:engine', 'hls.js')`)
	for _, address := range []string{base + "?#" + a.ID, base + "?engine=hls.js#" + a.ID} {
		b.do(chromedp.Navigate(address))
		watch(b, "native")
		if chosen := evaluate[string](b, `document.querySelector('#engine').value`); chosen != "auto" {
			t.Errorf("at %s the choice is %q, want auto", address, chosen)
		}
	}
	option := `document.querySelector('#engine [value="hls.js"]')`
	if !evaluate[bool](b, option+`.disabled`) || !strings.Contains(evaluate[string](b, option+`.text + `+option+`.title`), "make assets") {
		t.Error("hls.js can be chosen, or there is no reason why not")
	}
}

// noHLS makes a browser one that does not play HLS by itself.
const noHLS = `HTMLMediaElement.prototype.canPlayType = () => ''`

func TestPageSaysHowToGetHLSJS(t *testing.T) {
	beside(t)
	base := runServer(t, config{}, bare(t))
	a := uploadFile(t, base, clip(t), "")
	b := openTab(t, base)
	first(b, noHLS)
	b.do(chromedp.Navigate(base + "?engine=native#" + a.ID))
	b.until("it says so", `document.querySelector('#trouble').innerText.includes('make assets')`)
	if engine := evaluate[string](b, `document.querySelector('#video').dataset.engine`); engine != "none" {
		t.Errorf("the engine is %q, want none", engine)
	}
	b.picture("missing")
}

func TestPageSaysWhichCodecTheBrowserLacks(t *testing.T) {
	beside(t)
	tests := []struct {
		name, engine string
		there        bool // hls.js
	}{
		{"by the browser itself", "native", false},
		{"by the browser itself, beside hls.js", "native", true},
		{"by hls.js", "hls.js", true},
	}
	path := hevcClip(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files := bare(t)
			if tt.there {
				files = withPlayer(t)
			}
			base := runServer(t, config{}, files)
			a := uploadFile(t, base, path, "")
			b := openTab(t, base)
			if evaluate[bool](b, `MediaSource.isTypeSupported('video/mp4; codecs="hvc1.1.6.L60.90"')`) {
				t.Skip("this browser decodes HEVC; a Chromium without it is needed, such as Debian's")
			}
			b.do(chromedp.Navigate(base + "?engine=" + tt.engine + "#" + a.ID))
			b.until("it says so", `document.querySelector('#trouble').innerText.includes('This browser cannot decode HEVC (hvc1.')`)
			if said := b.text("#player"); strings.Contains(said, "Played by") || strings.Contains(said, "choose hls.js") {
				t.Errorf("the player says %q", said)
			}
			b.picture("codec")
		})
	}
}

// TestPageEndsABriefFilmInHLSJS: by itself hls.js waits for Chromium to show something, and
// Chromium for more sound, or for its end.
func TestPageEndsABriefFilmInHLSJS(t *testing.T) {
	path := filepath.Join(t.TempDir(), "brief.mp4")
	if out, err := exec.CommandContext(t.Context(), tool(t, "ffmpeg"), "-v", "error",
		"-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=0.12", "-f", "lavfi", "-i", "sine=duration=0.12",
		"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", path).CombinedOutput(); err != nil {
		t.Fatalf("making the film: %v\n%s", err, out)
	}
	base := runServer(t, config{}, withPlayer(t))
	a := uploadFile(t, base, path, "")
	b := openTab(t, base)
	b.do(chromedp.Navigate(base + "?engine=hls.js#" + a.ID))
	b.until("the engine is hls.js", `document.querySelector('#video').dataset.engine === 'hls.js'`)
	b.until("it is all there", `document.querySelector('#video').readyState === 4`)
	evaluate[any](b, `document.querySelector('#video').play().then(() => null)`)
	b.until("it ends", `document.querySelector('#video').ended`)
}

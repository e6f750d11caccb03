package main

import (
	"bytes"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// foreignFilm is a film that HLS cannot carry, made by the options of ffmpeg.
func foreignFilm(t *testing.T, name, options string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	line := "-v error -nostdin -y " + options + " " + path
	if out, err := exec.CommandContext(t.Context(), tool(t, "ffmpeg"), strings.Fields(line)...).CombinedOutput(); err != nil {
		t.Fatalf("making the film: %v\n%s", err, out)
	}
	return path
}

// slowFilm has so many seconds in two sizes, and takes a while.
func slowFilm(t *testing.T, seconds string) string {
	t.Helper()
	return foreignFilm(t, "long.avi", "-f lavfi -i testsrc2=size=854x480:rate=25:duration="+seconds+
		" -f lavfi -i sine=frequency=440:duration="+seconds+" -c:v mpeg4 -q:v 5 -g 50 -c:a mp3")
}

const (
	assetRow = `document.querySelector('.asset')`
	panel    = `document.querySelector('.asset .work')`
)

// recordWork keeps what the panel of the first row shows, while it changes: how far
// each rung is.
const recordWork = `(() => {
	window.bars = {};
	window.paces = new Set();
	new MutationObserver(() => {
		for (const rung of document.querySelectorAll('.rung')) {
			const name = rung.querySelector('.rung-name').innerText;
			(window.bars[name] ??= new Set()).add(rung.querySelector('progress').value);
		}
		const pace = document.querySelector('.pace');
		if (pace) window.paces.add(pace.innerText);
	}).observe(document.querySelector('#assets'), { subtree: true, childList: true, attributes: true, characterData: true });
})()`

func TestPageShowsHowFarATranscodeIs(t *testing.T) {
	base := runServer(t, config{transcode: true}, withPlayer(t))
	b := openLongTab(t, base, 10*time.Minute)
	b.until("it is live", `document.querySelector('#pulse').dataset.live === 'live'`)
	evaluate[any](b, recordWork)
	b.choose(slowFilm(t, "24"))
	b.patiently("a rung moves", `Object.values(bars).some((seen) => [...seen].filter((v) => v > 0 && v < 100).length > 1)`)
	b.picture("running")
	b.prefer("prefers-color-scheme", "dark")
	evaluate[any](b, `new Promise((done) => setTimeout(done, 300))`) // colors change slowly
	b.picture("running-dark")
	b.do(chromedp.EmulateViewport(360, 740))
	evaluate[any](b, assetRow+`.scrollIntoView({ block: 'center' })`)
	if wide := evaluate[int](b, `document.documentElement.scrollWidth`); wide > 360 {
		t.Errorf("on a screen of 360 pixels the page is %d wide", wide)
	}
	b.picture("running-narrow")
	b.patiently("it is ready, and nothing is left to tell", assetRow+`.dataset.state === 'ready' && `+panel+`.hidden`)
	if rungs := evaluate[string](b, `Object.keys(bars).sort().join()`); rungs != "240p,360p,480p" {
		t.Errorf("the rungs were %s", rungs)
	}
	if said := evaluate[string](b, `[...paces].join(' | ')`); !strings.Contains(said, "times as fast as it plays") && !strings.Contains(said, "as fast as it plays") || !strings.Contains(said, "left") {
		t.Errorf("it said %s", said)
	}
	b.until("its poster stands in the list and in the player", `document.querySelector('.asset img').naturalWidth > 0 && document.querySelector('#video').poster.includes('/poster.jpg')`)
	b.do(chromedp.EmulateViewport(1200, 900))
	b.prefer("prefers-color-scheme", "light")
	evaluate[any](b, `new Promise((done) => { scrollTo(0, 0); setTimeout(done, 300) })`)
	b.picture("ready")
}

func TestPageCancelsATranscodeAndTriesAgain(t *testing.T) {
	base := runServer(t, config{transcode: true}, bare(t))
	send(t, base, slowFilm(t, "40"))
	b := openLongTab(t, base, 10*time.Minute)
	b.patiently("it runs", panel+`?.dataset.work === 'running' && !document.querySelector('.stop').hidden`)
	b.click(".asset .stop")
	b.until("it asks first", `document.querySelector('#confirm').open && document.querySelector('#confirm-title').innerText === 'Cancel the transcoding?'`)
	b.picture("cancel")
	b.click("#confirm-no")
	b.until("it goes on", panel+`.dataset.work === 'running'`)
	b.click(".asset .stop")
	b.click("#confirm .danger")
	b.until("it is cancelled", panel+`.dataset.work === 'canceled' && `+assetRow+`.innerText.includes('cancelled') && `+assetRow+`.innerText.includes('is kept')`)
	b.picture("cancelled")
	b.do(chromedp.Reload())
	b.until("a page that is loaded later can try again, too", panel+`?.dataset.work === 'canceled'`)
	b.click(".asset .retry")
	b.patiently("it is transcoded after all", assetRow+`.dataset.state === 'ready' && `+panel+`.hidden`)
	if facts := b.text(".asset .note"); !strings.Contains(facts, "854 × 480") {
		t.Errorf("it says of the film %q", facts)
	}
}

// send uploads a file, and waits for nothing.
func send(t *testing.T, base, path string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"v1/uploads?filename="+filepath.Base(path), bytes.NewReader(readFile(t, path)))
	if err != nil {
		t.Fatal(err)
	}
	request(t, r, http.StatusCreated, nil)
}

func TestPageSaysWhyATranscodeFailedAndTriesAgain(t *testing.T) {
	base := runServer(t, config{transcode: true}, bare(t))
	broken := filepath.Join(t.TempDir(), "Broken.avi")
	noise := make([]byte, 64<<10)
	_, _ = rand.NewChaCha8([32]byte{}).Read(noise) // the same each time
	if err := os.WriteFile(broken, append([]byte("RIFF\x00\x00\x01\x00AVI LIST"), noise...), 0o600); err != nil {
		t.Fatal(err)
	}
	tool(t, "ffmpeg")
	send(t, base, broken)
	b := openLongTab(t, base, 10*time.Minute)
	b.patiently("it has failed", assetRow+`?.dataset.state === 'failed' && !document.querySelector('.retry').hidden`)
	why := b.text(".asset .note")
	if len(why) < 20 || strings.Contains(why, "exit status") {
		t.Errorf("it says %q", why)
	}
	b.picture("failed-transcode")
	evaluate[any](b, `(() => { window.states = new Set(); new MutationObserver(() => states.add(document.querySelector('.asset').dataset.state)).observe(document.querySelector('.asset'), { attributes: true }) })()`)
	b.click(".asset .retry")
	b.patiently("it is tried, and fails again", `states.has('processing') && `+assetRow+`.dataset.state === 'failed' && !document.querySelector('.retry').hidden`)
	if again := b.text(".asset .note"); again != why {
		t.Errorf("the second time it says %q", again)
	}
}

func TestPageSaysHowToGetFFmpeg(t *testing.T) {
	film := foreignFilm(t, "film.avi", "-f lavfi -i testsrc2=size=320x240:rate=25:duration=2 -c:v mpeg4")
	t.Setenv("STREAMGATE_FFMPEG", filepath.Join(t.TempDir(), "ffmpeg"))
	base := runServer(t, config{transcode: true}, bare(t))
	send(t, base, film)
	b := openTab(t, base)
	b.until("it waits", panel+`?.innerText.includes('once ffmpeg is there')`)
	if note := b.text(".asset .note"); !strings.Contains(note, "ffmpeg") || !strings.Contains(note, "install") {
		t.Errorf("it says %q", note)
	}
	b.picture("without-ffmpeg")

	asset := uploadFile(t, base, clip(t), "").ID // which plays, and is to have a ladder
	ladder := `fetch('v1/transcodes', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ asset: '` + asset + `' }) }).then((r) => r.status)`
	if status := evaluate[int](b, ladder); status != http.StatusCreated {
		t.Fatalf("a ladder is a %d", status)
	}
	b.until("the ladder waits, too", `document.querySelector('.asset[data-state="ready"] .pace')?.innerText.includes('install')`)
}

// TestPageWithoutATranscoderAsksForNone has no transcoder to ask.
func TestPageWithoutATranscoderAsksForNone(t *testing.T) {
	base := runServer(t, config{}, bare(t))
	uploadFile(t, base, clip(t), "")
	b := openTab(t, base) // what is not there would stand on its console
	b.until("it is live", `document.querySelector('#pulse').dataset.live === 'live' && document.querySelector('.asset')`)
	if text := b.text("#drop"); strings.Contains(text, "transcoded") {
		t.Errorf("it says %q", text)
	}
	if got := evaluate[int](b, `fetch('v1/transcodes').then((r) => r.status)`); got != http.StatusNotFound {
		t.Errorf("there is one all the same: %d", got)
	}
	b.expect("404")
}

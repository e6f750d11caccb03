package main

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/fstest"
)

// withShaka is a page with Shaka Player and nothing else.
func withShaka(t *testing.T) fstest.MapFS {
	t.Helper()
	files := bare(t)
	files["assets/shaka.mjs"] = &fstest.MapFile{Data: bundled(t, "shaka.mjs")}
	files["assets/shaka.html"] = &fstest.MapFile{Data: []byte(`<!doctype html><meta charset="utf-8"><title>Shaka Player</title>` +
		`<link rel="icon" href="icon.svg"><video id="video" width="640" height="360"></video><script type="module" src="shaka.mjs"></script>`)}
	return files
}

// lateClip is one whose sound sets in late, in two languages.
func lateClip(t *testing.T) string {
	t.Helper()
	return byFFmpeg(t, "late.mp4", "-i", clip(t), "-itsoffset", "1.5", "-i", clip(t),
		"-map", "0:v", "-map", "1:a", "-map", "0:a", "-c", "copy", "-t", "12", "-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=deu")
}

func TestShakaPlaysTheManifestToItsEnd(t *testing.T) {
	beside(t)
	for name, file := range map[string]func(*testing.T) string{"picture and sound": clip, "sound that sets in late, in two languages": lateClip} {
		t.Run(name, func(t *testing.T) {
			base := runServer(t, config{}, withShaka(t))
			a := uploadFile(t, base, file(t), "")
			manifest := strings.Replace(base+a.Playback[1:], "master.m3u8", "manifest.mpd", 1)
			b := openTab(t, base+"assets/shaka.html")
			b.until("the player is there", `window.play`)
			evaluate[any](b, fmt.Sprintf(`play(%q).then(() => null)`, manifest))
			playsByShaka(b)
			if strings.Contains(name, "languages") {
				speaksGerman(b)
			}
			evaluate[any](b, `document.querySelector('#video').currentTime = 10.5, document.querySelector('#video').play().then(() => null)`)
			b.until("it has come to its end", `document.querySelector('#video').ended || seen.errors.length`)
			if end := evaluate[float64](b, `document.querySelector('#video').currentTime`); math.Abs(end-clipSeconds) > 0.1 {
				t.Errorf("it ended at %v s", end)
			}
			if said := evaluate[string](b, `JSON.stringify([seen.errors, gaps()])`); said != "[[],[]]" {
				t.Errorf("errors and gaps: %s", said)
			}
		})
	}
}

// playsByShaka asserts that it plays, and shows the right picture after a jump.
func playsByShaka(b *tab) {
	b.t.Helper()
	b.until("it plays", `document.querySelector('#video').currentTime > 1`)
	if d := evaluate[float64](b, `document.querySelector('#video').duration`); math.Abs(d-clipSeconds) > 0.1 {
		b.t.Errorf("it lasts %v s, want %v", d, clipSeconds)
	}
	if begins := evaluate[float64](b, `player.getBufferedInfo().video[0].start`); begins > 0.02 {
		b.t.Errorf("the picture begins at %v s", begins)
	}
	for _, target := range []float64{9.3, 2.5} {
		if shown := evaluate[float64](b, fmt.Sprintf(seekTo, target)); math.Abs(shown-target) > 0.05 { // a frame lasts 0.033 s
			b.t.Errorf("after seeking to %v s the frame of %v s is shown", target, shown)
		}
	}
	shape := `[video.videoWidth, video.videoHeight, new Set(seen.segments.filter((s) => s.endsWith('.m4s') && s.includes('/v1/'))).size].join()`
	if got := evaluate[string](b, `(() => { const video = document.querySelector('#video'); return `+shape+` })()`); got != "640,360,2" {
		b.t.Errorf("width, height and segments are %s", got)
	}
}

// speaksGerman switches to another sound.
func speaksGerman(b *tab) {
	b.t.Helper()
	if got := evaluate[string](b, `player.getAudioTracks().map((t) => t.language + (t.active ? '!' : '') + t.roles.join('/')).sort().join()`); got != "dealternate,en!main" {
		b.t.Errorf("the sounds are %s", got)
	}
	evaluate[any](b, `player.selectAudioTrack(player.getAudioTracks().find((t) => t.language === 'de'))`)
	// To its end: a seek while Shaka Player puts another sound in place of one may leave it without any.
	b.until("the other sound is loaded", `seen.segments.some((s) => s.endsWith('/a3/1.m4s')) && player.getBufferedInfo().audio.some((r) => r.end > 11.9)`)
}

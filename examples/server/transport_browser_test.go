package main

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/fstest"
)

// withTransport is a page on which hls.js plays whatever it is given.
func withTransport(t *testing.T) fstest.MapFS {
	t.Helper()
	files := withPlayer(t)
	files["assets/ts.mjs"] = &fstest.MapFile{Data: []byte(`import Hls from "./` + strings.TrimPrefix(vendored, "assets/") + `";
window.seen = { errors: [], segments: [] };
window.play = (url) => {
	const video = document.querySelector("video");
	const hls = window.hls = new Hls({ enableWorker: false });
	// It takes the lowest decode time for the beginning, and leaps over what is before the first picture.
	hls.on(Hls.Events.ERROR, (_, e) => { if (e.details !== Hls.ErrorDetails.BUFFER_SEEK_OVER_HOLE) seen.errors.push(e.details + ": " + e.error); });
	hls.on(Hls.Events.FRAG_LOADED, (_, e) => seen.segments.push(e.frag.url));
	hls.loadSource(url);
	hls.attachMedia(video);
	video.muted = true;
	hls.on(Hls.Events.MANIFEST_PARSED, () => video.play());
};
`)}
	files["assets/ts.html"] = &fstest.MapFile{Data: []byte(`<!doctype html><meta charset="utf-8"><title>Transport streams</title>` +
		`<link rel="icon" href="icon.svg"><video id="video" width="640" height="360"></video><script type="module" src="ts.mjs"></script>`)}
	return files
}

func TestHLSJSPlaysTransportStreamsToTheirEnd(t *testing.T) {
	beside(t)
	for name, file := range map[string]func(*testing.T) string{"picture and sound": clip, "sound that sets in late, in two languages": lateClip} {
		t.Run(name, func(t *testing.T) {
			base := runServer(t, config{mpegts: true}, withTransport(t))
			a := uploadFile(t, base, file(t), "")
			b := openTab(t, base+"assets/ts.html")
			b.until("the player is there", `window.play`)
			evaluate[any](b, fmt.Sprintf(`play(%q)`, strings.Replace(base+a.Playback[1:], "master.m3u8", "ts.m3u8", 1)))
			b.until("it plays", `document.querySelector('#video').currentTime > 1`)
			if d := evaluate[float64](b, `document.querySelector('#video').duration`); math.Abs(d-clipSeconds) > 0.1 {
				t.Errorf("it lasts %v s, want %v", d, clipSeconds)
			}
			for _, target := range []float64{9.3, 2.5} {
				if shown := evaluate[float64](b, fmt.Sprintf(seekTo, target)); math.Abs(shown-target) > 0.05 { // a frame lasts 0.033 s
					t.Errorf("after seeking to %v s the frame of %v s is shown", target, shown)
				}
			}
			if strings.Contains(name, "languages") {
				evaluate[any](b, `hls.audioTrack = hls.audioTracks.findIndex((t) => t.lang === 'de')`)
				b.until("the other sound is loaded", `seen.segments.some((s) => s.includes('/a3/') && s.endsWith('.ts'))`)
			}
			evaluate[any](b, `document.querySelector('#video').currentTime = 10.5, document.querySelector('#video').play().then(() => null)`)
			b.until("it has come to its end", `document.querySelector('#video').ended || seen.errors.length`)
			said := evaluate[string](b, `[seen.errors.join(), document.querySelector('#video').videoWidth, seen.segments.every((s) => s.endsWith('.ts'))].join(' ')`)
			if said != " 640 true" {
				t.Errorf("errors, width, and whether all was transport streams: %s", said)
			}
			if end := evaluate[float64](b, `document.querySelector('#video').currentTime`); math.Abs(end-clipSeconds) > 0.1 {
				t.Errorf("it ended at %v s", end)
			}
		})
	}
}

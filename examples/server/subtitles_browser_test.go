package main

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
)

// spokenClip is the clip with subtitles in two languages within it: timed text,
// of which the second cue goes over a boundary.
func spokenClip(t *testing.T) string {
	t.Helper()
	text := fixture(t, "spoken.srt", "spoken.srt", func(path string) error {
		return os.WriteFile(path, []byte("1\n00:00:02,000 --> 00:00:03,500\n<i>Hello</i> & <script>goodbye</script>\n\n2\n00:00:05,500 --> 00:00:07,000\nover a boundary\n"), 0o600)
	})
	return byFFmpeg(t, "spoken.mp4", "-i", clip(t), "-i", text, "-i", text,
		"-map", "0", "-map", "1", "-map", "2", "-c", "copy", "-c:s", "mov_text", "-metadata:s:s:0", "language=eng", "-metadata:s:s:1", "language=ger")
}

func TestPageShowsSubtitlesThatAreInTheFile(t *testing.T) {
	beside(t)
	base := runServer(t, config{}, withPlayer(t))
	a := uploadFile(t, base, spokenClip(t), "")
	b := openTab(t, base+"#"+a.ID)
	b.until("hls.js plays what has subtitles", `document.querySelector('#video').dataset.engine === 'hls.js'`)
	b.until("the video has a picture", `document.querySelector('#video').videoWidth > 0`)
	b.until("there are subtitles", `document.querySelector('#video').textTracks.length === 2`)
	if shown := evaluate[string](b, `[...document.querySelector('#video').textTracks].map((t) => t.language + ' ' + t.mode).sort().join()`); strings.Contains(shown, "showing") {
		t.Errorf("subtitles are shown that nobody has chosen: %s", shown)
	}
	for at, want := range map[float64]string{2.5: "Hello & goodbye", 5.7: "over a boundary", 6.8: "over a boundary", 4.5: "", 9: ""} {
		_, got, _ := strings.Cut(evaluate[string](b, fmt.Sprintf(shownAt, at)), " ")
		if got != want {
			t.Errorf("at %v s it shows %q, want %q", at, got, want)
		}
	}
	if n := evaluate[int](b, `Math.max(...[...document.querySelector('#video').textTracks].map((t) => t.cues?.length ?? 0))`); n != 2 {
		t.Errorf("there are %d cues, want 2: one of them is in two segments", n)
	}
}

// shakaShows seeks, and returns the cues that Shaka Player shows then.
const shakaShows = `(async (target) => {
	const video = document.querySelector('#video');
	video.pause();
	const seeked = new Promise((done) => video.addEventListener('seeked', done, { once: true }));
	video.currentTime = target;
	await seeked;
	const shown = () => [...video.textTracks].filter((t) => t.mode === 'showing').flatMap((t) => [...(t.activeCues ?? [])]);
	for (let i = 0; i < 40 && !shown().length; i++) await new Promise((r) => setTimeout(r, 50));
	return shown().map((c) => c.startTime.toFixed(2) + '-' + c.endTime.toFixed(2) + ' ' + c.getCueAsHTML().textContent).join('|');
})(%v)`

// TestShakaShowsSubtitles of the manifest: one within the file, and one beside it
// that takes the place of another.
func TestShakaShowsSubtitles(t *testing.T) {
	beside(t)
	base := runServer(t, config{}, withShaka(t))
	a := uploadFile(t, base, spokenClip(t), "")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, base+"v1/assets/"+a.ID+"/captions/de", strings.NewReader("WEBVTT\n\n00:02.000 --> 00:03.500\nHallo\n"))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	b := openTab(t, base+"assets/shaka.html")
	b.until("the player is there", `window.play`)
	evaluate[any](b, fmt.Sprintf(`play(%q).then(() => null)`, strings.Replace(base+a.Playback[1:], "master.m3u8", "manifest.mpd", 1)))
	b.until("it plays", `document.querySelector('#video').currentTime > 0.5 || seen.errors.length`)
	if got := evaluate[string](b, `player.getTextTracks().map((t) => t.language + ' ' + t.roles.join('/')).sort().join()`); got != "de subtitle,en subtitle" {
		t.Errorf("the subtitles are %s", got)
	}
	choose := `player.selectTextTrack(player.getTextTracks().find((t) => t.language === '%s')), Promise.resolve(player.setTextTrackVisibility?.(true)).then(() => null)`
	for language, want := range map[string]map[float64]string{
		"en": {2.5: "2.00-3.50 Hello & goodbye", 5.7: "5.50-7.00 over a boundary"},
		"de": {2.5: "2.00-3.50 Hallo"},
	} {
		evaluate[any](b, fmt.Sprintf(choose, language))
		for at, want := range want {
			if got := evaluate[string](b, fmt.Sprintf(shakaShows, at)); got != want {
				t.Errorf("%s, at %v s it shows %q, want %q", language, at, got, want)
			}
		}
	}
	if said := evaluate[string](b, `JSON.stringify(seen.errors)`); said != "[]" {
		t.Errorf("errors: %s", said)
	}
}

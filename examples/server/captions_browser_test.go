package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// withCaptions is the clip with subtitles in two languages, English for who
// cannot hear.
func withCaptions(t *testing.T, base string) string {
	t.Helper()
	a := uploadFile(t, base, clip(t), "")
	for query, file := range map[string]string{
		"en?kind=captions&label=English": "1\n00:00:02,000 --> 00:00:03,500\n<i>Hello</i> & <script>goodbye</script>\n\n2\n00:00:05,500 --> 00:00:07,000\nover a boundary\n",
		"de":                             "WEBVTT\n\n00:02.000 --> 00:03.500\nHallo\n",
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, base+"v1/assets/"+a.ID+"/captions/"+query, strings.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusCreated {
			text, _ := io.ReadAll(answer.Body)
			t.Fatalf("%s: %s", answer.Status, text)
		}
	}
	return a.ID
}

// shownAt seeks, and returns what is shown of the English subtitles then.
const shownAt = `(async (target) => {
	const video = document.querySelector('#video');
	video.pause();
	const track = [...video.textTracks].find((t) => t.language === 'en');
	track.mode = 'showing';
	const seeked = new Promise((done) => video.addEventListener('seeked', done, { once: true }));
	video.currentTime = target;
	await seeked;
	for (let i = 0; i < 20 && !track.activeCues?.length; i++) await new Promise((r) => setTimeout(r, 50));
	return [...(track.activeCues ?? [])].map((c) => c.startTime.toFixed(2) + '-' + c.endTime.toFixed(2) + ' ' + c.getCueAsHTML().textContent).join('|');
})(%v)`

func TestPageShowsSubtitles(t *testing.T) {
	beside(t)
	base := runServer(t, config{}, withPlayer(t))
	id := withCaptions(t, base)
	b := openTab(t, base+"#"+id)
	b.until("hls.js plays what has subtitles", `document.querySelector('#video').dataset.engine === 'hls.js'`)
	b.until("the video has a picture", `document.querySelector('#video').videoWidth > 0`)
	b.until("there are subtitles", `document.querySelector('#video').textTracks.length === 2`)
	names := evaluate[string](b, `[...document.querySelector('#video').textTracks].map((t) => t.kind + ' ' + t.language + ' ' + t.label).sort().join(', ')`)
	if names != "captions en English, subtitles de de" {
		t.Errorf("there are %s", names)
	}
	for at, want := range map[float64]string{
		2.5: "2.00-3.50 Hello & goodbye", 5.7: "5.50-7.00 over a boundary", 6.8: "5.50-7.00 over a boundary", 4.5: "", 9: "",
	} {
		if got := evaluate[string](b, fmt.Sprintf(shownAt, at)); got != want {
			t.Errorf("at %v s it shows %q, want %q", at, got, want)
		}
	}
	if n := evaluate[int](b, `Math.max(...[...document.querySelector('#video').textTracks].map((t) => t.cues?.length ?? 0))`); n != 2 {
		t.Errorf("there are %d cues, want 2: one of them is in two segments", n)
	}
	b.picture("subtitles")
}

// What Chromium plays by itself has no subtitles; the page says so.
func TestPageSaysWhichPlayerShowsSubtitles(t *testing.T) {
	beside(t)
	base := runServer(t, config{}, bare(t))
	b := openTab(t, base+"#"+withCaptions(t, base))
	watch(b, "native")
	if !evaluate[bool](b, `document.querySelector('#video').textTracks.length > 0`) {
		b.until("it says so", `document.querySelector('#engine-now').innerText.includes('no subtitles; after make assets, hls.js does')`)
	}
}

package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// growingFilm is 40 seconds that play before they are all there.
func growingFilm(t *testing.T, flags string) []byte {
	t.Helper()
	return readFile(t, byFFmpeg(t, "film.mp4", strings.Fields("-f lavfi -i testsrc2=s=160x90:r=25:d=40 -f lavfi -i sine=f=330:r=48000:d=40 "+
		"-c:v libx264 -preset ultrafast -pix_fmt yuv420p -bf 2 -g 50 -c:a aac -b:a 48k -movflags "+flags)...))
}

// tusRequest sends a request of tus and returns what it is answered with.
func tusRequest(t *testing.T, method, url string, body []byte, headers ...string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Tus-Resumable", "1.0.0")
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	if res.StatusCode >= 300 {
		t.Fatalf("%s %s: %s", method, url, res.Status)
	}
	return res
}

// TestPagePlaysWhileTheUploadPauses plays what has arrived of an upload that
// stands still, waits at its end, and plays on when the rest comes: in the same
// page, by the same player.
func TestPagePlaysWhileTheUploadPauses(t *testing.T) {
	beside(t)
	for name, flags := range map[string]string{
		"moov first":   "+faststart",
		"in fragments": "+frag_keyframe+empty_moov+default_base_moof",
	} {
		t.Run(name, func(t *testing.T) {
			file := growingFilm(t, flags)
			base := runServer(t, config{}, withPlayer(t))
			made := tusRequest(t, http.MethodPost, base+"v1/uploads", nil, "Upload-Length", strconv.Itoa(len(file)))
			upload, asset := base+"v1/"+made.Header.Get("Location"), made.Header.Get("Streamgate-Asset")
			send := func(from, to int) {
				t.Helper()
				tusRequest(t, http.MethodPatch, upload, file[from:to], "Upload-Offset", strconv.Itoa(from), "Content-Type", "application/offset+octet-stream")
			}
			half := len(file) / 2
			send(0, half)
			waitPlayable(t, base+"v1/assets/"+asset)

			b := openTab(t, base+"?engine=hls.js#"+asset)
			const video = `document.querySelector('#video')`
			b.until("the engine is hls.js", video+`.dataset.engine === 'hls.js'`)
			b.until("the video has a picture", video+`.videoWidth > 0`)
			if at := evaluate[float64](b, video+`.currentTime`); at > 2 {
				t.Errorf("it begins at %v s", at)
			}
			evaluate[any](b, `window.same = true, window.opened = `+video+`.src, `+video+`.muted = true, `+video+`.playbackRate = 4, `+video+`.play().then(() => null)`)
			b.until("it plays", video+`.currentTime > 1`)
			b.until("it waits at the end of what is there", video+`.currentTime > 8 && `+video+`.readyState < 3 && !`+video+`.ended`)
			stopped := evaluate[float64](b, video+`.currentTime`)
			if stopped > 25 {
				t.Errorf("half of the file plays to %v s", stopped)
			}
			b.picture("waiting")
			send(half, len(file))
			b.until("it has played to its end", video+`.ended && `+video+`.currentTime > 39.5`)
			if !evaluate[bool](b, `window.same === true && window.opened === `+video+`.src`) {
				t.Error("the page or its player was loaded anew")
			}
			if d := evaluate[float64](b, video+`.duration`); d < 39.5 || d > 40.5 {
				t.Errorf("it lasts %v s", d)
			}
			if frames := evaluate[int](b, video+`.getVideoPlaybackQuality().totalVideoFrames`); frames < 200 {
				t.Errorf("%d frames were shown", frames)
			}
			if !evaluate[bool](b, `document.querySelector('#trouble').hidden`) {
				t.Errorf("the player complains: %s", b.text("#trouble"))
			}
			b.picture("ended")
		})
	}
}

func waitPlayable(t *testing.T, asset string) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		res, err := http.Get(asset)
		if err != nil {
			t.Fatal(err)
		}
		var a struct {
			Playable bool
			State    string
		}
		err = json.NewDecoder(res.Body).Decode(&a)
		_ = res.Body.Close()
		if err == nil && a.Playable && a.State == "uploading" {
			return
		}
	}
	t.Fatal("it does not play")
}

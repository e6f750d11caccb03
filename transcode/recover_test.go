package transcode_test

import (
	"sync"
	"testing"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/metadata"
)

func TestWhatCameWithoutATranscoderIsTranscodedOnceThereIsOne(t *testing.T) {
	o := smallOptions()
	o.deaf = true
	h := newHouse(t, t.TempDir(), o)
	sent := h.send(makeFilm(t, "film.avi", lasting(movingPicture, "3")+"-c:v mpeg4 -q:v 5"), "")
	if sent.Waiting != metadata.WaitTranscoder || len(h.transcodes(sent.ID)) != 0 {
		t.Fatalf("%+v", sent)
	}
	for range 2 { // the second finds that it is under way, or done
		if err := h.coder.Recover(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if a := h.over(sent.ID); a.State != metadata.Ready || len(h.transcodes(sent.ID)) != 1 {
		t.Errorf("%+v, %d transcodes", a, len(h.transcodes(sent.ID)))
	}
}

func TestProgressIsTold(t *testing.T) {
	var mu sync.Mutex
	var told []events.Event
	o := smallOptions()
	o.Publish = func(e events.Event) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, e)
	}
	h := newHouse(t, t.TempDir(), o)
	sent := h.send(longFilm(t), "")
	h.over(sent.ID)
	id := h.transcodes(sent.ID)[0].ID
	mu.Lock()
	defer mu.Unlock()
	highest := 0.0
	for _, e := range told {
		percent, ok := e.Data["percent"].(float64)
		if e.Type != events.TranscodeProgress || e.Owner != "ann" || e.Asset != sent.ID || e.Data["transcode"] != id || !ok || percent < 0 || percent > 100 {
			t.Fatalf("%+v", e)
		}
		highest = max(highest, percent)
	}
	if highest < 50 {
		t.Errorf("%d events, up to %.0f percent", len(told), highest)
	}
	all, err := h.meta.Events().After(t.Context(), "ann", 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	count := map[events.Type]int{}
	for _, e := range all {
		count[e.Type]++
	}
	if count[events.TranscodeSubmitted] != 1 || count[events.TranscodeDone] != 1 || count[events.AssetReady] != 1 {
		t.Errorf("%v", count)
	}
}

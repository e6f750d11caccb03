package settle_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/streamgate/streamgate/internal/testclip"
	"github.com/streamgate/streamgate/settle"
)

// Viewers ask for everything all the time while an asset is settled, its original
// dropped and its old files removed at once: their rows and indexes are old by up
// to a second then, and every answer is the right one.
func TestViewersSeeNothingOfIt(t *testing.T) {
	h := open(t, t.TempDir())
	clip := testclip.MP4(t)
	rounds := 4
	if testing.Short() {
		t.Attr("short", "one round")
		rounds = 1
	}
	for range rounds {
		id := h.film(clip)
		h.carry()
		player := h.player()
		want := answers(player, id)
		var stop atomic.Bool
		var asked atomic.Int64
		var viewers sync.WaitGroup
		for range 4 {
			viewers.Go(func() {
				for !stop.Load() {
					got := answers(player, id)
					asked.Add(int64(len(got)))
					sameAnswers(t, want, got)
				}
			})
		}
		s := h.settler(&settle.Options{Originals: settle.Drop, Grace: time.Nanosecond}, h.files, h.meta)
		err := errors.Join(s.Settle(t.Context(), id), s.Settle(t.Context(), id))
		h.carry()
		if a := h.asset(id); err != nil || !a.Settling.Dropped {
			t.Errorf("%v, %+v", err, a.Settling)
		}
		seen := asked.Load()
		soon(t, "viewers asked again", func() bool { return asked.Load() > seen+int64(8*len(want)) })
		stop.Store(true)
		viewers.Wait()
	}
}

// A segment that is half sent when its file is removed arrives whole.
func TestASegmentThatIsHalfSentArrivesWhole(t *testing.T) {
	h := open(t, t.TempDir())
	id := h.film(testclip.MP4(t))
	h.carry()
	player := h.player()
	server := httptest.NewServer(player)
	defer server.Close()
	segment := ""
	var want string
	for name, answer := range answers(player, id) {
		if strings.Contains(name, "/v") && strings.HasSuffix(name, "/0.m4s") {
			segment, want = name, answer
		}
	}
	resp, err := http.Get(server.URL + segment) //nolint:noctx // the server is this test's own
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	head := make([]byte, 100)
	if _, err := io.ReadFull(resp.Body, head); err != nil {
		t.Fatal(err)
	}
	s := h.settler(&settle.Options{Originals: settle.Drop, Grace: time.Nanosecond}, h.files, h.meta)
	if err := errors.Join(s.Settle(t.Context(), id), s.Settle(t.Context(), id)); err != nil {
		t.Fatal(err)
	}
	h.carry()
	rest, err := io.ReadAll(resp.Body)
	if err != nil || !strings.HasSuffix(want, string(head)+string(rest)) {
		t.Errorf("%d bytes, %v", len(head)+len(rest), err)
	}
}

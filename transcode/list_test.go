package transcode_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/transcode"
)

func TestTheTranscodesOfAnAssetComeInPages(t *testing.T) {
	h := idleHouse(t)
	id := h.send(foreignFilm(t), "").ID
	cancel(h, h.asset(id))
	for range 3 {
		again, err := h.coder.Submit(t.Context(), id, "")
		if err != nil {
			t.Fatal(err)
		}
		if err := h.coder.Cancel(t.Context(), again); err != nil {
			t.Fatal(err)
		}
	}
	var want []string // newest first
	for _, u := range h.transcodes(id) {
		want = append([]string{u.ID}, want...)
	}
	for limit, pages := range map[int]int{1: 4, 2: 2, 3: 2, 4: 1, 0: 1} {
		var got []string
		n := 0
		for q := (transcode.Query{Asset: id, Limit: limit, State: transcode.Canceled}); ; n++ {
			page, err := h.coder.List(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range page.Transcodes {
				got = append(got, s.ID)
			}
			if q.Cursor = page.Next; q.Cursor == "" {
				break
			}
		}
		if diff := cmp.Diff(want, got); diff != "" || n+1 != pages {
			t.Errorf("in %d pages of %d, want %d pages (-want +got):\n%s", n+1, limit, pages, diff)
		}
	}
}

package settle_test

import (
	"context"
	"testing"
	"time"

	"github.com/streamgate/streamgate/internal/testclip"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/settle"
)

func TestAnOriginalStaysAsLongAsItIsNeeded(t *testing.T) {
	h := open(t, t.TempDir())
	id := h.film(testclip.MP4(t))
	h.carry()
	came, needed := h.asset(id).Source, true
	s := h.settler(&settle.Options{
		Originals: settle.Drop, Grace: time.Nanosecond,
		Needed: func(_ context.Context, _ metadata.Tx, a *metadata.Asset) (bool, error) {
			return needed && a.ID == id, nil
		},
	}, h.files, h.meta)
	for range 2 { // the first time it is settled, too
		if err := s.Settle(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		h.carry()
		a := h.asset(id)
		if a.Settling.State != metadata.Settled || a.Kept() != came {
			t.Errorf("%+v", a.Settling)
		}
		h.onlyKeys(came, a.Source, a.Index)
	}
	needed = false
	if err := s.Settle(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	h.carry()
	a := h.asset(id)
	h.onlyKeys(a.Source, a.Index)
}

package settle_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/testclip"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/settle"
)

var errNotYours = errors.New("another settles it by now")

// Who has lost the right to settle changes nothing, leaves nothing, and nobody is told.
func TestAFenceKeepsAnAssetAsItWas(t *testing.T) {
	clip := testclip.MP4(t)
	for name, tc := range map[string]struct {
		spoil bool // it does not come out the same
		lets  int  // transactions
		after func(a *metadata.Asset) bool
		told  int
	}{
		"where it was to be swapped":                  {after: func(a *metadata.Asset) bool { return a.Settling == metadata.Settling{} }},
		"where it was to be told why it stays":        {spoil: true, after: func(a *metadata.Asset) bool { return a.Settling == metadata.Settling{} }},
		"where its original was to be dropped, later": {lets: 1, after: func(a *metadata.Asset) bool { return a.Settling.State == metadata.Settled && !a.Settling.Dropped }, told: 1},
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t, t.TempDir())
			id := h.film(clip)
			h.carry()
			files := steps{func(string) error { return nil }}
			var told []events.Event
			o := &settle.Options{
				Alone: true, Reserve: -1, Originals: settle.Drop, Grace: time.Nanosecond, Logger: slog.New(slog.DiscardHandler),
				Recorder: events.RecorderFunc(func(_ context.Context, e events.Event) error { told = append(told, e); return nil }),
			}
			s, err := settle.New(stepFiles{h.files, files}, h.meta, o)
			if tc.spoil {
				s, err = settle.New(spoiled{h.files}, h.meta, o)
			}
			if err != nil {
				t.Fatal(err)
			}
			_, err = s.Once(t.Context(), id, func(ctx context.Context, tx metadata.Tx) error {
				if _, err := tx.Asset(ctx, id); err != nil {
					t.Errorf("the transaction is not that of the asset: %v", err)
				}
				if tc.lets--; tc.lets < 0 {
					return errNotYours
				}
				return nil
			})
			if !errors.Is(err, errNotYours) {
				t.Errorf("%v, want what the fence says", err)
			}
			h.carry()
			a := h.asset(id)
			if !tc.after(a) || len(told) != tc.told {
				t.Errorf("%+v, and %d were told", a.Settling, len(told))
			}
			want := []string{a.Source, a.Index}
			if kept := a.Kept(); kept != "" {
				want = append(want, kept)
			}
			h.onlyKeys(want...)
		})
	}
}

// What cannot be done yet says when it can.
func TestAnAssetSaysWhenItIsToBeLookedAtAgain(t *testing.T) {
	clip := testclip.MP4(t)
	for name, tc := range map[string]struct {
		o     settle.Options
		state metadata.State
		again time.Duration // at most, and more than half of it
	}{
		"nothing is left to do":              {settle.Options{}, metadata.Ready, 0},
		"its original is dropped after that": {settle.Options{Originals: settle.Drop, Grace: time.Hour}, metadata.Ready, time.Hour},
		"its original is needed": {settle.Options{
			Originals: settle.Drop, Grace: time.Nanosecond, Retry: 2 * time.Hour,
			Needed: func(context.Context, metadata.Tx, *metadata.Asset) (bool, error) { return true, nil },
		}, metadata.Ready, 2 * time.Hour},
		"another file of it is on its way": {settle.Options{Retry: 3 * time.Hour}, metadata.Processing, 3 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t, t.TempDir())
			id := h.film(clip)
			if tc.state != metadata.Ready {
				a := h.asset(id)
				a.State = tc.state
				if err := h.meta.Update(h.ctx(), func(tx metadata.Tx) error { return tx.UpdateAsset(h.ctx(), a) }); err != nil {
					t.Fatal(err)
				}
			}
			again, err := h.settler(&tc.o, h.files, h.meta).Once(t.Context(), id, nil)
			if err != nil || again > tc.again || again < tc.again/2 {
				t.Errorf("after %v, want %v: %v", again, tc.again, err)
			}
		})
	}
}

func TestRecoverHandsOverWhatIsLeftToDo(t *testing.T) {
	h := open(t, t.TempDir())
	clip := testclip.MP4(t)
	first, second := h.film(clip), h.film(clip)
	s := h.settler(nil, h.files, h.meta)
	want := map[string]bool{first: true, second: true}
	for range 3 {
		got := map[string]bool{}
		err := s.Recover(t.Context(), func(_ context.Context, assets []string) error {
			for _, id := range assets {
				got[id] = true
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		for id := range want {
			delete(want, id)
			if err := s.Settle(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	h.film(clip)
	err := s.Recover(t.Context(), func(context.Context, []string) error { return errNotYours })
	if !errors.Is(err, errNotYours) {
		t.Errorf("%v, want what the queue says", err)
	}
}

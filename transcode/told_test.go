package transcode_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/transcode"
)

// A witness is told of what happens, and may refuse it.
type witness struct {
	mu     sync.Mutex
	refuse error
	told   []events.Event
}

func (w *witness) Record(_ context.Context, e events.Event) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.refuse != nil {
		return w.refuse
	}
	w.told = append(w.told, e)
	return nil
}

// take are the types and actors of what it was told since.
func (w *witness) take() (list []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.told {
		list = append(list, string(e.Type)+" by "+e.Actor)
	}
	w.told = nil
	return list
}

func (w *witness) refuses(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.refuse = err
}

func witnessed(t *testing.T) (*house, *witness) {
	t.Helper()
	w := new(witness)
	o := houseOptions{programs: nothing{}, idle: true}
	o.Recorder = w
	return newHouse(t, t.TempDir(), o), w
}

// emitted are the events of transcodes in the outbox, each with its actor.
func (h *house) emitted() (list []string) {
	h.t.Helper()
	all, err := h.meta.Events().After(h.t.Context(), "ann", 0, 1000)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, e := range all {
		switch e.Type {
		case events.TranscodeSubmitted, events.TranscodeCanceled, events.TranscodeFailed, events.TranscodeDone:
			list = append(list, string(e.Type)+" by "+e.Actor)
		}
	}
	return list
}

// What is recorded has happened, and what has happened is recorded.
func TestWhatSomebodyDoesToTranscodesIsRecordedOnce(t *testing.T) {
	h, w := witnessed(t)
	s := h.desk()
	var all []string
	says := func(what string, want ...string) {
		t.Helper()
		got := w.take()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
		all = append(all, got...)
		if diff := cmp.Diff(all, h.emitted()); diff != "" {
			t.Errorf("%s, and the outbox (-recorded +emitted):\n%s", what, diff)
		}
	}
	id := h.send(foreignFilm(t), "").ID
	says("a file that waits", "transcode.submitted by ann")
	ask(t, s, "ann", http.MethodPost, "/v1/transcodes", `{"asset":"`+id+`"}`)
	says("a second one, which is refused")
	ask(t, s, "ann", http.MethodPost, "/v1/transcodes", `{"asset":"`+id+`","profile":"none"}`)
	says("a profile that is not there")
	one := "/v1/transcodes/" + h.transcodes(id)[0].ID
	ask(t, s, "bob", http.MethodDelete, one, "")
	says("somebody else's")
	ask(t, s, "ann", http.MethodDelete, one, "")
	says("a cancellation", "transcode.canceled by ann")
	ask(t, s, "ann", http.MethodDelete, one, "")
	says("of what has ended already")
	ask(t, s, "ann", http.MethodPost, "/v1/transcodes", `{"asset":"`+id+`"}`)
	says("it is tried again", "transcode.submitted by ann")
	h.send(playingFilm(t), "?asset_id="+id)
	says("another file takes its place", "transcode.canceled by ann")
	if u := h.transcodes(id)[1]; u.State != metadata.UploadCanceled {
		t.Errorf("it is %s", u.State)
	}
	if _, err := h.coder.Submit(t.Context(), id, ""); err != nil {
		t.Fatal(err)
	}
	says("by the application", "transcode.submitted by ")
}

var errNoRoom = errors.New("there is no room to write that down")

// What cannot be recorded does not happen.
func TestWhatCannotBeRecordedDoesNotHappen(t *testing.T) {
	h, w := witnessed(t)
	ctx := auth.NewContext(t.Context(), auth.Principal{ID: "ann"})
	w.refuses(errNoRoom)
	a := h.send(foreignFilm(t), "")
	if len(h.transcodes(a.ID)) > 0 || a.Waiting != "" {
		t.Errorf("it waits: %+v", a)
	}
	w.refuses(nil)
	if err := h.up.Recover(ctx); err != nil {
		t.Fatal(err)
	}
	id := h.transcodes(a.ID)[0].ID
	w.refuses(errNoRoom)
	if err := h.coder.Cancel(ctx, id); !errors.Is(err, errNoRoom) {
		t.Errorf("cancelled: %v", err)
	}
	if u := h.transcode(id); u.State != metadata.UploadTranscoding || h.asset(a.ID).Waiting == "" {
		t.Errorf("it is %s", u.State)
	}
	w.refuses(nil)
	if err := h.coder.Cancel(ctx, id); err != nil {
		t.Fatal(err)
	}
	before := h.asset(a.ID)
	w.refuses(errNoRoom)
	if _, err := h.coder.Submit(ctx, a.ID, ""); !errors.Is(err, errNoRoom) {
		t.Errorf("submitted: %v", err)
	}
	if n := len(h.transcodes(a.ID)); n != 1 || !cmp.Equal(before, h.asset(a.ID)) {
		t.Errorf("%d transcodes, and %+v", n, h.asset(a.ID))
	}
	w.refuses(nil)
	if got, want := h.emitted(), []string{"transcode.submitted by ann", "transcode.canceled by ann"}; !slices.Equal(got, want) {
		t.Errorf("told: %q", got)
	}
}

// What was being made of a file that another one replaces is removed by a task, too: a
// worker may write while the files that the rows name are removed.
func TestWhatIsReplacedIsTidiedUp(t *testing.T) {
	h := idleHouse(t)
	id := h.send(foreignFilm(t), "").ID
	u := h.transcodes(id)[0]
	h.send(playingFilm(t), "?asset_id="+id)
	h.carry()
	d, err := h.files.Create(t.Context(), "assets/"+id+"/"+u.ID+"/parts/v0-1.1-64p") // by a worker that has not heard of it
	if err == nil {
		err = d.Commit(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	page, err := h.queue.List(t.Context(), jobs.Query{Kinds: []string{"transcode-tidy"}})
	if err != nil || len(page.Jobs) != 1 {
		t.Errorf("%d tasks tidy up: %v", len(page.Jobs), err)
	}
	if err := h.queue.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.until("all tasks end", h.idle)
	if keys := h.stored(); len(keys) != 2 {
		t.Errorf("%d files are left: %q", len(keys), keys)
	}
	now, err := h.coder.Status(t.Context(), u.ID)
	if err != nil || now.State != transcode.Canceled || now.Error != "the asset is of another file by now" {
		t.Errorf("%+v, %v", now, err)
	}
}

package hls

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/streamgate/streamgate/internal/problem"
)

// transportOf returns the transport streams of a presentation.
func (p *player) transportOf(of *presentation) (*transport, error) {
	if !p.mpegts {
		return nil, errPath
	}
	if of.open() { // what a segment has of audio is not settled before all is there
		return nil, notReady("transport streams of it begin when all of it was uploaded")
	}
	t := of.transport()
	return t, t.refused
}

// sendTransport sends the multivariant playlist of transport streams: master, or
// that without subtitles.
func (p *player) sendTransport(w http.ResponseWriter, r *http.Request, of *presentation, master *document) error {
	t, err := p.transportOf(of)
	if err != nil {
		return err
	}
	if err := p.measure(r.Context(), t); err != nil {
		return err
	}
	if master == nil {
		master = &t.master
	}
	return p.sendDocument(w, r, master, false)
}

// serveTransport answers with what lies below a track.
func (p *player) serveTransport(w http.ResponseWriter, r *http.Request, of *presentation, from *prepared, want target) error {
	all, err := p.transportOf(of)
	if err != nil {
		return err
	}
	t := all.find(from)
	if t == nil {
		return problem.Errorf(ErrNotFound, "this track is in no transport stream of its own; begin at %s", transportName)
	}
	if want.what == transportPlaylist {
		return p.sendDocument(w, r, &t.playlist, true)
	}
	if want.segment >= len(t.parts) {
		return problem.Errorf(ErrNotFound, "there is no segment %d; the last one is %d", want.segment, len(t.parts)-1)
	}
	return p.sendTransportSegment(w, r, t, want.segment)
}

var transportTypes = []string{transportType}

// sendTransportSegment sends a segment or a range of one. It is looked through
// before anything is sent: for its length, which is remembered, and because what
// cannot be rewritten should be an answer that says so.
func (p *player) sendTransportSegment(w http.ResponseWriter, r *http.Request, t *transportTrack, n int) error {
	etag := t.etags + strconv.Itoa(n) + `"`
	p.describe(w.Header(), transportTypes, []string{etag}, true)
	if notModified(w, r, etag) {
		return nil
	}
	s, err := p.openTransport(r.Context(), t, n)
	if err != nil {
		return err
	}
	defer s.release()
	size := t.sizes[n].Load()
	if size == 0 {
		if size, err = s.Size(); err != nil {
			return err
		}
		t.sizes[n].Store(size)
	}
	want, partial, err := limit(w, r, etag, size)
	if err != nil {
		return err
	}
	if !partial {
		w.Header()["Content-Length"] = []string{strconv.FormatInt(size, 10)}
	}
	if r.Method == http.MethodHead {
		return nil
	}
	out := &section{to: w, partial: partial, skip: want.start, left: want.length}
	if _, err = s.WriteTo(out); err == nil && out.left > 0 || err != nil && out.err == nil {
		if out.left == want.length {
			return err
		}
		// Too late for another answer, and a short one must not look whole.
		problem.Report(r, fmt.Errorf("reading segment %d of track %d for a transport stream: %w", n, t.ID, err))
		panic(http.ErrAbortHandler)
	}
	return nil
}

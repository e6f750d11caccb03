package upload

import (
	"maps"
	"net/http"
	"strconv"
	"time"
)

// statusResumption is 104 (Upload Resumption Supported).
const statusResumption = 104

const (
	// informEvery is the pace of the checkpoints of a client that hears of them.
	informEvery = 3 * time.Second
	// maxInformed bounds how many of them one request is told: clients bound what
	// comes before an answer, and one that reads nothing while it sends would at
	// last hold up its own upload.
	maxInformed = 1000
	// informSettles is how long a 104 has to be on its way before the header map
	// of its request is changed again, see mayChange.
	informSettles = 20 * time.Millisecond
)

// informs says whether the client may be sent 104.
func (d draft) informs(r *http.Request) bool { return d.named && r.ProtoAtLeast(1, 1) }

// announceIETF tells where the upload is before a byte of it has been read.
func (q *ietfRequest) announceIETF(w http.ResponseWriter, r *http.Request, s *session) {
	if !q.informs(r) {
		return
	}
	fields := http.Header{}
	for _, name := range []string{"Location", assetHeader} {
		fields.Set(name, w.Header().Get(name))
	}
	q.setLimit(fields, q.up, s.u)
	q.inform(w, r, fields)
}

// follow has the client told of each offset once it is durable, and often.
func (q *ietfRequest) follow(w http.ResponseWriter, r *http.Request, s *session) {
	if q.version < progressFrom || !q.informs(r) {
		return
	}
	s.every = q.up.informEvery
	informed := 0
	s.durably = func(offset int64) {
		if informed++; informed <= maxInformed {
			q.inform(w, r, http.Header{offsetField: {strconv.FormatInt(offset, 10)}})
		}
	}
}

// inform sends 104 with these fields alone, and none of those that are gathered
// for the answer.
func (q *ietfRequest) inform(w http.ResponseWriter, r *http.Request, fields http.Header) {
	if !q.mayChange(r) {
		return
	}
	h := w.Header()
	if q.gathered == nil {
		q.gathered = maps.Clone(h)
	}
	clear(h)
	maps.Copy(h, fields)
	q.answers(h)
	w.WriteHeader(statusResumption)
	q.informed = time.Now()
}

// gather puts the fields for the answer back in place of those of the last 104.
// It says whether there is anybody to answer; where not, w must not be touched.
func (q *ietfRequest) gather(w http.ResponseWriter, r *http.Request) bool {
	if q.gathered == nil {
		return true
	}
	if !q.mayChange(r) {
		return false
	}
	h := w.Header()
	clear(h)
	maps.Copy(h, q.gathered)
	q.gathered = nil
	return true
}

// mayChange says whether the header map is ours again after a 104. Over HTTP/2
// net/http hands the map itself to the goroutine that writes the frame, and
// returns before that has read it where the stream is closed meanwhile: to change
// the map then would end the process. So it is left alone for a moment, after
// which the frame is written or the request has ended, and for good then.
func (q *ietfRequest) mayChange(r *http.Request) bool {
	if r.ProtoMajor < 2 || q.informed.IsZero() {
		return true
	}
	if wait := informSettles - time.Since(q.informed); wait > 0 {
		select {
		case <-time.After(wait):
		case <-r.Context().Done():
		}
	}
	return r.Context().Err() == nil
}

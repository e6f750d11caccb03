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
	q.inform(w, fields)
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
			q.inform(w, http.Header{offsetField: {strconv.FormatInt(offset, 10)}})
		}
	}
}

// inform sends 104 with these fields alone, and none of those that are gathered
// for the answer.
func (q *ietfRequest) inform(w http.ResponseWriter, fields http.Header) {
	h := w.Header()
	gathered := maps.Clone(h)
	clear(h)
	maps.Copy(h, fields)
	q.answers(h)
	w.WriteHeader(statusResumption)
	clear(h)
	maps.Copy(h, gathered)
}

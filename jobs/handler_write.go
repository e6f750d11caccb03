package jobs

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/endpoint"
)

func (h *handler) submit(w http.ResponseWriter, r *http.Request, _ int64) error {
	if err := h.authorize(r, auth.Create, 0); err != nil {
		return err
	}
	body, err := endpoint.TypedBody(w, r, maxBody, "application/json")
	if err != nil {
		return err
	}
	j, err := parseJob(body)
	if err != nil {
		return err
	}
	got, err := h.q.submit(r.Context(), j, open, func(j *Job) error { return h.record(r, events.JobSubmitted, j) })
	if err != nil {
		return err
	}
	status := http.StatusOK
	if !got.Duplicate {
		status = http.StatusCreated
		w.Header().Set("Location", endpoint.Location(r, strconv.FormatInt(got.ID, 10)))
	}
	return endpoint.WriteJSON(w, r, status, got)
}

func (h *handler) cancel(w http.ResponseWriter, r *http.Request, id int64) error {
	if err := h.authorize(r, auth.Delete, id); err != nil {
		return err
	}
	j, err := h.q.cancel(r.Context(), id, func(j *Job) error { return h.record(r, events.JobCanceled, j) })
	if err != nil {
		return err
	}
	status := http.StatusOK
	if j.State == Running {
		status = http.StatusAccepted
	}
	return endpoint.WriteJSON(w, r, status, j)
}

func (h *handler) retry(w http.ResponseWriter, r *http.Request, id int64) error {
	if err := h.authorize(r, auth.Update, id); err != nil {
		return err
	}
	j, err := h.q.again(r.Context(), id, func(j *Job) error { return h.record(r, events.JobRetried, j) })
	if err != nil {
		return err
	}
	return endpoint.WriteJSON(w, r, http.StatusOK, j)
}

// maxBody fits the arguments, and all else with every character escaped.
const maxBody = maxArgs + 16<<10

// parseJob reads a job as it is submitted, and refuses what it does not understand.
func parseJob(body []byte) (Job, error) {
	var in struct {
		Kind        string          `json:"kind"`
		Args        json.RawMessage `json:"args"`
		Owner       string          `json:"owner"`
		Priority    int             `json:"priority"`
		MaxAttempts int             `json:"max_attempts"`
		RunAt       time.Time       `json:"run_at"`
		Unique      string          `json:"unique"`
	}
	if err := endpoint.Decode(body, "the body is no job", &in); err != nil {
		return Job{}, err
	}
	if bytes.Equal(in.Args, []byte("null")) {
		in.Args = nil
	}
	return Job{
		Kind: in.Kind, Args: in.Args, Owner: in.Owner, Priority: in.Priority,
		MaxAttempts: in.MaxAttempts, RunAt: in.RunAt, Unique: in.Unique,
	}, nil
}

package jobs

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
)

func (h *handler) submit(w http.ResponseWriter, r *http.Request, _ int64) error {
	if err := h.authorize(r, auth.Create, 0); err != nil {
		return err
	}
	body, err := readBody(w, r)
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
		w.Header().Set("Location", location(r, got.ID))
	}
	return writeJSON(w, r, status, got)
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
	return writeJSON(w, r, status, j)
}

func (h *handler) retry(w http.ResponseWriter, r *http.Request, id int64) error {
	if err := h.authorize(r, auth.Update, id); err != nil {
		return err
	}
	j, err := h.q.again(r.Context(), id, func(j *Job) error { return h.record(r, events.JobRetried, j) })
	if err != nil {
		return err
	}
	return writeJSON(w, r, http.StatusOK, j)
}

// maxBody fits the arguments, and all else with every character escaped.
const maxBody = maxArgs + 16<<10

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	header := r.Header.Get("Content-Type")
	if mediaType, _, err := mime.ParseMediaType(header); err != nil || mediaType != "application/json" {
		return nil, problem.Errorf(metadata.ErrMediaType, "the Content-Type is %.100q; send application/json", header)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	_, tooLarge := errors.AsType[*http.MaxBytesError](err)
	if err != nil && !tooLarge && !errors.Is(err, os.ErrDeadlineExceeded) { // which have answers of their own
		return nil, problem.Because(problem.ErrBadRequest, err, "the body did not arrive whole")
	}
	return body, err
}

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
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		return Job{}, problem.Because(problem.ErrBadRequest, err, "the body is no job: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Job{}, problem.Errorf(problem.ErrBadRequest, "something follows the JSON object in the body")
	}
	if bytes.Equal(in.Args, []byte("null")) {
		in.Args = nil
	}
	return Job{
		Kind: in.Kind, Args: in.Args, Owner: in.Owner, Priority: in.Priority,
		MaxAttempts: in.MaxAttempts, RunAt: in.RunAt, Unique: in.Unique,
	}, nil
}

// location is the address of a job relative to that of the request, as the client
// wrote it, whatever was stripped of that on the way here.
func location(r *http.Request, id int64) string {
	p := r.URL.EscapedPath()
	if u, err := url.ParseRequestURI(r.RequestURI); err == nil {
		p = u.EscapedPath()
	}
	name := strconv.FormatInt(id, 10)
	if p == "" || strings.HasSuffix(p, "/") {
		return "./" + name
	}
	return "./" + path.Base(p) + "/" + name
}

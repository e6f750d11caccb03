package upload

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
)

// serveComplete ends an upload of unknown length, and compares the SHA-256 that
// the client computed. It may be repeated.
func (up *Uploader) serveComplete(w http.ResponseWriter, r *http.Request, id string) {
	if r.Method != http.MethodPost {
		problem.Method(w, r, http.MethodPost)
		return
	}
	s, want, err := up.admitCompletion(w, r, id)
	if err != nil {
		up.answerError(w, r, err)
		return
	}
	defer s.close()
	a, err := s.completeNow(r.Context(), want)
	if err != nil {
		up.answerError(w, r, err)
		return
	}
	if s.u.Part() {
		writeJSON(w, r, http.StatusOK, up.statusOf(s.u))
		return
	}
	up.answerReceived(w, r, http.StatusOK, s.u, a)
}

// admitCompletion returns the session and the SHA-256 that the client wants, or "".
func (up *Uploader) admitCompletion(w http.ResponseWriter, r *http.Request, id string) (*session, string, error) {
	ctx := r.Context()
	u, err := up.lookup(ctx, id, auth.Update)
	if err == nil {
		err = over(u)
	}
	if err != nil {
		return nil, "", err
	}
	want, err := up.wantedSum(w, r)
	if err != nil {
		return nil, "", err
	}
	s, err := up.resume(ctx, id, dead)
	return s, want, err
}

func (s *session) completeNow(ctx context.Context, want string) (*metadata.Asset, error) {
	if err := over(s.u); err != nil {
		return nil, err
	}
	if s.u.State == metadata.UploadComplete {
		return s.up.compareComplete(ctx, s.u, want)
	}
	if s.up.o.NoHash && want != "" {
		return nil, problem.Errorf(ErrNoHash, "this server computes no SHA-256; complete the upload without one")
	}
	a, err := s.finish(ctx, want)
	if err != nil && errors.Is(err, ErrEmpty) {
		return nil, err // it may yet get bytes
	}
	if err != nil {
		return nil, s.end(ctx, err)
	}
	return a, nil
}

// compareComplete answers for an upload that was complete already.
func (up *Uploader) compareComplete(ctx context.Context, u *metadata.Upload, want string) (*metadata.Asset, error) {
	switch {
	case want == "":
	case u.SHA256 == "":
		return nil, problem.Errorf(ErrNoHash, "no SHA-256 was computed for this upload")
	case u.SHA256 != want:
		return nil, problem.Errorf(ErrChecksum, "the SHA-256 of the file that arrived is %s, not %s", u.SHA256, want)
	}
	if u.Part() {
		return nil, nil //nolint:nilnil // it has none
	}
	return up.meta.Asset(ctx, u.Asset)
}

// wantedSum reads the body: nothing, or {"sha256": "…"} in hexadecimal.
func (up *Uploader) wantedSum(w http.ResponseWriter, r *http.Request) (string, error) {
	gate, err := up.holds.enter()
	if err != nil {
		return "", err
	}
	defer gate.release()
	in := up.newBody(w, r.Body, gate)
	defer in.finish()
	return readSum(http.MaxBytesReader(w, io.NopCloser(in), 4<<10))
}

func readSum(body io.Reader) (string, error) {
	var in struct {
		SHA256 string `json:"sha256"`
	}
	dec := json.NewDecoder(body)
	dec.DisallowUnknownFields()
	err := dec.Decode(&in)
	var told *problem.Error
	switch {
	case err == io.EOF: //nolint:errorlint // a cut body wraps io.EOF and is not the end
		return "", nil
	case errors.As(err, &told): // the body says why there is no more of it
		return "", err
	case err != nil:
		return "", problem.Because(problem.ErrBadRequest, err, `the body must be empty or {"sha256": "…"}`)
	}
	if in.SHA256 == "" {
		return "", nil
	}
	sum, err := hex.DecodeString(in.SHA256)
	if err != nil || len(sum) != 32 {
		return "", problem.Errorf(problem.ErrBadRequest, "sha256 must be 64 hexadecimal digits")
	}
	return hex.EncodeToString(sum), nil
}

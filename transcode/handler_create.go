package transcode

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
)

// wanted is what somebody asks for.
type wanted struct {
	Asset   string `json:"asset"`
	Profile string `json:"profile"`
}

// maxBody is what a body may have, in bytes.
const maxBody = 4 << 10

func readWanted(w http.ResponseWriter, r *http.Request) (wanted, error) {
	var in wanted
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		return in, problem.Errorf(metadata.ErrMediaType, "send application/json")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return in, err
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	err = dec.Decode(&in)
	if _, more := dec.Token(); err == nil && !errors.Is(more, io.EOF) {
		err = errors.New("there is something behind it")
	}
	if err != nil {
		return in, problem.Because(problem.ErrBadRequest, err, `the body must be {"asset": "…", "profile": "…"}`)
	}
	if in.Asset == "" {
		return in, problem.Errorf(ErrInvalid, "asset is missing: the id of what is to be transcoded")
	}
	return in, nil
}

func (h *handler) create(w http.ResponseWriter, r *http.Request, _ string) error {
	ctx := r.Context()
	in, err := readWanted(w, r)
	if err != nil {
		return err
	}
	if err := h.mayChange(ctx, in.Asset); err != nil {
		return err
	}
	id, err := h.t.Submit(ctx, in.Asset, in.Profile)
	if err != nil {
		return err
	}
	s, err := h.t.Status(ctx, id)
	if err != nil {
		return err
	}
	w.Header().Set("Location", location(r, id))
	return writeJSON(w, r, http.StatusCreated, s)
}

// mayChange refuses whoever may not change an asset, and what is not there.
func (h *handler) mayChange(ctx context.Context, id string) error {
	a, err := h.t.Metadata.Asset(ctx, id)
	if err != nil && !errors.Is(err, metadata.ErrNotFound) {
		return err
	}
	object := auth.Object{Kind: auth.Asset, ID: id}
	if a != nil {
		object.Owner = a.Owner
	}
	if denied := h.t.o.Authorizer.Authorize(ctx, auth.FromContext(ctx), auth.Update, object); denied != nil {
		return denied
	}
	return err
}

func writeJSON(w http.ResponseWriter, r *http.Request, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)+1))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(append(body, '\n')) // a client that is gone needs no answer
	}
	return nil
}

// location is a reference relative to what was asked for, which a StripPrefix before
// us has taken out of the URL.
func location(r *http.Request, id string) string {
	asked := r.URL
	if u, err := url.ParseRequestURI(r.RequestURI); err == nil {
		asked = u
	}
	if last := path.Base(asked.Path); !strings.HasSuffix(asked.Path, "/") && last != "." {
		return (&url.URL{Path: last + "/" + id}).String()
	}
	return id
}

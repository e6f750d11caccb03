package upload

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/middleware"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/internal/requestid"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
)

// Uploader takes files in. It is an http.Handler for the routes in the package
// comment, relative to where it is mounted, and safe for concurrent use.
type Uploader struct {
	o      Options
	files  storage.Store
	meta   metadata.Store
	claims claims
	holds  holds
	pace   pace
	looks  looks

	informEvery time.Duration // how often clients that hear of it get a checkpoint
}

// New returns an Uploader that writes bytes to files and what is known of them
// to meta. It starts nothing; call Recover once before serving to finish what a
// crash left.
func New(files storage.Store, meta metadata.Store, o *Options) (*Uploader, error) {
	if files == nil || meta == nil {
		return nil, errors.New("upload: a storage.Store and a metadata.Store are needed")
	}
	up := &Uploader{o: o.withDefaults(), files: files, meta: meta, claims: newClaims(meta), informEvery: informEvery}
	if up.o.BaseURL != "" {
		u, err := url.Parse(up.o.BaseURL)
		if err != nil || u.Scheme == "" || u.Host == "" {
			return nil, fmt.Errorf("upload: BaseURL %q is not an absolute URL", up.o.BaseURL)
		}
	}
	return up, nil
}

// ServeHTTP routes by what is left of the path below the mount.
func (up *Uploader) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if r.Header.Get("Tus-Resumable") != "" { // every answer has it, whatever is wrong with the request
		w.Header().Set("Tus-Resumable", tusVersion)
	}
	if middleware.CrossOrigin(up.o.CrossOrigin, w, r) {
		return
	}
	id, rest, deeper := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch {
	case id == "" && !deeper:
		up.serveCollection(w, r)
	case !metadata.IsID(id), deeper && rest != "complete":
		up.answerError(w, r, problem.Errorf(ErrNotFound, "there is nothing at this path"))
	case deeper:
		up.serveComplete(w, r, id)
	default:
		up.serveUpload(w, r, id)
	}
}

func (up *Uploader) serveCollection(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodPost:
		up.serveCreate(w, r)
	case http.MethodOptions:
		up.serveDiscovery(w, "POST, OPTIONS")
	default:
		problem.Method(w, r, http.MethodPost, http.MethodOptions)
	}
}

func (up *Uploader) serveUpload(w http.ResponseWriter, r *http.Request, id string) {
	method, err := methodOf(r)
	if err != nil {
		up.answerError(w, r, err)
		return
	}
	switch method {
	case http.MethodHead:
		up.serveHead(w, r, id)
	case http.MethodPatch:
		up.servePatch(w, r, id)
	case http.MethodDelete:
		up.serveCancel(w, r, id)
	case http.MethodGet:
		up.serveStatus(w, r, id)
	case http.MethodOptions:
		up.serveDiscovery(w, "GET, HEAD, PATCH, DELETE, OPTIONS")
	default:
		problem.Method(w, r, http.MethodGet, http.MethodHead, http.MethodPatch, http.MethodDelete, http.MethodOptions)
	}
}

// serveCreate chooses the protocol. Whatever claims none of them is a file:
// curl --data-binary sends any file as application/x-www-form-urlencoded.
func (up *Uploader) serveCreate(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Header.Get("Tus-Resumable") != "":
		up.serveTusCreate(w, r)
	case isForm(r): // whatever else it says: iOS adds Upload-Complete to all it uploads
		up.serveForm(w, r)
	case ietfCreates(r):
		up.serveIETFCreate(w, r)
	default:
		up.serveBody(w, r)
	}
}

// lookup returns an upload that the principal may do a to. What is another's
// and what is not there answer alike.
func (up *Uploader) lookup(ctx context.Context, id string, a auth.Action) (*metadata.Upload, error) {
	missing := problem.Errorf(ErrNotFound, "there is no upload %q", id)
	u, err := up.meta.Upload(ctx, id)
	object := auth.Object{Kind: auth.Upload, ID: id}
	switch {
	case errors.Is(err, metadata.ErrNotFound):
		// Asked all the same, so that somebody who is not signed in hears the
		// same of an upload that exists and of one that does not.
		if err := up.o.Authorizer.Authorize(ctx, auth.FromContext(ctx), a, object); errors.Is(err, auth.ErrUnauthenticated) {
			return nil, err
		}
		return nil, missing
	case err != nil:
		return nil, fmt.Errorf("upload: reading %s: %w", id, err)
	}
	if isMade(u) {
		return nil, missing // it is the transcoder's
	}
	object.Owner = u.Owner
	if err := up.o.Authorizer.Authorize(ctx, auth.FromContext(ctx), a, object); errors.Is(err, auth.ErrNotFound) {
		return nil, missing
	} else if err != nil {
		return nil, err
	}
	return u, nil
}

// event returns what happened to an upload.
func (up *Uploader) event(ctx context.Context, t events.Type, u *metadata.Upload) events.Event {
	return events.Event{
		Type: t, Time: time.Now(), Owner: u.Owner, Actor: auth.FromContext(ctx).ID,
		Asset: u.Asset, Upload: u.ID, RequestID: requestid.FromContext(ctx),
	}
}

package upload

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
)

const (
	// maxForm bounds what a form may hold beside its file: fields, part headers
	// and boundaries, in bytes.
	maxForm   = 256 << 10
	maxFields = 64
)

func isForm(r *http.Request) bool {
	t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && t == "multipart/form-data"
}

// A form is a multipart/form-data body (RFC 7578) read as it arrives: nothing of
// the file is held back in memory or in a temporary file.
type form struct {
	parts  *multipart.Reader
	budget *budget
	about  about
	fields int
}

// budget lets only so many bytes through, until the file begins.
type budget struct {
	src    io.Reader
	left   int64 // negative: no limit
	broken error // why src gave no more, when it did not end
}

func (b *budget) Read(p []byte) (int, error) {
	limited := b.left >= 0
	if b.left == 0 {
		return 0, problem.Errorf(ErrTooLarge, "the form has more than %d bytes of fields beside its file", maxForm)
	}
	if limited {
		p = p[:min(int64(len(p)), b.left)]
	}
	n, err := b.src.Read(p)
	if limited {
		b.left -= int64(n)
	}
	if err != nil && err != io.EOF { // itself: a cut body wraps io.EOF and is not the end
		b.broken = err
	}
	return n, err
}

func newForm(r *http.Request, src io.Reader) (*form, error) {
	_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || params["boundary"] == "" {
		return nil, problem.Errorf(problem.ErrBadRequest, "the form names no boundary")
	}
	told, err := aboutPlain(r)
	if err != nil {
		return nil, err
	}
	f := &form{budget: &budget{src: src, left: maxForm}, about: told}
	f.parts = multipart.NewReader(f.budget, params["boundary"])
	return f, nil
}

// file reads fields up to the part that is the file, and returns it; nil at the
// end of the form.
func (f *form) file() (*multipart.Part, error) {
	f.budget.left = maxForm
	for {
		part, err := f.parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil, nil //nolint:nilnil // the form ends
		}
		if err != nil {
			return nil, f.explain(err)
		}
		switch {
		case part.FormName() == "file":
			f.budget.left = -1
			return part, nil
		case part.FileName() != "":
			return nil, problem.Errorf(problem.ErrBadRequest, `the form has a file in the field %q; it has to be in the field "file"`, part.FormName())
		}
		if err := f.field(part); err != nil {
			return nil, err
		}
	}
}

func (f *form) field(part *multipart.Part) error {
	if f.fields++; f.fields > maxFields {
		return problem.Errorf(problem.ErrBadRequest, "the form has more than %d fields", maxFields)
	}
	value, err := io.ReadAll(part) // within the budget
	if err != nil {
		return f.explain(err)
	}
	return f.about.set(part.FormName(), string(value))
}

// explain keeps what the body said, which the parser of the form may have taken
// for an end of its own, and blames the form for all else.
func (f *form) explain(err error) error {
	switch {
	case f.budget.broken != nil:
		return f.budget.broken
	case problem.KindOf(err) != nil:
		return err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return problem.Because(ErrCut, err, "the form ended before its closing boundary")
	}
	return problem.Because(problem.ErrBadRequest, err, "the form is not valid multipart/form-data")
}

// serveForm takes the file of a form. Fields count wherever they stand, except
// asset_id, which must come before the file.
func (up *Uploader) serveForm(w http.ResponseWriter, r *http.Request) {
	if up.o.MaxSize > 0 && r.ContentLength > up.o.MaxSize+maxForm {
		up.answerError(w, r, up.errTooLarge())
		return
	}
	if _, err := up.admit(r.Context(), creation{size: -1}); err != nil { // before any of it is read
		up.answerError(w, r, up.refusedCreation(r.Context(), creation{}, err))
		return
	}
	gate, err := up.holds.enter() // until there is an upload
	if err != nil {
		up.answerError(w, r, err)
		return
	}
	defer gate.release()
	b := up.newBody(w, r.Body, gate)
	defer b.finish()
	f, err := newForm(r, b)
	if err != nil {
		up.answerError(w, r, err)
		return
	}
	part, err := f.file()
	if err == nil && part == nil {
		err = problem.Errorf(problem.ErrBadRequest, `the form has no part named "file"`)
	}
	if err != nil {
		up.answerError(w, r, err)
		return
	}
	if err := f.about.set("filename", part.FileName()); err != nil {
		up.answerError(w, r, err)
		return
	}
	s, err := up.begin(w, r, creation{protocol: "form", size: -1, about: f.about})
	if err != nil {
		up.answerError(w, r, err)
		return
	}
	defer s.close()
	a, err := s.takeForm(r, f, part, b.under(s.hold))
	b.finish()
	if err != nil {
		up.answerError(w, r, s.end(r.Context(), err))
		return
	}
	up.answerReceived(w, r, http.StatusCreated, s.u, a)
}

// unfinished says whether err is about how the form arrived: to send it again,
// or to complete the upload without the rest, would help.
func (f *form) unfinished(err error) bool {
	return err != nil && (f.budget.broken != nil || errors.Is(err, ErrCut))
}

// takeForm takes the file, then the fields after it.
func (s *session) takeForm(r *http.Request, f *form, part *multipart.Part, b *body) (*metadata.Asset, error) {
	ctx := r.Context()
	b.ask = func() error { return s.writeDown(ctx) }
	if err := s.openDraft(ctx); err != nil {
		return nil, err
	}
	file := newPartPieces(f, part)
	defer file.release()
	if err := s.receive(ctx, file, s.room()); err != nil {
		return nil, err
	}
	asset, rendition := f.about.assetID, f.about.rendition
	second, err := f.file()
	switch {
	case f.unfinished(err):
		return nil, err // the file is kept, and may be completed
	case err != nil:
		return nil, s.refuse(ctx, err)
	case second != nil:
		return nil, s.refuse(ctx, problem.Errorf(problem.ErrBadRequest, "the form has more than one file; send each in a form of its own"))
	case f.about.assetID != asset:
		return nil, s.refuse(ctx, problem.Errorf(problem.ErrBadRequest, "the field asset_id must come before the file"))
	case f.about.rendition != rendition:
		return nil, s.refuse(ctx, problem.Errorf(problem.ErrBadRequest, "the field rendition must come before the file"))
	}
	b.finish()
	if err := s.describe(r, f.about); err != nil {
		return nil, err
	}
	return s.finish(ctx, "")
}

// describe writes the fields that came after the file into the asset.
func (s *session) describe(r *http.Request, told about) error {
	ctx := r.Context()
	if s.u.Rendition != "" {
		return nil
	}
	err := s.up.meta.Update(ctx, func(tx metadata.Tx) error {
		a, err := tx.Asset(ctx, s.u.Asset)
		if err != nil {
			return err
		}
		before := a.Clone()
		told.describe(a)
		if a.Title == before.Title && a.Description == before.Description && slices.Equal(a.Tags, before.Tags) {
			return nil
		}
		if err := tx.UpdateAsset(ctx, a); err != nil {
			return err
		}
		e := s.up.event(ctx, events.AssetUpdated, s.u)
		return tx.Emit(ctx, &e)
	})
	if err != nil {
		return fmt.Errorf("upload: describing %s: %w", s.u.Asset, err)
	}
	return nil
}

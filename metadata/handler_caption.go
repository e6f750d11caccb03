package metadata

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/captions"
	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/endpoint"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/validate"
)

// captionPath takes "/{id}/captions/{lang}" apart, as it was sent: neither an id
// nor a language needs an escape, so one that has some is none.
func captionPath(escaped string) (at part, ok bool) { return partPath(escaped, "captions/") }

func (h *handler) captionMethods() endpoint.Methods[part] {
	return endpoint.Methods[part]{http.MethodPut: h.putCaption, http.MethodDelete: h.deleteCaption}
}

func (h *handler) putCaption(w http.ResponseWriter, r *http.Request, at part) (err error) {
	ctx := r.Context()
	seen, err := h.allowed(ctx, auth.Update, at.asset)
	if err == nil {
		err = checkPreconditions(r, seen.Version) // before the body is of any use
	}
	if err != nil {
		return err
	}
	c, err := captionOf(at.name, r.URL.RawQuery)
	if err != nil {
		return err
	}
	file, err := h.readCaptions(w, r)
	if err != nil {
		return err
	}
	c.Key, c.Size = captionsOf(at.asset)+NewID(), int64(len(file))
	if err := store(ctx, h.files, c.Key, file, "this file of captions"); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.files.Delete(context.WithoutCancel(ctx), c.Key))
		}
	}()
	status := http.StatusOK
	a, err := h.change(r, auth.Update, at.asset, func(tx Tx, a *Asset) error {
		replaced, err := a.setCaption(c)
		if err != nil {
			return err
		}
		status = http.StatusOK
		if replaced == "" {
			status = http.StatusCreated
		}
		return h.updateCaptions(ctx, tx, a, c.Language, replaced)
	})
	if err != nil {
		return err
	}
	return h.writeAsset(w, r, status, a)
}

func (h *handler) deleteCaption(w http.ResponseWriter, r *http.Request, of part) error {
	_, err := h.change(r, auth.Update, of.asset, func(tx Tx, a *Asset) error {
		at := a.caption(of.name)
		if at < 0 {
			return problem.Errorf(ErrNotFound, "there are no captions in that language")
		}
		gone := a.Captions[at]
		a.Captions = append(a.Captions[:at:at], a.Captions[at+1:]...)
		return h.updateCaptions(r.Context(), tx, a, gone.Language, gone.Key)
	})
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// updateCaptions writes an asset down whose captions changed. A file that it
// left behind is removed by RemoveFiles.
func (h *handler) updateCaptions(ctx context.Context, tx Tx, a *Asset, language, left string) error {
	if err := tx.UpdateAsset(ctx, a); err != nil {
		return err
	}
	e := event(ctx, events.AssetUpdated, a)
	e.Data = map[string]any{"caption": language}
	if left != "" {
		e.Data["keys"] = []any{left}
	}
	return h.emit(ctx, tx, e)
}

// readCaptions returns what a body says, as captions.Format writes it. Only so
// many are read at the same time: each takes several times its size in memory.
func (h *handler) readCaptions(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := endpoint.Body(w, r, captions.MaxBytes)
	if err != nil {
		return nil, err
	}
	select {
	case h.parsing <- struct{}{}:
		defer func() { <-h.parsing }()
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	cues, err := captions.Parse(body)
	if err != nil {
		return nil, err
	}
	return captions.Format(cues), nil
}

// captionOf reads what a request says of a caption beside its text.
func captionOf(language, query string) (Caption, error) {
	c := Caption{Language: usualCase(language), Kind: Spoken}
	values, err := url.ParseQuery(query)
	if err != nil {
		return c, problem.Because(problem.ErrBadRequest, err, "the query of the address is not valid")
	}
	errs := []error{validate.LanguageTag("lang", language)}
	for name, list := range values {
		value := list[len(list)-1]
		switch name {
		case "label":
			c.Label = strings.TrimSpace(value)
			errs = append(errs, validate.Line("label", c.Label, MaxTag))
		case "kind":
			c.Kind = value
			if value != Spoken && value != SpokenAndSounds {
				return c, badParameter(name, Spoken+" or "+SpokenAndSounds)
			}
		case "default":
			c.Default, err = strconv.ParseBool(value)
		case "forced":
			c.Forced, err = strconv.ParseBool(value)
		default:
			return c, problem.Errorf(problem.ErrBadRequest, "there is no parameter %s; label, kind, default and forced can be given", quote(name))
		}
		if err != nil {
			return c, badParameter(name, "true or false")
		}
	}
	return c, validate.Join(errs...)
}

func badParameter(name, want string) error {
	return &problem.Error{
		Kind: ErrInvalid.(*problem.Kind), Detail: name + " must be " + want, Fields: map[string]any{"field": name},
	}
}

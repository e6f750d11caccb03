// Package endpoint is what handlers of JSON have in common: how a body is read, how
// an answer is written, and which methods there are.
package endpoint

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/streamgate/streamgate/internal/problem"
)

// Body returns what arrives, up to limit bytes. Its errors are for problem.Write:
// too-large, request-timeout, and bad-request where the client left before the end.
func Body(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	if r.ContentLength > limit { // nothing of it has to arrive
		return nil, &http.MaxBytesError{Limit: limit}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	_, tooLarge := errors.AsType[*http.MaxBytesError](err)
	switch {
	case tooLarge, errors.Is(err, os.ErrDeadlineExceeded):
		return nil, err // have answers of their own
	case err != nil:
		return nil, problem.Because(problem.ErrBadRequest, err, "the body did not arrive whole")
	}
	return body, nil
}

// TypedBody is Body of one of the media types, in UTF-8; of another it is a
// problem.ErrMediaType. A body that is empty and has no type is an empty one of any
// type.
func TypedBody(w http.ResponseWriter, r *http.Request, limit int64, types ...string) ([]byte, error) {
	header := r.Header.Get("Content-Type")
	mediaType, params, err := mime.ParseMediaType(header)
	known := err == nil && slices.Contains(types, mediaType) && isUTF8(params["charset"])
	if header != "" && !known {
		return nil, wrongType(header, types)
	}
	body, err := Body(w, r, limit)
	if err != nil {
		return nil, err
	}
	if len(body) > 0 && !known {
		return nil, wrongType(header, types)
	}
	return body, nil
}

func wrongType(header string, types []string) error {
	return problem.Errorf(problem.ErrMediaType, "the Content-Type is %.100q; send %s in UTF-8", header, strings.Join(types, " or "))
}

func isUTF8(charset string) bool { return charset == "" || strings.EqualFold(charset, "utf-8") }

// ReadJSON decodes a TypedBody of application/json into v, a pointer to a struct. A
// field that v does not have and anything behind the value are refused. what is said
// of a body that cannot be read, such as "the body is no job".
func ReadJSON(w http.ResponseWriter, r *http.Request, limit int64, what string, v any) error {
	body, err := TypedBody(w, r, limit, "application/json")
	if err != nil {
		return err
	}
	return Decode(body, what, v)
}

// Decode is ReadJSON of what was read already.
func Decode(body []byte, what string, v any) error {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	switch err := dec.Decode(v); {
	case errors.Is(err, io.EOF):
		return problem.Because(problem.ErrBadRequest, err, "%s: it is empty", what)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return problem.Because(problem.ErrBadRequest, err, "%s: it ends too early", what)
	case err != nil:
		return problem.Because(problem.ErrBadRequest, err, "%s: %s", what, strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return problem.Errorf(problem.ErrBadRequest, "something follows the JSON object in the body")
	}
	return nil
}

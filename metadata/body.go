package metadata

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"unicode/utf8"

	"github.com/streamgate/streamgate/internal/problem"
)

// maxBody is what a body may have, in bytes: the limits of all fields, with
// every character of the description escaped, fit well.
const maxBody = 64 << 10

const acceptPatch = "application/merge-patch+json, application/json"

// mergePatch applies a JSON merge patch (RFC 7396) to what people may change of
// an asset. null removes. What it does not understand it refuses, and then a is
// of no more use.
func mergePatch(a *Asset, body []byte) error {
	if !utf8.Valid(body) {
		return problem.Errorf(problem.ErrBadRequest, "the body is not valid UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return malformed(err)
	}
	seen := map[string]bool{}
	for dec.More() {
		t, err := dec.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return malformed(err)
		}
		if seen[name] {
			return problem.Errorf(problem.ErrBadRequest, "the field %.100q is there twice", name)
		}
		seen[name] = true
		if err := setField(a, name, dec); err != nil {
			return err
		}
	}
	if _, err := dec.Token(); err != nil { // the closing brace
		return malformed(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return problem.Errorf(problem.ErrBadRequest, "something follows the JSON object in the body")
	}
	return nil
}

func setField(a *Asset, name string, dec *json.Decoder) error {
	switch name {
	case "title":
		return setText(&a.Title, name, dec)
	case "description":
		return setText(&a.Description, name, dec)
	case "tags":
		return setTags(a, dec)
	}
	return &problem.Error{
		Kind:   ErrInvalid.(*problem.Kind),
		Detail: "there is no field " + quote(name) + " to set; title, description and tags can be set",
		Fields: map[string]any{"field": name},
	}
}

func setText(to *string, name string, dec *json.Decoder) error {
	var s *string
	if err := dec.Decode(&s); err != nil {
		return wrongValue(err, name, "a string or null")
	}
	*to = ""
	if s != nil {
		*to = *s
	}
	return nil
}

func setTags(a *Asset, dec *json.Decoder) error {
	var list []*string // a null among them is no string
	if err := dec.Decode(&list); err != nil {
		return wrongValue(err, "tags", "a list of strings or null")
	}
	a.Tags = nil
	for _, s := range list {
		if s == nil {
			return wrongValue(&json.UnmarshalTypeError{}, "tags", "a list of strings or null")
		}
		a.Tags = append(a.Tags, *s)
	}
	return nil
}

func wrongValue(err error, name, want string) error {
	if _, ok := errors.AsType[*json.UnmarshalTypeError](err); !ok {
		return malformed(err)
	}
	return &problem.Error{
		Kind: ErrInvalid.(*problem.Kind), Detail: name + " must be " + want, Fields: map[string]any{"field": name},
	}
}

func malformed(err error) error {
	const detail = "the body is no JSON object"
	if err == nil {
		return problem.Errorf(problem.ErrBadRequest, detail)
	}
	return problem.Because(problem.ErrBadRequest, err, detail)
}

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil || len(b) > 100 {
		return "of that name"
	}
	return string(b)
}

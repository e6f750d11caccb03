package metadata

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/internal/problem"
)

func FuzzMergePatch(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"title":"x","description":null,"tags":["a","b"]}`, `{"title":"a","title":"b"}`, `{"tags":[null]}`,
		`[]`, `null`, `{"title":"\ud800"}`, `{"x":1}`, `{"title":"a"}}`, "{\"title\":\"\xff\"}", `{"tags":[[[[`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		a := &Asset{ID: "id", Owner: "ann", Title: "T", Description: "D", Tags: []string{"t"}, State: Ready}
		if err := mergePatch(a, body); err != nil {
			if !errors.Is(err, problem.ErrBadRequest) && !errors.Is(err, ErrInvalid) {
				t.Errorf("%q: %v", body, err)
			}
			return
		}
		if !json.Valid(body) {
			t.Errorf("%q was taken and is no JSON", body)
		}
		want := &Asset{ID: "id", Owner: "ann", Title: a.Title, Description: a.Description, Tags: a.Tags, State: Ready}
		if diff := cmp.Diff(want, a); diff != "" {
			t.Errorf("%q changed something else:\n%s", body, diff)
		}
	})
}

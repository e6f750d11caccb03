package jobstest

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/jobs"
)

func nested(deep int) string {
	return `{"a":` + strings.Repeat("[", deep-1) + strings.Repeat("]", deep-1) + `}`
}

// Each database refuses other arguments by itself, and not as what somebody could mend.
func odd(t *testing.T, p Place) {
	h := queue(t, p.Jobs, jobs.Options{}, one("noop", nil, nil))
	for name, c := range map[string]struct {
		args string
		kept bool
	}{
		"a NUL":                               {`{"a":"x\u0000"}`, false},
		"a NUL behind a backslash":            {`{"a":"\\\u0000"}`, false},
		"a NUL in a name":                     {`{"\u0000":1}`, false},
		"what only looks like a NUL":          {`{"a":"\\u0000"}`, true},
		"half of a pair":                      {`{"a":"\ud800"}`, false},
		"half of a pair before something":     {`{"a":"\ud800\n\udc00"}`, false},
		"the other half":                      {`{"a":"\uDC00"}`, false},
		"two first halves":                    {`{"a":"\ud83d\ud83d\ude00"}`, false},
		"half of a pair in a name":            {`{"\ud800":1}`, false},
		"a pair":                              {`{"a":"\uD83D\ude00"}`, true},
		"what only looks like half of a pair": {`{"a":"\\ud800"}`, true},
		"other escapes":                       {`{"a":"\"\\\/\b\f\n\r\t\u00e9"}`, true},
		"a number beyond all":                 {`{"a":1e200000}`, false},
		"a number below all":                  {`{"a":1E-99999999999999999999}`, false},
		"a long number":                       {`{"a":0.` + strings.Repeat("1", 20_000) + `}`, false},
		"a large number":                      {`{"a":-1.5e+1000}`, true},
		"what is nested too deep":             {nested(501), false},
		"what is nested":                      {nested(500), true},
	} {
		j, err := h.Submit(t.Context(), jobs.Job{Kind: "noop", Args: json.RawMessage(c.args)})
		if c.kept != (err == nil) || err != nil && !errors.Is(err, jobs.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && !json.Valid(h.get(j.ID).Args) {
			t.Errorf("%s: it became %s", name, h.get(j.ID).Args)
		}
	}
}

package endpoint_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/streamgate/streamgate/internal/endpoint"
	"github.com/streamgate/streamgate/internal/problem"
)

func request(body io.Reader, contentType string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/things", body)
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return r
}

func TestABodyIsReadWhere(t *testing.T) {
	const limit = 16
	for name, c := range map[string]struct {
		contentType string
		body        io.Reader
		wants       string
		err         error
	}{
		"it is of the type":             {"application/json", strings.NewReader(`{"a":1}`), `{"a":1}`, nil},
		"its type is written otherwise": {"Application/JSON; charset=UTF-8", strings.NewReader(`{}`), `{}`, nil},
		"it is as large as it may be":   {"application/json", strings.NewReader(strings.Repeat(" ", limit)), strings.Repeat(" ", limit), nil},
		"it is too large":               {"application/json", strings.NewReader(strings.Repeat(" ", limit+1)), "", problem.ErrTooLarge},
		"it is of another type":         {"text/plain", strings.NewReader(`{}`), "", problem.ErrMediaType},
		"it is of no type":              {"", strings.NewReader(`{}`), "", problem.ErrMediaType},
		"it is empty and of no type":    {"", strings.NewReader(""), "", nil},
		"it is empty, of another type":  {"text/plain", strings.NewReader(""), "", problem.ErrMediaType},
		"it is no UTF-8":                {"application/json; charset=latin1", strings.NewReader(`{}`), "", problem.ErrMediaType},
		"its type is garbled":           {"application/", strings.NewReader(`{}`), "", problem.ErrMediaType},
		"it does not arrive in time":    {"application/json", iotest.ErrReader(os.ErrDeadlineExceeded), "", problem.ErrTimeout},
		"the client leaves":             {"application/json", iotest.ErrReader(io.ErrUnexpectedEOF), "", problem.ErrBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := endpoint.TypedBody(httptest.NewRecorder(), request(c.body, c.contentType), limit, "application/json")
			if string(got) != c.wants {
				t.Errorf("it is %q, want %q", got, c.wants)
			}
			if status := told(err); status != told(c.err) {
				t.Errorf("%v: %d, want %d", err, status, told(c.err))
			}
		})
	}
}

// told is the status that a client is told of an error, 0 where there is none.
func told(err error) int {
	if err == nil {
		return 0
	}
	w := httptest.NewRecorder()
	problem.Write(w, httptest.NewRequest(http.MethodGet, "/", http.NoBody), err)
	return w.Code
}

func TestJSONIsRefusedThatIsNotUnderstood(t *testing.T) {
	for name, c := range map[string]struct{ body, says string }{
		"what is meant":       {`{"name": "ann"}`, ""},
		"an unknown field":    {`{"name": "ann", "age": 7}`, `the body is no person: unknown field "age"`},
		"another type":        {`{"name": 7}`, "the body is no person: cannot unmarshal number into Go struct field .name of type string"},
		"nothing":             {``, "the body is no person: it is empty"},
		"half of it":          {`{"name":`, "the body is no person: it ends too early"},
		"no JSON":             {`name=ann`, "the body is no person: invalid character 'a' in literal null (expecting 'u')"},
		"something behind it": {`{"name": "ann"} {}`, "something follows the JSON object in the body"},
	} {
		t.Run(name, func(t *testing.T) {
			var in struct {
				Name string `json:"name"`
			}
			err := endpoint.ReadJSON(httptest.NewRecorder(), request(strings.NewReader(c.body), "application/json"), 100, "the body is no person", &in)
			if c.says == "" {
				if err != nil || in.Name != "ann" {
					t.Errorf("%q, %v", in.Name, err)
				}
				return
			}
			said, ok := errors.AsType[*problem.Error](err)
			if !ok || said.Detail != c.says || told(err) != http.StatusBadRequest {
				t.Errorf("%v, want %s", err, c.says)
			}
		})
	}
}

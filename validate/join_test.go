package validate_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/validate"
)

func TestJoinListsAllThatIsWrong(t *testing.T) {
	err := validate.Join(
		validate.Title("title", "fine"),
		validate.Join(validate.Title("title", "\x00"), nil, validate.Email("email", "x")),
		validate.SHA256("sha256", ""),
	)
	if !errors.Is(err, validate.ErrInvalid) {
		t.Fatalf("%v does not match ErrInvalid", err)
	}
	want := []validate.FieldError{
		{Field: "title", Detail: "title holds a control character (U+0000)"},
		{Field: "email", Detail: "email is no e-mail address: it has no @"},
		{Field: "sha256", Detail: "sha256 has 0 characters; a hash of 32 bytes has 64 hexadecimal digits"},
	}
	if diff := cmp.Diff(want, validate.Fields(fmt.Errorf("sign up: %w", err))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	w := httptest.NewRecorder()
	problem.Write(w, httptest.NewRequest("POST", "/", nil), err)
	var answer struct {
		Status int                   `json:"status"`
		Field  string                `json:"field"`
		Errors []validate.FieldError `json:"errors"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, answer.Errors); diff != "" || answer.Status != 422 || answer.Field != "title" {
		t.Errorf("%d, %q (-want +got):\n%s", answer.Status, answer.Field, diff)
	}
}

func TestJoinOfNothingIsNothing(t *testing.T) {
	if err := validate.Join(nil, validate.Title("title", "")); err != nil {
		t.Error(err)
	}
	if fields := validate.Fields(errors.New("another")); fields != nil {
		t.Errorf("another error has fields: %v", fields)
	}
}

func TestJoinReturnsWhatIsNotAboutTheInput(t *testing.T) {
	other := errors.New("the disk is gone")
	if err := validate.Join(validate.Tag("tag", ""), other); !errors.Is(err, other) || errors.Is(err, validate.ErrInvalid) {
		t.Error(err)
	}
}

func ExampleJoin() {
	err := validate.Join(
		validate.Title("title", "Holidays\n2026"),
		validate.Email("owner", "ann@example.com"),
		validate.SHA256("sha256", "beef"),
	)
	for _, e := range validate.Fields(err) {
		fmt.Println(e.Field, "-", e.Detail)
	}
	// Output:
	// title - title holds a control character (U+000A)
	// sha256 - sha256 has 4 characters; a hash of 32 bytes has 64 hexadecimal digits
}

func ExampleWriteProblem() {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := validate.Join(validate.Email("email", r.FormValue("email"))); err != nil {
			validate.WriteProblem(w, r, err)
			return
		}
	})
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/?email=ann", nil))
	fmt.Println(w.Code, w.Body)
	// Output: 422 {"detail":"email is no e-mail address: it has no @","errors":[{"field":"email","detail":"email is no e-mail address: it has no @"}],"field":"email","status":422,"title":"The input is not valid","type":"urn:streamgate:problem:invalid"}
}

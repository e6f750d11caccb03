package requestid_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/internal/requestid"
)

func TestRequestID(t *testing.T) {
	for name, tt := range map[string]struct {
		id   string
		kept bool
	}{
		"a sane id is kept":              {"abc-123_XYZ.4:5/6+7=@", true},
		"none":                           {"", false},
		"a line feed":                    {"a\nb", false},
		"a space":                        {"a b", false},
		"an escape sequence":             {"\x1b[31m", false},
		"not ASCII":                      {"ä", false},
		"128 bytes":                      {strings.Repeat("x", 128), true},
		"129 bytes":                      {strings.Repeat("x", 129), false},
		"what would end a JSON string":   {`","level":"INFO`, false},
		"what would be markup in a page": {"<script>", false},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header["X-Request-Id"] = []string{tt.id}
			got := requestid.Given(r)
			seen := requestid.FromContext(requestid.NewContext(t.Context(), got))
			if (got == tt.id && got != "") != tt.kept || got != seen {
				t.Errorf("it is %q, seen %q", got, seen)
			}
		})
	}
}

func TestNewIDsDiffer(t *testing.T) {
	var a, b [requestid.Length]byte
	requestid.Fill(&a)
	requestid.Fill(&b)
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set(requestid.Header, string(a[:]))
	if a == b || requestid.Given(r) != string(a[:]) {
		t.Errorf("%q and %q", a, b)
	}
}

func FuzzRequestID(f *testing.F) {
	for _, id := range []string{"", "a", "a b", "a\nb", `"`, "\x1b[0m", strings.Repeat("x", 129)} {
		f.Add(id)
	}
	f.Fuzz(func(t *testing.T, id string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header["X-Request-Id"] = []string{id}
		got := requestid.Given(r)
		if len(got) > 128 || strings.ContainsFunc(got, func(c rune) bool { return c <= ' ' || c >= 0x7f || strings.ContainsRune("\"'<>\\`", c) }) {
			t.Errorf("%q was answered", got)
		}
	})
}

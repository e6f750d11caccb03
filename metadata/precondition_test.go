package metadata

import (
	"net/http"
	"strings"
	"testing"
)

func FuzzMatchETag(f *testing.F) {
	for _, seed := range []string{`*`, `"1"`, `W/"1"`, `"1", W/"2"`, `, "a,b" ,`, `"`, `1`, `""`, `"1""2"`, ` `} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		r := &http.Request{Header: http.Header{"If-Match": {value}}}
		strong, err := matchETag(r, "If-Match", 1, false)
		weakly, err2 := matchETag(r, "If-Match", 1, true)
		if (err == nil) != (err2 == nil) || strong && !weakly {
			t.Errorf("%q: strong %v, %v; weak %v, %v", value, strong, err, weakly, err2)
		}
		if strong && strings.TrimSpace(value) != "*" && !strings.Contains(value, `"1"`) {
			t.Errorf("%q matches", value)
		}
	})
}

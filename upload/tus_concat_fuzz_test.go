package upload

import (
	"strings"
	"testing"

	"github.com/streamgate/streamgate/metadata"
)

const (
	idA = "aaaaaaaaaaaaaaaaaaaaaaaaaa"
	idB = "bbbbbbbbbbbbbbbbbbbbbbbbbb"
)

var finalHeaders = map[string]struct {
	header string
	ids    string // with spaces between them; "" for what is refused
}{
	"absolute URIs":                 {"final;http://h/v1/uploads/" + idA + " https://h:443/x/" + idB, idA + " " + idB},
	"paths and relative ones":       {"final;/v1/uploads/" + idA + " uploads/" + idB, idA + " " + idB},
	"ids alone":                     {"final;" + idB + " " + idA, idB + " " + idA},
	"the host in capitals":          {"final;HTTP://H/" + idA, idA},
	"an address as the host":        {"final;http://[::1]:8080/" + idA, idA},
	"a dot within a name":           {"final;/v1.0/" + idA, idA},
	"nothing":                       {"", ""},
	"a part":                        {"partial", ""},
	"no list":                       {"final", ""},
	"an empty list":                 {"final;", ""},
	"whatever host":                 {"final;http://proxy.example:8443/v1/uploads/" + idA, idA},
	"another host, no scheme":       {"final;//evil/" + idA, ""},
	"this host, no scheme":          {"final;//h/" + idA, ""},
	"another scheme":                {"final;file://h/" + idA, ""},
	"a scheme without a host":       {"final;http:" + idA, ""},
	"a user":                        {"final;http://h@evil/" + idA, ""},
	"a user of this host":           {"final;http://evil@h/" + idA, ""},
	"a way up":                      {"final;/v1/uploads/../" + idA, ""},
	"a way up at the end":           {"final;" + idA + "/..", ""},
	"a dot":                         {"final;./" + idA, ""},
	"an escaped way up":             {"final;/%2e%2e/" + idA, ""},
	"an escaped slash":              {"final;..%2f" + idA, ""},
	"an escaped letter":             {"final;/%61" + idA[1:], ""},
	"a query":                       {"final;/v1/uploads/" + idA + "?x", ""},
	"an id in a query":              {"final;/v1/uploads/x?/" + idA, ""},
	"a fragment":                    {"final;/v1/uploads/" + idA + "#", ""},
	"a backslash":                   {"final;..\\" + idA, ""},
	"an empty element":              {"final;/v1//" + idA, ""},
	"a slash at the end":            {"final;/v1/uploads/" + idA + "/", ""},
	"an id in capitals":             {"final;" + strings.ToUpper(idA), ""},
	"an id that is too long":        {"final;" + idA + "a", ""},
	"two spaces":                    {"final;" + idA + "  " + idB, ""},
	"a space before":                {"final; " + idA, ""},
	"a letter that is not ASCII":    {"final;/é/" + idA, ""},
	"bytes that are no text":        {"final;/\xff/" + idA, ""},
	"a comma":                       {"final;" + idA + "," + idB, ""},
	"the same twice":                {"final;" + idA + " /v1/" + idA, ""},
	"more parts than may be":        {"final;" + strings.Repeat(idA+" ", 1000) + idB, ""},
	"a header that is far too long": {"final;/" + strings.Repeat("a/", 40<<10) + idA, ""},
}

func TestParseFinal(t *testing.T) {
	for name, tc := range finalHeaders {
		t.Run(name, func(t *testing.T) {
			ids, err := parseFinal(tc.header)
			if got := strings.Join(ids, " "); got != tc.ids || (err == nil) != (tc.ids != "") {
				t.Errorf("%q, %v; want %q", got, err, tc.ids)
			}
		})
	}
}

func FuzzUploadConcat(f *testing.F) {
	for _, tc := range finalHeaders {
		if len(tc.header) < 200 {
			f.Add(tc.header)
		}
	}
	f.Fuzz(func(t *testing.T, header string) {
		ids, err := parseFinal(header)
		if err != nil {
			if ids != nil {
				t.Errorf("%q with %v", ids, err)
			}
			return
		}
		if len(ids) == 0 || len(ids) > maxParts || len(header) > maxConcat {
			t.Errorf("%d parts in %d bytes", len(ids), len(header))
		}
		seen := map[string]bool{}
		for _, id := range ids {
			if !metadata.IsID(id) || seen[id] {
				t.Errorf("%q is no id, or there twice", id)
			}
			seen[id] = true
		}
		if strings.ContainsAny(header, "%?#\\\r\n\t") || strings.Contains(header, "/../") || strings.Contains(header, "//") && !strings.Contains(header, "://") {
			t.Errorf("%q was taken", header)
		}
		again := partsOf(&metadata.Upload{Concat: header}) // what the row is read with
		if strings.Join(again, " ") != strings.Join(ids, " ") {
			t.Errorf("read from the row: %q, from the request: %q", again, ids)
		}
	})
}

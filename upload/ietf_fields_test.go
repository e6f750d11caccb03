package upload

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var itemCases = map[string]struct {
	text string
	want any // nil where it is none
}{
	"a true":                               {"?1", true},
	"a false":                              {"?0", false},
	"a boolean with spaces around":         {"  ?1 ", true},
	"a boolean with parameters":            {`?1;a;b=2; c="x\"y";d=:AA==:;e=@1;f=%"%c3%bc";g=1.5;h=tok/en`, true},
	"a boolean of another digit":           {"?2", nil},
	"a boolean in words":                   {"true", other{}},
	"a zero":                               {"0", int64(0)},
	"an integer":                           {"42", int64(42)},
	"a negative integer":                   {"-42", int64(-42)},
	"the largest integer":                  {"999999999999999", int64(999999999999999)},
	"an integer that is too large":         {"1000000000000000", nil},
	"an integer with zeros before it":      {"007", int64(7)},
	"an integer with a plus":               {"+1", nil},
	"a minus alone":                        {"-", nil},
	"a decimal":                            {"1.5", other{}},
	"a decimal without its fraction":       {"1.", nil},
	"a decimal with too long a fraction":   {"1.2345", nil},
	"a decimal with too long a whole":      {"1234567890123.1", nil},
	"bytes":                                {":aGk=:", []byte("hi")},
	"bytes without their padding":          {":aGk:", []byte("hi")},
	"no bytes":                             {"::", []byte{}},
	"bytes that do not end":                {":aGk=", nil},
	"bytes of the other alphabet":          {":_-8=:", nil},
	"a string":                             {`"a\\b"`, other{}},
	"a string that does not end":           {`"a`, nil},
	"a string with another escape":         {`"\n"`, nil},
	"a string beyond ASCII":                {"\"\xc3\xbc\"", nil},
	"a display string":                     {`%"%c3%bc"`, other{}},
	"a display string in capitals":         {`%"%C3%BC"`, nil},
	"a display string cut in an escape":    {`%"%c`, nil},
	"a date":                               {"@1659578233", other{}},
	"a date with a fraction":               {"@1659578233.5", nil},
	"two items":                            {"?1, ?1", nil},
	"two items without a comma":            {"?1 ?1", nil},
	"a parameter without a name":           {"?1;", nil},
	"a parameter in capitals":              {"?1;A", nil},
	"a parameter without a value":          {"?1;a=", nil},
	"a tab before":                         {"\t?1", nil},
	"nothing":                              {"", nil},
	"an inner list, which is no item":      {"(1 2)", nil},
	"a number as long as a header may be ": {strings.Repeat("1", 1<<16), nil},
}

func TestParseItem(t *testing.T) {
	for name, tc := range itemCases {
		t.Run(name, func(t *testing.T) {
			got, err := parseItem(tc.text)
			if diff := cmp.Diff(tc.want, got); diff != "" || (err != nil) != (tc.want == nil) {
				t.Errorf("%v %s", err, diff)
			}
		})
	}
}

var dictionaryCases = map[string]struct {
	text string
	want map[string]any // nil where it is none
}{
	"nothing":                      {"", map[string]any{}},
	"a digest":                     {"sha-256=:aGk=:", map[string]any{"sha-256": []byte("hi")}},
	"members of all kinds":         {"a=1, b,c=?0;x\t,  d=(1 \"x\" );y , e;z=1", map[string]any{"a": int64(1), "b": true, "c": false, "d": other{}, "e": true}},
	"a key twice":                  {"a=1, a=2", map[string]any{"a": int64(2)}},
	"a comma at the end":           {"a=1,", nil},
	"a comma at the beginning":     {",a=1", nil},
	"no comma":                     {"a=1 b=2", nil},
	"a key in capitals":            {"A=1", nil},
	"a key that begins with digit": {"1a=1", nil},
	"a key without its value":      {"a=", nil},
	"a list that does not end":     {"a=(1 2", nil},
	"a list without spaces":        {"a=(1\"b\")", nil},
	"an empty list":                {"a=()", map[string]any{"a": other{}}},
}

func TestParseDictionary(t *testing.T) {
	for name, tc := range dictionaryCases {
		t.Run(name, func(t *testing.T) {
			got, err := parseDictionary(tc.text)
			if diff := cmp.Diff(tc.want, got); diff != "" || (err != nil) != (tc.want == nil) {
				t.Errorf("%v %s", err, diff)
			}
		})
	}
}

func TestFieldsOfAnotherTypeAreIgnored(t *testing.T) {
	h := http.Header{"A": {"?1"}, "B": {"1"}, "C": {"-1"}, "D": {"1", "2"}, "E": {"1", ";a"}}
	for name, want := range map[string][3]bool{
		"A": {true, false, false}, "B": {false, true, true}, "C": {false, true, false},
		"D": {}, "E": {}, "F": {},
	} {
		_, boolean := fieldBoolean(h, name)
		_, integer := fieldInteger(h, name)
		_, size := fieldSize(h, name)
		if got := [3]bool{boolean, integer, size}; got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// FuzzStructuredField holds the parser to what RFC 9651 says of any value: what it
// takes is visible ASCII, and means the same with spaces around it.
func FuzzStructuredField(f *testing.F) {
	for _, tc := range itemCases {
		f.Add(tc.text[:min(len(tc.text), 64)])
	}
	for _, tc := range dictionaryCases {
		f.Add(tc.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		strange := strings.ContainsFunc(text, func(r rune) bool { return r > '~' || r < ' ' && r != '\t' })
		item, err := parseItem(text)
		if err == nil {
			again, err := parseItem(" " + text + " ")
			if diff := cmp.Diff(item, again); diff != "" || err != nil || strange {
				t.Errorf("%q is the item %v: %v %s", text, item, err, diff)
			}
			if n, ok := item.(int64); ok && (n > 999_999_999_999_999 || n < -999_999_999_999_999) {
				t.Errorf("%q is %d", text, n)
			}
		}
		members, err := parseDictionary(text)
		if err != nil {
			return
		}
		again, err := parseDictionary("  " + text + " ")
		if diff := cmp.Diff(members, again); diff != "" || err != nil || strange {
			t.Errorf("%q is the dictionary %v: %v %s", text, members, err, diff)
		}
	})
}

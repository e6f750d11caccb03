package project_test

import (
	"regexp"
	"strings"
	"testing"
)

// TestRoutesAndEventsAreDocumented wants docs/http.md to name every route of the
// Gate and every type of event.
func TestRoutesAndEventsAreDocumented(t *testing.T) {
	contract := read(t, moduleRoot+"/docs/http.md")
	for source, pattern := range map[string]*regexp.Regexp{
		"routes.go":       regexp.MustCompile(`\{path: "([^"]+)"`),
		"events/event.go": regexp.MustCompile(`Type += "([^"]+)"`),
	} {
		found := pattern.FindAllStringSubmatch(read(t, moduleRoot+"/"+source), -1)
		if len(found) == 0 {
			t.Errorf("%s has nothing that looks like %s any more", source, pattern)
		}
		for _, m := range found {
			if !strings.Contains(contract, "`"+m[1]+"`") {
				t.Errorf("%s has %s, which docs/http.md does not name", source, m[1])
			}
		}
	}
}

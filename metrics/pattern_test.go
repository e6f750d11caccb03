package metrics

import "testing"

func TestAPatternFits(t *testing.T) {
	for _, tt := range []struct {
		pattern, path string
		want          bool
	}{
		{"/", "/", true},
		{"/", "/a", false},
		{"/a", "/a", true},
		{"/a", "/a/", false},
		{"/a", "/ab", false},
		{"/a/", "/a/", true},
		{"/{x}", "/a", true},
		{"/{x}", "/", false},
		{"/{x}", "/a/", false},
		{"/a/{x}/b", "/a/1/b", true},
		{"/a/{x}/b", "/a/1/b/", false},
		{"/a/{x}/b", "/a/1", false},
		{"/a/{x}/b", "/a/1/c", false},
		{"/a/{x}/b", "/a//b", false},
		{"/a/{x}/{y}", "/a/1/2", true},
		{"/a/{x}/{y}", "/a/1/", false},
		{"/a/{x...}", "/a/", true},
		{"/a/{x...}", "/a/1/2/3", true},
		{"/a/{x...}", "/a", false},
		{"/a/{x}/{y...}", "/a/1/2/3", true},
		{"/a/{x}/{y...}", "/a/1/", true},
		{"/a/{x}/{y...}", "/a//2", false},
		{"/a/{x}/", "/a/1/", true},
		{"/a/{x}/", "/a/1", false},
		{"/{x...}", "/", true},
		{"/{x...}", "", false},
	} {
		p, err := parsePattern(tt.pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.matches(tt.path); got != tt.want {
			t.Errorf("%s fits %s: %t", tt.pattern, tt.path, got)
		}
	}
}

// FuzzPattern holds the parser to what it takes: a pattern fits itself, and it
// never panics.
func FuzzPattern(f *testing.F) {
	f.Add("/v1/{id}", "/v1/x")
	f.Add("/{all...}", "")
	f.Add("/{}/{...}", "//")
	f.Fuzz(func(t *testing.T, text, path string) {
		p, err := parsePattern(text)
		if err != nil {
			return
		}
		p.matches(path)
		if !p.matches(text) {
			t.Errorf("%q does not fit itself: %+v", text, p)
		}
	})
}

package validate_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/validate"
)

func TestTitle(t *testing.T) {
	check(t, validate.Title, []row{
		{"nothing", "", ""},
		{"200 characters", strings.Repeat("東", 200), ""},
		{"201 characters", strings.Repeat("東", 201), "201 characters; at most 200"},
		{"two lines", "a\nb", "U+000A"},
	})
}

func TestTag(t *testing.T) {
	check(t, validate.Tag, []row{
		{"a word", "日本", ""},
		{"64 characters", strings.Repeat("x", 64), ""},
		{"65 characters", strings.Repeat("x", 65), "65 characters; at most 64"},
		{"nothing", "", "is missing"},
		{"an override", "a\u202e", "U+202E"},
	})
}

func TestTags(t *testing.T) {
	split := func(f, s string) error { return validate.Tags(f, strings.Split(s, ",")) }
	check(t, split, []row{
		{"some", "a,b", ""},
		{"one of them empty", "a,,b", "is missing"},
		{"too many", strings.Join(slices.Repeat([]string{"x"}, 51), ","), "holds 51; at most 50"},
	})
}

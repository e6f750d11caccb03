package metrics

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestLabelsAreComparedWithoutRenderingThem draws from few characters, so that
// values are often alike: one the beginning of another, or with the quote and the
// comma that end one.
func TestLabelsAreComparedWithoutRenderingThem(t *testing.T) {
	names := []string{"a", "bb", "c"}
	value := rapid.StringOfN(rapid.RuneFrom([]rune("x\",\\=\n")), 0, 4, -1)
	values := rapid.Custom(func(t *rapid.T) []string {
		all := make([]string, len(names))
		for i := range all {
			all[i] = escaped(value.Draw(t, "value"))
		}
		return all
	})
	rapid.Check(t, func(t *rapid.T) {
		one, two := values.Draw(t, "one"), values.Draw(t, "two")
		if rapid.Bool().Draw(t, "begin alike") {
			copy(two, one[:2])
		}
		if rendersTo(render(names, one), names, two) != slices.Equal(one, two) {
			t.Fatalf("%q and %q", one, two)
		}
	})
}

package metadata_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/metadata"
)

func TestATitleIsTheNameWithoutItsExtension(t *testing.T) {
	for name, want := range map[string]string{
		"clip.mp4":                         "clip",
		"A film.final.MKV":                 "A film.final",
		"00001.m2ts":                       "00001",
		"Part 3. The end":                  "Part 3. The end",
		"Talk v1.2":                        "Talk v1.2",
		"Talk v1.2.webm":                   "Talk v1.2",
		"2026.11.30":                       "2026.11.30",
		"no extension":                     "no extension",
		"трейлер.mp4":                      "трейлер",
		"Konzert.Ausschnitt":               "Konzert.Ausschnitt",
		".mp4":                             "",
		"":                                 "",
		strings.Repeat("ä", 300) + ".mp4":  strings.Repeat("ä", metadata.MaxTitle),
		strings.Repeat("a ", 150) + ".mov": strings.TrimSpace(strings.Repeat("a ", metadata.MaxTitle/2)),
	} {
		if got := metadata.TitleOf(name); got != want {
			t.Errorf("%.40q has the title %q, want %q", name, got, want)
		}
	}
}

func ExampleTitleOf() {
	fmt.Println(metadata.TitleOf("Part 3. The end.mp4"))
	fmt.Println(metadata.TitleOf("Part 3. The end"))
	// Output:
	// Part 3. The end
	// Part 3. The end
}

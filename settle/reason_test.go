package settle

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestAReasonIsCutBetweenRunes(t *testing.T) {
	for shift := range 4 {
		got := reason(errors.New(strings.Repeat("x", shift) + strings.Repeat("字", maxReason)))
		if !utf8.ValidString(got) || len(got) > maxReason || len(got) < maxReason-3 {
			t.Errorf("after %d letters: %d bytes, %q at the end", shift, len(got), got[len(got)-4:])
		}
	}
}

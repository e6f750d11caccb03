package ffmpeg

import (
	"strings"
	"testing"
)

func TestTheEndOfALogIsKept(t *testing.T) {
	r := newRing(100)
	for range 1000 {
		_, _ = r.Write([]byte("a line of a log\n"))
	}
	got := r.String()
	if len(got) > 100 || !strings.HasPrefix(got, "a line") || !strings.HasSuffix(got, "a line of a log\n") {
		t.Errorf("kept %q", got)
	}
	short := newRing(100)
	_, _ = short.Write([]byte("one\ntwo"))
	if got := short.String(); got != "one\ntwo" {
		t.Errorf("kept %q", got)
	}
}

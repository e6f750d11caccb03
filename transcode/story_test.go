package transcode_test

import (
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/streamgate/streamgate/metadata"
)

// A lockedLog is a log that is read while it is written.
type lockedLog struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// of are the lines that tell of an asset at the level of information, without its ids and
// the time.
func (l *lockedLog) of(a *metadata.Asset) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var lines []string
	for line := range strings.Lines(l.text.String()) {
		if strings.Contains(line, "asset="+a.ID) && strings.Contains(line, "level=INFO") {
			line = regexp.MustCompile(`^.*level=INFO msg=|asset=\S+ transcode=\S+ `).ReplaceAllString(strings.TrimSpace(line), "")
			lines = append(lines, regexp.MustCompile(`took=\S+`).ReplaceAllString(line, "took=…"))
		}
	}
	return lines
}

// TestTheLogTellsOfEachTranscodeOnce: what it is about, and how it has ended.
func TestTheLogTellsOfEachTranscodeOnce(t *testing.T) {
	var log lockedLog
	o := oddOptions()
	o.log = &log
	h := newHouse(t, t.TempDir(), o)
	film := h.send(makeFilm(t, "a.avi", "-f lavfi -i testsrc2=s=64x48:r=10:d=1 -f lavfi -i sine=d=1 -c:v mpeg4 -c:a mp3"), "")
	broken := h.send(makeFilm(t, "a.gif", "-f lavfi -i testsrc2=s=64x48 -frames:v 1"), "")
	for _, c := range []struct {
		a    *metadata.Asset
		want []string
	}{
		{film, []string{
			`"a transcode begins" profile=default source="avi of 1.1s: mpeg4 64×48, mp3" carriage=encoded rungs=48p left_out=0`,
			`"a transcode has ended" profile=default outcome=done took=…`,
		}},
		{broken, []string{
			`"a transcode has ended" profile=default outcome=failed took=… reason="this is a picture (GIF), not a video: there is only one in it, unless it lost its end"`,
		}},
	} {
		h.over(c.a.ID)
		told := func() []string { return log.of(c.a) }
		h.until("the log tells of the end", func() bool { return len(told()) >= len(c.want) })
		if got := told(); strings.Join(got, "\n") != strings.Join(c.want, "\n") {
			t.Errorf("the log tells\n%s, want\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

package transcode_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/internal/testclip"
	"github.com/streamgate/streamgate/metadata"
)

// endsOfCorpus is what becomes of each file that is work for a transcoder.
const endsOfCorpus = "testdata/corpus_ends.txt"

// addresses are where in memory something was, which ffmpeg tells.
var addresses = regexp.MustCompile(` @ 0x[0-9a-f]+`)

// TestTheCorpusEnds sends every file that is work for a transcoder, and wants it to
// become ready and to play to its last segment, or to fail with a reason that was
// decided to be right.
func TestTheCorpusEnds(t *testing.T) {
	if testing.Short() {
		t.Skip("some minutes of encoding")
	}
	dir := testclip.Corpus(t)
	h := newHouse(t, t.TempDir(), smallOptions())
	var b strings.Builder
	for _, name := range testclip.Transcodable(t) {
		sent, said := h.offer(filepath.Join(dir, name), "")
		if said == "" {
			said = h.end(h.over(sent.ID))
		} else {
			said = "not taken: " + said
		}
		fmt.Fprintf(&b, "%s: %s\n", name, said)
	}
	compare(t, endsOfCorpus, b.String())
}

// end says how an asset has ended.
func (h *house) end(a *metadata.Asset) string {
	h.t.Helper()
	if a.State != metadata.Ready {
		return string(a.State) + ": " + addresses.ReplaceAllString(strings.SplitN(a.Error, "\n", 2)[0], "")
	}
	said := []string{string(a.State), fmt.Sprintf("%.1f s", a.Duration)}
	for _, t := range a.Tracks {
		said = append(said, strings.SplitN(t.Codec, ".", 2)[0])
	}
	for _, r := range a.Renditions {
		said = append(said, fmt.Sprintf("%s=%dx%d", r.Name, r.Width, r.Height))
	}
	segments := 0
	for _, uri := range h.playlists(a.ID) {
		for line := range strings.Lines(string(h.get(uri))) {
			if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
				continue
			}
			if len(h.get(uri[:strings.LastIndexByte(uri, '/')+1]+line)) == 0 {
				return "does not play: " + uri + " " + line
			}
			segments++
		}
	}
	for _, u := range h.transcodes(a.ID) {
		s, err := h.coder.Status(h.t.Context(), u.ID)
		if err != nil {
			h.t.Fatal(err)
		}
		for _, r := range s.Rungs {
			if r.Error != "" {
				said = append(said, r.Name+" failed: "+addresses.ReplaceAllString(r.Error, ""))
			}
		}
	}
	if segments == 0 {
		return "has nothing to play"
	}
	return strings.Join(said, " ")
}

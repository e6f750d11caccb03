package playcheck

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/Eyevinn/hls-m3u8/m3u8"
)

// IFrames says which segments of a playlist of I-frames are not, each decoded
// without all others, one picture that the media playlist index shows at the
// same time. It returns how many there are.
//
// The test is skipped without ffmpeg.
func IFrames(t testing.TB, index, iframes string) (n int, problems []string) {
	t.Helper()
	Require(t)
	dir := t.TempDir()
	p, err := probe(t.Context(), dir, index)
	if err != nil || len(p.streams) != 1 {
		return 0, []string{fmt.Sprintf("the media playlist cannot be read: %v", err)}
	}
	whole, r := decode(t.Context(), dir, "whole", index, p.streams)
	if r.err != nil {
		return 0, []string{r.err.Error()}
	}
	base, text := get(t, iframes)
	list, _, err := m3u8.Decode(*bytes.NewBuffer(text), true)
	media, ok := list.(*m3u8.MediaPlaylist)
	if err != nil || !ok || !media.Iframe {
		return 0, []string{fmt.Sprintf("it is no playlist of I-frames: %v\n%s", err, text)}
	}
	_, init := get(t, base.ResolveReference(&url.URL{Path: media.Map.URI}).String())
	for i, s := range media.GetAllSegments() {
		_, data := get(t, base.ResolveReference(&url.URL{Path: s.URI}).String())
		path := filepath.Join(dir, fmt.Sprintf("picture-%d.mp4", i))
		if err := os.WriteFile(path, slices.Concat(init, data), 0o600); err != nil {
			t.Fatal(err)
		}
		alone, r := decode(t.Context(), dir, "alone", path, p.streams)
		frames := alone[0].frames
		if len(frames) != 1 || r.err != nil || len(r.complaints) > 0 {
			problems = append(problems, fmt.Sprintf("%s: %d pictures, %v %q", s.URI, len(frames), r.err, r.complaints))
		} else if !slices.ContainsFunc(whole[0].frames, func(f unit) bool {
			return f.key == frames[0].key && max(f.at-frames[0].at, frames[0].at-f.at) < syncTolerance
		}) {
			problems = append(problems, fmt.Sprintf("%s: the picture at %.3f s is another", s.URI, frames[0].at))
		}
		n++
	}
	return n, problems
}

func get(t testing.TB, address string) (*url.URL, []byte) {
	t.Helper()
	at, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	resp, body, err := ask(t.Context(), http.MethodGet, at)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %v", address, err)
	}
	return at, body
}

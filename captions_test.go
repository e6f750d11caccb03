package streamgate_test

import (
	"encoding/json"
	"math"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/internal/playcheck"
)

const (
	englishSRT = "1\n00:00:00,500 --> 00:00:01,500\n<i>Hello</i> & welcome\n"
	germanTTML = `<tt xmlns="http://www.w3.org/ns/ttml"><body><div><p begin="0.5s" end="1.5s">Hallo</p></div></body></tt>`
)

// subtitles returns the addresses of what plays an asset's captions, in order.
func subtitles(t *testing.T, c *client, id string) (found []string) {
	t.Helper()
	for _, uri := range references(t, c, c.base+"/play/"+id+"/master.m3u8") {
		if strings.Contains(uri, "/s1/") || strings.Contains(uri, "/s2/") {
			found = append(found, uri)
		}
	}
	return found
}

func TestCaptionsPlay(t *testing.T) {
	dir := t.TempDir()
	g := startGate(t, dir)
	c := serve(t, g, "")
	id := c.upload()
	plain := c.get("/play/"+id+"/master.m3u8").want(t, http.StatusOK)

	c.do(http.MethodPut, "/v1/assets/"+id+"/captions/en?label=English&default=true", strings.NewReader(englishSRT)).want(t, http.StatusCreated)
	c.do(http.MethodPut, "/v1/assets/"+id+"/captions/de", strings.NewReader(germanTTML)).want(t, http.StatusCreated)
	a, err := g.Metadata().Asset(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := g.Metadata().Stored(t.Context(), "ada")
	if want := a.Size + a.Captions[0].Size + a.Captions[1].Size; err != nil || stored != want || a.Captions[0].Size == 0 {
		t.Errorf("ada has %d bytes, want %d with the captions: %v", stored, want, err)
	}
	var uris []string
	eventually(t, "playlists have both", func() bool { uris = subtitles(t, c, id); return len(uris) == 2 })
	plays(t, c, c.base+"/play/"+id+"/master.m3u8")
	for i, want := range []string{"<i>Hello</i> &amp; welcome", "Hallo"} {
		a := c.at(references(t, c, uris[i])[0]).want(t, http.StatusOK)
		if !strings.Contains(string(a.body), want) || a.Header.Get("Content-Type") != "text/vtt" {
			t.Errorf("%s: %s", a.Header.Get("Content-Type"), a.body)
		}
	}
	for _, method := range []string{http.MethodPut, http.MethodDelete} {
		wantProblem(t, c.as("bob").do(method, "/v1/assets/"+id+"/captions/en", strings.NewReader(englishSRT)), http.StatusNotFound)
	}
	wantProblem(t, c.as("bob").do(http.MethodGet, strings.TrimPrefix(uris[0], c.base), nil), http.StatusNotFound)

	for _, language := range []string{"en", "de"} {
		c.do(http.MethodDelete, "/v1/assets/"+id+"/captions/"+language, nil).want(t, http.StatusNoContent)
	}
	eventually(t, "the playlist is what it was", func() bool {
		return cmp.Equal(c.get("/play/"+id+"/master.m3u8").want(t, http.StatusOK).body, plain.body)
	})
	wantProblem(t, c.at(uris[0]), http.StatusNotFound)
	eventually(t, "the files are gone", func() bool {
		for _, name := range filesOf(t, dir) {
			if strings.Contains(name, "captions") {
				return false
			}
		}
		return true
	})
}

// TestFFmpegReadsSubtitles has a reader of others follow the playlists: the one
// of the subtitles, and the one of all. It takes the times of cues as they
// stand and does not map them, which here is a frame.
func TestFFmpegReadsSubtitles(t *testing.T) {
	playcheck.Require(t)
	c := serve(t, startGate(t, t.TempDir()), "")
	id := c.upload()
	c.do(http.MethodPut, "/v1/assets/"+id+"/captions/en", strings.NewReader(englishSRT)).want(t, http.StatusCreated)
	var uris []string
	eventually(t, "the playlist has them", func() bool { uris = subtitles(t, c, id); return len(uris) == 1 })
	for _, uri := range []string{uris[0], c.base + "/play/" + id + "/master.m3u8"} {
		out, err := exec.CommandContext(t.Context(), "ffprobe", "-v", "error", "-headers", "Test-User: ada\r\n", "-of", "json", "-show_packets", "-show_data", uri).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		var found struct {
			Packets []struct {
				Kind     string  `json:"codec_type"`
				Time     float64 `json:"pts_time,string"`
				Duration float64 `json:"duration_time,string"`
				Data     string  `json:"data"`
			}
		}
		if err := json.Unmarshal(out, &found); err != nil {
			t.Fatalf("%v: %.500s", err, out)
		}
		read, others := 0, 0
		for _, p := range found.Packets {
			if p.Kind != "subtitle" {
				others++
				continue
			}
			read++
			if math.Abs(p.Time-0.5) > 0.1 || math.Abs(p.Duration-1) > 0.01 || !strings.Contains(p.Data, "<i>Hello</i>") {
				t.Errorf("the cue is %q at %v for %v s", p.Data, p.Time, p.Duration)
			}
		}
		whole := strings.HasSuffix(uri, "master.m3u8") // of which older ones leave out subtitles
		if read > 1 || read == 0 && !whole || (others > 0) != whole {
			t.Errorf("%s: %d cues, %d other packets", uri, read, others)
		}
	}
}

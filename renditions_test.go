package streamgate_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io/fs"
	"math"
	"mime/multipart"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/hls"
	"github.com/streamgate/streamgate/internal/hlsrules"
	"github.com/streamgate/streamgate/internal/playcheck"
	"github.com/streamgate/streamgate/internal/testclip"
)

// ladder makes a film of 18 seconds, whose key frames are at no even distance,
// and files that show the same.
func ladder(t *testing.T) (source []byte, file func(arguments string) []byte) {
	t.Helper()
	playcheck.Require(t)
	dir := t.TempDir()
	run := func(line string) []byte {
		t.Helper()
		args := append([]string{"-v", "error", "-nostdin", "-y"}, strings.Fields(line)...)
		c := exec.CommandContext(t.Context(), "ffmpeg", args...)
		c.Dir = dir
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("ffmpeg %s: %v\n%s", line, err, out)
		}
		b, err := os.ReadFile(filepath.Join(dir, args[len(args)-1]))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	source = run("-f lavfi -i testsrc2=s=640x360:r=30000/1001:d=18 -f lavfi -i sine=f=300:d=18 -c:v libx264 -preset ultrafast -pix_fmt yuv420p" +
		" -b:v 2500k -maxrate 2500k -bufsize 2500k -force_key_frames 0,5.2,7.7,13.9 -g 900 -c:a aac source.mp4")
	return source, func(arguments string) []byte {
		t.Helper()
		return run("-i source.mp4 -c:v libx264 -preset ultrafast -pix_fmt yuv420p " + arguments + " r.mp4")
	}
}

// send uploads a file by one of the protocols.
func (c *client) send(protocol, asset, name string, file []byte) answer {
	c.t.Helper()
	query := "?asset_id=" + asset + "&rendition=" + name
	switch protocol {
	case "tus":
		value := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
		return c.do(http.MethodPost, "/v1/uploads", bytes.NewReader(file), "Tus-Resumable", "1.0.0", "Upload-Length", fmt.Sprint(len(file)),
			"Content-Type", "application/offset+octet-stream", "Upload-Metadata", "asset_id "+value(asset)+",rendition "+value(name))
	case "ietf":
		return c.do(http.MethodPost, "/v1/uploads"+query, bytes.NewReader(file), "Upload-Complete", "?1", "Upload-Draft-Interop-Version", "8")
	case "form":
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		_ = w.WriteField("asset_id", asset)
		_ = w.WriteField("rendition", name)
		part, _ := w.CreateFormFile("file", "r.mp4")
		_, _ = part.Write(file)
		_ = w.Close()
		return c.do(http.MethodPost, "/v1/uploads", &b, "Content-Type", w.FormDataContentType())
	}
	return c.do(http.MethodPost, "/v1/uploads"+query, bytes.NewReader(file))
}

// renditionsOf are the names and states of an asset's renditions.
func (c *client) renditionsOf(asset string) (list []string) {
	c.t.Helper()
	a := c.get("/v1/assets/"+asset).want(c.t, http.StatusOK).json(c.t)
	if a["state"] != "ready" || a["playable"] != true {
		c.t.Errorf("the asset is %v, %v", a["state"], a["error"])
	}
	for _, r := range a["renditions"].([]any) {
		r := r.(map[string]any)
		list = append(list, fmt.Sprintf("%v %v %vx%v", r["name"], r["state"], r["width"], r["height"]))
		for key := range r {
			if slices.Contains([]string{"source", "index", "Source", "Index", "revision", "sha256"}, key) {
				c.t.Errorf("%v shows its %s", r["name"], key)
			}
		}
	}
	return list
}

func TestRenditionsPlayBesideTheirSource(t *testing.T) {
	source, file := ladder(t)
	dir := t.TempDir()
	c := serve(t, startGate(t, dir), "")
	id := c.do(http.MethodPost, "/v1/uploads?title=Ladder", bytes.NewReader(source)).want(t, http.StatusCreated).json(t)["asset_id"].(string)
	alone := variants(t, c, id)

	// The source's picture costs some 2.5 Mbit/s: what players begin with has to be less.
	c.send("body", id, "180p", file("-s 320x180 -b:v 300k -maxrate 300k -bufsize 300k -an -force_key_frames source")).want(t, http.StatusCreated)
	c.send("form", id, "216p", file("-s 384x216 -b:v 700k -maxrate 700k -bufsize 700k -force_key_frames source")).want(t, http.StatusCreated)
	c.send("tus", id, "288p", file("-s 512x288 -b:v 1400k -maxrate 1400k -bufsize 1400k -force_key_frames source -video_track_timescale 90000")).want(t, http.StatusCreated)
	c.send("ietf", id, "144p", file("-s 256x144 -b:v 150k -maxrate 150k -bufsize 150k -force_key_frames source"))
	want := []string{"source ready 640x360", "180p ready 320x180", "216p ready 384x216", "288p ready 512x288", "144p ready 256x144"}
	if d := cmp.Diff(want, c.renditionsOf(id)); d != "" {
		t.Error(d)
	}

	list := variants(t, c, id)
	var sizes []string
	for _, v := range list {
		sizes = append(sizes, v.size)
	}
	if d := cmp.Diff([]string{"512x288", "256x144", "320x180", "384x216", "640x360"}, sizes); d != "" {
		t.Errorf("the variants: %s", d)
	}
	if last := list[len(list)-1]; last.uri != alone[0].uri {
		t.Errorf("the source is at %s, alone it was at %s", last.uri, alone[0].uri)
	}
	inStep(t, c, list)
	decodes(t, list)
	checkRules(t, c, id)
	checkSwitching(t, c, id, 5)

	removal(t, c, dir, id)
}

// removal takes renditions away, by name, by another in their place, by another source.
func removal(t *testing.T, c *client, dir, id string) {
	t.Helper()
	files := func() (n int) {
		_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && (strings.HasSuffix(d.Name(), "source") || strings.HasSuffix(d.Name(), "index")) {
				n++
			}
			return nil
		})
		return n
	}
	had := files()
	list := variants(t, c, id)
	c.do(http.MethodDelete, "/v1/assets/"+id+"/renditions/144p", nil).want(t, http.StatusNoContent)
	wantProblem(t, c.do(http.MethodDelete, "/v1/assets/"+id+"/renditions/144p", nil), http.StatusNotFound)
	wantProblem(t, c.do(http.MethodDelete, "/v1/assets/"+id+"/renditions/source", nil), http.StatusUnprocessableEntity)
	wantProblem(t, c.as("bob").do(http.MethodDelete, "/v1/assets/"+id+"/renditions/180p", nil), http.StatusNotFound)
	eventually(t, "its playlist is gone", func() bool { return c.at(list[1].uri).StatusCode == http.StatusNotFound })
	eventually(t, "its files are gone", func() bool { return files() == had-2 })
	for _, v := range slices.Delete(list, 1, 2) {
		c.at(v.uri).want(t, http.StatusOK)
	}
	c.do(http.MethodPost, "/v1/uploads?asset_id="+id, bytes.NewReader(flatClip(t))).want(t, http.StatusCreated)
	eventually(t, "all that was made of the old source is gone", func() bool { return files() == 2 })
	if d := cmp.Diff(1, len(c.renditionsOf(id))); d != "" {
		t.Error(d)
	}
}

// flatClip is another film.
func flatClip(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "flat.mp4")
	out, err := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "color=s=64x64:d=2", "-c:v", "libx264", "-pix_fmt", "yuv420p", path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestARenditionThatDoesNotFitFailsAlone(t *testing.T) {
	source, file := ladder(t)
	c := serve(t, startGate(t, t.TempDir()), "")
	id := c.do(http.MethodPost, "/v1/uploads", bytes.NewReader(source)).want(t, http.StatusCreated).json(t)["asset_id"].(string)
	before := variants(t, c, id)
	unaligned := file("-s 320x180 -g 40 -sc_threshold 0")
	for _, c2 := range []struct {
		name, rendition, asset string
		file                   []byte
		status                 int
		says                   string
	}{
		{"with key frames elsewhere", "180p", id, unaligned, http.StatusUnprocessableEntity, "it has no key frame at"},
		{"of another length", "180p", id, file("-t 9 -s 320x180 -force_key_frames source"), http.StatusUnprocessableEntity, "its video lasts"},
		{"of another shape", "180p", id, file("-vf scale=320:320,setsar=1 -force_key_frames source"), http.StatusUnprocessableEntity, "another shape"},
		{"by a name that is none", "a/b", id, unaligned, http.StatusUnprocessableEntity, "small letters"},
		{"by the name of the source", "source", id, unaligned, http.StatusUnprocessableEntity, "small letters"},
		{"of no asset", "180p", "", unaligned, http.StatusBadRequest, "asset_id"},
	} {
		t.Run(c2.name, func(t *testing.T) {
			a := c.send("body", c2.asset, c2.rendition, c2.file)
			wantProblem(t, a, c2.status)
			if detail, _ := a.json(t)["detail"].(string); !strings.Contains(detail, c2.says) {
				t.Errorf("it says %q, want %q", detail, c2.says)
			}
			if d := cmp.Diff([]string{"source ready 640x360"}, c.renditionsOf(id)); d != "" {
				t.Error(d)
			}
		})
	}
	wantProblem(t, c.as("bob").send("body", id, "180p", unaligned), http.StatusNotFound)
	empty := c.do(http.MethodPost, "/v1/assets", strings.NewReader("{}"), "Content-Type", "application/json").want(t, http.StatusCreated).json(t)["id"].(string)
	wantProblem(t, c.send("body", empty, "180p", unaligned), http.StatusConflict)
	if d := cmp.Diff(before, variants(t, c, id), cmp.AllowUnexported(variant{})); d != "" {
		t.Errorf("the playlist changed: %s", d)
	}
}

type variant struct{ size, uri string }

// variants are those of a multivariant playlist, in its order.
func variants(t *testing.T, c *client, asset string) (list []variant) {
	t.Helper()
	a := c.get("/play/"+asset+"/master.m3u8").want(t, http.StatusOK)
	size := ""
	for line := range strings.Lines(string(a.body)) {
		line = strings.TrimSpace(line)
		if attributes, ok := strings.CutPrefix(line, "#EXT-X-STREAM-INF:"); ok {
			_, size, _ = strings.Cut(attributes, "RESOLUTION=")
			size, _, _ = strings.Cut(size, ",")
		} else if line != "" && line[0] != '#' {
			ref, err := a.Request.URL.Parse(line)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, variant{size, ref.String()})
		}
	}
	return list
}

// inStep holds the media playlists of variants against each other: their segments
// have the same durations, to a millisecond.
func inStep(t *testing.T, c *client, list []variant) {
	t.Helper()
	durations := func(v variant) (all []float64) {
		for line := range strings.Lines(string(c.at(v.uri).want(t, http.StatusOK).body)) {
			var d float64
			if n, _ := fmt.Sscanf(line, "#EXTINF:%f,", &d); n == 1 {
				all = append(all, d)
			}
		}
		return all
	}
	want := durations(list[0])
	for _, v := range list[1:] {
		got := durations(v)
		same := slices.EqualFunc(want, got, func(a, b float64) bool { return a-b < 0.0011 && b-a < 0.0011 })
		if !same || len(got) < 3 {
			t.Errorf("%s is cut into %v, %s into %v", v.size, got, list[0].size, want)
		}
	}
}

// decodes reads each variant with ffmpeg: all pictures are there, at their times.
func decodes(t *testing.T, list []variant) {
	t.Helper()
	for _, v := range list {
		out, err := exec.CommandContext(t.Context(), "ffprobe", "-v", "error", "-headers", "Test-User: ada\r\n", "-count_frames", "-select_streams", "v",
			"-show_entries", "stream=width,height,nb_read_frames", "-of", "csv=p=0", v.uri).CombinedOutput()
		want := strings.Replace(v.size, "x", ",", 1) + ",540"
		got, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
		if err != nil || got != want {
			t.Errorf("%s: %q, want %q: %v", v.size, got, want, err)
		}
	}
}

func checkRules(t *testing.T, c *client, asset string) {
	t.Helper()
	fetch := func(uri string) ([]byte, error) {
		a := c.get(uri)
		if a.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("GET %s: %d", uri, a.StatusCode)
		}
		return a.body, nil
	}
	for _, v := range hlsrules.Check(fetch, "/play/"+asset+"/master.m3u8") {
		if v.Rule != "version-low" {
			t.Error(v)
		}
	}
}

// checkSwitching reads the manifest: all pictures of a codec are one AdaptationSet.
func checkSwitching(t *testing.T, c *client, asset string, representations int) {
	t.Helper()
	var m struct {
		Sets []struct {
			Type    string `xml:"contentType,attr"`
			Aligned bool   `xml:"segmentAlignment,attr"`
			Reps    []struct {
				ID string `xml:"id,attr"`
			} `xml:"Representation"`
		} `xml:"Period>AdaptationSet"`
	}
	if err := xml.Unmarshal(c.get("/play/"+asset+"/manifest.mpd").want(t, http.StatusOK).body, &m); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	videos := 0
	for _, s := range m.Sets {
		if s.Type != "video" {
			continue
		}
		videos++
		for _, r := range s.Reps {
			seen[r.ID] = true
		}
		if !s.Aligned || len(s.Reps) != representations {
			t.Errorf("%+v, want %d representations in step", s, representations)
		}
	}
	if videos != 1 || len(seen) != representations {
		t.Errorf("%d sets of video, representations %v", videos, seen)
	}
}

// TestPartsOfFilmsPlay joins pieces of two films of different sizes, and has
// ffmpeg play them. It knows no second Period of a manifest.
func TestPartsOfFilmsPlay(t *testing.T) {
	source, _ := ladder(t)
	var first, second string
	g := startGate(t, t.TempDir(), streamgate.WithPlayback(func(o *hls.Options) {
		o.Compose = func(_ context.Context, id string) (*hls.Composition, error) {
			if id != "evening" {
				return nil, nil //nolint:nilnil // it plays as it is
			}
			return &hls.Composition{Parts: []hls.Part{{Asset: first, From: 6 * time.Second, To: 10 * time.Second}, {Asset: second}}}, nil
		}
	}))
	c := serve(t, g, "")
	first = c.do(http.MethodPost, "/v1/uploads", bytes.NewReader(source)).want(t, http.StatusCreated).json(t)["asset_id"].(string)
	second = c.do(http.MethodPost, "/v1/uploads", bytes.NewReader(testclip.MP4(t))).want(t, http.StatusCreated).json(t)["asset_id"].(string)
	var alone float64
	for line := range strings.Lines(string(c.at(variants(t, c, second)[0].uri).want(t, http.StatusOK).body)) {
		var d float64
		if n, _ := fmt.Sscanf(line, "#EXTINF:%f,", &d); n == 1 {
			alone += d
		}
	}
	if n := plays(t, c, c.base+"/play/evening/master.m3u8"); n < 6 {
		t.Errorf("%d segments and init segments", n)
	}
	for _, what := range []struct {
		uri  string
		want float64
	}{
		{"/play/evening/master.m3u8", 13.9 - 5.205 + alone}, // whole segments
		{"/play/" + first + "/clip/6000-10000/master.m3u8", 13.9 - 5.205},
		{"/play/" + first + "/clip/6000-10000/manifest.mpd", math.Floor(10 - 5.205)}, // of which ffmpeg reads whole seconds
	} {
		out, err := exec.CommandContext(t.Context(), "ffprobe", "-v", "error", "-headers", "Test-User: ada\r\n",
			"-show_entries", "format=duration", "-of", "csv=p=0", c.base+what.uri).CombinedOutput()
		var got float64
		if _, scan := fmt.Sscan(string(out), &got); err != nil || scan != nil || math.Abs(got-what.want) > 0.05 {
			t.Errorf("%s lasts %s, want %.3f: %v", what.uri, out, what.want, err)
		}
	}
	if !strings.HasPrefix(c.as("bob").get("/play/evening/master.m3u8").Status, "404") {
		t.Error("somebody else gets it, too")
	}
}

package streamgate_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/internal/hlsrules"
	"github.com/streamgate/streamgate/internal/testclip"
	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/ratelimit"
)

// growingFiles are what plays before it is whole.
var growingFiles = map[string]string{"moov first": testclip.MoovFirst, "in fragments": testclip.InFragments}

// An arrival is an upload by tus in steps.
type arrival struct {
	*client
	file   []byte
	offset int
	upload string
	asset  string
}

func (c *client) begin(file []byte) *arrival {
	c.t.Helper()
	a := c.do(http.MethodPost, "/v1/uploads", nil, "Tus-Resumable", "1.0.0", "Upload-Length", strconv.Itoa(len(file))).want(c.t, http.StatusCreated)
	return &arrival{client: c, file: file, upload: "/v1/" + a.Header.Get("Location"), asset: a.Header.Get("Streamgate-Asset")}
}

// send sends the bytes up to an offset.
func (a *arrival) send(to int) answer {
	a.t.Helper()
	res := a.do(http.MethodPatch, a.upload, bytes.NewReader(a.file[a.offset:to]), "Tus-Resumable", "1.0.0",
		"Upload-Offset", strconv.Itoa(a.offset), "Content-Type", "application/offset+octet-stream").want(a.t, http.StatusNoContent)
	a.offset = to
	return res
}

func (a *arrival) master() string { return a.base + "/play/" + a.asset + "/master.m3u8" }

// expected is how many segments each track should have, nil for nothing to play.
func (a *arrival) expected() (n []int) {
	a.t.Helper()
	g, err := media.ParseGrowing(a.t.Context(), bytes.NewReader(a.file[:a.offset]), int64(a.offset), int64(len(a.file)), nil)
	if err != nil {
		return nil
	}
	ix := g.Index(int64(a.offset))
	if ix == nil {
		return nil
	}
	for _, t := range ix.Tracks {
		n = append(n, len(t.Segments))
	}
	slices.Sort(n)
	return n
}

// A follower reads playlists again and again, as players do, and minds that
// nothing changes but for what is appended.
type follower struct {
	*client
	playlists []string          // media playlists
	seen      map[string]string // text by playlist
	bytes     map[string][]byte // by URI of a segment
}

func (f *follower) read() (counts []int, ended bool) {
	f.t.Helper()
	ended = true
	for _, uri := range f.playlists {
		a := f.at(uri).want(f.t, http.StatusOK)
		text := string(a.body)
		before := strings.TrimSuffix(f.seen[uri], "#EXT-X-ENDLIST\n")
		if !strings.HasPrefix(text, before) {
			f.t.Fatalf("%s changed: it was\n%s\nand is\n%s", uri, f.seen[uri], text)
		}
		if !strings.Contains(text, "#EXT-X-PLAYLIST-TYPE:EVENT\n") {
			f.t.Errorf("%s is no EVENT:\n%s", uri, text)
		}
		end := strings.HasSuffix(text, "#EXT-X-ENDLIST\n")
		if cc := a.Header.Get("Cache-Control"); !end && cc != "private, no-cache" {
			f.t.Errorf("%s may be kept: %q", uri, cc)
		}
		ended = ended && end
		f.seen[uri] = text
		segments := references(f.t, f.client, uri)
		counts = append(counts, len(segments)-1) // of which one is the init segment
		for _, uri := range segments {
			if _, ok := f.bytes[uri]; !ok {
				f.bytes[uri] = f.at(uri).want(f.t, http.StatusOK).body
			}
		}
	}
	slices.Sort(counts)
	return counts, ended
}

var targetDuration = regexp.MustCompile(`#EXT-X-TARGETDURATION:[0-9]+`)

// TestAnUploadPlaysWhileItArrives reads what plays after each step.
func TestAnUploadPlaysWhileItArrives(t *testing.T) {
	for name, shape := range growingFiles {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := testclip.Film(t, shape)
			c := serve(t, startGate(t, t.TempDir(), streamgate.WithRateLimit("streaming", ratelimit.Limit{Burst: 1e6, Rate: 1e6})), "")
			up := c.begin(file)
			var f *follower
			early := 0
			for step := 1; step < 12; step++ {
				up.send(len(file) * step / 12)
				want := up.expected()
				asset := c.get("/v1/assets/"+up.asset).want(t, http.StatusOK).json(t)
				if asset["state"] != "uploading" || asset["playable"] != (want != nil) {
					t.Fatalf("after step %d it is %v, playable: %v, and there should be %v segments", step, asset["state"], asset["playable"], want)
				}
				if want == nil {
					wantProblem(t, c.at(up.master()), http.StatusConflict)
					continue
				}
				early++
				if f == nil {
					eventually(t, "it plays", func() bool { return c.at(up.master()).StatusCode == http.StatusOK })
					if got := asset["playback"]; got != "/play/"+up.asset+"/master.m3u8" {
						t.Errorf("playback: %v", got)
					}
					wantProblem(t, c.as("bob").at(up.master()), http.StatusNotFound)
					wantProblem(t, c.get("/play/"+up.asset+"/manifest.mpd"), http.StatusConflict)
					wantProblem(t, c.get("/play/"+up.asset+"/download"), http.StatusNotFound)
					f = &follower{client: c, playlists: references(t, c, up.master()), seen: map[string]string{}, bytes: map[string][]byte{}}
				}
				eventually(t, fmt.Sprintf("the playlists have %v segments", want), func() bool {
					got, ended := f.read()
					return fmt.Sprint(got) == fmt.Sprint(want) && !ended
				})
			}
			if early < 4 {
				t.Fatalf("it plays after %d steps of 12", early)
			}
			for _, v := range hlsrules.Check(fetcher(c), up.master()) {
				if v.Rule != "endlist" && v.Rule != "version-low" {
					t.Error(v)
				}
			}
			if a := c.at(up.master()); !strings.Contains(string(a.body), "#EXT-X-START:TIME-OFFSET=0\n") {
				t.Errorf("players may begin at its end:\n%s", a.body)
			}
			before := f.bytes
			targets := targetDuration.FindAllString(f.seen[f.playlists[0]], -1)
			up.send(len(file))
			eventually(t, "the playlists end", func() bool { _, ended := f.read(); return ended })
			f.bytes = map[string][]byte{}
			f.read()
			for uri, data := range before {
				if !bytes.Equal(data, f.bytes[uri]) {
					t.Errorf("%s is another once the upload is complete", uri)
				}
			}
			if now := targetDuration.FindAllString(f.seen[f.playlists[0]], -1); fmt.Sprint(now) != fmt.Sprint(targets) {
				t.Errorf("the target duration was %v and is %v", targets, now)
			}
			if got := references(t, c, up.master()); fmt.Sprint(got[:len(f.playlists)]) != fmt.Sprint(f.playlists) {
				t.Errorf("new viewers get %v, others %v", got, f.playlists)
			}
			for _, v := range hlsrules.Check(fetcher(c), up.master()) {
				if v.Rule != "version-low" {
					t.Error(v)
				}
			}
			asset := c.get("/v1/assets/"+up.asset).want(t, http.StatusOK).json(t)
			if asset["state"] != "ready" || asset["playable"] != true {
				t.Errorf("at the end it is %v, playable: %v", asset["state"], asset["playable"])
			}
		})
	}
}

func fetcher(c *client) hlsrules.Fetch {
	return func(uri string) ([]byte, error) { return c.at(uri).want(c.t, http.StatusOK).body, nil }
}

// TestFFmpegFollowsAnUploadToItsEnd has ffmpeg read playlists while the upload
// stands still and goes on, and compares all pictures.
func TestFFmpegFollowsAnUploadToItsEnd(t *testing.T) {
	for name, shape := range growingFiles {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := testclip.Film(t, shape)
			whole := filepath.Join(t.TempDir(), "whole.mp4")
			if err := os.WriteFile(whole, file, 0o600); err != nil {
				t.Fatal(err)
			}
			c := serve(t, startGate(t, t.TempDir()), "")
			up := c.begin(file)
			up.send(len(file) / 2)
			eventually(t, "it plays", func() bool { return c.at(up.master()).StatusCode == http.StatusOK })

			follow := pictures(t, "-headers", "Test-User: ada\r\n", "-live_start_index", "0", "-i", up.master())
			var got strings.Builder
			follow.Stdout = &got
			if err := follow.Start(); err != nil {
				t.Fatal(err)
			}
			up.send(len(file) * 3 / 4)
			up.send(len(file))
			if err := follow.Wait(); err != nil {
				t.Fatalf("ffmpeg: %v\n%s", err, follow.Stderr)
			}
			want, err := pictures(t, "-i", whole).Output()
			if err != nil {
				t.Fatal(err)
			}
			if n, m := hashes(got.String()), hashes(string(want)); !slices.Equal(n, m) {
				t.Errorf("it saw %d pictures of %d, or others", len(n), len(m))
			}
		})
	}
}

// pictures is ffmpeg that writes a hash of each picture that it decodes.
func pictures(t *testing.T, input ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "ffmpeg", append(append([]string{"-v", "error", "-nostdin"}, input...),
		"-map", "0:v:0", "-fps_mode", "passthrough", "-f", "framemd5", "-")...)
	cmd.Stderr = new(strings.Builder)
	return cmd
}

func hashes(list string) (all []string) {
	for line := range strings.Lines(list) {
		if fields := strings.Fields(line); len(fields) > 0 && line[0] != '#' {
			all = append(all, fields[len(fields)-1])
		}
	}
	return all
}

func TestAnUploadThatIsCancelledPlaysNoMore(t *testing.T) {
	file := testclip.Film(t, testclip.InFragments)
	c := serve(t, startGate(t, t.TempDir()), "")
	up := c.begin(file)
	up.send(len(file) / 2)
	eventually(t, "it plays", func() bool { return c.at(up.master()).StatusCode == http.StatusOK })
	playlist := references(t, c, up.master())[0]
	segments := references(t, c, playlist)
	c.do(http.MethodDelete, up.upload, nil, "Tus-Resumable", "1.0.0").want(t, http.StatusNoContent)
	eventually(t, "its playlists are gone", func() bool { return c.at(playlist).StatusCode != http.StatusOK })
	for _, uri := range append(segments, playlist, up.master()) {
		wantProblem(t, c.at(uri), http.StatusConflict)
	}
	asset := c.get("/v1/assets/"+up.asset).want(t, http.StatusOK).json(t)
	if asset["state"] != "failed" || asset["playable"] != false || asset["playback"] != nil {
		t.Errorf("it is %v, playable: %v, at %v", asset["state"], asset["playable"], asset["playback"])
	}
}

func TestAnUploadPlaysOnAfterARestart(t *testing.T) {
	file, dir := testclip.Film(t, testclip.InFragments), t.TempDir()
	g := startGate(t, dir)
	c := serve(t, g, "")
	up := c.begin(file)
	up.send(len(file) / 2)
	eventually(t, "it plays", func() bool { return c.at(up.master()).StatusCode == http.StatusOK })
	f := &follower{client: c, playlists: references(t, c, up.master()), seen: map[string]string{}, bytes: map[string][]byte{}}
	f.read()
	stopGate(t, g)

	d := serve(t, startGate(t, dir), "")
	for i, uri := range f.playlists { // at the new address
		moved := d.base + strings.TrimPrefix(uri, c.base)
		f.seen[moved], f.playlists[i] = f.seen[uri], moved
	}
	before := f.bytes
	f.client, f.bytes, up.client = d, map[string][]byte{}, d
	f.read()
	for uri, data := range before {
		if !bytes.Equal(f.bytes[d.base+strings.TrimPrefix(uri, c.base)], data) {
			t.Errorf("%s is another now", uri)
		}
	}
	up.send(len(file))
	eventually(t, "it ends", func() bool { _, ended := f.read(); return ended })
}

func TestPlayingWhileUploadingCanBeSwitchedOff(t *testing.T) {
	file := testclip.Film(t, testclip.MoovFirst)
	c := serve(t, startGate(t, t.TempDir(), streamgate.WithPlayWhileUploading(false)), "")
	up := c.begin(file)
	up.send(len(file) / 2)
	wantProblem(t, c.at(up.master()), http.StatusConflict)
	up.send(len(file))
	eventually(t, "it plays", func() bool { return c.at(up.master()).StatusCode == http.StatusOK })
	text := string(c.at(references(t, c, up.master())[0]).want(t, http.StatusOK).body)
	if !strings.Contains(text, "#EXT-X-PLAYLIST-TYPE:VOD\n") {
		t.Errorf("it is no VOD:\n%s", text)
	}
}

package clients_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/internal/testclip"
	"github.com/streamgate/streamgate/ratelimit"
	"github.com/streamgate/streamgate/transcode"
)

var update = flag.Bool("update", false, "write ../docs/corpus.md anew instead of comparing with it")

// corpusTable is the document that says what becomes of each file.
const corpusTable = "../docs/corpus.md"

// shortCorpus are the files of the short form: one of each way that a file can go.
var shortCorpus = []string{
	"androidx_ts_sample_h265.ts",
	"androidx_mkv_sample_with_vorbis_audio.mkv",
	"androidx_avi_sample-with-large-length.avi",
	"androidx_mp4_sample_dts_hd_ma.mp4",
	"androidx_ogg_bear_vorbis_gap.ogg",
	"androidx_mp4_sample_ac4_level4.mp4",
	"androidx_mkv_sample_with_vtt_subtitles.mkv",
}

// An outcome is what becomes of a file.
type outcome struct {
	file, asset string
	state, why  string
	duration    float64
	tracks      []string
	pictures    bool // it has a picture
	sound       bool
	beside      string // the codec of sound that joined it
	rungs       int
	playback    string
}

// watched is what the page tells of a presentation.
type watched struct {
	Error      string   `json:"error"`
	Complaints []string `json:"complaints"`
	Stalls     int      `json:"stalls"`
	Duration   float64  `json:"duration"`
	At         float64  `json:"at"`
	Seen       float64  `json:"seen"`
	Pictures   int      `json:"pictures"`
	Heard      float64  `json:"heard"`
	Levels     []int    `json:"levels"`
	Ended      bool     `json:"ended"`
	Helped     bool     `json:"helped"` // hls.js was told that it is over
}

// TestTranscodesPlay sends files of the media corpus that HLS cannot carry to a Gate,
// and plays what becomes of them in hls.js to the end: picture and sound have to go
// on, without a stall, or the file has to have failed for the reason that the table
// says. STREAMGATE_TRANSCODES_ALL has all of them, which compares the table.
func TestTranscodesPlay(t *testing.T) {
	if testing.Short() {
		t.Skip("browsers are slow; the run without -short has it")
	}
	dir := testclip.Corpus(t)
	all := os.Getenv("STREAMGATE_TRANSCODES_ALL") != ""
	names := shortCorpus
	if only := os.Getenv("STREAMGATE_TRANSCODES"); only != "" {
		names = strings.Fields(only)
	}
	if all {
		names = testclip.Transcodable(t)
	}
	server := serveTranscodes(t, transcode.Profile{Preset: "ultrafast", Rungs: []transcode.Rung{
		{Height: 64, CRF: 30, MaxRate: 60_000}, {Height: 128, CRF: 30, MaxRate: 400_000},
	}})
	outcomes := make([]*outcome, len(names))
	for i, name := range names {
		outcomes[i] = send(t, server, filepath.Join(dir, name))
	}
	for _, o := range outcomes {
		o.await(t, server)
	}
	watchOutcomes(t, server, outcomes)
	var b strings.Builder
	for _, o := range outcomes {
		b.WriteString(o.row())
	}
	compareTable(t, b.String(), all)
}

// TestOtherCodecsPlay has profiles make AV1 and HEVC with Opus, and plays the first:
// Chromium decodes HEVC where the machine does.
func TestOtherCodecsPlay(t *testing.T) {
	if testing.Short() {
		t.Skip("browsers are slow; the run without -short has it")
	}
	film := filepath.Join(t.TempDir(), "film.avi")
	ffmpeg(t, nil, append(strings.Fields("-f lavfi -i testsrc2=s=128x72:r=25:d=8 -f lavfi -i sine=r=48000:d=8 -c:v mpeg4 -q:v 4 -c:a pcm_s16le"), film)...)
	for _, c := range []struct {
		codec transcode.Codec
		want  []string
		plays bool
	}{
		{transcode.AV1, []string{"av01", "opus"}, true},
		{transcode.HEVC, []string{"hvc1", "opus"}, false},
	} {
		t.Run(string(c.codec), func(t *testing.T) {
			profile := transcode.Profile{Video: c.codec, Audio: transcode.Opus, Rungs: []transcode.Rung{{Height: 72, CRF: 35, MaxRate: 200_000}}}
			if c.codec == transcode.HEVC {
				profile.Preset = "ultrafast"
			}
			server := serveTranscodes(t, profile)
			o := send(t, server, film)
			o.await(t, server)
			if diff := cmp.Diff(c.want, o.tracks); diff != "" || o.state != "ready" {
				t.Fatalf("it is %s (%s), and other than wanted (-want +got):\n%s", o.state, o.why, diff)
			}
			if decoded := ffmpeg(t, nil, "-i", server+o.playback, "-map", "0:v:0", "-pix_fmt", "gray", "-f", "rawvideo", "pipe:1"); len(decoded) != 200*128*72 {
				t.Errorf("%d pictures, want 200", len(decoded)/(128*72))
			}
			if c.plays {
				watchOutcomes(t, server, []*outcome{o})
			}
		})
	}
}

// serveTranscodes is a Gate with a transcoder, and the page.
func serveTranscodes(t *testing.T, profile transcode.Profile) string {
	t.Helper()
	if _, err := os.Stat("node_modules/hls.js"); err != nil {
		missing(t, "hls.js is not here: run make clients")
	}
	plenty := ratelimit.Limit{Burst: 1e6, Rate: 1e6}
	gate, err := streamgate.New(t.TempDir(),
		streamgate.WithAuthenticator(auth.Everybody("ada")), streamgate.WithLogger(slog.New(slog.DiscardHandler)),
		streamgate.WithRateLimit("upload", plenty), streamgate.WithRateLimit("streaming", plenty), streamgate.WithRateLimit("metadata", plenty), streamgate.WithRateLimit("transcoder", plenty),
		streamgate.WithTranscoder(&transcode.Options{Profiles: []transcode.Profile{profile}}))
	if err != nil {
		t.Fatal(err)
	}
	if err := gate.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/v1/", gate)
	mux.Handle("/play/", gate)
	mux.Handle("/npm/", http.StripPrefix("/npm", http.FileServer(http.Dir("node_modules"))))
	for _, name := range []string{"transcodes.html", "transcodes.mjs", "growing.html", "growing.mjs", "players.html", "players.mjs", "onsets.mjs"} {
		mux.HandleFunc("/"+name, func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, name) })
	}
	server := httptest.NewServer(mux)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		if err := gate.Stop(context.Background()); err != nil { // the test's own context has ended
			t.Error(err)
		}
	})
	return server.URL
}

// send uploads a file; one that is not taken has its end there.
func send(t *testing.T, server, path string) *outcome {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	res, err := http.Post(server+"/v1/uploads", "application/octet-stream", f) //nolint:noctx // the server is this test's own
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var told struct {
		Asset  string `json:"asset_id"`
		Detail string `json:"detail"`
	}
	body, err := io.ReadAll(res.Body)
	if err == nil {
		err = json.Unmarshal(body, &told)
	}
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	o := &outcome{file: filepath.Base(path), asset: told.Asset}
	if res.StatusCode != http.StatusCreated {
		o.state, o.why = "not taken", told.Detail
	}
	return o
}

// seenTo is how long one file of the corpus may take, with all others before it.
const seenTo = 20 * time.Minute

// await waits until nothing more is made of a file.
func (o *outcome) await(t *testing.T, server string) {
	t.Helper()
	for end := time.Now().Add(seenTo); o.state == ""; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s is not done", o.file)
		}
		var list struct {
			Transcodes []struct {
				State string `json:"state"`
			} `json:"transcodes"`
		}
		get(t, server+"/v1/transcodes?asset="+o.asset, &list)
		going := slices.ContainsFunc(list.Transcodes, func(x struct {
			State string `json:"state"`
		},
		) bool {
			return x.State == "running" || x.State == "waiting"
		})
		if !going {
			o.take(t, server)
		}
	}
}

// take reads how a file has ended.
func (o *outcome) take(t *testing.T, server string) {
	t.Helper()
	var a struct {
		State      string  `json:"state"`
		Error      string  `json:"error"`
		Duration   float64 `json:"duration"`
		Playback   string  `json:"playback"`
		Renditions []struct {
			Name  string `json:"name"`
			Width int    `json:"width"`
			Codec string `json:"codec"`
		} `json:"renditions"`
		Tracks []struct {
			Kind  string `json:"kind"`
			Codec string `json:"codec"`
		} `json:"tracks"`
	}
	get(t, server+"/v1/assets/"+o.asset, &a)
	if a.State != "ready" && a.State != "failed" {
		return
	}
	o.tracks, o.rungs, o.beside = nil, 0, ""
	rare := false
	for _, track := range a.Tracks {
		name, _, _ := strings.Cut(track.Codec, ".")
		o.tracks = append(o.tracks, name)
		o.pictures, o.sound = o.pictures || track.Kind == "video", o.sound || track.Kind == "audio"
		rare = rare || name == "ac-3" || name == "ec-3" || name == "alac"
	}
	for _, r := range a.Renditions {
		if r.Width == 0 && r.Name != "source" {
			o.beside, _, _ = strings.Cut(r.Codec, ".")
		} else {
			o.rungs++
		}
	}
	if a.State == "ready" && rare && o.beside == "" {
		return // its sound in AAC is on its way
	}
	o.state, o.why, o.duration, o.playback = a.State, a.Error, a.Duration, a.Playback
}

func get(t *testing.T, url string, into any) {
	t.Helper()
	res, err := http.Get(url) //nolint:noctx // the server is this test's own
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil {
		err = json.Unmarshal(body, into)
	}
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %s %v", url, res.Status, body, err)
	}
}

// together are how many presentations play at a time.
const together = 4

// watchOutcomes plays what is ready, and once more what did not play on: a machine
// that is short of time stalls any player, and what is wrong with a file is wrong
// every time.
func watchOutcomes(t *testing.T, server string, outcomes []*outcome) {
	t.Helper()
	browser := startBrowser(t)
	left := slices.DeleteFunc(slices.Clone(outcomes), func(o *outcome) bool { return o.state != "ready" })
	slices.SortFunc(left, func(a, b *outcome) int { return int(a.duration - b.duration) }) // those that play together end together
	for attempt := range attempts {
		var again []*outcome
		for some := range slices.Chunk(left, max(together-attempt, 1)) {
			for i, w := range watchSome(browser, t, server, some) {
				wrong := some[i].wrong(w)
				t.Logf("%s: %+v", some[i].file, w)
				switch {
				case len(wrong) == 0:
				case attempt == attempts-1:
					t.Errorf("%s: %s", some[i].file, strings.Join(wrong, "; "))
				default:
					t.Logf("%s, to be tried again: %s", some[i].file, strings.Join(wrong, "; "))
					again = append(again, some[i])
				}
			}
		}
		left = again
	}
}

func watchSome(browser context.Context, t *testing.T, server string, some []*outcome) []watched {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser)
	defer cancel()
	ctx, cancel = context.WithTimeout(ctx, 6*time.Minute)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Navigate(server+"/transcodes.html")); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool]("Boolean(window.ready)", chromedp.WithPollingTimeout(2*time.Minute))); err != nil {
		t.Fatal(err)
	}
	var masters []string
	for _, o := range some {
		masters = append(masters, server+o.playback)
	}
	return call[[]watched](ctx, t, "watchSome", masters)
}

// late is by how much before the end the last picture and the last sound may be
// noticed, in seconds.
const late = 0.35

// slow is how long a picture may show, in seconds: a browser that is told too little of
// the last one takes that of the one before.
const slow = 0.25

// short is how long a film with sound may last, in seconds, that the page has to tell
// hls.js the end of: see docs/corpus.md.
const short = 0.25

func (o *outcome) tooShort() bool { return o.pictures && o.sound && o.duration < short }

// wrong says what did not play as it should.
func (o *outcome) wrong(w watched) (list []string) {
	say := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	if w.Error != "" {
		say("%s", w.Error)
	}
	if w.Helped != o.tooShort() {
		say("hls.js was told of the end: %v, want %v", w.Helped, o.tooShort())
	}
	if !w.Ended {
		say("it does not end")
	}
	if w.Stalls > 0 {
		say("it stalls %d times", w.Stalls)
	}
	if len(w.Complaints) > 0 {
		say("hls.js complains: %s", strings.Join(w.Complaints, ", "))
	}
	if d := w.Duration - o.duration; d > slow || d < -0.1 {
		say("it lasts %.2f s, want %.2f", w.Duration, o.duration)
	}
	if o.pictures && w.Seen < w.Duration-late {
		say("the last picture is that of %.2f s, of %.2f", w.Seen, w.Duration)
	}
	if !o.pictures && w.Pictures > 0 {
		say("there are pictures")
	}
	if o.sound && w.Heard < 0 {
		say("nothing is heard")
	}
	return list
}

var addresses = regexp.MustCompile(` @ 0x[0-9a-f]+`)

// row is the line of the table.
func (o *outcome) row() string {
	if o.state != "ready" {
		return fmt.Sprintf("| %s | %s | %s |\n", o.file, o.state, addresses.ReplaceAllString(strings.SplitN(o.why, "\n", 2)[0], ""))
	}
	how := "plays"
	if o.tooShort() {
		how = "plays, once hls.js is told that it is over"
	}
	text := fmt.Sprintf("%.1f s of %s", o.duration, strings.Join(o.tracks, ", "))
	if o.beside != "" {
		text += ", and " + o.beside + " beside"
	}
	if o.rungs > 1 {
		text += fmt.Sprintf(", in %d sizes", o.rungs)
	}
	return fmt.Sprintf("| %s | %s | %s |\n", o.file, how, text)
}

// compareTable holds the rows against the document.
func compareTable(t *testing.T, rows string, all bool) {
	t.Helper()
	const head = "| file | | |\n|---|---|---|\n"
	was, err := os.ReadFile(corpusTable)
	if err != nil {
		t.Fatal(err)
	}
	before, table, found := strings.Cut(string(was), head)
	if !found {
		t.Fatalf("%s has no table", corpusTable)
	}
	switch {
	case *update && all:
		if err := os.WriteFile(corpusTable, []byte(before+head+rows), 0o600); err != nil {
			t.Fatal(err)
		}
	case all:
		if diff := cmp.Diff(strings.Split(table, "\n"), strings.Split(rows, "\n")); diff != "" {
			t.Errorf("%s (-it +now):\n%s", corpusTable, diff)
		}
	default:
		for row := range strings.Lines(rows) {
			if !strings.Contains(table, row) {
				t.Errorf("%s has not %s", corpusTable, row)
			}
		}
	}
}

package clients_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image/png"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/streamgate/streamgate/hls"
)

// engines are the players in the browser; the last is the browser with the file as
// it is, which tells by how much it errs itself.
var engines = []string{"hls.js", transportEngine, "Shaka HLS", "Shaka DASH", "dash.js", "video.js", "native", theFile}

// theFile is the browser by itself.
const theFile = "file"

// transportEngine gets MPEG-2 transport streams, of what they can carry.
const transportEngine = "hls.js MPEG-TS"

const (
	// syncTolerance is how far apart a flash and its beep may be, in seconds.
	syncTolerance = 0.020
	// playSeconds is how much is played at the beginning: two beeps.
	playSeconds = 3.6
	// screenshots are how many are taken until one is right.
	screenshots = 20
	// endSeconds is how much is played at the end.
	endSeconds = 0.6
)

// shown is what the page tells of one player.
type shown struct {
	Engine   string       `json:"engine"`
	Error    string       `json:"error"`
	Proof    bool         `json:"proof"` // that it is the player, and not the browser
	Duration float64      `json:"duration"`
	Frames   [][2]float64 `json:"frames"` // when each is shown, and its number
	Seeks    [][3]float64 `json:"seeks"`  // where to, where it is, and the picture's number
	Onsets   []float64    `json:"onsets"` // of beeps
	Ended    bool         `json:"ended"`
}

// TestPlayers plays films in all players at once: what is burned into the picture
// has to be what the player's clock says, after each of ten seeks, too; beeps have
// to sound with their flashes, and the end has to come.
func TestPlayers(t *testing.T) {
	if testing.Short() {
		t.Skip("browsers are slow; the run without -short has it")
	}
	browser := startBrowser(t)
	dir := t.TempDir()
	server := servePlayers(t, dir)
	all := os.Getenv("STREAMGATE_PLAYERS_ALL") != ""
	for i := range films {
		f := &films[i]
		if !f.short && !all {
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			f.make(t, dir)
			at := server + "/hls/" + f.file + "/"
			duration := f.seconds()
			watchFilm(browser, t, f, at, duration)
			for _, text := range f.check(t, f.byFFmpeg(t, at, duration), duration, 0) {
				t.Errorf("ffmpeg: %s", text)
			}
		})
	}
}

func servePlayers(t *testing.T, dir string) string {
	t.Helper()
	if _, err := os.Stat("node_modules/video.js"); err != nil {
		missing(t, "the players are not here: run make clients")
	}
	mux := http.NewServeMux()
	folder, err := hls.NewDir(dir, &hls.DirOptions{MPEGTS: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = folder.Close() })
	mux.Handle("/hls/", http.StripPrefix("/hls", folder))
	mux.Handle("/files/", http.StripPrefix("/files", http.FileServer(http.Dir(dir))))
	mux.Handle("/npm/", http.StripPrefix("/npm", http.FileServer(http.Dir("node_modules"))))
	for _, name := range []string{"players.html", "players.mjs", "onsets.mjs"} {
		mux.HandleFunc("/"+name, func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, name) })
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections)
	return server.URL
}

func startBrowser(t *testing.T) context.Context {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		missing(t, "chromium is not here: install it, or run make need")
	}
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("autoplay-policy", "no-user-gesture-required"),
		chromedp.Flag("disable-component-update", true),
		chromedp.WindowSize(1000, 800))...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// places are where to seek: everywhere, forth and back, none of them at a picture's
// border, with the picture that is shown there.
func (f *film) places(duration float64) (list [][2]float64) {
	for _, part := range []float64{0.5, 0.1, 0.9, 0.3, 0.02, 0.7, 0.97, 0.4, 0.6, 0.8} {
		n := math.Floor((part*duration - f.picture) * f.fps())
		n = max(n, math.Ceil(-f.picture*f.fps()))
		at := (n+0.5)/f.fps() + f.picture
		if f.sparse > 0 {
			list = append(list, [2]float64{at, -1})
		} else {
			list = append(list, [2]float64{at, max(n, 0)})
		}
	}
	return list
}

// attempts are how many times a film is played in a player before what is wrong
// counts. A machine that is short of time has sound and pictures falter, in any of
// them; what is wrong with the film is wrong every time.
const attempts = 3

// watchFilm plays a film in every player, and once more in those where something
// was wrong.
func watchFilm(browser context.Context, t *testing.T, f *film, base string, duration float64) {
	t.Helper()
	list := slices.Clone(engines)
	if !carried(t, base+"ts.m3u8") {
		list = slices.DeleteFunc(list, func(engine string) bool { return engine == transportEngine })
	}
	for attempt := range attempts {
		wrong := f.watch(browser, t, base, duration, list)
		for engine, texts := range wrong {
			for _, text := range texts {
				if attempt == attempts-1 {
					t.Errorf("%s: %s", engine, text)
				} else {
					t.Logf("%s, to be tried again: %s", engine, text)
				}
			}
		}
		list = slices.DeleteFunc(list, func(engine string) bool { return engine != theFile && wrong[engine] == nil })
		if len(wrong) == 0 {
			break
		}
	}
}

// watch plays a film in some players at once, and tells by player what is wrong.
func (f *film) watch(browser context.Context, t *testing.T, base string, duration float64, list []string) map[string][]string {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser)
	defer cancel()
	ctx, cancel = context.WithTimeout(ctx, 6*time.Minute)
	defer cancel()
	page := base[:len(base)-len("/hls/"+f.file+"/")] + "/players.html"
	if err := chromedp.Do(ctx, chromedp.Navigate(page)); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool]("Boolean(window.ready)", chromedp.WithPollingTimeout(2*time.Minute))); err != nil {
		t.Fatal(err)
	}
	places := f.places(duration)
	boxes := call[[]box](ctx, t, "watchAll", list, base, playSeconds+max(f.picture, 0), places)
	wrong := f.wrongAfterAll(ctx, t, boxes, places[len(places)-1][1])
	results := call[[]shown](ctx, t, "endAll", duration-endSeconds)
	reference := f.reference(t, results)
	for _, s := range results {
		if s.Engine != theFile {
			if texts := f.check(t, s, duration, reference); len(texts) > 0 {
				wrong[s.Engine] = append(wrong[s.Engine], texts...)
			}
		}
	}
	return wrong
}

// reference is by how much beeps come after their flashes where the browser plays
// the file as it is. What is far off says more of the machine than of the file.
func (f *film) reference(t *testing.T, results []shown) float64 {
	t.Helper()
	i := slices.IndexFunc(results, func(s shown) bool { return s.Engine == theFile })
	if i < 0 {
		return 0
	}
	clock, sync, err := f.sync(results[i])
	t.Logf("%s: %s clock %+.1f ms, sync %+.1f ms, %v", theFile, results[i].Error, clock*1000, sync*1000, err)
	if err != nil || math.Abs(sync) > syncTolerance {
		return 0
	}
	return sync
}

// carried reports whether a film is there as transport streams.
func carried(t *testing.T, playlist string) bool {
	t.Helper()
	resp, err := http.Get(playlist) //nolint:noctx // the server is this test's own
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusUnsupportedMediaType {
		t.Errorf("%s: %s", playlist, resp.Status)
	}
	return resp.StatusCode == http.StatusOK
}

// call calls a function of the page and waits for what it promises.
func call[T any](ctx context.Context, t *testing.T, name string, args ...any) T {
	t.Helper()
	text, err := json.Marshal(append([]any{}, args...)) // none is an empty list
	if err != nil {
		t.Fatal(err)
	}
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](fmt.Sprintf("%s(...%s)", name, text), chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return v
}

// A box is where a player is on the page.
type box struct {
	Engine string     `json:"engine"`
	Box    [4]float64 `json:"box"` // x, y, width, height
	At     float64    `json:"at"`  // what its clock says
}

// wrongAfterAll reads the number of the picture from what is on the screen, and tells
// by player where it is another. A browser that is short of time draws late, and a
// video that stands still sometimes only when something else about it changes: what
// is there after some looks counts.
func (f *film) wrongAfterAll(ctx context.Context, t *testing.T, boxes []box, want float64) (wrong map[string][]string) {
	t.Helper()
	for range screenshots {
		call[bool](ctx, t, "redraw")
		if wrong = f.wrongOnScreen(ctx, t, boxes, want); len(wrong) == 0 {
			break
		}
	}
	return wrong
}

// wrongOnScreen takes a screenshot and tells which players show another picture.
func (f *film) wrongOnScreen(ctx context.Context, t *testing.T, boxes []box, want float64) map[string][]string {
	t.Helper()
	data, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	screen, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	wrong := map[string][]string{}
	for _, b := range boxes {
		code := 0
		for bit := range codeBits {
			x := int(b.Box[0] + (float64(bit)+0.5)*b.Box[2]/codeBits)
			one, _, _, _ := screen.At(x, int(b.Box[1]+b.Box[3]/12)).RGBA()
			code <<= 1
			if one > 0x8000 {
				code |= 1
			}
		}
		if _, known := f.known[b.Engine]; !known && want >= 0 && math.Abs(float64(code)-want) > 1 && b.Engine != theFile {
			wrong[b.Engine] = []string{fmt.Sprintf("on the screen is picture %d, its clock says %.3f, of picture %.0f", code, b.At, want)}
		}
	}
	return wrong
}

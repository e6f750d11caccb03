package main

import (
	"context"
	"html"
	"io"
	"iter"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"
)

func TestIndexListsWhatPlays(t *testing.T) {
	dir := fstest.MapFS{
		"b.mp4": {}, "a/Holiday & more.MOV": {}, "notes.txt": {}, ".hidden.mp4": {}, ".git/x.mp4": {}, "c.mp4/inner.m4v": {},
	}
	var names []string
	for _, v := range (index{dir: dir}).videos() {
		names = append(names, v.Name)
	}
	want := []string{"a/Holiday & more.MOV", "b.mp4", "c.mp4/inner.m4v"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
}

func TestAddressesAreEscaped(t *testing.T) {
	v := newVideo(`a b/50%?#"<i>.mp4`)
	if want := "videos/a%20b/50%25%3F%23%22%3Ci%3E.mp4/master.m3u8"; v.Playback != want {
		t.Errorf("playback %s, want %s", v.Playback, want)
	}
}

func TestMissingDirectoryIsSaid(t *testing.T) {
	err := run(t.Context(), filepath.Join(t.TempDir(), "nowhere"), "127.0.0.1:0", io.Discard)
	if err == nil || !strings.Contains(err.Error(), "-dir") {
		t.Errorf("error %v, want one that names the flag", err)
	}
}

func TestFolderPlays(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "videos")
	makeClip(t, filepath.Join(dir, "2026", "Ünïcode & 100%.mp4"), "libx264", "-bf", "2")
	base := start(t, dir)

	page := html.UnescapeString(fetch(t, base))
	if !strings.Contains(page, "100%.mp4") {
		t.Fatalf("the clip is not listed:\n%s", page)
	}
	link := regexp.MustCompile(`href="(\?play=[^"]+)"`).FindStringSubmatch(page)
	playing := html.UnescapeString(fetch(t, base+link[1]))
	source := regexp.MustCompile(`<video src="([^"]+)"`).FindStringSubmatch(playing)
	if source == nil {
		t.Fatalf("nothing plays:\n%s", playing)
	}
	out, err := exec.CommandContext(t.Context(), tool(t, "ffprobe"), "-v", "error", "-count_frames",
		"-show_entries", "stream=codec_type,nb_read_frames", "-of", "csv=p=0", base+source[1]).CombinedOutput()
	if err != nil {
		t.Fatalf("ffprobe: %v\n%s", err, out)
	}
	if !strings.Contains(string(out), "video,120\n") || !strings.Contains(string(out), "audio,") {
		t.Errorf("ffprobe sees %q, want 120 frames of video, and audio", out)
	}
	t.Run("in a browser", func(t *testing.T) {
		browse(t, base+link[1], `document.querySelector('video').currentTime > 1 && document.querySelector('video').videoWidth === 320`)
	})
}

func TestPageSaysWhyAFileDoesNotPlay(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"letter.mp4": "Dear Sir or Madam", "empty.mp4": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	base := start(t, dir)
	for name, want := range map[string]string{"letter.mp4": "not audio or video", "empty.mp4": "It does not play: the file is empty."} {
		page := html.UnescapeString(fetch(t, base+"?play="+name))
		if !strings.Contains(page, want) || strings.Contains(page, "<video") {
			t.Errorf("the page of %s has a player, or no %q:\n%s", name, want, page)
		}
	}
	browse(t, base+"?play=empty.mp4", `document.body.innerText.includes('the file is empty')`)
}

func TestPageSaysWhichCodecTheBrowserLacks(t *testing.T) {
	dir := t.TempDir()
	encoders, err := exec.CommandContext(t.Context(), tool(t, "ffmpeg"), "-v", "error", "-encoders").Output()
	if err != nil || !strings.Contains(string(encoders), "libx265") {
		missing(t, "this ffmpeg has no libx265; make test installs one that has")
	}
	makeClip(t, filepath.Join(dir, "hevc.mp4"), "libx265", "-tag:v", "hvc1", "-x265-params", "log-level=error")
	browse(t, start(t, dir)+"?play=hevc.mp4", `document.querySelector('video').videoWidth > 0 || // it decodes HEVC
		/cannot decode hvc1[.]\S+[.] Open/.test(document.body.innerText) && document.querySelector('video').hidden`)
}

// browse opens a page, which must not complain, and waits for a JavaScript
// expression to hold.
func browse(t *testing.T, url, expression string) {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(tool(t, "chromium", "chromium-browser", "google-chrome")),
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("autoplay-policy", "no-user-gesture-required"))
	var listening sync.WaitGroup
	defer listening.Wait() // after the browser is closed
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	if err := chromedp.Do(ctx); err != nil { // starts it
		t.Fatal(err)
	}
	console := chromedp.Console(ctx)
	listening.Go(func() { listen(t, console) })
	if err := chromedp.Do(ctx, chromedp.Navigate(url)); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool](expression)); err != nil {
		t.Errorf("it is not so that %s: %v", expression, err)
	}
	picture(ctx, t)
}

// listen fails the test for each error on the console.
func listen(t *testing.T, console iter.Seq2[chromedp.ConsoleMessage, error]) {
	for m, err := range console {
		if err != nil {
			return
		}
		if m.Type == chromedp.ConsoleError || m.Type == chromedp.ConsoleException {
			t.Errorf("the console says: %s %s", m, m.URL)
		}
	}
}

// picture keeps a screenshot in the directory that STREAMGATE_SCREENSHOTS names.
func picture(ctx context.Context, t *testing.T) {
	dir := os.Getenv("STREAMGATE_SCREENSHOTS")
	if dir == "" {
		return
	}
	image, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "folder-"+strings.ReplaceAll(t.Name(), "/", "-")+".png"), image, 0o600)
	}
	if err != nil {
		t.Logf("no screenshot: %v", err)
	}
}

func makeClip(t *testing.T, path, encoder string, options ...string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	args := append([]string{
		"-v", "error",
		"-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30:duration=4", "-f", "lavfi", "-i", "sine=duration=4",
		"-c:v", encoder, "-preset", "veryfast", "-g", "30", "-pix_fmt", "yuv420p", "-c:a", "aac",
	}, options...)
	out, err := exec.CommandContext(t.Context(), tool(t, "ffmpeg"), append(args, path)...).CombinedOutput()
	if err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
}

// start runs the program until the test ends and returns the address of its page.
func start(t *testing.T, dir string) string {
	t.Helper()
	reader, writer := io.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx, dir, "127.0.0.1:0", writer) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("it ended with %v", err)
		}
	})
	line := make([]byte, 4096)
	n, err := reader.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`http://\S+`).FindString(string(line[:n]))
}

func fetch(t *testing.T, url string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("GET %s answers %s: %v", url, answer.Status, err)
	}
	return string(body)
}

// tool finds a program by any of its names, or skips the test; under CI it fails it.
func tool(t *testing.T, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	missing(t, names[0]+" is not installed; make test installs it")
	return ""
}

func missing(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(why)
	}
	t.Skip(why)
}

package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// tab is a window with one page open, which must not complain.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	expected []string // parts of console errors that belong to the test
	messages []string
}

// openTab opens url in a window with cookies and storage of its own. Errors on
// its console, violations of the content security policy among them, fail the
// test.
func openTab(t *testing.T, url string) *tab {
	t.Helper()
	return openLongTab(t, url, 5*time.Minute)
}

// openLongTab is openTab for a page that is looked at for so long, at most.
func openLongTab(t *testing.T, url string, limit time.Duration) *tab {
	t.Helper()
	needBrowser(t)
	ctx, cancel := context.WithTimeout(shared.of(t), limit) // it outlives t.Context() for the last picture
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	b := &tab{t: t, ctx: ctx}
	b.do() // opens it
	console := chromedp.Console(ctx)
	go func() {
		for message, err := range console {
			if err != nil {
				return
			}
			b.hear(message)
		}
	}()
	t.Cleanup(b.verify) // before it is closed
	b.do(chromedp.Navigate(url))
	return b
}

func (b *tab) hear(m chromedp.ConsoleMessage) {
	if m.Type != chromedp.ConsoleError && m.Type != chromedp.ConsoleException {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.messages = append(b.messages, m.String()+" "+m.URL)
}

// expect lets the console carry errors with this text: those to come, and those
// that the page has met while it loaded.
func (b *tab) expect(part string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.expected = append(b.expected, part)
}

func (b *tab) verify() {
	if b.t.Failed() {
		b.picture("failed")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range b.messages {
		if !slices.ContainsFunc(b.expected, func(part string) bool { return strings.Contains(m, part) }) {
			b.t.Errorf("the console says: %s", m)
		}
	}
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

func (b *tab) click(selector string) {
	b.t.Helper()
	b.do(chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// fill replaces the text of a field, key by key.
func (b *tab) fill(selector, text string) {
	b.t.Helper()
	evaluate[any](b, `document.querySelector('`+selector+`').select()`)
	b.do(chromedp.SendKeys(chromedp.CSS(selector), text))
}

func (b *tab) choose(files ...string) {
	b.t.Helper()
	b.do(chromedp.SetUploadFiles(chromedp.CSS("#files"), files))
}

// until waits for a JavaScript expression to hold, also on the page that comes
// after this one.
func (b *tab) until(what, expression string) {
	b.t.Helper()
	b.within(time.Minute, what, expression)
}

// patiently is until for what a busy machine needs minutes for, in a tab that
// openLongTab has opened.
func (b *tab) patiently(what, expression string) {
	b.t.Helper()
	b.within(8*time.Minute, what, expression)
}

func (b *tab) within(limit time.Duration, what, expression string) {
	b.t.Helper()
	deadline := time.Now().Add(limit)
	for {
		_, err := chromedp.Run(b.ctx, chromedp.Poll[bool]("Boolean("+expression+")",
			chromedp.WithPollingInterval(50*time.Millisecond), chromedp.WithPollingTimeout(time.Until(deadline))))
		if err == nil {
			return
		}
		if left := strings.Contains(err.Error(), "(-32000)"); left && time.Now().Before(deadline) {
			continue // the page was left while it was asked
		}
		b.t.Fatalf("waiting until %s: %v; the page says:\n%s", what, err, evaluate[string](b, "document.body.innerText"))
	}
}

// evaluate returns the value of a JavaScript expression, awaited.
func evaluate[T any](b *tab, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("evaluating %s: %v", expression, err)
	}
	return v
}

func (b *tab) text(selector string) string {
	b.t.Helper()
	return evaluate[string](b, "document.querySelector('"+selector+"').innerText")
}

// prefer sets a media feature, such as prefers-color-scheme.
func (b *tab) prefer(feature, value string) {
	b.t.Helper()
	b.do(func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: feature, Value: value}},
		})
		return chromedp.Void{}, err
	})
}

// clipboard is the one that all windows have together.
var clipboard sync.Mutex

// allowClipboard lets the test read what the page has copied, and no other test copy
// anything until its end.
func (b *tab) allowClipboard() {
	b.t.Helper()
	clipboard.Lock()
	b.t.Cleanup(clipboard.Unlock)
	for _, name := range []string{"clipboard-read", "clipboard-write"} {
		_, err := chromedp.CallBrowser(b.ctx, browser.SetPermission, browser.SetPermissionParams{
			Permission: &browser.PermissionDescriptor{Name: name}, Setting: browser.PermissionSettingGranted,
			BrowserContextID: chromedp.FromContext(b.ctx).BrowserContextID,
		})
		if err != nil {
			b.t.Fatal(err)
		}
	}
}

// picture keeps a screenshot in the directory that STREAMGATE_SCREENSHOTS names.
func (b *tab) picture(name string) {
	dir := os.Getenv("STREAMGATE_SCREENSHOTS")
	if dir == "" {
		return
	}
	image, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err == nil {
		file := strings.ReplaceAll(b.t.Name(), "/", "-") + "-" + name + ".png"
		err = os.WriteFile(filepath.Join(dir, file), image, 0o600)
	}
	if err != nil {
		b.t.Logf("no screenshot: %v", err)
	}
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

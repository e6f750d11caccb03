package main

import (
	"context"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

// needBrowser skips a test that looks at pages where that takes too long.
func needBrowser(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("a browser is slow; the run without -short has it")
	}
}

// beside is needBrowser for a test that waits more than it works, and whose page may
// come late: it runs beside others of its kind.
func beside(t *testing.T) {
	t.Helper()
	needBrowser(t)
	t.Parallel()
}

// chromium is a browser.
type chromium struct {
	once sync.Once
	ctx  context.Context
	end  func() // nil where it was never started
	err  error
}

// shared is that of all tests, which ends with the test binary: to start one takes
// longer than most of what it is asked to show.
var shared chromium

// of returns a context with the browser.
func (c *chromium) of(t *testing.T) context.Context {
	t.Helper()
	program := tool(t, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
	c.once.Do(func() { c.start(program) })
	if c.err != nil {
		t.Fatal(c.err)
	}
	return c.ctx
}

func (c *chromium) start(program string) {
	ctx, free := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program),
		chromedp.NoSandbox, // as root, in a container, there is none
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("autoplay-policy", "no-user-gesture-required"),
		chromedp.WindowSize(1200, 900),
	)...)
	ctx, leave := chromedp.NewContext(ctx)
	c.ctx, c.err = ctx, chromedp.Do(ctx)
	c.end = func() { leave(); free() }
}

package main

import (
	"context"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

// browsers is the Chromium of all tests, once one has asked for it.
var browsers struct {
	sync.Once

	ctx context.Context
	end func()
	err error
}

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

// chromium is a context with a browser that goes with the test binary: to start it
// takes longer than most of what it is asked to show.
func chromium(t *testing.T) context.Context {
	t.Helper()
	program := tool(t, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
	browsers.Do(func() {
		ctx, free := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
			chromedp.ExecPath(program),
			chromedp.NoSandbox, // as root, in a container, there is none
			chromedp.DisableGPU,
			chromedp.Flag("disable-quic", true),
			chromedp.Flag("disable-component-update", true),
			chromedp.Flag("autoplay-policy", "no-user-gesture-required"),
			chromedp.WindowSize(1200, 900),
		)...)
		ctx, end := chromedp.NewContext(ctx)
		browsers.ctx, browsers.err = ctx, chromedp.Do(ctx)
		browsers.end = func() { end(); free() }
	})
	if browsers.err != nil {
		t.Fatal(browsers.err)
	}
	return browsers.ctx
}

package main

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
)

// bundled is one of the scripts in clients/ with the packages that it imports.
func bundled(t *testing.T, script string) []byte {
	t.Helper()
	clients := filepath.Join("..", "..", "clients")
	bundler := filepath.Join(clients, "node_modules", ".bin", "esbuild")
	if _, err := os.Stat(bundler); err != nil {
		missing(t, "esbuild is not installed; make clients installs it")
	}
	return readFile(t, fixture(t, "bundle of "+script, script, func(path string) error {
		return tell(bundler, filepath.Join(clients, script), "--bundle", "--format=esm", "--log-level=warning", "--outfile="+path)
	}))
}

// foreign is a page with the foreign clients beside ours: it offers nothing but
// a field for files, and functions to be called.
func foreign(t *testing.T) fstest.MapFS {
	t.Helper()
	files := bare(t)
	files["assets/foreign.mjs"] = &fstest.MapFile{Data: bundled(t, "browser.mjs")}
	files["assets/foreign.html"] = &fstest.MapFile{Data: []byte(`<!doctype html><meta charset="utf-8"><title>Foreign clients</title>` +
		`<link rel="icon" href="icon.svg"><input type="file" id="files" multiple><script type="module" src="foreign.mjs"></script>`)}
	return files
}

// copies makes files of the clip by other names.
func copies(t *testing.T, names ...string) []string {
	t.Helper()
	dir, content := t.TempDir(), readFile(t, clip(t))
	paths := make([]string, 0, len(names))
	for _, name := range names {
		paths = append(paths, filepath.Join(dir, name))
		if err := os.WriteFile(paths[len(paths)-1], content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return paths
}

func TestUppyInABrowser(t *testing.T) {
	beside(t)
	base := runServer(t, config{}, foreign(t))
	b := openTab(t, base+"assets/foreign.html")
	b.until("the clients are there", `window.withUppy`)
	b.choose(copies(t, "one.mp4", "two.mp4", "three.mp4")...)
	evaluate[any](b, `void withUppy()`)
	b.until("all have arrived", `seen.done.length === 3`)
	if failed := evaluate[int](b, `seen.failed + seen.errors.length`); failed > 0 {
		t.Errorf("it failed: %s", evaluate[string](b, `JSON.stringify(seen)`))
	}
	titles := map[string]bool{}
	for _, a := range listAssets(t, base) {
		titles[a.Title] = true
		if a.State != "ready" {
			t.Errorf("%s is %s", a.Title, a.State)
		}
		plays(t, base+a.Playback[1:])
	}
	for _, want := range []string{"Uppy sent one.mp4", "Uppy sent two.mp4", "Uppy sent three.mp4"} {
		if !titles[want] {
			t.Errorf("there is no %q among %v", want, titles)
		}
	}
}

func TestUppyResumesWhenTheNetworkIsBack(t *testing.T) {
	beside(t)
	base := runServer(t, config{}, foreign(t))
	wire, near := newWire(t, base)
	b := openTab(t, near+"assets/foreign.html")
	b.until("the clients are there", `window.withUppy`)
	b.expect("net::ERR_")
	b.choose(copies(t, "film.mp4")...)
	slowUploads(b, 400_000)
	evaluate[any](b, `void withUppy({ retryDelays: [50, 100, 200, 400, 800, 1600, 3200] })`)
	b.until("it has begun", `seen.progress > 3`)
	wire.set(true)
	b.until("it waits for the next try", `seen.retries > 0`)
	wire.set(false)
	b.until("it has arrived", `seen.done.length === 1`)
	if list := listAssets(t, base); len(list) != 1 || list[0].State != "ready" {
		t.Errorf("there are %+v", list)
	}
}

func TestTusJSClientSendsPartsFromABrowser(t *testing.T) {
	beside(t)
	base := runServer(t, config{}, foreign(t))
	wire, near := newWire(t, base)
	b := openTab(t, near+"assets/foreign.html")
	b.until("the clients are there", `window.withTus`)
	b.expect("net::ERR_")
	b.expect("status of 409") // Chromium repeats a request whose connection broke, from where it began
	b.choose(copies(t, "film.mp4")...)
	slowUploads(b, 600_000)
	evaluate[any](b, `void withTus({ parallelUploads: 3, retryDelays: [50, 100, 200, 400, 800, 1600] })`)
	b.until("it has begun", `seen.progress > 3`)
	wire.set(true) // with all three connections
	wire.set(false)
	b.until("it has arrived", `seen.done.length === 1 || seen.errors.length > 0`)
	if failed := evaluate[string](b, `seen.errors.join()`); failed != "" {
		t.Fatalf("it failed: %s", failed)
	}
	list := listAssets(t, base)
	if len(list) != 1 || list[0].State != "ready" || list[0].Title != "film" {
		t.Fatalf("there are %+v", list)
	}
	plays(t, base+list[0].Playback[1:])
}

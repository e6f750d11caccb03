package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"
)

const prefix = "/team/video"

// behindProxy puts a proxy before a server that serves it below a prefix, which
// it strips. first may answer a request itself, and says whether it did.
func behindProxy(t *testing.T, base string, first func(w http.ResponseWriter, r *http.Request) bool) string {
	t.Helper()
	target, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	forward := &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target) },
		FlushInterval: -1,
		ErrorHandler:  func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	mux := http.NewServeMux()
	mux.Handle(prefix+"/", http.StripPrefix(prefix, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if first == nil || !first(w, r) {
			forward.ServeHTTP(w, r)
		}
	})))
	proxy := httptest.NewServer(mux)
	t.Cleanup(func() {
		proxy.CloseClientConnections() // event streams end with it
		proxy.Close()
	})
	return proxy.URL + prefix + "/"
}

func TestPageBelowAPrefix(t *testing.T) {
	beside(t)
	base := behindProxy(t, runServer(t, config{}, bare(t)), nil)
	b := openTab(t, base)
	b.choose(clip(t))
	b.until("the video opens", `!document.querySelector('#player').hidden`)
	watch(b, "native")
	b.allowClipboard()
	b.click("#player-copy")
	b.until("it confirms the copy", `document.querySelector('#toast').innerText.includes('copied')`)
	copied := evaluate[string](b, `navigator.clipboard.readText()`)
	if !strings.HasPrefix(copied, base+"play/") {
		t.Errorf("%q was copied, want an address below %s", copied, base)
	}
	plays(t, copied)
}

func TestPageWhenTheDiskIsFull(t *testing.T) {
	beside(t)
	var full atomic.Bool
	full.Store(true)
	base := behindProxy(t, runServer(t, config{}, bare(t)), func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPatch || !full.Load() {
			return false
		}
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusInsufficientStorage)
		fmt.Fprint(w, `{"title":"Storage is full","status":507,"detail":"the disk is full; 3 of 12 MB are kept"}`)
		return true
	})
	b := openTab(t, base)
	b.expect("status of 507")
	b.choose(clip(t))
	b.until("it says what the server says", `document.querySelector('.upload[data-state=failed] .note')?.innerText === 'The disk is full; 3 of 12 MB are kept.'`)
	b.picture("full")
	full.Store(false)
	b.click(".upload .pause")
	b.until("trying again makes it ready", `document.querySelector('.asset[data-state=ready]')`)
}

func TestPageWhenTheServerIsAway(t *testing.T) {
	beside(t)
	var away atomic.Bool
	base := behindProxy(t, runServer(t, config{}, bare(t)), func(w http.ResponseWriter, _ *http.Request) bool {
		if away.Load() {
			w.WriteHeader(http.StatusBadGateway)
		}
		return away.Load()
	})
	b := openTab(t, base)
	b.expect("status of 502")
	b.expect("net::ERR_") // the browser's own note of a stream that broke
	b.until("it is live", `document.querySelector('#pulse').dataset.live === 'live'`)
	away.Store(true)
	b.choose(clip(t))
	b.until("the upload waits, and says so", `document.querySelector('.upload[data-state=waiting] .note')?.innerText.includes('Goes on in')`)
	evaluate[any](b, `document.querySelector('#search').dispatchEvent(new Event('input'))`)
	b.until("the page says so, too", `document.querySelector('#banner').innerText.includes('does not answer')`)
	b.picture("away")
	away.Store(false)
	b.until("it goes on by itself", `document.querySelector('.asset[data-state=ready]')`)
}

func TestUploadInPieces(t *testing.T) {
	beside(t)
	var pieces atomic.Int32
	base := behindProxy(t, runServer(t, config{}, bare(t)), func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPatch {
			pieces.Add(1)
		}
		return false
	})
	b := openTab(t, base)
	evaluate[any](b, `document.body.append(Object.assign(document.createElement('input'), { type: 'file', id: 'other' }))`)
	b.do(chromedp.SetUploadFiles(chromedp.CSS("#other"), []string{clip(t)}))
	id := evaluate[string](b, `(async () => {
		const { Upload } = await import('./assets/tus.js');
		const upload = new Upload(document.querySelector('#other').files[0], new URL('v1/uploads', document.baseURI).href, { piece: 300_000 });
		await upload.run();
		return upload.state === 'done' ? upload.asset : upload.state + ': ' + upload.error;
	})()`)
	if a := awaitAsset(t, base, id, ""); a.State != "ready" {
		t.Errorf("the asset is %+v", a)
	}
	if n := pieces.Load(); n < 4 {
		t.Errorf("it came in %d pieces, want at least 4", n)
	}
}

func TestServerImportsAFolder(t *testing.T) {
	needBrowser(t)
	videos := filepath.Dir(clip(t))
	data := t.TempDir()
	for _, start := range []string{"first", "second"} {
		t.Run("the "+start+" start has one asset", func(t *testing.T) {
			base := runServer(t, config{data: data, imports: videos}, bare(t))
			b := openTab(t, base)
			b.until("the video is listed", `document.querySelectorAll('.asset[data-state=ready]').length === 1`)
			b.click(".asset .open")
			watch(b, "native")
		})
	}
}

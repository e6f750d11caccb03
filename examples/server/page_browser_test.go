package main

import (
	"fmt"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// seekTo is the media time of the frame that is shown after a seek.
const seekTo = `(async (target) => {
	const video = document.querySelector('#video');
	video.pause();
	const seeked = new Promise((done) => video.addEventListener('seeked', done, { once: true }));
	let shown = -1;
	const watch = (_, frame) => { shown = frame.mediaTime; video.requestVideoFrameCallback(watch); };
	video.requestVideoFrameCallback(watch);
	video.currentTime = target;
	await seeked;
	for (let i = 0; i < 100 && Math.abs(shown - target) > 0.2; i++) await new Promise((r) => setTimeout(r, 50));
	return shown;
})(%v)`

// watch asserts that the video in the player plays and seeks, by one engine.
func watch(b *tab, engine string) {
	b.t.Helper()
	b.until("the engine is "+engine, `document.querySelector('#video').dataset.engine === '`+engine+`'`)
	b.until("the video has a picture", `document.querySelector('#video').videoWidth > 0`)
	if w, h := evaluate[int](b, `document.querySelector('#video').videoWidth`), evaluate[int](b, `document.querySelector('#video').videoHeight`); w != clipWidth || h != clipHeight {
		b.t.Errorf("the picture has %d × %d pixels, want %d × %d", w, h, clipWidth, clipHeight)
	}
	if d := evaluate[float64](b, `document.querySelector('#video').duration`); math.Abs(d-clipSeconds) > 0.1 {
		b.t.Errorf("it lasts %v s, want %v", d, clipSeconds)
	}
	evaluate[any](b, `document.querySelector('#video').play().then(() => null)`)
	b.until("it plays", `document.querySelector('#video').currentTime > 1 && !document.querySelector('#video').paused`)
	for _, target := range []float64{9.3, 2.5} {
		if shown := evaluate[float64](b, fmt.Sprintf(seekTo, target)); math.Abs(shown-target) > 0.2 {
			b.t.Errorf("after seeking to %v s the frame of %v s is shown", target, shown)
		}
	}
	evaluate[any](b, `document.querySelector('#video').play().then(() => null)`)
	b.until("it goes on after the seek", `document.querySelector('#video').currentTime > 3.2`)
	if frames := evaluate[int](b, `document.querySelector('#video').getVideoPlaybackQuality().totalVideoFrames`); frames < 30 {
		b.t.Errorf("%d frames were shown", frames)
	}
	if !evaluate[bool](b, `document.querySelector('#trouble').hidden`) {
		b.t.Errorf("the player complains: %s", b.text("#trouble"))
	}
}

func TestPageUploadsAndPlays(t *testing.T) {
	needBrowser(t)
	path := clip(t)
	b := openTab(t, runServer(t, config{}, bare(t)))
	b.until("it is live", `document.querySelector('#pulse').dataset.live === 'live'`)
	if text := b.text("main"); !strings.Contains(text, "Drop videos here") || !strings.Contains(text, "No videos yet") {
		t.Errorf("the empty page says %q", text)
	}
	if line := evaluate[string](b, `document.querySelector('#curl').textContent`); !strings.Contains(line, "v1/uploads?filename=clip.mp4'\n") {
		t.Errorf("it says to upload by %s", line)
	}
	b.picture("empty")
	slowUploads(b, 400_000)
	b.choose(path)
	b.until("progress has speed and time left", `/\d %.*MB\/s.*left|\d %.*kB\/s.*left/.test(document.querySelector('.upload .note')?.innerText)`)
	b.until("the bar moves", `(document.querySelector('.upload progress')?.value ?? 1) > 0.2`)
	b.picture("uploading")
	slowUploads(b, -1)
	b.until("the video opens by itself", `!document.querySelector('#player').hidden && document.querySelector('.asset[data-state=ready]')`)
	if title := b.text("#player-title"); !strings.Contains(title, "Ünïcode & friends") {
		t.Errorf("its title is %q", title)
	}
	watch(b, "native")
	b.picture("playing")
	facts := b.text("#player-facts")
	for _, want := range []string{"0:12", "640 × 360", "H.264, AAC", "MB"} {
		if !strings.Contains(facts, want) {
			t.Errorf("the page says of the video %q, want %q in it", facts, want)
		}
	}
	b.do(chromedp.Reload())
	b.until("a reload finds the video of the address again", `document.querySelector('#player-title').innerText.includes('friends')`)
}

func TestPagePlaysByHLSJS(t *testing.T) {
	beside(t)
	files := withPlayer(t)
	base := runServer(t, config{}, files)
	a := uploadFile(t, base, clip(t), "")
	b := openTab(t, base+"?engine=hls.js#"+a.ID)
	watch(b, "hls.js")
	b.picture("hls.js")
	evaluate[any](b, `(() => { const s = document.querySelector('#engine'); s.value = 'native'; s.dispatchEvent(new Event('change')) })()`)
	b.until("changing the player goes on where it was", `document.querySelector('#video').dataset.engine === 'native' && document.querySelector('#video').currentTime > 2`)
}

func TestPageSaysWhatIsWrongWithAFile(t *testing.T) {
	beside(t)
	dir := t.TempDir()
	files := map[string]string{"letter.mp4": "Dear Sir or Madam, this is not a video at all.\n", "empty.mp4": ""}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b := openTab(t, runServer(t, config{}, bare(t)))
	b.expect("the server responded with a status of 4") // the browser's own note of the refusal
	b.choose(filepath.Join(dir, "letter.mp4"))
	b.until("it fails", `document.querySelector('[data-state=failed]')`)
	if note := b.text("[data-state=failed] .note"); !strings.Contains(strings.ToLower(note), "video") {
		t.Errorf("of a text file it says %q", note)
	}
	b.choose(filepath.Join(dir, "empty.mp4"))
	b.until("it refuses an empty file", `document.querySelector('#uploads').innerText.includes('empty')`)
	if evaluate[bool](b, `[...document.querySelectorAll('.upload progress')].some((bar) => !bar.hidden)`) {
		t.Error("what is refused keeps its progress bar")
	}
	b.picture("wrong")
	for range 2 {
		b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector('.upload .cancel')?.click()`))
	}
	b.until("both are dismissed, and nothing is left of them", `!document.querySelector('.upload') && !document.querySelector('.asset')`)
}

func TestPageIsCalmAboutAFailure(t *testing.T) {
	beside(t)
	base := runServer(t, config{}, bare(t))
	whole := readFile(t, clip(t))
	cut := filepath.Join(t.TempDir(), "cut.mp4")
	if err := os.WriteFile(cut, whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	uploadFile(t, base, cut, "")
	b := openTab(t, base)
	note := `document.querySelector('.asset[data-state=failed] .note')`
	b.until("the reason is there", note+`?.innerText.includes('moov')`)
	lines := evaluate[float64](b, `((note) => {
		note.textContent += ' And so on, at length.'.repeat(40);
		return note.clientHeight / parseFloat(getComputedStyle(note).lineHeight);
	})(`+note+`)`)
	if lines > 2.1 {
		t.Errorf("a long reason takes %v lines, want 2 at most", lines)
	}
	if !evaluate[bool](b, note+`.title.includes('moov')`) {
		t.Error("what is cut off is to be found nowhere")
	}
	b.picture("calm")
}

func TestPagePausesAndResumes(t *testing.T) {
	beside(t)
	b := openTab(t, runServer(t, config{}, bare(t)))
	slowUploads(b, 300_000)
	b.choose(clip(t))
	b.until("it has begun", `(document.querySelector('.upload progress')?.value ?? 0) > 0.15`)
	b.click(".upload .pause")
	b.until("it is paused", `document.querySelector('.upload').dataset.state === 'paused'`)
	b.expect("status of 4") // leaving the page cuts the request
	b.do(chromedp.Reload())
	b.until("the interrupted upload is listed", `document.querySelector('.asset[data-state=uploading]')`)
	slowUploads(b, 300_000)
	b.choose(clip(t))
	b.until("it goes on where it was", `(document.querySelector('.upload progress')?.value ?? 0) > 0.1`)
	slowUploads(b, -1)
	b.until("it becomes ready", `document.querySelector('.asset[data-state=ready]')`)
	if n := evaluate[int](b, `document.querySelectorAll('.asset').length`); n != 1 {
		t.Errorf("there are %d videos, want the one that was resumed", n)
	}
}

func TestPageGoesOnWhenTheNetworkIsBack(t *testing.T) {
	beside(t)
	base := runServer(t, config{}, bare(t))
	wire, near := newWire(t, base)
	b := openTab(t, near)
	b.expect("net::ERR_")
	rows := func(has string) string {
		return `((rows) => rows.length === 3 && rows.every((row) => ` + has + `))([...document.querySelectorAll('.upload')])`
	}
	slowUploads(b, 300_000)
	b.choose(copies(t, "one.mp4", "two.mp4", "three.mp4")...)
	b.until("all three have begun", rows(`row.querySelector('progress').value > 0.05`))
	wire.set(true)
	b.until("they wait, and say why and for how long",
		rows(`row.dataset.state === 'waiting' && /does not answer.*Goes on in \d+ s/.test(row.querySelector('.note').innerText)`))
	b.picture("offline")
	slowUploads(b, -1)
	wire.set(false)
	b.until("all have arrived", `document.querySelectorAll('.asset[data-state=ready]').length === 3 && !document.querySelector('.upload')`)
	b.until("the page is calm again", `document.querySelector('#banner').hidden`)
	if list := listAssets(t, base); len(list) != 3 {
		t.Errorf("there are %+v", list)
	}
}

func TestPageFetchesAgainWhatDidNotArrive(t *testing.T) {
	beside(t)
	base := runServer(t, config{}, bare(t))
	uploadFile(t, base, clip(t), "")
	b := openTab(t, base)
	b.until("it is live", `document.querySelector('#pulse').dataset.live === 'live'`)
	evaluate[any](b, `(() => { const real = fetch; window.fetch = () => Promise.reject(new TypeError('away')); window.mend = () => { window.fetch = real } })()`)
	b.fill("#search", "nothing like it")
	b.until("it says that the server is away", `!document.querySelector('#banner').hidden`)
	evaluate[any](b, `mend()`) // and nothing tells the page: its event stream never broke
	b.until("it has gone on by itself", `document.querySelector('#banner').hidden && document.querySelector('#empty').innerText.includes('Nothing found')`)
}

func TestPageCopiesSearchesAndDeletes(t *testing.T) {
	beside(t)
	base := runServer(t, config{}, bare(t))
	a := uploadFile(t, base, clip(t), "")
	b := openTab(t, base)
	b.allowClipboard()
	b.click(".asset .copy")
	b.until("it confirms the copy", `document.querySelector('#toast').innerText === 'Address copied.'`)
	if copied := evaluate[string](b, `navigator.clipboard.readText()`); copied != base+strings.TrimPrefix(a.Playback, "/") {
		t.Errorf("%q was copied", copied)
	} else {
		plays(t, copied)
	}
	b.fill("#search", "nothing like it")
	b.until("a search without result says so", `document.querySelector('#empty').innerText.includes('Nothing found')`)
	b.fill("#search", "friends")
	b.until("a word of the title finds it", `document.querySelector('.asset:not([hidden])')`)
	b.click(".asset .remove")
	b.until("it asks first", `document.querySelector('#confirm').open`)
	b.picture("confirm")
	b.do(chromedp.KeyEvent(kb.Escape))
	b.until("Escape keeps it", `!document.querySelector('#confirm').open && document.querySelector('.asset')`)
	b.click(".asset .remove")
	b.click("#confirm .danger")
	b.until("it is gone", `!document.querySelector('.asset') && document.querySelector('#empty').innerText.includes('Nothing found')`)
}

// holdLists keeps the answers to requests for the list of assets until release() is called.
const holdLists = `(() => {
	const real = window.fetch, waiting = [];
	window.held = 0;
	window.fetch = async (url, init) => {
		const answer = await real(url, init);
		if (!String(url).includes('/v1/assets?')) return answer;
		window.held++;
		await new Promise((go) => waiting.push(go));
		return answer;
	};
	window.release = () => { window.fetch = real; waiting.forEach((go) => go()); };
})()`

func TestPageShowsNothingThatIsDeleted(t *testing.T) {
	beside(t)
	base := runServer(t, config{}, bare(t))
	a := uploadFile(t, base, clip(t), "")
	kept := uploadFile(t, base, clip(t), "")
	b := openTab(t, base)
	row := func(id string) string { return `document.querySelector('[data-id="` + id + `"]')` }
	b.until("both are there", row(a.ID)+` && `+row(kept.ID))
	b.until("it is live", `document.querySelector('#pulse').dataset.live === 'live'`)
	evaluate[any](b, holdLists)
	b.fill("#search", "friends")
	b.until("a list that names it is under way", `held > 0`)
	request, _ := http.NewRequestWithContext(t.Context(), http.MethodDelete, base+"v1/assets/"+a.ID, nil)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	b.until("its row goes", `!`+row(a.ID))
	evaluate[any](b, `(async () => { release(); await new Promise((r) => setTimeout(r, 300)); return null })()`)
	if !evaluate[bool](b, `!`+row(a.ID)+` && !!`+row(kept.ID)) {
		t.Errorf("a list from before brought a deleted asset back:\n%s", b.text("#library"))
	}
}

func TestPageByKeyboard(t *testing.T) {
	beside(t)
	base := runServer(t, config{}, bare(t))
	uploadFile(t, base, clip(t), "")
	b := openTab(t, base)
	b.until("the video is listed", `document.querySelector('.asset .open')`)
	focus := `(document.activeElement.id || document.activeElement.className)`
	var order []string
	for range 12 {
		b.do(chromedp.KeyEvent(kb.Tab))
		order = append(order, evaluate[string](b, focus))
		if strings.Contains(order[len(order)-1], "open") {
			break
		}
	}
	if path := strings.Join(order, " → "); !strings.Contains(path, "choose") || !strings.HasSuffix(path, "name open") {
		t.Fatalf("Tab goes %s", path)
	}
	b.do(chromedp.KeyEvent(kb.Enter))
	b.until("Enter plays", `document.querySelector('#video').currentTime > 0.2 && document.activeElement.id === 'video'`)
	b.do(chromedp.KeyEvent(" "))
	b.until("Space pauses", `document.querySelector('#video').paused`)
	before := evaluate[float64](b, `document.querySelector('#video').currentTime`)
	b.do(chromedp.KeyEvent(kb.ArrowRight))
	b.until("the right arrow jumps 5 s", fmt.Sprintf(`Math.abs(document.querySelector('#video').currentTime - %v - 5) < 0.1`, before))
	b.do(chromedp.KeyEvent(kb.ArrowLeft))
	b.until("the left arrow jumps back", fmt.Sprintf(`Math.abs(document.querySelector('#video').currentTime - %v) < 0.1`, before))
	b.do(chromedp.KeyEvent(kb.Escape))
	b.until("Escape closes and gives the focus back", `document.querySelector('#player').hidden && document.activeElement.classList.contains('open')`)
}

func TestPageInTheDark(t *testing.T) {
	beside(t)
	b := openTab(t, runServer(t, config{}, bare(t)))
	ground := `getComputedStyle(document.body).backgroundColor`
	light := evaluate[string](b, ground)
	b.prefer("prefers-color-scheme", "dark")
	if dark := evaluate[string](b, ground); dark == light {
		t.Errorf("light or dark, the ground is %s", dark)
	}
	b.do(chromedp.EmulateViewport(360, 740))
	if wide := evaluate[int](b, `document.documentElement.scrollWidth`); wide > 360 {
		t.Errorf("on a screen of 360 pixels the page is %d wide", wide)
	}
	b.picture("narrow")
}

func TestPageSignsIn(t *testing.T) {
	beside(t)
	base := runServer(t, config{key: testKey}, bare(t))
	a := uploadFile(t, base, clip(t), testKey)
	b := openTab(t, base)
	b.expect("the server responded with a status of 401")
	b.expect("the server responded with a status of 403")
	b.until("it asks for the key", `!document.querySelector('#sign-in').hidden && document.querySelector('#main').hidden`)
	b.fill("#key", "not the key"+kb.Enter)
	b.until("a wrong key is refused in words", `document.querySelector('#sign-in-error').innerText.includes('not the key')`)
	b.picture("refused")
	b.fill("#key", testKey+kb.Enter)
	b.until("the videos are there", `document.querySelector('.asset .open')`)
	b.until("events arrive", `document.querySelector('#pulse').dataset.live === 'live'`)
	b.click(".asset .open")
	watch(b, "native")
	b.click("#player-copy")
	b.until("it says that the address alone does not play", `document.querySelector('#toast').innerText.includes('-public-play')`)
	b.picture("copied")
	b.do(chromedp.Navigate(base + "?engine=native#" + a.ID))
	b.click("#sign-out")
	b.until("signing out asks again", `!document.querySelector('#sign-in').hidden && document.querySelector('#main').hidden`)
}

func TestPageTakesWhatIsDropped(t *testing.T) {
	beside(t)
	b := openTab(t, runServer(t, config{}, bare(t)))
	b.expect("the server responded with a status of 415")
	evaluate[any](b, `(() => {
		const data = new DataTransfer();
		data.items.add(new File(['dropped, but no video'], 'dropped.mp4'));
		for (const type of ['dragenter', 'dragover']) document.body.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
	})()`)
	if !evaluate[bool](b, `document.querySelector('#drop').hasAttribute('data-over')`) {
		t.Error("the page does not show that a file may be dropped")
	}
	evaluate[any](b, `(() => {
		const data = new DataTransfer();
		data.items.add(new File(['dropped, but no video'], 'dropped.mp4'));
		document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
	})()`)
	b.until("it is uploaded, and looked at", `document.querySelector('.upload[data-state=failed] .name')?.innerText === 'dropped.mp4'`)
	if evaluate[bool](b, `document.querySelector('#drop').hasAttribute('data-over')`) {
		t.Error("after the drop the page still waits for one")
	}
}

func TestPageFindsWords(t *testing.T) {
	beside(t)
	b := openTab(t, runServer(t, config{}, bare(t)))
	tests := map[string]string{
		`bytes(0)`:               "0 bytes",
		`bytes(999)`:             "999 bytes",
		`bytes(999_999)`:         "1 MB",
		`bytes(1_536_000)`:       "1.5 MB",
		`bytes(734_003_200)`:     "734 MB",
		`bytes(5e15)`:            "5000 TB",
		`clock(0)`:               "0:00",
		`clock(59.6)`:            "1:00",
		`clock(3725)`:            "1:02:05",
		`left(0.4)`:              "a moment left",
		`left(42)`:               "42 s left",
		`left(95)`:               "2 min left",
		`left(7500)`:             "2 h 5 min left",
		`left(1/0)`:              "",
		`title({})`:              "Untitled",
		`title({filename: 'a'})`: "a",
		`facts({duration: 61, size: 1e6, tracks: [{kind: 'audio', codec: 'mp4a.40.2'}, {kind: 'audio', codec: 'mp4a.40.5'}, {kind: 'audio', codec: 'Opus'}]})`: "1:01 · AAC, Opus · 1 MB",
		`pace(0.42)`: "0.4 times as fast as it plays",
		`pace(1.02)`: "as fast as it plays",
		`pace(3.14)`: "3.1 times as fast as it plays",
		`pace(31.4)`: "31 times as fast as it plays",
		`facts({tracks: [{kind: 'video', codec: 'avc1', width: 10, height: 20}], renditions: [{state: 'ready', width: 20, height: 40}, {state: 'failed', width: 30, height: 60}]})`: "20 × 40 · H.264",
		`facts({tracks: [{kind: 'video', codec: 'hvc1.1.6.L93.B0', width: 10, height: 20}]})`:                                                                                       "10 × 20 · HEVC",
	}
	for call, want := range tests {
		got := evaluate[string](b, `import('./assets/words.js').then(({ bytes, clock, left, pace, title, facts }) => `+call+`)`)
		if got != want {
			t.Errorf("%s is %q, want %q", call, got, want)
		}
	}
}

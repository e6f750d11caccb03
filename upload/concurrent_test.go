package upload_test

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/upload"
)

// A writer is a PATCH whose body the test feeds bit by bit.
type writer struct {
	h      *house
	body   *io.PipeWriter
	answer chan answer
}

func (h *house) write(url string, offset int, headers ...string) *writer {
	h.t.Helper()
	r, body := io.Pipe()
	w := &writer{h: h, body: body, answer: make(chan answer, 1)}
	req, err := http.NewRequest(http.MethodPatch, url, r)
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Tus-Resumable", "1.0.0")
	req.Header.Set("Content-Type", "application/offset+octet-stream")
	req.Header.Set("Upload-Offset", strconv.Itoa(offset))
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	go func() {
		res, err := h.http.Client().Do(req)
		if err != nil {
			w.answer <- answer{body: err.Error()}
			return
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		w.answer <- answer{res.StatusCode, res.Header, string(b), url}
	}()
	return w
}

// send returns once the bytes are on their way.
func (w *writer) send(b []byte) {
	w.h.t.Helper()
	if _, err := w.body.Write(b); err != nil {
		w.h.t.Fatal(err)
	}
}

func (w *writer) wait() answer {
	w.h.t.Helper()
	select {
	case a := <-w.answer:
		return a
	case <-time.After(time.Minute):
		w.h.t.Fatal("no answer")
		return answer{}
	}
}

// begun waits until an upload is held by a request.
func (h *house) begun(url string) {
	h.t.Helper()
	h.until("somebody came to write", func() bool { return h.up.Held(idOf(url)) })
}

// until waits for what another goroutine does.
func (h *house) until(what string, so func() bool) {
	h.t.Helper()
	for range 12_000 {
		if so() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	h.t.Fatalf("never: %s", what)
}

// trickle sends bytes bit by bit, so that the client is seen to be alive, until
// stop is called, which sends the rest.
func (w *writer) trickle(b []byte) (stop func()) {
	w.h.t.Helper()
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for len(b) > 0 {
			select {
			case <-end:
				_, _ = w.body.Write(b)
				b = nil
			case <-time.After(5 * time.Millisecond):
				_, _ = w.body.Write(b[:10])
				b = b[10:]
			}
		}
		_ = w.body.Close()
	}()
	return func() { close(end); <-ended }
}

func TestTwoLiveWritersAreToldApart(t *testing.T) {
	h := newHouse(t, nil)
	h.up.SetPatience(time.Second) // the writer is not always scheduled within DeadAfter
	file := film(100_000)
	url := h.tusCreate(len(file))
	first := h.write(url, 0)
	first.send(file[:50_000])
	h.begun(url)
	stop := first.trickle(file[50_000:])
	h.want(h.patch(url, 0, file), 423)
	second := h.write(url, 0) // refused, though its body idles
	h.want(second.wait(), 423)
	_ = second.body.Close()
	stop()
	h.want(first.wait(), 204)
	if a := h.asset(h.upload(idOf(url)).Asset); a.SHA256 != sumOf(file) {
		t.Error("the stored bytes are others")
	}
}

func TestCancelEndsAWriter(t *testing.T) {
	h := newHouse(t, nil)
	url := h.tusCreate(100_000)
	first := h.write(url, 0)
	first.send(film(50_000))
	h.begun(url)
	h.want(h.tus("DELETE", url, nil), 204)
	if a := first.wait(); a.status != 410 {
		t.Errorf("the writer was answered %d %s", a.status, a.body)
	}
	_ = first.body.Close()
	if blobs, drafts := h.blobs(); blobs+drafts != 0 {
		t.Errorf("%d blobs and %d drafts are left", blobs, drafts)
	}
}

func TestAssetDeletedDuringAnUploadTakesTheBytesAlong(t *testing.T) {
	h := newHouse(t, nil)
	url := h.tusCreate(100_000)
	u := h.upload(idOf(url))
	first := h.write(url, 0)
	first.send(film(100_000)[:50_000])
	h.begun(url)
	err := h.meta.Update(t.Context(), func(tx metadata.Tx) error { return tx.DeleteAsset(t.Context(), u.Asset) })
	if err != nil {
		t.Fatal(err)
	}
	first.send(film(100_000)[50_000:])
	_ = first.body.Close()
	h.want(first.wait(), 404)
	h.want(h.tus("HEAD", url, nil), 404)
	if blobs, drafts := h.blobs(); blobs+drafts != 0 {
		t.Errorf("%d blobs and %d drafts are left", blobs, drafts)
	}
}

func TestSilentWriterIsReplacedWithItsBytesKept(t *testing.T) {
	h := newHouse(t, nil)
	file := film(100_000)
	url := h.tusCreate(len(file))
	first := h.write(url, 0)
	first.send(file[:50_000])
	h.begun(url)
	second := h.want(h.patch(url, 0, file), 409) // the client did not ask where to go on
	if second.header.Get("Upload-Offset") != "50000" {
		t.Fatalf("ends at %s", second.header.Get("Upload-Offset"))
	}
	if a := first.wait(); a.status != 423 {
		t.Errorf("the silent writer was answered %d %s", a.status, a.body)
	}
	_, _ = first.body.Write(file[:1000]) // it was dead to us: nobody takes this
	_ = first.body.Close()
	h.want(h.patch(url, 50_000, file[50_000:]), 204)
	if a := h.asset(h.upload(idOf(url)).Asset); a.SHA256 != sumOf(file) {
		t.Error("the stored bytes are others")
	}
}

func TestWhoAsksFirstGoesOnWhereTheDeadWriterEnded(t *testing.T) {
	for name, wrap := range map[string]func(http.Handler) http.Handler{
		"": func(h http.Handler) http.Handler { return h },
		" behind a writer without deadlines": func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				h.ServeHTTP(struct{ plainWriter }{plainWriter{w}}, r)
			})
		},
	} {
		t.Run("many times"+name, func(t *testing.T) {
			h := newHouse(t, nil)
			h.http.Config.Handler = wrap(h.http.Config.Handler)
			file := film(100_000)
			url := h.tusCreate(len(file))
			var dead []*writer
			for at := 0; at < len(file)-10_000; at += 10_000 {
				w := h.write(url, at)
				w.send(file[at : at+10_000])
				h.begun(url)
				h.until("it has taken over, and the bytes are here", func() bool { return h.offset(url) == at+10_000 })
				dead = append(dead, w)
			}
			h.want(h.patch(url, 90_000, file[90_000:]), 204)
			for _, w := range dead {
				_ = w.body.Close()
			}
			if a := h.asset(h.upload(idOf(url)).Asset); a.SHA256 != sumOf(file) {
				t.Error("the stored bytes are others")
			}
		})
	}
}

func TestReadersPutNoWriterOut(t *testing.T) {
	h := newHouse(t, nil)
	file := film(100_000)
	url := h.tusCreate(len(file))
	h.want(h.patch(url, 0, file[:10_000]), 204)
	first := h.write(url, 10_000)
	first.send(file[10_000:50_000])
	h.begun(url)
	time.Sleep(2 * upload.DeadAfter)
	if at := h.offset(url); at != 50_000 {
		t.Errorf("HEAD says %d, and 50000 bytes are here", at)
	}
	if got := h.want(h.do("GET", url, nil), 200).json(t); got["offset"] != 50_000.0 || got["state"] != "open" {
		t.Errorf("GET says %v", got)
	}
	if u := h.upload(idOf(url)); u.Offset != 50_000 {
		t.Errorf("%d is written down", u.Offset)
	}
	stop := first.trickle(file[50_000:])
	if at := h.offset(url); at < 50_000 {
		t.Errorf("HEAD says %d beside a writer that is busy", at)
	}
	stop()
	h.want(first.wait(), 204)
	if a := h.asset(h.upload(idOf(url)).Asset); a.SHA256 != sumOf(file) {
		t.Error("the stored bytes are others")
	}
}

func TestAReaderHearsNothingOfAChunkThatIsNotCompared(t *testing.T) {
	h := newHouse(t, nil)
	file := film(100_000)
	url := h.tusCreate(len(file))
	first := h.write(url, 0, "Upload-Checksum", "sha256 "+base64.StdEncoding.EncodeToString(make([]byte, 32)))
	first.send(file[:50_000])
	h.begun(url)
	if at := h.offset(url); at != 0 {
		t.Errorf("HEAD says %d of a chunk whose checksum is not known to be right", at)
	}
	first.send(file[50_000:])
	_ = first.body.Close()
	h.want(first.wait(), 460)
	if at := h.offset(url); at != 0 {
		t.Errorf("HEAD says %d after a chunk with a wrong checksum", at)
	}
}

// idle is longer than the bytes of a test take to arrive on a machine that is busy.
const idle = 500 * time.Millisecond

// Row 17 of the list of attacks.
func TestIdleBodyIsEndedWithItsBytesKept(t *testing.T) {
	h := newHouse(t, &upload.Options{IdleTimeout: idle})
	t.Run("of a chunk", func(t *testing.T) {
		url := h.tusCreate(100_000)
		first := h.write(url, 0)
		first.send(film(50_000))
		a := first.wait()
		if a.status != http.StatusConflict || a.header.Get("Upload-Offset") != "50000" {
			t.Errorf("answered %d %v %s", a.status, a.header, a.body)
		}
		_ = first.body.Close()
		head := h.want(h.tus("HEAD", url, nil), 200)
		if head.header.Get("Upload-Offset") != "50000" {
			t.Errorf("ends at %s", head.header.Get("Upload-Offset"))
		}
	})
	t.Run("of a chunk that trickles", func(t *testing.T) {
		slow := newHouse(t, &upload.Options{IdleTimeout: idle, MinRate: 1_000_000})
		file := film(100_000)
		url := slow.tusCreate(len(file))
		first := slow.write(url, 0)
		stop := first.trickle(file)
		a := slow.want(first.wait(), 409)
		stop()
		at, _ := strconv.Atoi(a.header.Get("Upload-Offset"))
		if at == 0 || !strings.Contains(a.body, "stopped arriving") {
			t.Errorf("answered %v %s", a.header, a.body)
		}
		slow.want(slow.patch(url, at, file[at:]), 204)
	})
	t.Run("of a plain body", func(t *testing.T) {
		c := h.raw("POST /v1/uploads HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n", film(50_000))
		answer, _ := io.ReadAll(c) // until the server closes the connection
		if !strings.HasPrefix(string(answer), "HTTP/1.1 408 ") || !strings.Contains(string(answer), "Location: uploads/") {
			t.Errorf("answered %q", answer)
		}
	})
	for name, head := range unfinishedForms {
		t.Run("of a form "+name, func(t *testing.T) {
			answer, _ := io.ReadAll(h.raw(formHead, []byte(head)))
			if !strings.HasPrefix(string(answer), "HTTP/1.1 408 ") {
				t.Errorf("answered %q", answer)
			}
		})
	}
	t.Run("of a completion", func(t *testing.T) {
		url := h.tusCreate(1000)
		answer, _ := io.ReadAll(h.raw(completeHead(url), []byte(`{"sha`)))
		if !strings.HasPrefix(string(answer), "HTTP/1.1 408 ") {
			t.Errorf("answered %q", answer)
		}
	})
}

const formHead = "POST /v1/uploads HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 100000\r\n\r\n"

// unfinishedForms are what a client may have sent when it falls silent before
// its file.
var unfinishedForms = map[string]string{
	"before its first part":      "--b\r\n",
	"within the head of a part":  "--b\r\nContent-Dispo",
	"within the value of a part": "--b\r\nContent-Disposition: form-data; name=title\r\n\r\nA fi",
}

func completeHead(url string) string {
	return "POST /v1/uploads/" + idOf(url) + "/complete HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n"
}

func TestDrainEndsBodiesThatNoUploadReadsYet(t *testing.T) {
	for name, request := range map[string]func(url string) string{
		"a form before its first part":      func(string) string { return formHead + unfinishedForms["before its first part"] },
		"a form within the head of a part":  func(string) string { return formHead + unfinishedForms["within the head of a part"] },
		"a form within the value of a part": func(string) string { return formHead + unfinishedForms["within the value of a part"] },
		"a completion":                      func(url string) string { return completeHead(url) + `{"sha` },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, nil)
			conn := h.raw(request(h.tusCreate(1000)), nil)
			time.Sleep(100 * time.Millisecond) // until it is read
			if err := conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
				t.Fatal(err)
			}
			if err := h.up.Drain(t.Context()); err != nil {
				t.Fatal(err)
			}
			answer, _ := io.ReadAll(conn)
			_ = conn.Close()
			if !strings.HasPrefix(string(answer), "HTTP/1.1 503 ") {
				t.Errorf("answered %q", answer)
			}
		})
	}
}

func TestDrainEndsWritersAndRefusesNewcomers(t *testing.T) {
	h := newHouse(t, nil)
	url := h.tusCreate(100_000)
	first := h.write(url, 0)
	first.send(film(50_000))
	h.begun(url)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := h.up.Drain(ctx); err != nil {
		t.Fatal(err)
	}
	a := h.want(first.wait(), 503)
	_ = first.body.Close()
	if a.header.Get("Retry-After") == "" || a.header.Get("Upload-Offset") == "" {
		t.Errorf("answered %v", a.header)
	}
	h.want(h.tus("POST", "", nil, "Upload-Length", "10"), 503)
	h.want(h.patch(url, 50_000, film(10)), 503)
	head := h.want(h.tus("HEAD", url, nil), 200)
	if got, want := head.header.Get("Upload-Offset"), a.header.Get("Upload-Offset"); got != want {
		t.Errorf("ends at %s, and said %s", got, want)
	}
}

func TestProgressIsPublishedNowAndThen(t *testing.T) {
	got := make(chan events.Event, 1000)
	h := newHouse(t, &upload.Options{Publish: func(e events.Event) { got <- e }})
	file := film(20 << 20)
	start := time.Now()
	url := h.tusCreate(len(file))
	for at := 0; at < len(file); at += 512 << 10 {
		h.want(h.patch(url, at, file[at:at+512<<10]), 204)
	}
	most := 1 + int(time.Since(start)/(250*time.Millisecond))
	if len(got) == 0 || len(got) > most {
		t.Fatalf("%d events, where %d are wanted at most", len(got), most)
	}
	e := <-got
	if e.Type != events.UploadProgress || e.Upload != idOf(url) || e.Owner != "alice" || e.Data["size"] != int64(len(file)) {
		t.Errorf("got %+v", e)
	}
}

func TestUploadsThatExpireAreRemoved(t *testing.T) {
	h := newHouse(t, nil)
	url := h.tusCreate(1000)
	h.want(h.patch(url, 0, film(500)), 204)
	h.age(url)
	h.want(h.tus("HEAD", url, nil), 410)
	h.want(h.patch(url, 500, film(500)), 410)
	if err := h.up.Expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	u := h.upload(idOf(url))
	if a := h.asset(u.Asset); u.State != metadata.UploadCanceled || a.State != metadata.Failed || !strings.Contains(a.Error, "expired") {
		t.Errorf("upload is %s, asset %s with %q", u.State, a.State, a.Error)
	}
	if blobs, drafts := h.blobs(); blobs+drafts != 0 {
		t.Errorf("%d blobs and %d drafts are left", blobs, drafts)
	}
}

package upload_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/upload"
)

// slow is a store in which reading one blob waits until it may.
type slow struct {
	storage.Store
	key  atomic.Value // string
	came chan struct{}
	pass chan struct{}
	once sync.Once
	read atomic.Int64 // bytes of all blobs
}

func (s *slow) Open(ctx context.Context, key string) (storage.Blob, error) {
	b, err := s.Store.Open(ctx, key)
	if err != nil {
		return nil, err
	}
	return slowBlob{b, s, key}, nil
}

type slowBlob struct {
	storage.Blob
	of  *slow
	key string
}

func (b slowBlob) ReadAt(p []byte, off int64) (int, error) {
	if b.key == b.of.key.Load() {
		b.of.once.Do(func() { close(b.of.came) })
		select {
		case <-b.of.pass:
		case <-time.After(2 * time.Minute): // the test has failed already
			return 0, errors.New("nobody let it pass")
		}
	}
	n, err := b.Blob.ReadAt(p, off)
	b.of.read.Add(int64(n))
	return n, err
}

// A joining is a final upload that waits at its second part.
type joining struct {
	*house
	store  *slow
	file   []byte
	urls   []string
	id     string
	leave  context.CancelFunc // of the client
	left   chan struct{}      // closed when the server knows of it
	answer chan answer
}

func newJoining(t *testing.T) *joining {
	t.Helper()
	j := &joining{store: &slow{came: make(chan struct{}), pass: make(chan struct{})}, file: film(3 << 20), answer: make(chan answer, 1), left: make(chan struct{})}
	j.house = newHouseOn(t, &upload.Options{OnComplete: takeAsItIs}, func(s storage.Store) storage.Store { j.store.Store = s; return j.store })
	j.urls = j.parts(j.file, 3)
	j.store.key.Store(j.upload(idOf(j.urls[1])).Key)
	j.id = metadata.DerivedID(idOf(j.urls[0]), idOf(j.urls[1]), idOf(j.urls[2]))
	handler, once := j.http.Config.Handler, sync.Once{}
	j.http.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		once.Do(func() { context.AfterFunc(r.Context(), func() { close(j.left) }) })
		handler.ServeHTTP(w, r)
	})
	ctx, leave := context.WithCancel(t.Context())
	j.leave = leave
	t.Cleanup(leave)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, j.http.URL+"/v1/uploads", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Tus-Resumable", "1.0.0")
	req.Header.Set("Upload-Concat", "final;"+strings.Join(j.urls, " "))
	go func() {
		res, err := j.http.Client().Do(req)
		if err != nil {
			j.answer <- answer{body: err.Error()}
			return
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		j.answer <- answer{res.StatusCode, res.Header, string(b), req.URL.String()}
	}()
	select {
	case <-j.store.came:
	case <-time.After(time.Minute):
		t.Fatal("the second part is not read")
	}
	return j
}

func (j *joining) wait() answer {
	j.t.Helper()
	select {
	case a := <-j.answer:
		return a
	case <-time.After(time.Minute):
		j.t.Fatal("no answer")
		return answer{}
	}
}

func TestOthersBesideAConcatenation(t *testing.T) {
	j := newJoining(t)
	j.want(j.final(j.urls), 423)
	j.want(j.final([]string{j.urls[2], j.urls[0]}), 423)
	j.want(j.patch("/"+j.id, 0, film(10)), 403)
	j.want(j.do("POST", "/"+j.id+"/complete", nil), 423)
	head := j.want(j.tus("HEAD", "/"+j.id, nil), 200).header
	if head.Get("Upload-Offset") != "" || head.Get("Upload-Length") != "3145728" || !strings.HasPrefix(head.Get("Upload-Concat"), "final;") {
		t.Errorf("HEAD answers %v", head)
	}
	j.age(j.urls...)
	if err := j.up.Expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := j.up.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	close(j.store.pass)
	j.isJoined(j.want(j.wait(), 201), j.file)
}

func TestAConcatenationGoesOnWithoutItsClient(t *testing.T) {
	j := newJoining(t)
	j.leave()
	if a := j.wait(); a.status != 0 {
		t.Errorf("the client that left was answered %d", a.status)
	}
	<-j.left
	close(j.store.pass)
	j.until("the upload is let go of", func() bool { return !j.up.Held(j.id) })
	if u := j.upload(j.id); u.State != metadata.UploadComplete {
		t.Errorf("the upload is %s", u.State)
	}
	j.isJoined(j.want(j.final(j.urls), 201), j.file)
}

func TestAConcatenationGoesOnAfterAStop(t *testing.T) {
	j := newJoining(t)
	drained := make(chan error, 1)
	go func() { drained <- j.up.Drain(context.WithoutCancel(t.Context())) }()
	j.until("the upload is told to stop", func() bool { return j.up.Interrupted(j.id) })
	close(j.store.pass)
	if a := j.want(j.wait(), 503); a.header.Get("Retry-After") == "" {
		t.Errorf("answered %v", a.header)
	}
	if err := <-drained; err != nil {
		t.Fatal(err)
	}
	u := j.upload(j.id)
	if u.State != metadata.UploadOpen || u.Offset < 1<<20 {
		t.Errorf("the upload is %s and has %d bytes", u.State, u.Offset)
	}
	j.restart(j.meta)
	j.store.read.Store(0)
	a := j.want(j.final(j.urls), 201)
	if got, want := j.store.read.Load(), int64(len(j.file))-u.Offset; got != want {
		t.Errorf("%d bytes were read to join the last %d", got, want)
	}
	j.isJoined(a, j.file)
}

func TestACancelledPartEndsTheConcatenation(t *testing.T) {
	j := newJoining(t)
	cancelled := make(chan answer, 1)
	go func() { cancelled <- j.tus("DELETE", j.urls[2], nil) }()
	j.until("the part is asked for", func() bool { return j.up.Interrupted(idOf(j.urls[2])) })
	close(j.store.pass)
	if a := j.want(j.wait(), 410); !strings.Contains(a.body, "a part was cancelled") {
		t.Errorf("answered %s", a.body)
	}
	j.want(<-cancelled, 204)
	if a := j.asset(j.upload(j.id).Asset); a.State != metadata.Failed {
		t.Errorf("the asset is %s", a.State)
	}
	j.carry()
	if blobs, drafts := j.blobs(); blobs != 2 || drafts != 0 {
		t.Errorf("%d blobs and %d drafts are left, want the other parts", blobs, drafts)
	}
}

func TestACancelledConcatenationLeavesItsParts(t *testing.T) {
	j := newJoining(t)
	cancelled := make(chan answer, 1)
	go func() { cancelled <- j.tus("DELETE", "/"+j.id, nil) }()
	j.until("the upload is told to stop", func() bool { return j.up.Interrupted(j.id) })
	close(j.store.pass)
	j.want(j.wait(), 410)
	j.want(<-cancelled, 204)
	if u := j.upload(j.id); u.State != metadata.UploadCanceled {
		t.Errorf("the upload is %s", u.State)
	}
	for _, url := range j.urls {
		j.want(j.tus("HEAD", url, nil), 200)
	}
	if blobs, drafts := j.blobs(); blobs != 3 || drafts != 0 {
		t.Errorf("%d blobs and %d drafts are left, want the parts", blobs, drafts)
	}
	j.want(j.final(j.urls), 410) // it is over
	j.want(j.final([]string{j.urls[0], j.urls[2]}), 201)
}

func TestADeletedAssetEndsTheConcatenation(t *testing.T) {
	j := newJoining(t)
	err := j.meta.Update(t.Context(), func(tx metadata.Tx) error {
		u, err := tx.Upload(t.Context(), j.id)
		if err != nil {
			return err
		}
		return tx.DeleteAsset(t.Context(), u.Asset)
	})
	if err != nil {
		t.Fatal(err)
	}
	close(j.store.pass)
	j.want(j.wait(), 404)
	if blobs, drafts := j.blobs(); blobs != 3 || drafts != 0 {
		t.Errorf("%d blobs and %d drafts are left, want the parts", blobs, drafts)
	}
	j.want(j.final(j.urls), 410)
}

func TestTheSamePartsAreJoinedOnceHoweverManyAsk(t *testing.T) {
	h := newHouse(t, nil)
	file := film(300_000)
	urls := h.parts(file, 3)
	answers := make(chan answer, 8)
	for range cap(answers) {
		go func() { answers <- h.final(urls) }()
	}
	for range cap(answers) {
		if a := <-answers; a.status != 201 && a.status != 423 {
			t.Errorf("answered %d %s", a.status, a.body)
		}
	}
	h.isJoined(h.want(h.final(urls), 201), file)
}

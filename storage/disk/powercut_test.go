package disk

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/internal/middleware"
	"github.com/streamgate/streamgate/internal/testclip"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/sqlite"
	"github.com/streamgate/streamgate/upload"
)

// powered is a database that goes with the power of the file system. What it
// has answered before is durable: its own tests are about that.
type powered struct {
	metadata.Store
	fs *forgetFS
}

func (p powered) Update(ctx context.Context, fn func(metadata.Tx) error) error {
	if p.fs.off() {
		return metadata.ErrUnavailable
	}
	return p.Store.Update(ctx, func(tx metadata.Tx) error {
		err := fn(tx)
		if p.fs.off() {
			return metadata.ErrUnavailable
		}
		return err
	})
}

// A mill is a server whose power can be cut.
type mill struct {
	t     *testing.T
	fs    *forgetFS
	store *Store
	meta  metadata.Store
	up    *upload.Uploader
	http  *httptest.Server
}

func newMill(t *testing.T, dir string, db metadata.Store, steps int) *mill {
	t.Helper()
	p := &mill{t: t}
	p.store, p.fs = forgetful(t, dir, steps)
	p.meta = powered{db, p.fs}
	var err error
	p.up, err = upload.New(p.store, p.meta, &upload.Options{OnComplete: upload.Inspect, Logger: slog.New(slog.DiscardHandler)})
	must(t, err)
	silent := middleware.Begin(middleware.BeginOptions{Logger: slog.New(slog.DiscardHandler)})
	p.http = httptest.NewServer(silent(auth.Middleware(auth.Everybody("ann"))(p.up)))
	t.Cleanup(p.http.Close)
	return p
}

// send returns the status and headers, zero where no answer came.
func (p *mill) send(method, path string, body []byte, headers ...string) (int, http.Header, string) {
	p.t.Helper()
	req, err := http.NewRequest(method, p.http.URL+"/"+path, bytes.NewReader(body))
	must(p.t, err)
	req.Header.Set("Tus-Resumable", "1.0.0")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	answer, err := p.http.Client().Do(req)
	must(p.t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	must(p.t, err)
	return answer.StatusCode, answer.Header, string(text)
}

// client is what somebody who uploads was told.
type client struct {
	file         []byte
	id, asset    string
	acknowledged int  // bytes
	complete     bool // the end of the upload was acknowledged
}

// run uploads the rest in pieces until something fails.
func (c *client) run(p *mill) {
	p.t.Helper()
	if c.id == "" {
		status, h, _ := p.send("POST", "", nil, "Upload-Length", strconv.Itoa(len(c.file)))
		if status != http.StatusCreated {
			return
		}
		c.id, c.asset = filepath.Base(h.Get("Location")), h.Get("StreamGate-Asset")
	}
	for !c.complete {
		status, h, text := p.send("HEAD", c.id, nil)
		if status != http.StatusOK {
			return
		}
		at, err := strconv.Atoi(h.Get("Upload-Offset"))
		if err != nil || at < c.acknowledged {
			p.t.Fatalf("HEAD says %s %s, and %d bytes were acknowledged", h.Get("Upload-Offset"), text, c.acknowledged)
		}
		c.acknowledged = at
		if at == len(c.file) {
			c.complete = true
			return
		}
		piece := c.file[at:min(len(c.file), at+len(c.file)/3+1)]
		status, _, _ = p.send("PATCH", c.id, piece, "Upload-Offset", strconv.Itoa(at), "Content-Type", "application/offset+octet-stream")
		if status != http.StatusNoContent {
			return
		}
		c.acknowledged = at + len(piece)
		c.complete = c.acknowledged == len(c.file)
	}
}

// check holds what the server has to what the client was told.
func (c *client) check(p *mill) {
	p.t.Helper()
	if c.id == "" {
		return
	}
	a, err := p.meta.Asset(p.t.Context(), c.asset)
	must(p.t, err)
	if !c.complete {
		return
	}
	sum := sha256.Sum256(c.file)
	if a.State != metadata.Ready || a.SHA256 != hex.EncodeToString(sum[:]) || a.Index == "" {
		p.t.Fatalf("of a complete upload the asset is %s %q, sum %s", a.State, a.Error, a.SHA256)
	}
	for _, key := range []string{a.Source, a.Index} {
		b, err := p.store.Open(p.t.Context(), key)
		must(p.t, err)
		got, err := io.ReadAll(io.NewSectionReader(b, 0, b.Info().Size))
		must(p.t, err)
		must(p.t, b.Close())
		if key == a.Source && !bytes.Equal(got, c.file) {
			p.t.Fatalf("%d bytes are stored, and others than were sent", len(got))
		}
	}
}

// Rows 29 and 30 of the list of attacks, for a machine that loses its power: the
// upload is cut at every step that changes something on the disk, what was not
// synced is forgotten, and nothing acknowledged may be missing afterwards.
func TestPowerCutLosesNothingAcknowledged(t *testing.T) {
	file := testclip.MP4(t)
	for _, torn := range []bool{false, true} {
		t.Run(fmt.Sprintf("torn=%v", torn), func(t *testing.T) {
			for steps := 0; ; steps++ {
				if testing.Short() && steps%4 != 0 {
					t.Attr("short", "every fourth step")
					continue
				}
				if whole := cutAfter(t, file, steps, torn); whole {
					t.Logf("cut at each of %d steps", steps)
					break
				}
				if steps > 1000 {
					t.Fatal("no end")
				}
			}
		})
	}
}

// cutAfter cuts the power after so many steps, and has the upload end after
// that. It says whether there was nothing to cut any more.
func cutAfter(t *testing.T, file []byte, steps int, torn bool) (whole bool) {
	t.Helper()
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "db"))
	must(t, err)
	defer db.Close()
	c := &client{file: file}
	before := newMill(t, t.TempDir(), db.Metadata(), steps)
	c.run(before)
	whole = !before.fs.off()
	before.http.Close()
	dir := before.fs.afterwards(t, torn)
	_ = before.store.Close()

	after := newMill(t, dir, db.Metadata(), 1<<30)
	defer after.store.Close()
	must(t, after.up.Recover(t.Context()))
	c.check(after)
	c.run(after)
	if !c.complete {
		t.Fatalf("cut after %d steps, the upload does not go on", steps)
	}
	c.check(after)
	return whole
}

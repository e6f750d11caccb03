package upload_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/streamgate/streamgate/internal/testclip"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/upload"
)

// chunked hides the length of a body, so that it is sent without one.
type chunked struct{ io.Reader }

func quota(n int64) func(context.Context, string) (int64, error) {
	return func(context.Context, string) (int64, error) { return n, nil }
}

func TestAnOwnerHasSoManyUploadsAtATime(t *testing.T) {
	h := newHouse(t, &upload.Options{MaxOpen: 2})
	first := h.tusCreate(1000)
	h.tusCreate(1000)
	a := h.want(h.tus("POST", "", nil, "Upload-Length", "1000"), 429)
	if !strings.Contains(a.body, "2 uploads may be open") || a.header.Get("Location") != "" {
		t.Errorf("answered %v %s", a.header, a.body)
	}
	h.want(h.do("POST", "", bytes.NewReader(film(1000))), 429)
	h.want(h.tus("POST", "", nil, "Upload-Length", "1000", "X-User", "bob"), 201)
	h.want(h.patch(first, 0, film(1000)), 204)
	h.want(h.tus("POST", "", nil, "Upload-Length", "1000"), 201)
}

func TestNoWayRoundTheBytesOfAnOwner(t *testing.T) {
	for name, o := range map[string]*upload.Options{
		"in flight": {MaxOpenBytes: 1 << 20},
		"of quota":  {Quota: quota(1 << 20)},
	} {
		status := 429
		if o.Quota != nil {
			status = 413
		}
		t.Run("announced, "+name, func(t *testing.T) {
			h := newHouse(t, o)
			h.tusCreate(600_000)
			h.want(h.tus("POST", "", nil, "Upload-Length", "600000"), status)
			h.tusCreate(400_000)
		})
		t.Run("of a body without length, "+name, func(t *testing.T) {
			h := newHouse(t, o)
			upload.SetReserveStep(t, 100_000)
			h.want(h.do("POST", "", chunked{bytes.NewReader(film(2 << 20))}), status)
			h.holdsAtMost(1 << 20)
		})
		t.Run("of a form, "+name, func(t *testing.T) {
			h := newHouse(t, o)
			upload.SetReserveStep(t, 100_000)
			body, contentType := formOf(t, field{"file", "a.mp4", string(film(2 << 20))})
			h.want(h.do("POST", "", bytes.NewReader(body), "Content-Type", contentType), status)
			h.holdsAtMost(1 << 20)
		})
		t.Run("by deferring the length, "+name, func(t *testing.T) {
			h := newHouse(t, o)
			upload.SetReserveStep(t, 100_000)
			for range 3 {
				url := h.want(h.tus("POST", "", nil, "Upload-Defer-Length", "1"), 201).location(t)
				for at := 0; at < 600_000; at += 200_000 {
					if a := h.patch(url, at, film(600_000)[at:at+200_000]); a.status != 204 {
						h.want(a, status)
						break
					}
				}
			}
			h.holdsAtMost(1 << 20)
			url := h.want(h.tus("POST", "", nil, "Upload-Defer-Length", "1"), 201).location(t)
			h.want(h.patch(url, 0, nil, "Upload-Length", "1000000"), status) // as if it had been announced
		})
		t.Run("in one chunk with a checksum, "+name, func(t *testing.T) {
			h := newHouse(t, o)
			upload.SetReserveStep(t, 100_000)
			url := h.want(h.tus("POST", "", nil, "Upload-Defer-Length", "1"), 201).location(t)
			h.want(h.patch(url, 0, film(200_000)), 204)
			w := h.write(url, 200_000, "Upload-Checksum", "sha1 "+b64("12345678901234567890"))
			defer w.body.Close()
			go func() { // without an end
				for piece := film(100_000); ; {
					if _, err := w.body.Write(piece); err != nil {
						return
					}
				}
			}()
			h.want(w.wait(), status)
			h.holdsAtMost(1 << 20)
			h.want(h.patch(url, 200_000, film(1000)), 204)
		})
		t.Run("with the creation, "+name, func(t *testing.T) {
			h := newHouse(t, o)
			upload.SetReserveStep(t, 100_000)
			h.want(h.tus("POST", "", film(2<<20), "Upload-Defer-Length", "1", "Content-Type", "application/offset+octet-stream"), status)
			h.holdsAtMost(1 << 20)
		})
	}
}

// holdsAtMost checks what of alice's is written down, and that little more has
// arrived.
func (h *house) holdsAtMost(n int64) {
	h.t.Helper()
	var arrived int64
	for d, err := range h.files.Drafts(h.t.Context(), "") {
		if err != nil {
			h.t.Fatal(err)
		}
		arrived += d.Size
	}
	if arrived > n+300_000 {
		h.t.Errorf("%d bytes have arrived where %d are allowed", arrived, n)
	}
	u, err := h.meta.Usage(h.t.Context(), "alice")
	stored, storedErr := h.meta.Stored(h.t.Context(), "alice")
	if err != nil || storedErr != nil || u.OpenBytes+stored > n {
		h.t.Errorf("usage is %+v, %v; %d are allowed", u, err, n)
	}
}

func TestAQuotaCountsFilesThatNobodyHasDecidedOn(t *testing.T) {
	later := func(context.Context, *upload.Completed) error { return nil }
	for name, path := range map[string]func(h *house) string{
		"each an asset":    func(*house) string { return "" },
		"all to one asset": func(h *house) string { return "?asset_id=" + h.newAsset("alice", metadata.Uploading) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, &upload.Options{Quota: quota(1 << 20), OnComplete: later})
			to := path(h)
			h.want(h.do("POST", to, bytes.NewReader(film(900_000))), 201)
			h.want(h.do("POST", to, bytes.NewReader(film(900_000))), 413)
		})
	}
}

func TestLengthsThatNobodyHasAreCountedAllTheSame(t *testing.T) {
	h := newHouse(t, &upload.Options{MaxSize: -1, Quota: quota(math.MaxInt64)})
	for range 3 {
		h.want(h.tus("POST", "", nil, "Upload-Length", strconv.Itoa(math.MaxInt64)), 201)
	}
	h = newHouse(t, &upload.Options{MaxSize: -1, Quota: quota(1 << 20)})
	h.want(h.tus("POST", "", nil, "Upload-Length", strconv.Itoa(math.MaxInt64)), 413)
}

func TestAQuotaCountsWhatIsThereAlready(t *testing.T) {
	h := newHouse(t, &upload.Options{Quota: quota(1 << 20)})
	h.post(film(700_000), "")
	a := h.want(h.tus("POST", "", nil, "Upload-Length", "400000"), 413)
	if got := a.json(t); got["quota"] != 1048576.0 || got["used"] != 1100000.0 || !strings.Contains(a.body, "quota-exceeded") {
		t.Errorf("answered %s", a.body)
	}
	h.want(h.tus("POST", "", nil, "Upload-Length", "300000"), 201)
}

func TestPartsCountOnceThoughTheyAreCopied(t *testing.T) {
	h := newHouse(t, &upload.Options{Quota: quota(1 << 20)})
	file := film(800_000)
	var urls []string
	for _, part := range [][]byte{file[:400_000], file[400_000:]} {
		url := h.tusCreate(len(part), "Upload-Concat", "partial")
		h.want(h.patch(url, 0, part), 204)
		urls = append(urls, url)
	}
	h.want(h.tus("POST", "", nil, "Upload-Length", "400000"), 413) // they count
	final := h.want(h.tus("POST", "", nil, "Upload-Concat", "final;"+strings.Join(urls, " ")), 201).location(t)
	if a := h.asset(h.upload(idOf(final)).Asset); a.SHA256 != sumOf(file) {
		t.Error("the stored bytes are others")
	}
	h.want(h.tus("POST", "", nil, "Upload-Length", "400000"), 413)
	h.want(h.tus("POST", "", nil, "Upload-Length", "200000"), 201)
	h.want(h.do("PATCH", final, nil, "Upload-Draft-Interop-Version", "8", "Upload-Complete", "?1",
		"Upload-Offset", "800000", "Content-Type", "application/partial-upload"), 403)
}

func TestAnUploadOverQuotaGoesOnOnceThereIsRoom(t *testing.T) {
	room := int64(300_000)
	h := newHouse(t, &upload.Options{Quota: func(context.Context, string) (int64, error) { return room, nil }})
	upload.SetReserveStep(t, 100_000)
	file := film(500_000)
	url := h.want(h.tus("POST", "", nil, "Upload-Defer-Length", "1"), 201).location(t)
	h.want(h.patch(url, 0, file), 413)
	room = 1 << 20
	at := h.offset(url)
	h.want(h.patch(url, at, file[at:], "Upload-Length", "500000"), 204)
	if a := h.asset(h.upload(idOf(url)).Asset); a.SHA256 != sumOf(file) {
		t.Error("the stored bytes are others")
	}
}

func TestAQuotaThatCannotBeAskedRefusesNobodysBytes(t *testing.T) {
	h := newHouse(t, &upload.Options{Quota: func(context.Context, string) (int64, error) { return 0, errors.New("the accounts are away") }})
	a := h.want(h.tus("POST", "", nil, "Upload-Length", "400000"), 500)
	if strings.Contains(a.body, "accounts") {
		t.Errorf("the client is told %s", a.body)
	}
}

func TestBeforeCreateMayChangeAndRefuse(t *testing.T) {
	var seen upload.Creation
	h := newHouse(t, &upload.Options{BeforeCreate: func(_ context.Context, c *upload.Creation) error {
		seen = *c
		if c.Size > 5000 {
			return upload.Refuse("Films of more than 5000 bytes are for members.")
		}
		c.Title = "By " + c.Principal.ID
		c.Tags = append(c.Tags, "new")
		return nil
	}})
	a := h.want(h.tus("POST", "", nil, "Upload-Length", "9000"), 403)
	if !strings.Contains(a.body, "for members") || !strings.Contains(a.body, "upload-not-allowed") {
		t.Errorf("answered %s", a.body)
	}
	url := h.tusCreate(1000, "Upload-Metadata", "filename "+b64("a.mp4")+",tags "+b64("one"))
	if seen.Owner != "alice" || seen.Protocol != "tus" || seen.Size != 1000 || seen.Filename != "a.mp4" || seen.Metadata["tags"] != "one" {
		t.Errorf("it got %+v", seen)
	}
	if got := h.asset(h.upload(idOf(url)).Asset); got.Title != "By alice" || len(got.Tags) != 2 {
		t.Errorf("the asset is %+v", got)
	}
	if u := h.upload(idOf(url)); u.Metadata["title"] != "" {
		t.Errorf("the client's metadata has become %v", u.Metadata)
	}
}

func TestFilesThatLastTooLongFail(t *testing.T) {
	clip := testclip.MP4(t)
	short := newHouse(t, &upload.Options{OnComplete: upload.Inspect, MaxDuration: 10 * time.Millisecond})
	if a := short.post(clip, ""); a.State != metadata.Failed || !strings.Contains(a.Error, "files of up to 10ms") {
		t.Errorf("asset is %s with %q", a.State, a.Error)
	}
	long := newHouse(t, &upload.Options{OnComplete: upload.Inspect, MaxDuration: time.Hour})
	if a := long.post(clip, ""); a.State != metadata.Ready {
		t.Errorf("asset is %s with %q", a.State, a.Error)
	}
}

package transcode_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/storage/disk"
	"github.com/streamgate/streamgate/storage/storagetest"
	"github.com/streamgate/streamgate/transcode"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// remoteHouse is one whose files lie elsewhere. It is not told of what comes, so that
// what the transcoder reads can be told from the rest: call Recover.
func remoteHouse(t *testing.T, dir string, ranges bool, o houseOptions) (*house, *storagetest.Remote) {
	t.Helper()
	var far *storagetest.Remote
	o.deaf = true
	o.store = func(s *disk.Store) storage.Store {
		far = storagetest.NewRemote(s, 0, ranges)
		return far
	}
	o.own = true // and looked at
	return newHouse(t, dir, o), far
}

// richFilm has all that there are tasks for.
func richFilm(t *testing.T) string {
	t.Helper()
	srt := filepath.Join(t.TempDir(), "text.srt")
	if err := os.WriteFile(srt, []byte(subtitles), 0o600); err != nil {
		t.Fatal(err)
	}
	return makeFilm(t, "film.mkv", lasting(movingPicture+tone, "50")+"-i "+srt+
		" -map 0 -map 1 -map 1 -map 2 -c:v mpeg4 -q:v 5 -g 50 -c:a libvorbis -c:s srt -metadata:s:s:0 language=ger")
}

func fileSize(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// recover has what waits transcoded.
func (h *house) recover() {
	h.t.Helper()
	if err := h.coder.Recover(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
}

// wantNoCopies checks that ffmpeg's directory has neither runs nor copies, but for one
// that nobody uses any more.
func wantNoCopies(t *testing.T, dir string) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(dir, "runs", "runs-*"))
	if err != nil || len(left) != 0 {
		t.Errorf("ffmpeg's directory has %q (%v)", left, err)
	}
}

// TestAFilmThatLiesElsewhereIsReadOnce counts what the whole transcoder asks of a
// store that has no files: two chunks and a stream of sound are encoded at once.
func TestAFilmThatLiesElsewhereIsReadOnce(t *testing.T) {
	path := richFilm(t)
	size := fileSize(t, path)
	for _, ranges := range []bool{true, false} {
		t.Run(fmt.Sprintf("with ranges %v", ranges), func(t *testing.T) {
			dir, o := t.TempDir(), smallOptions()
			o.AtOnce = 3
			h, far := remoteHouse(t, dir, ranges, o)
			sent := h.send(path, "")
			far.Cost()
			h.recover()
			a := h.over(sent.ID)
			h.until("all tasks end", h.idle)
			if a.State != metadata.Ready || len(a.Renditions) != 2 || a.Thumbnails == nil || len(a.Captions) != 1 {
				t.Fatalf("%+v", a)
			}
			parts := 0
			for key, cost := range far.CostOf() {
				if key == a.Kept() && (cost.Bytes != size || cost.Reads != 1) {
					t.Errorf("of the source %d bytes are read by %d requests, want %d by one", cost.Bytes, cost.Reads, size)
				}
				if strings.Contains(key, "/parts/v") || strings.Contains(key, "/parts/first") {
					parts++
					if cost.Reads != 1 {
						t.Errorf("%s: %+v, want one request", key, cost)
					}
				}
				if strings.Contains(key, "/parts/plan") && cost.Bytes < int64(cost.Reads)*1000 {
					t.Errorf("%s: %+v, want all of it by each request", key, cost)
				}
				if strings.Contains(key, "/parts/a") && cost.Reads > h.transcodedChunks(a) {
					t.Errorf("%s: %+v, want a request for each chunk at most", key, cost)
				}
			}
			if parts < 4 {
				t.Errorf("%d parts of pictures were read", parts)
			}
			if n := len(playedSegments(h, a)); n < 8 {
				t.Errorf("%d segments play", n)
			}
			h.stop()
			wantNoCopies(t, dir)
		})
	}
}

// transcodedChunks is in how many chunks a film was cut.
func (h *house) transcodedChunks(a *metadata.Asset) int {
	h.t.Helper()
	_, text, _ := strings.Cut(h.transcodes(a.ID)[0].Metadata["record"], `"chunks":`)
	n := 0
	if _, err := fmt.Sscanf(text, "%d", &n); err != nil {
		h.t.Fatal(err)
	}
	return n
}

// playedSegments are the segments of the first playlist of an asset, which are all there.
func playedSegments(h *house, a *metadata.Asset) (list []string) {
	h.t.Helper()
	base := "/play/" + a.ID + "/"
	for line := range strings.Lines(string(h.get(base + "master.m3u8"))) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		at := base + line[:strings.LastIndex(line, "/")+1]
		for segment := range strings.Lines(string(h.get(base + line))) {
			if segment = strings.TrimSpace(segment); segment != "" && !strings.HasPrefix(segment, "#") {
				if len(h.get(at+segment)) == 0 {
					h.t.Errorf("%s is empty", at+segment)
				}
				list = append(list, at+segment)
			}
		}
		return list
	}
	return nil
}

// TestAnotherProcessReadsTheFilmOnceMore ends one in the middle.
func TestAnotherProcessReadsTheFilmOnceMore(t *testing.T) {
	dir, path := t.TempDir(), longFilm(t)
	size := fileSize(t, path)
	p := newHeld(t)
	h, far := remoteHouse(t, dir, true, heldOptions(p))
	id := h.send(path, "").ID
	far.Cost()
	h.recover()
	for range 2 {
		p.go1 <- struct{}{}
	}
	h.until("the first chunk is there", func() bool { return h.transcodes(id)[0].Offset > 0 })
	if cost := far.CostOf()[h.asset(id).Kept()]; cost.Bytes != size {
		t.Errorf("the first process reads %d bytes of %d", cost.Bytes, size)
	}
	h.stop()
	h, far = remoteHouse(t, dir, true, smallOptions())
	if a := h.over(id); a.State != metadata.Ready {
		t.Fatalf("%+v", a)
	}
	if cost := far.CostOf()[h.asset(id).Kept()]; cost.Bytes != size {
		t.Errorf("the second process reads %d bytes of %d", cost.Bytes, size)
	}
	h.stop()
	wantNoCopies(t, dir)
}

// A faulty store is one elsewhere whose sources come in another way than they should.
type faulty struct {
	*storagetest.Remote

	mu   sync.Mutex
	fail func(ctx context.Context, off, length int64, body io.Reader) (io.Reader, error)
}

func (s *faulty) Open(ctx context.Context, key string) (storage.Blob, error) {
	b, err := s.Remote.Open(ctx, key)
	if err != nil || strings.Contains(key, "/parts/") || strings.Contains(key, "index") || strings.Contains(key, "/rungs/") {
		return b, err
	}
	return &faultyBlob{b, s}, nil
}

type faultyBlob struct {
	storage.Blob

	store *faulty
}

func (b *faultyBlob) ReadRange(ctx context.Context, off, length int64) (io.ReadCloser, error) {
	body, err := b.Blob.(storage.RangeReader).ReadRange(ctx, off, length)
	if err != nil {
		return nil, err
	}
	b.store.mu.Lock()
	defer b.store.mu.Unlock()
	if b.store.fail == nil {
		return body, nil
	}
	r, err := b.store.fail(ctx, off, length, body)
	return io.NopCloser(r), err
}

func faultyHouse(t *testing.T, o houseOptions) (*house, *faulty) {
	t.Helper()
	far := &faulty{}
	o.deaf = true
	o.store = func(s *disk.Store) storage.Store {
		far.Remote = storagetest.NewRemote(s, 0, true)
		return far
	}
	h := newHouse(t, t.TempDir(), o)
	return h, far
}

func (s *faulty) set(fail func(ctx context.Context, off, length int64, body io.Reader) (io.Reader, error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = fail
}

var errCut = errors.New("the connection was cut")

// cutAfter breaks off after n bytes.
func cutAfter(n int64, body io.Reader) io.Reader {
	return io.MultiReader(io.LimitReader(body, n), cut{})
}

type cut struct{}

func (cut) Read([]byte) (int, error) { return 0, errCut }

func TestAFilmThatComesInPiecesComesWhole(t *testing.T) {
	path := foreignFilm(t)
	size := fileSize(t, path)
	h, far := faultyHouse(t, smallOptions())
	id := h.send(path, "").ID
	var asked []int64
	far.set(func(_ context.Context, off, _ int64, body io.Reader) (io.Reader, error) {
		asked = append(asked, off)
		return cutAfter(size/3, body), nil
	})
	far.Cost()
	h.recover()
	h.until("the plan is there", func() bool { return strings.Contains(h.transcodes(id)[0].Metadata["record"], `"plan"`) })
	far.mu.Lock()
	if len(asked) < 3 || len(asked) > 4 || asked[1] != size/3 || asked[2] != 2*(size/3) {
		t.Errorf("of %d bytes it was asked from %d on", size, asked)
	}
	far.mu.Unlock()
	far.set(nil)
	if a := h.over(id); a.State != metadata.Ready {
		t.Errorf("%+v", a)
	}
}

func TestAFilmThatDoesNotComeIsNotTranscoded(t *testing.T) {
	cases := []struct {
		name string
		fail func(ctx context.Context, off, length int64, body io.Reader) (io.Reader, error)
		says string
	}{
		{"other bytes come", func(_ context.Context, off, _ int64, body io.Reader) (io.Reader, error) {
			if off > 0 {
				return body, nil
			}
			return io.MultiReader(strings.NewReader("X"), io.LimitReader(skip(body), 1<<40)), nil
		}, "storage has other bytes of the file than came"},
		{"nothing comes", func(context.Context, int64, int64, io.Reader) (io.Reader, error) { return cut{}, nil }, "something went wrong on the server"},
		{"nobody answers", func(context.Context, int64, int64, io.Reader) (io.Reader, error) {
			return nil, storage.ErrUnavailable
		}, "storage does not answer"},
	}
	path := foreignFilm(t)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			o := smallOptions()
			o.Attempts, o.Patience = 1, time.Millisecond
			h, far := faultyHouse(t, o)
			id := h.send(path, "").ID
			far.set(c.fail)
			h.recover()
			a := h.over(id)
			h.until("all tasks end", h.idle)
			if a.State != metadata.Failed || !strings.Contains(a.Error, c.says) || a.Error == "" {
				t.Errorf("it is %s, and says %q", a.State, a.Error)
			}
			if strings.Contains(h.transcodes(id)[0].Metadata["record"], `"plan"`) {
				t.Error("something was made of it")
			}
		})
	}
}

// skip leaves the first byte out.
func skip(r io.Reader) io.Reader {
	_, _ = io.CopyN(io.Discard, r, 1)
	return r
}

// TestACancelledTranscodeIsNotFetched cancels one whose file is on its way.
func TestACancelledTranscodeIsNotFetched(t *testing.T) {
	h, far := faultyHouse(t, smallOptions())
	id := h.send(foreignFilm(t), "").ID
	var begun, ended atomic.Bool
	far.set(func(ctx context.Context, _, _ int64, _ io.Reader) (io.Reader, error) {
		begun.Store(true)
		return readerFunc(func([]byte) (int, error) {
			<-ctx.Done()
			ended.Store(true)
			return 0, ctx.Err()
		}), nil
	})
	h.recover()
	h.until("it is on its way", begun.Load)
	if err := h.coder.Cancel(t.Context(), h.transcodes(id)[0].ID); err != nil {
		t.Fatal(err)
	}
	h.until("it is given up", ended.Load)
	h.until("all tasks end", h.idle)
	if a := h.asset(id); a.State != metadata.Failed {
		t.Errorf("%+v", a)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// TestAFilmForWhichThereIsNoRoom waits for others, and fails where that would not help.
func TestAFilmForWhichThereIsNoRoom(t *testing.T) {
	need(t, "ffmpeg")
	path := foreignFilm(t)
	size := fileSize(t, path)
	newRunner := func(bytes int64) *ffmpeg.Runner {
		r, err := ffmpeg.New(t.TempDir(), &ffmpeg.Options{Bytes: bytes, Free: -1})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = r.Close() })
		return r
	}
	t.Run("it is larger than all may be", func(t *testing.T) {
		o := smallOptions()
		o.Attempts, o.programs = 1, newRunner(size)
		h, far := remoteHouse(t, t.TempDir(), true, o)
		id := h.send(path, "").ID
		far.Cost()
		h.recover()
		if a := h.over(id); a.State != metadata.Failed || !strings.Contains(a.Error, "all runs together may have") {
			t.Errorf("it is %s, and says %q", a.State, a.Error)
		}
		if cost := far.CostOf()[h.asset(id).Kept()]; cost.Bytes != 0 {
			t.Errorf("%d bytes were read in vain", cost.Bytes)
		}
	})
	t.Run("others have the room", func(t *testing.T) {
		r := newRunner(size + 2<<20)
		other, err := r.Run(t.Context(), &ffmpeg.Command{
			Inputs:  []ffmpeg.Input{{Graph: "color=s=1024x1024:r=1:d=2"}},
			Outputs: []ffmpeg.Output{{Name: "out.yuv", Args: []string{"-f", "rawvideo"}}}, // 3 MiB
		})
		if err != nil {
			t.Fatal(err)
		}
		o := smallOptions()
		waits := &busy{Programs: r}
		o.Attempts, o.programs = 1, waits
		h, _ := remoteHouse(t, t.TempDir(), true, o)
		id := h.send(path, "").ID
		h.recover()
		h.until("it waits", func() bool { return waits.times.Load() > 0 })
		if err := other.Close(); err != nil {
			t.Error(err)
		}
		if a := h.over(id); a.State != metadata.Ready {
			t.Errorf("it is %s, and says %q", a.State, a.Error)
		}
	})
}

// busy counts how often there was no room.
type busy struct {
	transcode.Programs

	times atomic.Int32
}

func (b *busy) Copy(ctx context.Context, f ffmpeg.Remote) (*ffmpeg.Copy, error) {
	c, err := b.Programs.Copy(ctx, f)
	if errors.Is(err, ffmpeg.ErrBusy) {
		b.times.Add(1)
	}
	return c, err
}

package streamgate_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/pgtest"
	"github.com/streamgate/streamgate/internal/testclip"
	"github.com/streamgate/streamgate/jobs"
	jobpostgres "github.com/streamgate/streamgate/jobs/postgres"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/ratelimit"
	"github.com/streamgate/streamgate/settle"
	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/storage/disk"
)

// watched are files of which somebody hears before each change, and may hold it up or
// keep it from happening.
type watched struct {
	storage.Store

	at func(step, key string) error
}

func (w watched) Create(ctx context.Context, key string) (storage.Draft, error) {
	if err := w.at("create", key); err != nil {
		return nil, err
	}
	d, err := w.Store.Create(ctx, key)
	if err != nil {
		return nil, err
	}
	return watchedDraft{d, w, key}, w.at("created", key)
}

func (w watched) Delete(ctx context.Context, key string) error {
	if err := w.at("delete", key); err != nil {
		return err
	}
	return w.Store.Delete(ctx, key)
}

type watchedDraft struct {
	storage.Draft

	w   watched
	key string
}

func (d watchedDraft) Commit(ctx context.Context) error {
	if err := d.w.at("commit", d.key); err != nil {
		return err
	}
	if err := d.Draft.Commit(ctx); err != nil {
		return err
	}
	return d.w.at("committed", d.key)
}

func isSettledSource(key string) bool {
	return strings.Contains(key, "/settled/") && strings.HasSuffix(key, "/source")
}

// settleJobs are the jobs that settle, the newest first.
func settleJobs(t *testing.T, g *streamgate.Gate, states ...jobs.State) []*jobs.Job {
	t.Helper()
	page, err := g.Jobs().List(t.Context(), jobs.Query{Kinds: []string{"settle"}, States: states, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	return page.Jobs
}

// dropping settles, and lets go of originals at once.
func dropping(o *settle.Options) {
	o.Originals, o.Grace, o.Reserve, o.Alone = settle.Drop, time.Nanosecond, -1, true
}

func TestOperatorsPauseCancelAndRepeatSettling(t *testing.T) {
	dir, clip := t.TempDir(), testclip.MP4(t)
	g := startGate(t, dir, streamgate.WithSettling(nil))
	admin := serve(t, g.Admin(), "")
	eventually(t, "it has looked for what is not settled", func() bool { // else it would find what is cancelled
		page, err := g.Jobs().List(t.Context(), jobs.Query{Kinds: []string{"settle-look"}, States: []jobs.State{jobs.Done}})
		return err == nil && len(page.Jobs) == 1
	})
	if err := g.Jobs().Pause(t.Context(), "settle"); err != nil {
		t.Fatal(err)
	}
	first, second := uploaded(t, g, clip), uploaded(t, g, clip)
	eventually(t, "both have a job", func() bool { return len(settleJobs(t, g, jobs.Waiting)) == 2 })
	for _, j := range settleJobs(t, g) {
		if j.Priority != jobs.Low || j.Unique != first && j.Unique != second {
			t.Errorf("%+v", j)
		}
		if j.Unique == first {
			admin.do(http.MethodDelete, fmt.Sprintf("/v1/jobs/%d", j.ID), nil).want(t, http.StatusOK)
		}
	}
	if err := g.Jobs().Resume(t.Context(), "settle"); err != nil {
		t.Fatal(err)
	}
	settledIn(t, g, second)
	eventually(t, "its job is done", func() bool { return len(settleJobs(t, g, jobs.Done)) == 1 })
	canceled := settleJobs(t, g, jobs.Cancelled)
	if a, err := g.Metadata().Asset(t.Context(), first); err != nil || len(canceled) != 1 || a.Settling != (metadata.Settling{}) {
		t.Fatalf("what was cancelled is settled: %+v, %v", a, err)
	}
	admin.do(http.MethodPost, fmt.Sprintf("/v1/jobs/%d/retry", canceled[0].ID), nil).want(t, http.StatusOK)
	settledIn(t, g, first)
}

// One whose job is lost, as by an operator, has another after the next start.
func TestWhatWasMissedIsSettledAfterTheNextStart(t *testing.T) {
	dir, clip := t.TempDir(), testclip.MP4(t)
	g := startGate(t, dir, streamgate.WithSettling(nil))
	if err := g.Jobs().Pause(t.Context(), "settle"); err != nil {
		t.Fatal(err)
	}
	id := uploaded(t, g, clip)
	eventually(t, "it has a job", func() bool { return len(settleJobs(t, g, jobs.Waiting)) == 1 })
	if _, err := g.Jobs().Cancel(t.Context(), settleJobs(t, g)[0].ID); err != nil {
		t.Fatal(err)
	}
	if err := g.Jobs().Resume(t.Context(), "settle"); err != nil {
		t.Fatal(err)
	}
	stopGate(t, g)
	settledIn(t, startGate(t, dir, streamgate.WithSettling(nil)), id)
}

// A job that settles is cancelled in the middle: what it wrote is gone.
func TestSettlingThatIsCancelledLeavesNothing(t *testing.T) {
	files, err := disk.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = files.Close() })
	at, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	g := startGate(t, t.TempDir(), streamgate.WithStorage(watched{files, func(step, key string) error {
		if step == "committed" && isSettledSource(key) {
			once.Do(func() { close(at); <-goOn })
		}
		return nil
	}}))
	id := uploaded(t, g, testclip.MP4(t))
	<-at
	j := settleJobs(t, g, jobs.Running)[0]
	if _, err := g.Jobs().Cancel(t.Context(), j.ID); err != nil {
		t.Fatal(err)
	}
	close(goOn)
	eventually(t, "the job is cancelled", func() bool { return len(settleJobs(t, g, jobs.Cancelled)) == 1 })
	a, err := g.Metadata().Asset(t.Context(), id)
	if err != nil || a.Settling != (metadata.Settling{}) {
		t.Errorf("%+v, %v", a, err)
	}
	if keys := keysIn(t, files); len(keys) != 2 {
		t.Errorf("there are %q", keys)
	}
}

// A rendition that joins while the job of its asset runs is not forgotten.
func TestARenditionThatJoinsWhileItsSourceSettlesIsSettledByTheSameJob(t *testing.T) {
	files, err := disk.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = files.Close() })
	at, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	clip := testclip.MP4(t)
	g := startGate(t, t.TempDir(), streamgate.WithStorage(watched{files, func(step, key string) error {
		if step == "create" && isSettledSource(key) {
			once.Do(func() { close(at); <-goOn })
		}
		return nil
	}}))
	id := uploaded(t, g, clip)
	<-at
	serve(t, g, "").as("ann").send("body", id, "same", clip).want(t, http.StatusCreated)
	eventually(t, "its event is carried", func() bool {
		pending, err := g.Metadata().Events().Pending(t.Context(), 0, 10)
		return err == nil && len(pending) == 0
	})
	close(goOn)
	eventually(t, "both are settled", func() bool {
		a, err := g.Metadata().Asset(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		at := a.Rendition("same")
		return a.Settling.State == metadata.Settled && at >= 0 && a.Renditions[at].Settling.State == metadata.Settled
	})
	eventually(t, "the job is done", func() bool { return len(settleJobs(t, g, jobs.Done)) == 1 })
	if list := settleJobs(t, g); len(list) != 1 {
		t.Errorf("%d jobs", len(list))
	}
}

// keysIn are all blobs and drafts.
func keysIn(t *testing.T, files storage.Store) (keys []string) {
	t.Helper()
	for info, err := range files.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, info.Key)
	}
	for info, err := range files.Drafts(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, info.Key+" (draft)")
	}
	slices.Sort(keys)
	return keys
}

// Two processes on one PostgreSQL and one storage settle each asset once.
func TestGatesThatShareADatabaseSettleEachAssetOnce(t *testing.T) {
	dsn := pgtest.Database(t)
	files, err := disk.Open(t.TempDir()) // stands for a storage that both reach
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = files.Close() })
	var mu sync.Mutex
	written := map[string]int{} // by asset
	var gates []*streamgate.Gate
	for range 2 {
		db := openPostgres(t, dsn)
		gates = append(gates, startGate(t, "", streamgate.WithMetadata(db.Metadata()), streamgate.WithJobDatabase(jobpostgres.Database(db)),
			streamgate.WithRateLimit("upload", ratelimit.Limit{Burst: 1000, Rate: 1000}),
			streamgate.WithStorage(watched{files, func(step, key string) error {
				if step == "commit" && isSettledSource(key) {
					mu.Lock()
					defer mu.Unlock()
					written[strings.Split(key, "/")[1]]++
				}
				return nil
			}})))
	}
	clip, want := testclip.MP4(t), map[string]bool{}
	for i := range 6 {
		want[uploaded(t, gates[i%2], clip)] = true
	}
	for id := range want {
		settledIn(t, gates[0], id)
	}
	eventually(t, "all jobs are done", func() bool {
		return len(settleJobs(t, gates[0], jobs.Done)) >= len(want) && len(settleJobs(t, gates[0], jobs.Waiting, jobs.Running, jobs.Scheduled)) == 0
	})
	told, err := gates[0].Metadata().Events().After(t.Context(), "ann", 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	swapped := map[string]int{}
	for _, e := range told {
		if e.Type == events.AssetSettled {
			swapped[e.Asset]++
		}
	}
	mu.Lock()
	defer mu.Unlock()
	for id := range want {
		if written[id] != 1 || swapped[id] != 1 {
			t.Errorf("%s was written %d times and swapped %d times", id, written[id], swapped[id])
		}
	}
	var keys []string
	eventually(t, "what was replaced is gone", func() bool {
		keys = keysIn(t, files)
		return len(keys) == 3*len(want) // each as it came, settled, and with the index of that
	})
}

// The test binary runs itself as another process when this is set, which settles until
// it is killed at the step of that number.
const (
	settleDir  = "STREAMGATE_SETTLE_GATE_DIR"
	settleStep = "STREAMGATE_SETTLE_GATE_STEP"
)

// A process that settles by jobs is killed with -9 at its steps. The next one goes on at
// once, and nothing is left of the one before.
func TestSettlingGoesOnAfterItsProcessWasKilled(t *testing.T) {
	if dir := os.Getenv(settleDir); dir != "" {
		settleUntilKilled(t, dir)
	}
	clip := testclip.MP4(t)
	every := 1
	if testing.Short() {
		t.Attr("short", "every fourth step")
		every = 4
	}
	for step := 1; ; step += every {
		dir := t.TempDir()
		g, files := settlingIn(t, dir, func(string, string) error { return nil }, streamgate.WithoutSettling())
		id := uploaded(t, g, clip)
		stopGate(t, g)
		_ = files.Close()
		killed := dies(t, dir, step)

		g, files = settlingIn(t, dir, func(string, string) error { return nil }, streamgate.WithSettling(dropping))
		eventually(t, "it is settled, and its original gone", func() bool {
			a, err := g.Metadata().Asset(t.Context(), id)
			return err == nil && a.Settling.State == metadata.Settled && a.Settling.Dropped && len(keysIn(t, files)) == 2
		})
		c := serve(t, g, "").as("ann")
		if n := plays(t, c, c.base+"/play/"+id+"/master.m3u8"); n < 4 {
			t.Errorf("%d segments and init segments", n)
		}
		stopGate(t, g)
		_ = files.Close()
		if t.Failed() {
			t.Fatalf("killed at step %d", step)
		}
		if !killed {
			t.Logf("%d steps", step-1)
			if step < 8 {
				t.Error("those are too few")
			}
			return
		}
	}
}

// settlingIn starts a Gate over a directory, whose files are watched.
func settlingIn(t *testing.T, dir string, at func(step, key string) error, o streamgate.Option) (*streamgate.Gate, *disk.Store) {
	t.Helper()
	files, err := disk.Open(filepath.Join(dir, "files"))
	if err != nil {
		t.Fatal(err)
	}
	g := startGate(t, filepath.Join(dir, "data"), streamgate.WithStorage(watched{files, at}), o)
	t.Cleanup(func() { _ = files.Close() })
	return g, files
}

// dies says whether the other process was killed, and did not come to its end before.
func dies(t *testing.T, dir string, step int) bool {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestSettlingGoesOnAfterItsProcessWasKilled$") //nolint:gosec // this very test
	cmd.Env = append(os.Environ(), settleDir+"="+dir, settleStep+"="+strconv.Itoa(step))
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState.ExitCode() != -1 {
		t.Fatalf("the other process failed: %v\n%s", err, out)
	}
	return err != nil
}

func settleUntilKilled(t *testing.T, dir string) {
	want, err := strconv.Atoi(os.Getenv(settleStep))
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	n := 0
	g, _ := settlingIn(t, dir, func(string, string) error {
		mu.Lock()
		defer mu.Unlock()
		if n++; n < want {
			return nil
		}
		self, err := os.FindProcess(os.Getpid())
		if err == nil {
			err = self.Kill()
		}
		return errors.Join(err, errors.New("killed, and alive"))
	}, streamgate.WithSettling(dropping))
	eventually(t, "all is settled and dropped, and the files are removed", func() bool {
		a, err := g.Metadata().AssetsIn(t.Context(), metadata.Ready, "", 1)
		pending, err2 := g.Metadata().Events().Pending(t.Context(), 0, 1)
		return err == nil && err2 == nil && len(a) == 1 && a[0].Settling.Dropped && len(pending) == 0
	})
	stopGate(t, g)
	os.Exit(0)
}

package streamgate_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/jobs"
	jobpostgres "github.com/streamgate/streamgate/jobs/postgres"
	"github.com/streamgate/streamgate/metadata/postgres"
	"github.com/streamgate/streamgate/ratelimit"
	"github.com/streamgate/streamgate/storage/disk"
	"github.com/streamgate/streamgate/transcode"
)

// The test binary runs itself as a worker when the first of these is set: a Gate on
// that database, whose files are in the directory, with that lease.
const (
	workerDSN   = "STREAMGATE_TEST_WORKER_DSN"
	workerDir   = "STREAMGATE_TEST_WORKER_DIR"
	workerLease = "STREAMGATE_TEST_WORKER_LEASE"
)

// isWorker runs the worker, where this process is to be one.
func isWorker() bool {
	dsn := os.Getenv(workerDSN)
	if dsn == "" {
		return false
	}
	if err := workUntilKilled(dsn, os.Getenv(workerDir)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return true
}

// workUntilKilled says on standard output where it listens, and ends well with SIGTERM.
func workUntilKilled(dsn, dir string) (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	g, closeAll, err := openWorker(ctx, dsn, dir)
	if err != nil {
		return err
	}
	if err := g.Start(ctx); err != nil {
		return errors.Join(err, closeAll())
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return errors.Join(err, closeAll())
	}
	mux := http.NewServeMux()
	mux.Handle("/", g)
	mux.Handle("/admin/", http.StripPrefix("/admin", g.Admin()))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(l) }()
	fmt.Println("http://" + l.Addr().String())
	<-ctx.Done()
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	return errors.Join(g.Stop(late), closeAll(), server.Close())
}

func openWorker(ctx context.Context, dsn, dir string) (*streamgate.Gate, func() error, error) {
	lease, err := time.ParseDuration(os.Getenv(workerLease))
	if err != nil {
		return nil, nil, err
	}
	files, err := disk.OpenWith(filepath.Join(dir, "files"), &disk.Options{Shared: true})
	if err != nil {
		return nil, nil, err
	}
	db, err := postgres.Open(ctx, dsn, nil)
	if err != nil {
		return nil, nil, errors.Join(err, files.Close())
	}
	closeAll := func() error { return errors.Join(db.Close(), files.Close()) }
	o := *quick
	o.AtOnce = 2
	o.Profiles = append(slices.Clone(o.Profiles), transcode.Profile{
		Name: "slow", Preset: "placebo", Rungs: []transcode.Rung{{Height: 120, CRF: 30, MaxRate: 200_000}},
	})
	much := ratelimit.Limit{Burst: 100_000, Rate: 100_000}
	g, err := streamgate.New(filepath.Join(dir, "runs"),
		streamgate.WithAuthenticator(byHeader), streamgate.WithStorage(files), streamgate.WithMetadata(db.Metadata()),
		streamgate.WithLogger(slog.New(slog.NewTextHandler(os.Stderr, nil)).With("process", os.Getpid())),
		streamgate.WithJobDatabase(jobpostgres.Database(db)), streamgate.WithTranscoder(&o),
		streamgate.WithSegmentDuration(2*time.Second),
		streamgate.WithRateLimit("upload", much), streamgate.WithRateLimit("streaming", much), streamgate.WithRateLimit("metadata", much),
		streamgate.WithRateLimit("transcoder", much), streamgate.WithRateLimit("gateway", much),
		streamgate.WithJobOptions(func(o *jobs.Options) { o.Lease, o.Heartbeat = lease, lease/4 }))
	if err != nil {
		return nil, nil, errors.Join(err, closeAll())
	}
	return g, closeAll, nil
}

// worker is another process.
type worker struct {
	*client

	cmd *exec.Cmd
	out *bufio.Reader
}

// startWorker returns once it listens.
func startWorker(t *testing.T, dsn, dir string, lease time.Duration) *worker {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	w := &worker{cmd: exec.CommandContext(t.Context(), self)}
	w.cmd.Env = append(os.Environ(), workerDSN+"="+dsn, workerDir+"="+dir, workerLease+"="+lease.String())
	w.cmd.Stderr = t.Output()
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.out = bufio.NewReader(out)
	line, err := w.out.ReadString('\n')
	if err != nil {
		t.Fatalf("a worker says %q, and then %v", line, err)
	}
	w.client = &client{t: t, base: strings.TrimSpace(line), user: "ada", http: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
	return w
}

// kill ends it as kill -9 does.
func (w *worker) kill() {
	_ = w.cmd.Process.Kill() // it may have ended
	_ = w.cmd.Wait()         // killed, as was meant
}

// stop ends it as an operator does.
func (w *worker) stop() {
	w.t.Helper()
	if err := w.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		w.t.Error(err)
	}
	if err := w.cmd.Wait(); err != nil {
		w.t.Errorf("a worker did not end well: %v", err)
	}
}

package settle_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/streamgate/streamgate/internal/testclip"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/sqlite"
	"github.com/streamgate/streamgate/settle"
	"github.com/streamgate/streamgate/storage/disk"
)

// The test binary runs itself as another process when this is set: it settles the
// asset in the house, and ends as by kill -9 at the step of that number.
const (
	killDir   = "STREAMGATE_SETTLE_DIR"
	killAsset = "STREAMGATE_SETTLE_ASSET"
	killStep  = "STREAMGATE_SETTLE_STEP"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(killDir); dir != "" {
		step, _ := strconv.Atoi(os.Getenv(killStep))
		if err := settleUntil(dir, os.Getenv(killAsset), step); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// settleUntil settles and then drops, up to the step.
func settleUntil(dir, asset string, step int) error {
	files, err := disk.Open(filepath.Join(dir, "files"))
	if err != nil {
		return err
	}
	db, err := sqlite.Open(filepath.Join(dir, "db"))
	if err != nil {
		return err
	}
	n := 0
	at := steps{func(string) error {
		if n++; n == step {
			self, err := os.FindProcess(os.Getpid())
			if err == nil {
				err = self.Kill()
			}
			return errors.Join(err, errors.New("killed, and alive"))
		}
		return nil
	}}
	meta := db.Metadata()
	remove := metadata.RemoveFiles(meta, stepFiles{files, at})
	s, err := settle.New(stepFiles{files, at}, stepMeta{meta, at}, &settle.Options{
		Alone: true, Originals: settle.Drop, Grace: time.Nanosecond, Reserve: -1, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	ctx := context.Background()
	if err := errors.Join(s.Settle(ctx, asset), s.Settle(ctx, asset)); err != nil {
		return err
	}
	list, err := meta.Events().Pending(ctx, 0, 1000)
	if err != nil {
		return err
	}
	for _, e := range list {
		if err := errors.Join(remove(ctx, e), meta.Events().Delivered(ctx, e.ID)); err != nil {
			return err
		}
	}
	return errors.Join(db.Close(), files.Close())
}

// A process that settles is killed at each of its steps. Whoever opens the stores
// then finds an asset that plays as before; the next Start ends what was begun and
// leaves nothing lying around.
func TestNothingIsLostWhenTheProcessIsKilledAtAnyStep(t *testing.T) {
	clip := testclip.MP4(t)
	for step := 1; ; step++ {
		if testing.Short() && step%4 != 1 {
			t.Attr("short", "every fourth step")
			continue
		}
		dir := t.TempDir()
		h := open(t, dir)
		id := h.film(clip)
		h.beside(id, "same", clip)
		before := answers(h.player(), id)
		h.close()
		over := killedAt(t, dir, id, step)

		h = open(t, dir)
		sameAnswers(t, before, answers(h.player(), id))
		h.restart(id)
		sameAnswers(t, before, answers(h.player(), id))
		a := h.asset(id)
		r := h.only(id)
		h.onlyKeys(a.Source, a.Index, r.Source, r.Index)
		if !a.Settling.Dropped || !r.Settling.Dropped {
			t.Errorf("%+v, %+v", a.Settling, r.Settling)
		}
		h.close()
		if t.Failed() {
			t.Fatalf("killed at step %d", step)
		}
		if over {
			t.Logf("%d steps", step-1)
			if step < 10 {
				t.Error("those are too few")
			}
			return
		}
	}
}

// killedAt runs the other process, and says whether it ended by itself.
func killedAt(t *testing.T, dir, asset string, step int) bool {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), killDir+"="+dir, killAsset+"="+asset, killStep+"="+strconv.Itoa(step))
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState.ExitCode() != -1 {
		t.Fatalf("the other process failed: %v\n%s", err, out)
	}
	return err == nil
}

// restart is what the next process does at its start.
func (h *house) restart(id string) {
	h.t.Helper()
	h.carry()
	s := h.settler(&settle.Options{Originals: settle.Drop, Grace: time.Nanosecond}, h.files, h.meta)
	if err := s.Start(h.ctx()); err != nil {
		h.t.Fatal(err)
	}
	for range 24_000 {
		if h.asset(id).Settling.Dropped && h.only(id).Settling.Dropped {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	if err := s.Stop(h.ctx()); err != nil {
		h.t.Error(err)
	}
	h.carry()
}

package postgres_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/pgtest"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/postgres"
)

// pair opens the same database twice, as two processes do.
func pair(t *testing.T) (one, two metadata.Store) {
	t.Helper()
	dsn := pgtest.Database(t)
	return open(t, dsn).Metadata(), open(t, dsn).Metadata()
}

func emit(ctx context.Context, tx metadata.Tx) (id int64, err error) {
	e := &events.Event{Type: events.AssetUpdated, Owner: "ann"}
	err = tx.Emit(ctx, e)
	return e.ID, err
}

func eventIDs(t *testing.T, s metadata.Store, after int64) (ids []int64) {
	t.Helper()
	list, err := s.Events().After(t.Context(), "ann", after, 10_000)
	if err != nil {
		t.Error(err)
	}
	for _, e := range list {
		ids = append(ids, e.ID)
	}
	return ids
}

// TestAnEventIsNotSeenBeforeALowerOne has a transaction take an id and stay open
// while another process wants one: with a sequence alone the second would commit
// first, and whoever has read that far would never see the first.
func TestAnEventIsNotSeenBeforeALowerOne(t *testing.T) {
	one, two := pair(t)
	ctx := t.Context()
	var first, second int64
	done := make(chan error, 1)
	err := one.Update(ctx, func(tx metadata.Tx) (err error) {
		if first, err = emit(ctx, tx); err != nil {
			return err
		}
		go func() {
			done <- two.Update(ctx, func(tx metadata.Tx) (err error) {
				second, err = emit(ctx, tx)
				return err
			})
		}()
		select {
		case err := <-done:
			t.Errorf("the second committed while the first was open: %v", err)
			done <- err
		case <-time.After(300 * time.Millisecond): // locks are kept in real time
		}
		if seen := eventIDs(t, two, 0); seen != nil {
			t.Errorf("%v can be seen before anything is committed", seen)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	seen := eventIDs(t, two, 0)
	if len(seen) == 0 || seen[0] != first {
		t.Errorf("%v can be seen once %d is committed", seen, first)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int64{first, second}, eventIDs(t, one, 0)); diff != "" || second <= first {
		t.Errorf("in the end (-want +got):\n%s", diff)
	}
}

func TestWhoFollowsTheLogOfTwoProcessesMissesNothing(t *testing.T) {
	one, two := pair(t)
	ctx := t.Context()
	const writers, each = 8, 15
	var all sync.WaitGroup
	for i := range writers {
		s := []metadata.Store{one, two}[i%2]
		all.Go(func() {
			for range each {
				if err := s.Update(ctx, func(tx metadata.Tx) error {
					_, err := emit(ctx, tx)
					return err
				}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	finished := make(chan struct{})
	go func() { all.Wait(); close(finished) }()
	var last int64
	n := 0
	for ended := false; ; {
		ids := eventIDs(t, two, last)
		if n += len(ids); len(ids) > 0 {
			last = ids[len(ids)-1]
		} else if ended {
			break
		}
		select {
		case <-finished:
			ended = true
		default:
		}
	}
	if n != writers*each {
		t.Errorf("the follower saw %d of %d events", n, writers*each)
	}
}

func TestNoUpdateOfTwoProcessesIsLost(t *testing.T) {
	one, two := pair(t)
	ctx := t.Context()
	a := asset("ann")
	if err := insert(ctx, one, a); err != nil {
		t.Fatal(err)
	}
	const writers, each = 8, 10
	var all sync.WaitGroup
	for i := range writers {
		s := []metadata.Store{one, two}[i%2]
		all.Go(func() {
			for range each {
				if err := s.Update(ctx, func(tx metadata.Tx) error {
					a, err := tx.Asset(ctx, a.ID)
					if err != nil {
						return err
					}
					a.Size++
					return tx.UpdateAsset(ctx, a)
				}); err != nil {
					t.Error(err)
				}
				if got, err := s.Asset(ctx, a.ID); err != nil || got.Size == 0 {
					t.Errorf("%+v, %v", got, err)
				}
			}
		})
	}
	all.Wait()
	if got, err := two.Asset(ctx, a.ID); err != nil || got.Size != writers*each {
		t.Errorf("%d, %v; want %d", got.Size, err, writers*each)
	}
}

const holdEnv = "STREAMGATE_TEST_HOLD"

// TestAsAProcessThatHolds is what the test below runs: an Update that never ends.
func TestAsAProcessThatHolds(t *testing.T) {
	dsn := os.Getenv(holdEnv)
	if dsn == "" {
		t.Skip("only as a child of another test")
	}
	err := open(t, dsn).Metadata().Update(t.Context(), func(tx metadata.Tx) error {
		if err := tx.InsertAsset(t.Context(), &metadata.Asset{ID: "of the dead", State: metadata.Ready}); err != nil {
			return err
		}
		fmt.Println("holding")
		select {}
	})
	t.Error(err)
}

func TestAProcessThatDiesInAnUpdateLeavesNothingAndKeepsNobodyWaiting(t *testing.T) {
	dsn := pgtest.Database(t)
	s := open(t, dsn).Metadata()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAsAProcessThatHolds$")
	cmd.Env = append(os.Environ(), holdEnv+"="+dsn)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan() && !strings.HasPrefix(lines.Text(), "holding"); {
	}
	waiting, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := insert(waiting, s, asset("ann")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("beside a process that holds the lock: %v, want context.DeadlineExceeded", err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	begin := time.Now()
	if err := insert(t.Context(), s, asset("ann")); err != nil || time.Since(begin) > time.Minute {
		t.Errorf("after its death: %v in %s", err, time.Since(begin))
	}
	if _, err := s.Asset(t.Context(), "of the dead"); !errors.Is(err, metadata.ErrNotFound) {
		t.Errorf("what it wrote: %v, want ErrNotFound", err)
	}
}

func TestAProcessThatHangsInAnUpdateIsUndone(t *testing.T) {
	dsn := pgtest.Database(t)
	s := open(t, dsn).Metadata()
	hasty, err := postgres.Open(t.Context(), dsn, &postgres.Options{Timeout: 300 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer hasty.Close()
	runs := 0
	hung, over := make(chan struct{}, 2), make(chan struct{})
	done := make(chan error)
	go func() {
		done <- hasty.Metadata().Update(t.Context(), func(tx metadata.Tx) error {
			runs++
			hung <- struct{}{}
			<-over
			return tx.InsertAsset(t.Context(), asset("ann"))
		})
	}()
	<-hung
	if err := insert(t.Context(), s, asset("ann")); err != nil {
		t.Errorf("beside one that hangs: %v", err)
	}
	close(over)
	if err := <-done; err != nil || runs != 2 {
		t.Errorf("%v after %d runs; what was undone runs again, once", err, runs)
	}
}

func TestAnUpdateGivesUpOnAnotherProcess(t *testing.T) {
	dsn := pgtest.Database(t)
	s := open(t, dsn).Metadata()
	hasty, err := postgres.Open(t.Context(), dsn, &postgres.Options{Wait: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer hasty.Close()
	err = s.Update(t.Context(), func(metadata.Tx) error {
		err := insert(t.Context(), hasty.Metadata(), asset("ann"))
		if !errors.Is(err, metadata.ErrUnavailable) || !strings.Contains(err.Error(), "another process") {
			t.Errorf("%v, want ErrUnavailable that says why", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := insert(t.Context(), hasty.Metadata(), asset("ann")); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

package sqlite_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/sqlite"
)

const crashEnv = "STREAMGATE_TEST_CRASH_DB"

// writeUntilTheEnd is what this test binary does with crashEnv set: it writes,
// and says what was acknowledged, until it is killed.
func writeUntilTheEnd(path string) error {
	db, err := sqlite.Open(path)
	if err != nil {
		return err
	}
	ctx := context.Background()
	for range 100_000 {
		id := metadata.NewID()
		if err := db.Metadata().Update(ctx, func(tx metadata.Tx) error {
			a := &metadata.Asset{ID: id, Owner: "ann", Title: "survivor " + id, Tags: []string{id}, State: metadata.Ready}
			if err := tx.InsertAsset(ctx, a); err != nil {
				return err
			}
			return tx.Emit(ctx, &events.Event{Type: events.AssetCreated, Owner: "ann", Asset: id})
		}); err != nil {
			return err
		}
		fmt.Println("acknowledged", id)
	}
	return nil
}

func TestNothingAcknowledgedIsLostByAKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	var acknowledged []string
	for range 3 {
		acknowledged = append(acknowledged, writeUntilKilled(t, path, 25)...)
	}
	db, err := sqlite.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s, ctx := db.Metadata(), t.Context()
	for _, id := range acknowledged {
		if _, err := s.Asset(ctx, id); err != nil {
			t.Errorf("acknowledged, and lost: %v", err)
		}
		for _, q := range []metadata.Query{{Text: id}, {Tags: []string{id}}} {
			if page, err := s.Search(ctx, q); err != nil || len(page.Assets) != 1 {
				t.Errorf("%d found, %v; want the acknowledged asset", len(page.Assets), err)
			}
		}
	}
	// What was written when the kill came is there as a whole, or not at all.
	all, err := s.AssetsIn(ctx, metadata.Ready, "", 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	outbox, err := s.Events().Pending(ctx, 0, 1<<20)
	if err != nil || len(outbox) != len(all) || len(all) < len(acknowledged) {
		t.Errorf("%d acknowledged, %d assets, %d events, %v", len(acknowledged), len(all), len(outbox), err)
	}
}

// writeUntilKilled runs a writer, kills it after n acknowledged inserts, and
// returns all that it acknowledged.
func writeUntilKilled(t *testing.T, path string, n int) (ids []string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), crashEnv+"="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var id string
		if _, err := fmt.Sscanf(lines.Text(), "acknowledged %s", &id); err != nil || !metadata.IsID(id) {
			continue // a line cut by the kill
		}
		if ids = append(ids, id); len(ids) == n {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil || len(ids) < n {
		t.Fatalf("the writer ended by itself after %d: %v", len(ids), err)
	}
	return ids
}

package disk_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/storage/disk"
)

// A writer is killed with -9 twenty times, at random points. What it had
// acknowledged is there each time, nothing half-made is a blob, and the next
// process gets the directory at once. (The machine's own crash is the subject
// of TestEveryNameIsSyncedBeforeItIsReliedUpon.)
func TestNothingAcknowledgedIsLostWhenTheWriterIsKilled(t *testing.T) {
	dir := t.TempDir()
	acked := map[string]int64{}
	committed := map[string]bool{}
	for round := range 20 {
		cmd, out := child(t, "write", dir)
		for range 1 + rand.IntN(40) {
			if !note(out, acked, committed) {
				break
			}
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for note(out, acked, committed) { // what it had said and nobody had read
		}
		if err := cmd.Wait(); err == nil {
			t.Fatal("the writer ended by itself")
		}
		if len(acked) == 0 {
			t.Fatal("the writer said nothing")
		}
		checkAfterKill(t, dir, acked, committed)
		if t.Failed() {
			t.Fatalf("in round %d", round)
		}
	}
	t.Logf("%d blobs, %d of them committed", len(acked), len(committed))
}

// note takes one line, and says whether there was one that is whole.
func note(out *bufio.Reader, acked map[string]int64, committed map[string]bool) bool {
	line, err := out.ReadString('\n')
	if err != nil {
		return false
	}
	var what, key string
	var size int64
	if _, err := fmt.Sscanf(line, "%s %s %d", &what, &key, &size); err != nil {
		return false
	}
	acked[key] = size
	if what == "committed" {
		committed[key] = true
	}
	return true
}

func checkAfterKill(t *testing.T, dir string, acked map[string]int64, committed map[string]bool) {
	t.Helper()
	s, err := disk.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for key, size := range acked {
		if err := checkAcked(t, s, dir, key, size, committed[key]); err != nil {
			t.Errorf("%s, %d bytes acknowledged, committed %v: %v", key, size, committed[key], err)
		}
	}
	for info, err := range s.List(t.Context(), "") {
		if err != nil || info.Size < chunks*(chunkSize/3*3) {
			t.Errorf("a blob that is not whole: %+v, %v", info, err)
		}
	}
}

func checkAcked(t *testing.T, s *disk.Store, dir, key string, size int64, committed bool) error {
	t.Helper()
	if b, err := s.Open(t.Context(), key); err == nil {
		defer b.Close()
		return checkPattern(io.NewSectionReader(b, 0, b.Info().Size), b.Info().Size)
	} else if committed {
		return err
	}
	d, err := s.Append(t.Context(), key)
	if err != nil {
		return err
	}
	defer d.Close()
	if d.Size() < size {
		return fmt.Errorf("only %d bytes are there", d.Size())
	}
	f, err := os.Open(filepath.Join(dir, "drafts", strings.ReplaceAll(key, "/", "+")))
	if err != nil {
		return err
	}
	defer f.Close()
	return errors.Join(checkPattern(f, d.Size()), d.Close())
}

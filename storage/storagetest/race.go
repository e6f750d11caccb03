package storagetest

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/streamgate/streamgate/storage"
)

const racers = 16

var raceChecks = []check{
	{"of many who create a key exactly one wins", func(t *testing.T, s storage.Store) {
		wantOneWinner(t, storage.ErrExists, func() (storage.Draft, error) { return s.Create(t.Context(), "a/b") })
	}},
	{"of many who append to a draft exactly one wins", func(t *testing.T, s storage.Store) {
		draft(t, s, "a/b", "x")
		wantOneWinner(t, storage.ErrBusy, func() (storage.Draft, error) { return s.Append(t.Context(), "a/b") })
	}},
	{"a blob is read by many at once", func(t *testing.T, s storage.Store) {
		text := strings.Repeat("0123456789", 10_000)
		put(t, s, "a/b", text)
		b := open(t, s, "a/b")
		together(racers, func(i int) {
			p := make([]byte, 1000)
			for off := i * 7; off+len(p) <= len(text); off += 977 {
				if n, err := b.ReadAt(p, int64(off)); err != nil && !errors.Is(err, io.EOF) || string(p[:n]) != text[off:off+len(p)] {
					t.Errorf("at %d: %d bytes, %v, or others than were written", off, n, err)
					return
				}
			}
		})
	}},
	{"neighbours come and go without harm to each other", func(t *testing.T, s storage.Store) {
		together(racers, func(i int) {
			for range 10 {
				if err := live(t, s, fmt.Sprintf("a/b%d/c/%d", i%4, i)); err != nil {
					t.Error(err)
					return
				}
			}
		})
		wantKeys(t, s.List(t.Context(), ""))
		wantKeys(t, s.Drafts(t.Context(), ""))
	}},
	{"a key that is created and deleted by many is never half there", func(t *testing.T, s storage.Store) {
		together(racers, func(i int) {
			for range 10 {
				if i%2 == 0 {
					_ = live(t, s, "a/b") // mostly refused: another has it
				} else if text, err := peek(t, s, "a/b"); err == nil && text != "a/b" {
					t.Errorf("a reader sees %q", text)
				}
			}
		})
	}},
	{"listing goes on while blobs come and go", func(t *testing.T, s storage.Store) {
		put(t, s, "a/stays", "12345")
		together(4, func(i int) {
			for range 20 {
				if i > 0 {
					_ = live(t, s, fmt.Sprintf("a/%d/x", i)) // the check before this one tests it
				} else if err := findStays(t, s); err != nil {
					t.Error(err)
				}
			}
		})
	}},
}

// together runs n goroutines that begin at the same time, and waits for them.
func together(n int, run func(i int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			run(i)
		})
	}
	close(start)
	wg.Wait()
}

func wantOneWinner(t *testing.T, want error, try func() (storage.Draft, error)) {
	t.Helper()
	drafts, errs := make([]storage.Draft, racers), make([]error, racers)
	together(racers, func(i int) { drafts[i], errs[i] = try() })
	winners := 0
	for i, err := range errs {
		if err == nil {
			winners++
			closeDraft(t, drafts[i])
		} else {
			wantError(t, "a loser", err, want)
		}
	}
	if winners != 1 {
		t.Errorf("%d winners", winners)
	}
}

// live is the whole life of a blob whose content is its key.
func live(t *testing.T, s storage.Store, key string) error {
	t.Helper()
	d, err := s.Create(t.Context(), key)
	if err != nil {
		return err
	}
	defer d.Close()
	if _, err := io.WriteString(d, key); err != nil {
		return err
	}
	if err := d.Commit(t.Context()); err != nil {
		return err
	}
	if text, err := peek(t, s, key); err != nil || text != key {
		return fmt.Errorf("blob %q reads %q: %w", key, text, err)
	}
	return s.Delete(t.Context(), key)
}

func peek(t *testing.T, s storage.Store, key string) (string, error) {
	t.Helper()
	b, err := s.Open(t.Context(), key)
	if err != nil {
		return "", err
	}
	defer b.Close()
	text, err := io.ReadAll(io.NewSectionReader(b, 0, 1<<20))
	return string(text), err
}

func findStays(t *testing.T, s storage.Store) error {
	t.Helper()
	for info, err := range s.List(t.Context(), "a/") {
		if err != nil {
			return err
		}
		if info.Key == "a/stays" && info.Size == 5 {
			return nil
		}
	}
	return errors.New("a blob that stays is not listed")
}

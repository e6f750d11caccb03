package group

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

// A book is a database: what was committed to it, in which transactions.
type book struct {
	committed [][]string
	refuses   error // to commit
}

// A page is a transaction of a book.
type page struct {
	of      *book
	written []string
}

func (b *book) begin(context.Context) (*page, error) { return &page{of: b}, nil }

func (p *page) Commit() error {
	if p.of.refuses == nil {
		p.of.committed = append(p.of.committed, p.written)
	}
	return p.of.refuses
}

func (p *page) Undo() { p.written = nil }

// writes is a Part that writes a word and then does as fail does.
func writes(word string, fail func() error, undo bool) Part[*page] {
	before := 0
	return Part[*page]{
		Write: func(p *page, _ bool) error {
			before = len(p.written)
			p.written = append(p.written, word)
			return fail()
		},
		Undo: func(p *page) bool {
			p.written = p.written[:before]
			return undo
		},
	}
}

func succeeds() error { return nil }

// share is Share until nobody takes the Part along. What it panics with is its error.
func share(ctx context.Context, l *Line[*page], p Part[*page]) (runs int, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = v.(error) //nolint:forcetypeassert // it is
		}
	}()
	for err = ErrShared; errors.Is(err, ErrShared); {
		runs++
		p.Hasty = runs > 1
		err = l.Share(ctx, p)
	}
	return runs, err
}

// crowd has parts queue behind one that is at work, in this order, and returns how
// often each ran and its error. It is called in a bubble.
func crowd(l *Line[*page], parts ...Part[*page]) (runs []int, errs []error) {
	runs, errs = make([]int, len(parts)), make([]error, len(parts))
	var all sync.WaitGroup
	l.join()
	for i, p := range parts {
		all.Go(func() { runs[i], errs[i] = share(context.Background(), l, p) })
		synctest.Wait()
	}
	l.leave()
	all.Wait()
	return runs, errs
}

func TestWhoWaitsSharesATransaction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b book
		_, errs := crowd(NewLine(b.begin), writes("a", succeeds, true), writes("b", succeeds, true), writes("c", succeeds, true))
		if err := errors.Join(errs...); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([][]string{{"a", "b", "c"}}, b.committed); diff != "" {
			t.Error(diff)
		}
	})
}

func TestWhoWritesAloneCommitsAlone(t *testing.T) {
	var b book
	l := NewLine(b.begin)
	for _, word := range []string{"a", "b"} {
		if err := l.Share(t.Context(), writes(word, succeeds, true)); err != nil {
			t.Error(err)
		}
	}
	if diff := cmp.Diff([][]string{{"a"}, {"b"}}, b.committed); diff != "" {
		t.Error(diff)
	}
}

func TestOneOfAGroupFails(t *testing.T) {
	mine := errors.New("mine")
	for name, c := range map[string]struct {
		fail  func() error
		undo  bool
		wants error
		runs  []int
	}{
		"by an error, and takes its part back": {func() error { return mine }, true, mine, []int{1, 1, 1}},
		"by a panic, and takes its part back":  {func() error { panic(mine) }, true, mine, []int{1, 1, 1}},
		"by an error, and takes all along":     {func() error { return mine }, false, mine, []int{2, 1, 1}},
		"by a panic, and takes all along":      {func() error { panic(mine) }, false, mine, []int{2, 1, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var b book
				runs, errs := crowd(NewLine(b.begin), writes("a", succeeds, true), writes("b", c.fail, c.undo), writes("c", succeeds, true))
				if errs[0] != nil || !errors.Is(errs[1], c.wants) || errs[2] != nil {
					t.Errorf("they got %v", errs)
				}
				if diff := cmp.Diff([]string{"a", "c"}, slices.Sorted(slices.Values(slices.Concat(b.committed...)))); diff != "" {
					t.Error(diff)
				}
				if runs[0] != c.runs[0] || runs[2] != c.runs[2] {
					t.Errorf("they ran %v times, want %v", runs, c.runs)
				}
			})
		})
	}
}

func TestAGoroutineThatEndsInItsPartKeepsNobodyWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b book
		l := NewLine(b.begin)
		go func() {
			_ = l.Share(t.Context(), writes("lost", func() error { runtime.Goexit(); return nil }, true))
		}()
		synctest.Wait()
		if err := l.Share(t.Context(), writes("after", succeeds, true)); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([][]string{{"after"}}, b.committed); diff != "" {
			t.Error(diff)
		}
	})
}

func TestWhatBecomesOfTheCommitIsToldToAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := book{refuses: errors.New("the disk is full")}
		_, errs := crowd(NewLine(b.begin), writes("a", succeeds, true), writes("b", succeeds, true))
		for i, err := range errs {
			if !errors.Is(err, b.refuses) {
				t.Errorf("the one at %d: %v, want %v", i, err, b.refuses)
			}
		}
	})
}

func TestWhoIsHastyCommitsBeforeTheNextCanFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b book
		l := NewLine(b.begin)
		hasty := writes("hasty", succeeds, true)
		hasty.Hasty = true
		var all sync.WaitGroup
		l.join()
		for _, p := range []Part[*page]{hasty, writes("next", succeeds, true)} {
			all.Go(func() {
				if err := l.Share(t.Context(), p); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		l.leave()
		all.Wait()
		if diff := cmp.Diff([][]string{{"hasty"}, {"next"}}, b.committed); diff != "" {
			t.Error(diff)
		}
	})
}

func TestTheTurnIsGivenBackWhere(t *testing.T) {
	left := errors.New("the client has left")
	for name, c := range map[string]struct {
		share func(ctx context.Context, l *Line[*page], b *book) error
		wants []error
	}{
		"no transaction begins": {func(ctx context.Context, l *Line[*page], _ *book) error {
			begin := l.begin
			l.begin = func(context.Context) (*page, error) { return nil, left }
			defer func() { l.begin = begin }()
			return l.Share(ctx, writes("lost", succeeds, true))
		}, []error{left}},
		"the context is over before": {func(ctx context.Context, l *Line[*page], _ *book) error {
			ctx, cancel := context.WithCancelCause(ctx)
			cancel(left)
			return l.Share(ctx, writes("lost", succeeds, true))
		}, []error{left, context.Canceled}},
		"the context ends in the queue": {func(ctx context.Context, l *Line[*page], _ *book) error {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			told := make(chan error)
			l.join()
			go func() { told <- l.Share(ctx, writes("lost", succeeds, true)) }()
			synctest.Wait()
			if l.Waiting() != 1 {
				return errors.New("it does not wait")
			}
			cancel()
			err := <-told
			l.leave()
			return err
		}, []error{context.Canceled}},
		"the only one fails": {func(ctx context.Context, l *Line[*page], _ *book) error {
			return l.Share(ctx, writes("lost", func() error { return left }, true))
		}, []error{left}},
		"a commit fails": {func(ctx context.Context, l *Line[*page], b *book) error {
			b.refuses = left
			defer func() { b.refuses = nil }()
			return l.Share(ctx, writes("lost", succeeds, true))
		}, []error{left}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var b book
				l := NewLine(b.begin)
				err := c.share(t.Context(), l, &b)
				for _, want := range c.wants {
					if !errors.Is(err, want) {
						t.Errorf("it got %v, want %v", err, want)
					}
				}
				if err := l.Share(t.Context(), writes("after", succeeds, true)); err != nil {
					t.Error(err)
				}
				if diff := cmp.Diff([][]string{{"after"}}, b.committed); diff != "" || l.Waiting() != 0 {
					t.Errorf("%d wait. %s", l.Waiting(), diff)
				}
			})
		})
	}
}

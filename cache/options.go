package cache

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Options for New. The zero value is ready to use, and so is nil.
type Options[K comparable, V any] struct {
	// MaxEntries is how many entries there may be, 2 or more, if MaxCost is 0. Some
	// 70 bytes for each are taken at once, for the history of uses. Default: 10,000.
	MaxEntries int

	// MaxCost is what all entries together may cost, such as bytes, instead of
	// MaxEntries. Default: 0, entries are counted.
	MaxCost int64

	// Cost is what an entry costs that has no Cost of its own. Less than 1 is 1.
	// It is called concurrently. With MaxEntries it is not used. Default: 1.
	Cost func(K, V) int64

	// Expected is about how many entries fit into MaxCost: there is a history of
	// uses for as many, and if it is too small, the wrong ones stay. Default: MaxCost / 4096, at least 1,000 and
	// at most 1,000,000.
	Expected int

	// TTL is how long an entry lives that has no TTL of its own. Default: 0, until
	// it is evicted.
	TTL time.Duration

	// NegativeTTL is how long GetOrLoad remembers that a load failed, and answers
	// with the same error. Default: 0, it does not.
	NegativeTTL time.Duration

	// Negative says which errors of a load are remembered. Default: all but those
	// of a context. A panic never is.
	Negative func(error) bool
}

const (
	defaultEntries  = 10_000
	minEntries      = 2
	bytesPerEntry   = 4 << 10
	minExpected     = 1000
	maxExpected     = 1_000_000
	windowShare     = 64 // the window has one part in so many,
	minWindow       = 16 // and so many entries, but never more than half
	mostEntries     = 1 << 28
	mostCost        = 1 << 60
	longestDuration = time.Duration(1<<63 - 1)
)

// withDefaults returns what o means, or says why it cannot work.
func (o *Options[K, V]) withDefaults() (Options[K, V], error) {
	var d Options[K, V]
	if o != nil {
		d = *o
	}
	switch {
	case d.MaxEntries < 0 || d.MaxCost < 0 || d.Expected < 0:
		return d, errors.New("cache: MaxEntries, MaxCost and Expected cannot be negative")
	case d.MaxEntries > mostEntries || d.Expected > mostEntries || d.MaxCost > mostCost:
		return d, fmt.Errorf("cache: more than %d entries or a cost of %d is no bound", mostEntries, int64(mostCost))
	case d.TTL < 0 || d.NegativeTTL < 0:
		return d, errors.New("cache: a TTL cannot be negative; 0 is none")
	case d.MaxEntries > 0 && d.MaxCost > 0:
		return d, errors.New("cache: MaxEntries and MaxCost are two ways to bound a cache; give one")
	case d.Cost != nil && d.MaxCost == 0:
		return d, errors.New("cache: Cost without MaxCost bounds nothing")
	case d.MaxEntries == 1 || d.MaxCost == 1:
		return d, fmt.Errorf("cache: there must be room for %d entries: the one set last and another", minEntries)
	}
	if d.MaxCost > 0 {
		if d.Expected == 0 {
			d.Expected = int(min(max(d.MaxCost/bytesPerEntry, minExpected), maxExpected))
		}
		d.Expected = int(min(int64(d.Expected), d.MaxCost))
	} else {
		if d.MaxEntries == 0 {
			d.MaxEntries = defaultEntries
		}
		d.Expected = d.MaxEntries
	}
	if d.Negative == nil {
		d.Negative = notOfAContext
	}
	return d, nil
}

func notOfAContext(err error) bool {
	return !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
}

// window is what the entries that were set last may cost.
func (o *Options[K, V]) window() int64 {
	if o.MaxCost > 0 {
		return max(o.MaxCost/windowShare, 1)
	}
	n := int64(o.MaxEntries)
	return max(n/windowShare, min(minWindow, n/2))
}

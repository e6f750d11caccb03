package cache

import "sync/atomic"

// Stats is what a cache did since it began, and what is in it now.
type Stats struct {
	Hits        uint64 `json:"hits"`        // Get and GetOrLoad that found something
	Misses      uint64 `json:"misses"`      // and that did not
	Loads       uint64 `json:"loads"`       // that have ended
	LoadErrors  uint64 `json:"load_errors"` // of these
	Evictions   uint64 `json:"evictions"`   // entries that made room for others
	Rejections  uint64 `json:"rejections"`  // entries that were not worth others, or too large
	Expirations uint64 `json:"expirations"` // entries that were found to have expired
	Entries     int    `json:"entries"`     // those that have expired and were not found to included
	Cost        int64  `json:"cost"`        // of these
	MaxCost     int64  `json:"max_cost"`    // Options.MaxEntries or Options.MaxCost
}

// HitRatio is the part of the lookups that found something, from 0 to 1.
func (s Stats) HitRatio() float64 {
	if s.Hits == 0 {
		return 0
	}
	return float64(s.Hits) / float64(s.Hits+s.Misses)
}

// Stats waits until ristretto has decided what it was asked, some microseconds,
// and returns the counts. They are not taken at one moment.
func (c *Cache[K, V]) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.main.settle()
		c.depart()
	}
	n := c.counts.sums()
	return Stats{
		Hits: n[hits], Misses: n[misses], Loads: n[loads], LoadErrors: n[loadErrors],
		Evictions: n[evictions], Rejections: n[rejections], Expirations: n[expirations],
		Entries: c.found.Load().live, Cost: c.cost, MaxCost: c.max,
	}
}

// count is one of the things that are counted.
type count int

const (
	hits count = iota
	misses
	loads
	loadErrors
	evictions
	rejections
	expirations
	countKinds
)

// tallies are the counts, several times over, so that goroutines with
// different keys seldom write to the same cache line.
type tallies struct {
	stripes [stripes]struct {
		n [countKinds]atomic.Uint64
		_ [128 - countKinds*8]byte
	}
}

const stripes = 8

func (s *tallies) add(h uint64, what count) { s.stripes[h>>32%stripes].n[what].Add(1) }

func (s *tallies) departed(h uint64, why outcome) {
	if why == rejected {
		s.add(h, rejections)
		return
	}
	s.add(h, evictions)
}

func (s *tallies) loaded(h uint64, err error) {
	s.add(h, loads)
	if err != nil {
		s.add(h, loadErrors)
	}
}

func (s *tallies) sums() (sums [countKinds]uint64) {
	for i := range s.stripes {
		for what := range sums {
			sums[what] += s.stripes[i].n[what].Load()
		}
	}
	return sums
}

package cache

import "sync/atomic"

// sketch counts how often keys were used of late: a count-min sketch (Cormode
// and Muthukrishnan, 2005) of four rows of counters from 0 to 15, all halved
// after a period, so that what was popular once does not stay so.
//
// Counting takes no lock. Of two goroutines that count in the same word at the
// same moment one may be lost, which a sketch can bear.
type sketch struct {
	words  []atomic.Uint64 // 16 counters each, four of each row
	shift  uint            // leaves of a product the bits that choose a word
	period int64
	added  atomic.Int64
}

const (
	rows     = 4
	maxCount = 15
	// periodPerEntry is after how many uses per entry the counters are halved.
	periodPerEntry = 10
)

// rowFactors are odd numbers that choose a different word for each row.
var rowFactors = [rows]uint64{0x9ddfea08eb382d69, 0xd1b54a32d192ed03, 0xaef17502108ef2d9, 0xcb24d0a5c88c35b3}

func newSketch(entries int64) *sketch {
	bits := uint(6)
	for int64(1)<<bits < entries {
		bits++
	}
	return &sketch{
		words:  make([]atomic.Uint64, 1<<bits),
		shift:  64 - bits,
		period: entries * periodPerEntry,
	}
}

// counter is where the count of a hash stands in a row.
func (s *sketch) counter(h uint64, row int) (word *atomic.Uint64, bit uint) {
	product := h * rowFactors[row]
	within := uint(product>>20)&3 + uint(row)*4
	return &s.words[product>>s.shift], within * 4
}

func (s *sketch) add(h uint64) {
	counted := false
	for row := range rows {
		word, bit := s.counter(h, row)
		if w := word.Load(); w>>bit&maxCount < maxCount {
			word.Store(w + 1<<bit)
			counted = true
		}
	}
	if counted && s.added.Add(1) == s.period {
		s.halve()
	}
}

// count is how often a hash was added, or more where it shares its counters.
func (s *sketch) count(h uint64) int {
	least := uint64(maxCount)
	for row := range rows {
		word, bit := s.counter(h, row)
		least = min(least, word.Load()>>bit&maxCount)
	}
	return int(least)
}

func (s *sketch) halve() {
	for i := range s.words {
		s.words[i].Store(s.words[i].Load() >> 1 & 0x7777777777777777)
	}
	s.added.Add(-s.period / 2)
}

func (s *sketch) clear() {
	for i := range s.words {
		s.words[i].Store(0)
	}
	s.added.Store(0)
}

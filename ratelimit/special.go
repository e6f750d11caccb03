package ratelimit

import (
	"context"
	"fmt"
	"time"
)

// special is a bucket that Set has given a limit of its own, or Burst more than
// it holds. There are few of them, made by the application and never by a
// request.
type special struct {
	meter meter
	set   bool // by Set: it stays
	full  int64
	extra int64         // thousandths beyond the bucket
	until time.Duration // when they are lost
}

// take takes what is extra first, since that is lost soonest.
func (sp *special) take(n int64, owe bool, elapsed time.Duration) Result {
	now := sp.meter.moment(elapsed)
	if elapsed >= sp.until {
		sp.extra = 0
	}
	fromExtra := min(n, sp.extra)
	after, ok := sp.meter.take(sp.full, now, n-fromExtra, owe)
	if ok {
		sp.full = after
		sp.extra -= fromExtra
	}
	r := sp.meter.result(after, now, n-fromExtra, ok, elapsed)
	r.Remaining += float64(sp.extra) / unit
	return r
}

// over says whether the bucket is one that need not be kept.
func (sp *special) over(elapsed time.Duration) bool {
	return !sp.set && elapsed >= sp.until && sp.full <= sp.meter.moment(elapsed)
}

// Set gives the bucket of key a limit of its own, tokens in each interval, and
// fills it. It is kept until Close: this is for the keys that an application
// names. It fails where MaxKeys are held already.
func (m *Memory) Set(_ context.Context, key string, tokens uint64, interval time.Duration) error {
	l, err := LimitOf(tokens, interval)
	if err != nil {
		return err
	}
	return m.makeSpecial(key, func(sp *special, _ time.Duration) {
		*sp = special{meter: newMeter(l), set: true}
	})
}

// Burst adds tokens to the bucket of key, beyond what it holds. What is not
// taken of them is lost after the time in which an empty bucket fills.
func (m *Memory) Burst(_ context.Context, key string, tokens uint64) error {
	return m.makeSpecial(key, func(sp *special, elapsed time.Duration) {
		if elapsed >= sp.until {
			sp.extra = 0
		}
		sp.extra = min(sp.extra+int64(min(tokens, MaxBurst))*unit, MaxBurst*unit)
		sp.until = elapsed + sp.meter.limit.refill()
	})
}

// makeSpecial changes the special bucket of key, which begins as the bucket
// that is there.
func (m *Memory) makeSpecial(key string, change func(*special, time.Duration)) error {
	hash := m.hash(key)
	s := m.shard(hash)
	elapsed := m.elapsed()
	if err := m.stopped(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if sp := s.special[hash]; sp != nil {
		change(sp, elapsed)
		return nil
	}
	for h, sp := range s.special {
		if sp.over(elapsed) {
			delete(s.special, h)
			m.all.keys.Add(-1)
		}
	}
	if !m.all.grow() {
		return fmt.Errorf("ratelimit: the store holds its %d keys already", m.all.limit)
	}
	sp := &special{meter: m.meter}
	if own, _ := s.find(hash, m.all.shardBits, m.meter.moment(elapsed)); own != nil {
		sp.full = own.full
	}
	change(sp, elapsed)
	if s.special == nil {
		s.special = make(map[uint64]*special)
	}
	s.special[hash] = sp
	return nil
}

package redis

import (
	"sync/atomic"
	"time"
)

// circuit keeps requests away from a server that does not answer. After some
// failures in a row it is open: nobody asks. Once in each pause one request does,
// and the first that gets an answer closes it.
type circuit struct {
	pause    time.Duration
	began    time.Time
	onChange func(down bool, err error)

	failures atomic.Int64 // in a row
	open     atomic.Bool
	next     atomic.Int64 // when, since began, somebody may ask again
}

// tolerated is how many failures in a row open the circuit: one or two are an
// accident of a connection.
const tolerated = 3

// asks says whether this request is to ask the server.
func (c *circuit) asks() bool {
	if !c.open.Load() {
		return true
	}
	now, next := int64(time.Since(c.began)), c.next.Load()
	return now >= next && c.next.CompareAndSwap(next, now+int64(c.pause))
}

func (c *circuit) answered() {
	if c.failures.Load() != 0 {
		c.failures.Store(0)
	}
	if c.open.Load() && c.open.CompareAndSwap(true, false) {
		c.onChange(false, nil)
	}
}

func (c *circuit) failed(err error) {
	c.next.Store(int64(time.Since(c.began) + c.pause))
	if c.failures.Add(1) >= tolerated && c.open.CompareAndSwap(false, true) {
		c.onChange(true, err)
	}
}

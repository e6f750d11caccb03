package ffmpeg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"
)

// A held file is a copy in the scratch directory. What is not said otherwise is guarded
// by the scratch's mutex.
type held struct {
	id, path string // never change
	size     int64  // never changes

	users int
	idle  time.Time   // since when nobody uses it
	timer *time.Timer // that removes it; nil as long as somebody does

	written atomic.Int64
	stop    context.CancelFunc // ends the fetching; never changes
	ended   chan struct{}      // closed when it is whole, or will not be
	whole   bool
	err     error // why it will not be; read it after ended
}

// resting is how long a copy that nobody uses is left to those who come next, though
// others want its room: the tasks of one film come one after the other, and two films
// would fetch their files in turns.
const resting = 5 * time.Second

// claim finds the copy of a file, or makes room for one that is to be fetched: then
// first is true, and stop ends the fetching. Each claim is left once.
func (s *scratch) claim(f *Remote, stop context.CancelFunc) (c *held, first bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.copies[f.ID]; c != nil && c.size == f.Size {
		c.users++
		if c.timer != nil {
			c.timer.Stop()
			c.timer = nil
		}
		return c, false, nil
	}
	if err := s.makeRoom(f.Size); err != nil {
		return nil, false, err
	}
	s.next++
	c = &held{
		id: f.ID, size: f.Size, path: filepath.Join(s.dir, "copy-"+strconv.Itoa(s.next)), users: 1,
		stop: stop, ended: make(chan struct{}),
	}
	s.copies[f.ID], s.held[c] = c, true
	return c, true, nil
}

// leave says that one user less has a copy. One that is on its way and that nobody
// waits for is given up.
func (s *scratch) leave(c *held) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.users--
	switch {
	case c.users > 0 || !s.held[c]:
		return
	case !c.whole:
		s.forget(c)
		c.stop()
		return
	}
	c.idle = time.Now()
	c.timer = time.AfterFunc(s.keep, func() { s.expire(c) })
}

// expire removes a copy that nobody has used for a while.
func (s *scratch) expire(c *held) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.timer != nil && time.Since(c.idle) >= s.keep {
		s.drop(c)
	}
}

// filled says how the fetching of a copy ended.
func (s *scratch) filled(c *held, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.err = err
	if err == nil && s.copies[c.id] == c {
		c.whole = true
	} else {
		s.drop(c)
	}
	close(c.ended)
}

// makeRoom sees to it that there is room for a copy, and counts it as if it were there.
func (s *scratch) makeRoom(more int64) error {
	if more >= s.room {
		e := full(fmt.Sprintf("the file has %s, and all runs together may have %s", size(more), size(s.room)))
		e.Lasting = true
		return e
	}
	for {
		lacks, why := s.lacks(more)
		if !lacks {
			return nil
		}
		if s.evict(resting) {
			continue
		}
		if len(s.used)+len(s.held) > 0 {
			return fmt.Errorf("ffmpeg: no room for a copy, %s: %w", why, ErrBusy)
		}
		return full(why)
	}
}

// lacks says whether there is too little room for so many bytes more, and why.
func (s *scratch) lacks(more int64) (bool, string) {
	if all := s.bytes(); all+more > s.room {
		return true, fmt.Sprintf("the file has %s, and runs and copies have %s of %s that they may", size(more), size(all), size(s.room))
	}
	left, known := freeBytes(s.dir)
	for c := range s.held {
		left -= c.size - c.written.Load() // that is spoken for
	}
	if known && left-more < s.free {
		return true, fmt.Sprintf("the file has %s, and the disk %s, of which %s have to stay free", size(more), size(max(left, 0)), size(max(s.free, 0)))
	}
	return false, ""
}

// evict removes the copy that nobody has used for the longest time, if that is at
// least as long as given.
func (s *scratch) evict(atLeast time.Duration) bool {
	var oldest *held
	for c := range s.held {
		if c.timer != nil && time.Since(c.idle) >= atLeast && (oldest == nil || c.idle.Before(oldest.idle)) {
			oldest = c
		}
	}
	if oldest != nil {
		s.drop(oldest)
	}
	return oldest != nil
}

// relieve removes all copies that nobody uses, and says whether there were any.
func (s *scratch) relieve() (some bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.evict(0) {
		some = true
	}
	return some
}

// drop removes a copy that nobody uses.
func (s *scratch) drop(c *held) {
	s.forget(c)
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
	}
	if err := os.Remove(c.path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return // it counts on, and goes with the directory
	}
	delete(s.held, c)
}

// forget has nobody find a copy any more.
func (s *scratch) forget(c *held) {
	if s.copies[c.id] == c {
		delete(s.copies, c.id)
	}
}

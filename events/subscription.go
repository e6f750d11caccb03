package events

// Subscription is one listener's place at a Bus.
type Subscription struct {
	bus    *Bus
	owner  string
	events chan Event

	// Guarded by bus.mu.
	dropped int64
	missed  int64 // the first event of the Log that was dropped since the last takeMissed; 0 for none
}

// Events is where the events arrive. It is closed when the bus is.
func (s *Subscription) Events() <-chan Event { return s.events }

// Dropped is how many events this subscription had no room for.
func (s *Subscription) Dropped() int64 {
	s.bus.mu.Lock()
	defer s.bus.mu.Unlock()
	return s.dropped
}

// takeMissed returns the ID of the first event of the Log that was dropped, if
// it is below id, and forgets it: from there on the Log must be read. 0 when
// there is none. The events that arrived before it was dropped have lower IDs.
func (s *Subscription) takeMissed(id int64) int64 {
	s.bus.mu.Lock()
	defer s.bus.mu.Unlock()
	missed := s.missed
	if missed == 0 || missed >= id {
		return 0
	}
	s.missed = 0
	return missed
}

// Close ends the subscription. Closing twice is no error.
func (s *Subscription) Close() {
	s.bus.mu.Lock()
	defer s.bus.mu.Unlock()
	subs := s.bus.byOwner[s.owner]
	delete(subs, s)
	if len(subs) == 0 {
		delete(s.bus.byOwner, s.owner)
	}
}

// drop counts e. The bus is locked.
func (s *Subscription) drop(e Event) {
	s.dropped++
	if e.ID > 0 && (s.missed == 0 || e.ID < s.missed) {
		s.missed = e.ID
	}
}

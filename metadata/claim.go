package metadata

import (
	"context"
	"time"
)

// Claimer is implemented by Stores that several processes have at the same time, for
// what one of them is to do and no other meanwhile. Its methods may be called
// concurrently.
type Claimer interface {
	// Claim takes a name for who, for d from now on by the Store's clock, and reports
	// whether it is who's: false while another has it. Who has it prolongs it so.
	Claim(ctx context.Context, name, who string, d time.Duration) (bool, error)
	// Release gives a name back that is who's.
	Release(ctx context.Context, name, who string) error
}

// ClaimerOf is the Claimer that a Store is, or wraps (by a method Unwrap() Store); nil
// where one process has the Store.
func ClaimerOf(s Store) Claimer {
	for s != nil {
		if c, ok := s.(Claimer); ok {
			return c
		}
		wrapper, ok := s.(interface{ Unwrap() Store })
		if !ok {
			return nil
		}
		s = wrapper.Unwrap()
	}
	return nil
}

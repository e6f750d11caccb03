package upload

import (
	"context"
	"time"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
)

const (
	// claimFor is how long other processes leave an upload alone whose process is silent.
	claimFor   = 20 * time.Second
	claimEvery = claimFor / 4
	// releaseWait is how long it may take to say that an upload is free.
	releaseWait = 10 * time.Second
)

// claims keep other processes on the same store from what this one does to a file
// whose bytes are all there: they would find it undone, as after a crash, and do it
// too. Holds are for the requests of this process.
type claims struct {
	by  metadata.Claimer // nil where no other process has the store
	who string
}

func newClaims(meta metadata.Store) claims {
	return claims{by: metadata.ClaimerOf(meta), who: metadata.NewID()}
}

// take claims an upload until done is called. ErrLocked when another process has it.
func (c *claims) take(ctx context.Context, id string) (done func(), err error) {
	if c.by == nil {
		return func() {}, nil
	}
	name := "upload " + id
	ours, err := c.by.Claim(ctx, name, c.who, claimFor)
	if err != nil {
		return nil, err
	}
	if !ours {
		return nil, problem.Errorf(ErrLocked, "another process is at work on this upload; ask for its state in a moment")
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	over := make(chan struct{})
	go func() {
		defer close(over)
		c.keep(ctx, name)
	}()
	return func() {
		cancel()
		<-over
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseWait)
		defer cancel()
		_ = c.by.Release(late, name, c.who) // else it is free by itself, soon
	}, nil
}

// keep says again and again that the claim is wanted. Where that cannot be said, another
// process may come to do the same once more, as after a crash; whoever decides second
// changes nothing.
func (c *claims) keep(ctx context.Context, name string) {
	tick := time.NewTicker(claimEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		_, _ = c.by.Claim(ctx, name, c.who, claimFor)
	}
}

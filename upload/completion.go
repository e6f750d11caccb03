package upload

import (
	"context"
	"sync"
	"time"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/metadata"
)

// A completion is what a transaction has to say of an upload whose bytes are all
// committed. Until then it is open, for everybody who reads its row.
type completion struct {
	mu      sync.Mutex // held by who writes it
	written bool       // in a transaction that is over, or not to be written any more

	up    *Uploader
	done  metadata.Upload // its row before that transaction, and what changes
	event events.Event
	saved *metadata.Upload // as it is after the last write; before, as it will be
}

// completion tells the recorder, which may refuse it.
func (s *session) completion(ctx context.Context) (*completion, error) {
	done := *s.u
	done.State, done.Size, done.SHA256, done.Hash = metadata.UploadComplete, s.u.Offset, s.digest.hex(), nil
	e := s.up.event(ctx, events.UploadComplete, &done)
	e.Data = map[string]any{
		"size": done.Size, "sha256": done.SHA256, "type": done.Type, "filename": done.Filename,
		"seconds": time.Since(done.CreatedAt).Seconds(), // pauses included
	}
	saved := done
	return &completion{up: s.up, done: done, event: e, saved: &saved}, s.up.o.Recorder.Record(ctx, e)
}

// write writes all but the asset, which is Processing now.
func (p *completion) write(ctx context.Context, tx metadata.Tx) error {
	saved := p.done // the transaction may run more than once
	if err := tx.UpdateUpload(ctx, &saved); err != nil {
		return err
	}
	p.saved = &saved
	out := p.event
	if err := p.up.spend(ctx, tx, &saved, &out); err != nil {
		return err
	}
	return tx.Emit(ctx, &out)
}

// writeAlone is the transaction of a completion that nothing else is decided in.
func (p *completion) writeAlone(ctx context.Context, meta metadata.Store) error {
	return meta.Update(ctx, func(tx metadata.Tx) error {
		if err := p.write(ctx, tx); err != nil {
			return err
		}
		a, err := tx.Asset(ctx, p.done.Asset)
		if err != nil {
			return err
		}
		processing(a)
		return tx.UpdateAsset(ctx, a)
	})
}

// companyFor is how long a completion waits for what is found out about the file,
// to be written together with that. Who asks for the upload meanwhile hears where
// it was before the last bytes.
const companyFor = 200 * time.Millisecond

// soon has the completion written alone if it is not by then. The function that it
// returns ends that, and returns once nothing is written any more.
func (p *completion) soon(ctx context.Context) (end func()) {
	timer := time.AfterFunc(companyFor, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		ctx, cancel := context.WithTimeout(ctx, persistTimeout)
		defer cancel()
		if !p.written && p.writeAlone(ctx, p.up.meta) == nil { // or it is tried again together with the rest
			p.written = true
		}
	})
	return func() {
		timer.Stop()
		p.mu.Lock()
		p.written = true
		p.mu.Unlock()
	}
}

// processing is the state of an asset of which a file is complete. What it is
// made of, and plays, stays until the file is known to be good.
func processing(a *metadata.Asset) { a.State, a.Error = metadata.Processing, "" }

package upload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
)

// finish ends an upload that has all its bytes: they are committed, then one
// transaction says so, then OnComplete runs. want is the SHA-256 that the client
// computed, or "". It returns the asset as it is after all that.
func (s *session) finish(ctx context.Context, want string) (*metadata.Asset, error) {
	if err := s.complete(ctx, want); err != nil {
		return nil, err
	}
	ctx = auth.NewContext(context.WithoutCancel(ctx), s.actor)
	done, err := s.up.claims.take(ctx, s.u.ID) // before there is a file that others would finish
	if err != nil {
		return nil, fmt.Errorf("upload: finishing %s: %w", s.u.ID, err)
	}
	defer done()
	if err := s.draft.Commit(ctx); err != nil {
		return nil, fmt.Errorf("upload: committing %s: %w", s.u.ID, err)
	}
	s.draft = nil
	a, err := s.settle(ctx)
	if err == nil && s.u.State == metadata.UploadFailed {
		err = refusedFile(s.u, a)
	}
	return a, err
}

// refusedFile answers for a file that was taken, looked at and thrown away.
func refusedFile(u *metadata.Upload, a *metadata.Asset) error {
	return &problem.Error{
		Kind: problem.KindOf(ErrRefused), Detail: u.Error,
		Fields: map[string]any{"upload_id": u.ID, "asset_id": a.ID, "state": a.State},
	}
}

// complete says whether the upload may end here. What it refuses is kept.
func (s *session) complete(ctx context.Context, want string) error {
	switch {
	case s.u.Offset == 0:
		return errEmpty()
	case s.u.Size >= 0 && s.u.Offset < s.u.Size:
		return problem.Errorf(ErrIncomplete, "%d of %d bytes are here", s.u.Offset, s.u.Size)
	case s.u.Type == "" && !s.lost && !s.u.Part():
		return errNotMedia(s.digest.head) // all there is has been looked at
	}
	if s.u.Size < 0 && !s.up.unlimited() { // the rest of it has not been counted
		if err := s.checkpoint(ctx); err != nil {
			return err
		}
	}
	if err := s.keepsPromise(); err != nil {
		return err
	}
	if want == "" {
		return nil
	}
	if err := s.compare(want); err != nil {
		return errors.Join(err, s.checkpoint(ctx))
	}
	return nil
}

func (s *session) compare(want string) error {
	got := s.digest.hex()
	if got == "" || s.lost {
		return problem.Errorf(ErrNoHash, "no SHA-256 was computed for this upload; complete it without one")
	}
	if !strings.EqualFold(got, want) {
		return problem.Errorf(ErrChecksum, "the SHA-256 of the %d bytes that arrived is %s, not %s; nothing was lost", s.u.Offset, got, want)
	}
	return nil
}

// settle brings the rows to what the committed blob says, and is where a
// completion that a crash cut off goes on.
func (s *session) settle(ctx context.Context) (*metadata.Asset, error) {
	if s.u.Part() {
		return nil, s.settlePart(ctx)
	}
	if err := s.readBack(ctx); errors.Is(err, ErrType) {
		return nil, err
	} else if err != nil {
		return nil, fmt.Errorf("upload: reading %s back: %w", s.u.ID, err)
	}
	done, err := s.completion(ctx)
	if err != nil {
		return nil, err
	}
	u, a, err := s.process(ctx, done)
	if err != nil {
		return nil, err
	}
	s.u = u
	return a, nil
}

// process says in the rows that the upload is complete and has the file looked
// at: in one transaction where that is Inspect's affair alone, since a small file
// waits for little but its transactions.
func (s *session) process(ctx context.Context, done *completion) (*metadata.Upload, *metadata.Asset, error) {
	up := s.up
	if !up.o.inspects {
		if err := done.writeAlone(ctx, up.meta); err != nil {
			return nil, nil, s.explainRow(ctx, err)
		}
		return up.runOnComplete(ctx, done.saved)
	}
	c := up.completed(done.saved, nil)
	c.pending = done
	end := done.soon(ctx)
	failed := up.look(ctx, c, Inspect)
	err := s.concede(ctx, done)
	end()
	switch {
	case err != nil:
		return nil, nil, s.explainRow(ctx, err)
	case failed == nil && c.decided != nil:
		return c.decided.own, c.decided.asset, nil
	}
	return up.both(ctx, done.saved)
}

// concede writes a completion for which nothing was decided: the upload itself has
// succeeded.
func (s *session) concede(ctx context.Context, done *completion) error {
	done.mu.Lock()
	defer done.mu.Unlock()
	if done.written {
		return nil
	}
	return done.writeAlone(ctx, s.up.meta)
}

// readBack takes from the blob what the row does not know of it: the size and,
// where the digest does not cover all bytes, the sum and the type.
func (s *session) readBack(ctx context.Context) error {
	info, err := s.up.files.Stat(ctx, s.u.Key)
	if err != nil {
		return err
	}
	if !s.lost && info.Size == s.u.Offset && s.u.Type != "" && (s.up.o.NoHash || s.digest.sha != nil) {
		return nil
	}
	blob, err := s.up.files.Open(ctx, s.u.Key)
	if err != nil {
		return err
	}
	defer blob.Close() //nolint:errcheck // read only
	s.lost, s.digest, s.u.Type = false, newDigest(!s.up.o.NoHash), ""
	head := make([]byte, min(info.Size, media.SniffLen))
	if _, err := blob.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	t, ok := media.Sniff(head)
	if !ok {
		return errNotMedia(head)
	}
	if err := s.accept(t); err != nil {
		return err
	}
	s.u.Offset = info.Size
	if s.digest.sha == nil {
		return nil
	}
	buf := buffers.Get().(*[bufferSize]byte) //nolint:forcetypeassert // the pool holds nothing else
	defer buffers.Put(buf)
	// Hiding the reader's other methods makes CopyBuffer use the buffer.
	_, err = io.CopyBuffer(s.digest.sha, struct{ io.Reader }{io.NewSectionReader(blob, 0, info.Size)}, buf[:])
	return err
}

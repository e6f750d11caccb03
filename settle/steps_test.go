package settle_test

import (
	"context"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
)

// steps are stores that call at before and after whatever changes something.
type steps struct {
	at func(step string) error
}

type stepFiles struct {
	storage.Store
	steps
}

func (s stepFiles) Create(ctx context.Context, key string) (storage.Draft, error) {
	if err := s.at("create"); err != nil {
		return nil, err
	}
	d, err := s.Store.Create(ctx, key)
	if err != nil {
		return nil, err
	}
	return stepDraft{d, s.steps}, s.at("created")
}

func (s stepFiles) Open(ctx context.Context, key string) (storage.Blob, error) {
	if err := s.at("open"); err != nil {
		return nil, err
	}
	return s.Store.Open(ctx, key)
}

func (s stepFiles) Delete(ctx context.Context, key string) error {
	if err := s.at("delete"); err != nil {
		return err
	}
	return s.Store.Delete(ctx, key)
}

type stepDraft struct {
	storage.Draft
	steps
}

func (d stepDraft) Write(p []byte) (int, error) {
	if err := d.at("write"); err != nil {
		return 0, err
	}
	return d.Draft.Write(p)
}

func (d stepDraft) Commit(ctx context.Context) error {
	if err := d.at("commit"); err != nil {
		return err
	}
	if err := d.Draft.Commit(ctx); err != nil {
		return err
	}
	return d.at("committed")
}

type stepMeta struct {
	metadata.Store
	steps
}

func (m stepMeta) Update(ctx context.Context, fn func(metadata.Tx) error) error {
	if err := m.at("update"); err != nil {
		return err
	}
	if err := m.Store.Update(ctx, fn); err != nil {
		return err
	}
	return m.at("updated")
}

package disk_test

import (
	"errors"
	"testing"

	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/storage/disk"
)

func TestSpaceIsToldWhileTheStoreIsOpen(t *testing.T) {
	s, err := disk.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	free, err := s.Space(t.Context())
	if err != nil || free <= 0 {
		t.Errorf("%d bytes are free, %v", free, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Space(t.Context()); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("closed: %v, want ErrUnavailable", err)
	}
}

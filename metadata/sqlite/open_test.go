package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/sqlite"
)

func TestOpenCreatesAnEmptyDatabase(t *testing.T) {
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "a b?c#d%41.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s := db.Metadata()
	a := &metadata.Asset{ID: metadata.NewID(), Owner: "o", Title: "Hello wörld", State: metadata.Ready}
	if err := s.Update(t.Context(), func(tx metadata.Tx) error {
		if err := tx.InsertAsset(t.Context(), a); err != nil {
			return err
		}
		a.Title = "Helló again"
		return tx.UpdateAsset(t.Context(), a)
	}); err != nil {
		t.Fatal(err)
	}
	p, err := s.Search(t.Context(), metadata.Query{Text: "hello ag"})
	t.Log(p, err)
}

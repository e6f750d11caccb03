package sqlite_test

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pressly/goose/v3"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/sqlite"
)

// version1 makes a database as the first version of this package left it, with
// an asset, an open and a complete upload, and a deleted one.
func version1(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "x.db")
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=foreign_keys(on)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	p, err := goose.NewProvider(goose.DialectSQLite3, db, os.DirFS("migrations"), goose.WithTableName("schema_version"), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.UpTo(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		`INSERT INTO assets (id, owner, title, title_key, description, tags, state, playable, error, waiting, reason, duration, size,
			sha256, type, filename, poster, source, "index", revision, version, created_at, updated_at)
		VALUES ('a1', 'ann', 'kept', 'kept', '', '["sea"]', 'ready', 1, '', '', '', 1.5, 3, '', '', '', '', '', '', '', 1, 1000, 2000)`,
		`INSERT INTO uploads VALUES ('u1', 'a1', 'ann', 'k1', 'open', -1, 77, x'0001ff', '', 'b.mp4', '', 'tus', '{"k":"v"}', '', 4, 1000, 2000, 3000)`,
		`INSERT INTO uploads VALUES ('u2', 'a1', 'ann', 'k2', 'complete', 9, 9, NULL, 'cd', '', 'video/mp4', 'body', NULL, '', 2, 1500, 2500, NULL)`,
		`INSERT INTO uploads VALUES ('u3', 'a1', 'ann', 'k3', 'open', 1, 0, NULL, '', '', '', 'tus', NULL, '', 1, 1, 1, NULL)`,
		`DELETE FROM uploads WHERE id = 'u3'`,
	} {
		if _, err := db.Exec(text); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func TestADatabaseOfVersion1IsBroughtUpToDate(t *testing.T) {
	path := version1(t)
	db, err := sqlite.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s, ctx := db.Metadata(), t.Context()
	micro := func(us int64) time.Time { return time.UnixMicro(us).UTC() }
	want := []*metadata.Upload{
		{
			ID: "u1", Asset: "a1", Owner: "ann", Key: "k1", State: metadata.UploadOpen, Size: -1, Offset: 77, Hash: []byte{0, 1, 255},
			Filename: "b.mp4", Protocol: "tus", Metadata: map[string]string{"k": "v"}, Version: 4,
			CreatedAt: micro(1000), UpdatedAt: micro(2000), ExpiresAt: micro(3000),
		},
		{
			ID: "u2", Asset: "a1", Owner: "ann", Key: "k2", State: metadata.UploadComplete, Size: 9, Offset: 9, SHA256: "cd",
			Type: "video/mp4", Protocol: "body", Version: 2, CreatedAt: micro(1500), UpdatedAt: micro(2500),
		},
	}
	got, err := s.UploadsOf(ctx, "a1")
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("the uploads: %v (-want +got):\n%s", err, diff)
	}
	page, err := s.Search(ctx, metadata.Query{Text: "kept", Tags: []string{"sea"}})
	if err != nil || len(page.Assets) != 1 {
		t.Errorf("the search finds %d assets, %v", len(page.Assets), err)
	}
	gone := &metadata.Upload{ID: "u3", Asset: "a1", State: metadata.UploadOpen}
	part := &metadata.Upload{ID: "p1", Owner: "ann", State: metadata.UploadComplete, Concat: "partial"}
	err = s.Update(ctx, func(tx metadata.Tx) error {
		if err := tx.InsertUpload(ctx, gone); !errors.Is(err, metadata.ErrGone) {
			t.Errorf("an id that was deleted before comes back: %v", err)
		}
		return errors.Join(tx.InsertUpload(ctx, part), tx.DeleteAsset(ctx, "a1"))
	})
	if err != nil {
		t.Fatal(err)
	}
	open, err := s.OpenUploads(ctx, "", 10)
	if diff := cmp.Diff([]*metadata.Upload{part}, open); err != nil || diff != "" {
		t.Errorf("after the asset is deleted: %v (-want +got):\n%s", err, diff)
	}
	err = s.Update(ctx, func(tx metadata.Tx) error {
		if err := tx.InsertUpload(ctx, &metadata.Upload{ID: "u1", State: metadata.UploadOpen}); !errors.Is(err, metadata.ErrGone) {
			t.Errorf("an id that goes with its asset comes back: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTheSchemaIsTheSameHoweverItCameAbout(t *testing.T) {
	schemaAt := func(path string) string {
		db, err := sqlite.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		raw, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		defer raw.Close()
		var broken int
		if err := raw.QueryRow(`SELECT count(*) FROM pragma_foreign_key_check`).Scan(&broken); err != nil || broken != 0 {
			t.Errorf("%d rows refer to what is not there, %v", broken, err)
		}
		return schema(t, raw)
	}
	made := schemaAt(filepath.Join(t.TempDir(), "x.db"))
	if diff := cmp.Diff(made, schemaAt(version1(t))); diff != "" || strings.Contains(made, "uploads_new") {
		t.Errorf("-made anew +brought up to date:\n%s", diff)
	}
}

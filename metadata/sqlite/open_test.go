package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/sqlite"
)

func insert(t testing.TB, s metadata.Store, list ...*metadata.Asset) {
	t.Helper()
	if err := s.Update(t.Context(), func(tx metadata.Tx) error {
		for _, a := range list {
			if err := tx.InsertAsset(t.Context(), a); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func TestAnyFileNameIsTakenLetterByLetter(t *testing.T) {
	for _, name := range []string{
		"plain.db", "with space.db", "a?mode=memory", "a#fragment", "100%41.db", "a&_pragma=x", "ümläut 東京.db", "file:x", `back\slash`, "'quote\".db", "a+b",
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, name)
		a := &metadata.Asset{ID: metadata.NewID(), Owner: "ann", State: metadata.Ready}
		for i := range 2 { // the second time it is there already
			db, err := sqlite.Open(path)
			if err != nil {
				t.Fatalf("%q: %v", name, err)
			}
			if i == 0 {
				insert(t, db.Metadata(), a)
			}
			got, err := db.Metadata().Asset(t.Context(), a.ID)
			if diff := cmp.Diff(a, got); err != nil || diff != "" {
				t.Errorf("%q: %v\n%s", name, err, diff)
			}
			if err := db.Close(); err != nil {
				t.Errorf("%q: %v", name, err)
			}
		}
		entries, err := os.ReadDir(dir)
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
		}
		if err != nil || !slices.Equal(names, []string{name}) && !slices.Equal(names, []string{name, name + "-reserve"}) {
			t.Errorf("%q: the folder holds %q after Close, want the database, and the reserve where there is room", name, names)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%q: mode %v, want 0600", name, info.Mode())
		}
	}
}

func TestARelativeNameIsTakenFromTheWorkingFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	db, err := sqlite.Open("x.db")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir()) // later connections still find it
	if err := db.Metadata().Ping(t.Context()); err != nil {
		t.Error(err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

func TestWhatCannotBeOpenedIsRefused(t *testing.T) {
	dir := t.TempDir()
	garbage := filepath.Join(dir, "garbage")
	if err := os.WriteFile(garbage, []byte(strings.Repeat("this is no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{
		"no name":            "",
		"memory":             ":memory:",
		"a NUL":              "a\x00b",
		"a missing folder":   filepath.Join(dir, "missing", "x.db"),
		"a folder":           dir,
		"something else":     garbage,
		"a file as a folder": filepath.Join(garbage, "x.db"),
	} {
		db, err := sqlite.Open(path)
		if !errors.Is(err, metadata.ErrUnavailable) {
			t.Errorf("%s: %v, want ErrUnavailable", name, err)
		}
		if db != nil {
			t.Errorf("%s: an error and a database", name)
		}
	}
}

func TestADatabaseOfANewerVersionIsRefusedAndLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
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
	if _, err := raw.Exec(`INSERT INTO schema_version (version_id, is_applied) VALUES (9999, 1)`); err != nil {
		t.Fatal(err)
	}
	before := schema(t, raw)
	_, err = sqlite.Open(path)
	if !errors.Is(err, metadata.ErrUnavailable) || !strings.Contains(err.Error(), "schema version 9999") || !strings.Contains(err.Error(), "newer version") {
		t.Errorf("Open: %v, want a sentence about a newer version", err)
	}
	if diff := cmp.Diff(before, schema(t, raw)); diff != "" {
		t.Errorf("the refused database was changed:\n%s", diff)
	}
}

func schema(t *testing.T, db *sql.DB) string {
	t.Helper()
	var s string
	if err := db.QueryRow(`SELECT group_concat(sql, ';') FROM sqlite_schema`).Scan(&s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAClosedDatabaseIsUnavailable(t *testing.T) {
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "x.db"))
	if err != nil {
		t.Fatal(err)
	}
	s := db.Metadata()
	for range 2 {
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	ctx := t.Context()
	_, readErr := s.Asset(ctx, "x")
	_, searchErr := s.Search(ctx, metadata.Query{})
	_, pendingErr := s.Events().Pending(ctx, 0, 1)
	for what, err := range map[string]error{
		"Asset": readErr, "Search": searchErr, "Pending": pendingErr, "Ping": s.Ping(ctx),
		"Delivered": s.Events().Delivered(ctx, 1),
		"Update":    s.Update(ctx, func(metadata.Tx) error { return nil }),
	} {
		if !errors.Is(err, metadata.ErrUnavailable) {
			t.Errorf("%s: %v, want ErrUnavailable", what, err)
		}
	}
}

func TestABackupOfARunningDatabaseIsWhole(t *testing.T) {
	dir := t.TempDir()
	path, backup := filepath.Join(dir, "x.db"), filepath.Join(dir, "backup.db")
	db, err := sqlite.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	a := &metadata.Asset{ID: metadata.NewID(), Owner: "ann", Title: "kept", State: metadata.Ready}
	insert(t, db.Metadata(), a)
	shell, err := sql.Open("sqlite", path) // as the shell of SQLite does
	if err != nil {
		t.Fatal(err)
	}
	defer shell.Close()
	err = db.Metadata().Update(t.Context(), func(tx metadata.Tx) error { // a writer does not stop it
		if err := tx.InsertAsset(t.Context(), &metadata.Asset{ID: metadata.NewID(), State: metadata.Ready}); err != nil {
			return err
		}
		_, err := shell.Exec(`VACUUM INTO ?`, backup)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	copied, err := sqlite.Open(backup)
	if err != nil {
		t.Fatal(err)
	}
	defer copied.Close()
	page, err := copied.Metadata().Search(context.Background(), metadata.Query{Text: "kept"})
	if diff := cmp.Diff([]*metadata.Asset{a}, page.Assets); err != nil || diff != "" {
		t.Errorf("the backup: %v\n%s", err, diff)
	}
}

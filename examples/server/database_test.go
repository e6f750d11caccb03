package main

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/streamgate/streamgate/internal/pgtest"
)

func TestDatabaseOnTheCommandLine(t *testing.T) {
	tests := []struct {
		name    string
		args    []string
		env     string
		refused string
	}{
		{name: "a database without a password", args: []string{"-database", "postgres://video@db.internal/video"}},
		{name: "one of words and values", args: []string{"-database", "host=/run/postgresql dbname=video"}},
		{name: "a password in a URL is refused", args: []string{"-database", "postgres://video:secret@db.internal/video"}, refused: "PGPASSWORD"},
		{name: "so is one in its query", args: []string{"-database", "postgres://db.internal/video?password=secret"}, refused: "PGPASSWORD"},
		{name: "and one among words", args: []string{"-database", "host=db.internal password = secret"}, refused: "PGPASSWORD"},
		{name: "one of a key is a password, too", args: []string{"-database", "host=db.internal sslpassword=secret"}, refused: "PGPASSWORD"},
		{name: "in a query as well", args: []string{"-database", "postgres://db.internal/video?sslpassword=secret"}, refused: "PGPASSWORD"},
		{name: "in the environment it may have one", env: "postgres://video:secret@db.internal/video"},
		{name: "files without a database", args: []string{"-files", "/srv/video"}, refused: "-files is for"},
		{name: "imports beside a database", args: []string{"-database", "dbname=video", "-import", "."}, refused: "-import is for"},
		{name: "encryption beside a database wants a secret", args: []string{"-database", "dbname=video", "-encrypt", "AES-128"}, refused: secretVariable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parse(tt.args, func(name string) string {
				if name == databaseVariable {
					return tt.env
				}
				return ""
			}, io.Discard)
			switch {
			case tt.refused == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tt.refused != "" && (err == nil || !strings.Contains(err.Error(), tt.refused)):
				t.Errorf("error %v, want one that says %q", err, tt.refused)
			}
		})
	}
}

// TestTwoServersShareADatabase uploads to one, plays at the other, and deletes there;
// the first is killed, and the second goes on with what it has.
func TestTwoServersShareADatabase(t *testing.T) {
	dsn, dir := pgtest.Database(t), t.TempDir()
	t.Setenv(databaseVariable, dsn)
	start := func(name string) *process {
		return launch(t, "-addr", "127.0.0.1:0", "-data", filepath.Join(dir, name), "-files", filepath.Join(dir, "files"))
	}
	one, two := start("one"), start("two")
	first, second := one.url(), two.url()
	film, err := os.ReadFile(clip(t))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.Post(strings.TrimSuffix(first, "/")+"/v1/uploads?filename=clip.mp4", "video/mp4", strings.NewReader(string(film)))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	id := res.Header.Get("StreamGate-Asset")
	if res.StatusCode != http.StatusCreated || id == "" {
		t.Fatalf("%s for asset %q", res.Status, id)
	}
	master := "/play/" + id + "/master.m3u8"
	if got := status(t, http.MethodGet, second, master); got != http.StatusOK {
		t.Errorf("the other server answers %d", got)
	}
	if err := one.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	one.end()
	if got := status(t, http.MethodGet, second, master); got != http.StatusOK {
		t.Errorf("the other server answers %d once the first is killed", got)
	}
	three := start("three")
	third := three.url()
	if got := status(t, http.MethodGet, third, master); got != http.StatusOK {
		t.Errorf("a third server answers %d", got)
	}
	if got := status(t, http.MethodDelete, second, "/v1/assets/"+id); got != http.StatusNoContent {
		t.Errorf("deleting answers %d", got)
	}
	for range 600 {
		if status(t, http.MethodGet, third, master) == http.StatusNotFound {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Error("the third server plays what the second has deleted")
}

func status(t *testing.T, method, base, path string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, strings.TrimSuffix(base, "/")+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close() // it is of no interest
	return res.StatusCode
}

package streamgate_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/internal/pgtest"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/postgres"
	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/storage/disk"
)

func openPostgres(t *testing.T, dsn string) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), dsn, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// TestAGateOverPostgres goes the whole way of an asset: uploaded, found, played,
// changed, deleted with its files.
func TestAGateOverPostgres(t *testing.T) {
	db := openPostgres(t, pgtest.Database(t))
	g := startGate(t, t.TempDir(), streamgate.WithMetadata(db.Metadata()))
	c := serve(t, g, "")
	id := c.upload()
	asset := c.get("/v1/assets/"+id).want(t, http.StatusOK).json(t)
	if asset["state"] != "ready" || asset["owner"] != "ada" {
		t.Errorf("the asset is %v", asset)
	}
	if n := plays(t, c, c.base+asset["playback"].(string)); n < 4 {
		t.Errorf("%d segments and init segments, want 4 at least", n)
	}
	c.do(http.MethodPatch, "/v1/assets/"+id, strings.NewReader(`{"title":"Münchner Brücken"}`), "Content-Type", "application/merge-patch+json").want(t, http.StatusOK)
	found := c.get("/v1/assets?q=brucken+munch").want(t, http.StatusOK).json(t)
	if list, _ := found["assets"].([]any); len(list) != 1 {
		t.Errorf("the search finds %v", found)
	}
	kept, err := db.Metadata().Asset(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	c.do(http.MethodDelete, "/v1/assets/"+id, nil).want(t, http.StatusNoContent)
	eventually(t, "its file is removed", func() bool {
		_, err := g.Files().Stat(t.Context(), kept.Source)
		return errors.Is(err, storage.ErrNotFound)
	})
	wantProblem(t, c.get("/v1/assets/"+id), http.StatusNotFound)
	if err := g.Metadata().Update(t.Context(), func(tx metadata.Tx) error {
		if _, ok := postgres.Transaction(tx); !ok {
			t.Error("the Gate hides the transaction of the database")
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}

// TestGatesShareADatabaseAndAStore has two of them behind what could be a load
// balancer: what one is given the other plays, and what one deletes the other
// forgets.
func TestGatesShareADatabaseAndAStore(t *testing.T) {
	dsn := pgtest.Database(t)
	files, err := disk.Open(t.TempDir()) // stands for a storage that both reach
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = files.Close() })
	var nodes []*client
	for range 2 {
		g := startGate(t, "", streamgate.WithStorage(files), streamgate.WithMetadata(openPostgres(t, dsn).Metadata()))
		nodes = append(nodes, serve(t, g, ""))
	}
	id := nodes[0].upload()
	master := "/play/" + id + "/master.m3u8"
	plays(t, nodes[1], nodes[1].base+master)
	nodes[0].do(http.MethodDelete, "/v1/assets/"+id, nil).want(t, http.StatusNoContent)
	eventually(t, "the other node plays it no more", func() bool { return nodes[1].get(master).StatusCode == http.StatusNotFound })
}

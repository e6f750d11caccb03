package streamgate_test

import (
	"bytes"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/internal/pgtest"
	jobpostgres "github.com/streamgate/streamgate/jobs/postgres"
	"github.com/streamgate/streamgate/ratelimit"
	"github.com/streamgate/streamgate/storage/disk"
	"github.com/streamgate/streamgate/storage/storagetest"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// TestGatesTranscodeTogetherWhatLiesElsewhere has two of them on one database, over a
// storage that has no files: each task is done by one of the two, and each fetches the
// film once at most.
func TestGatesTranscodeTogetherWhatLiesElsewhere(t *testing.T) {
	film := foreignFilm(t, "50")
	dsn := pgtest.Database(t) // before the place of temporary files is another: the server is that of all tests
	t.Setenv("TMPDIR", t.TempDir())
	files, err := disk.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = files.Close() })
	o := *quick
	o.AtOnce = 2
	var nodes []*client
	var stores []*storagetest.Remote
	var gates []*streamgate.Gate
	every := ratelimit.Limit{Burst: ratelimit.MaxBurst, Rate: ratelimit.MaxRate}
	for range 2 {
		far := storagetest.NewRemote(files, 0, true)
		db := openPostgres(t, dsn)
		g := startGate(t, "", streamgate.WithStorage(far), streamgate.WithMetadata(db.Metadata()),
			streamgate.WithJobDatabase(jobpostgres.Database(db)), streamgate.WithTranscoder(&o),
			streamgate.WithRateLimit("metadata", every), streamgate.WithRateLimit("streaming", every))
		nodes, stores, gates = append(nodes, serve(t, g, "")), append(stores, far), append(gates, g)
	}
	created := nodes[0].do(http.MethodPost, "/v1/uploads?filename=film.avi", bytes.NewReader(film)).want(t, http.StatusCreated).json(t)
	id := created["asset_id"].(string)
	var a map[string]any
	patiently(t, "both rungs are there", func() bool {
		a = nodes[1].get("/v1/assets/"+id).want(t, http.StatusOK).json(t)
		if a["state"] == "failed" {
			t.Fatalf("the asset is %v", a)
		}
		return a["state"] == "ready" && len(a["renditions"].([]any)) == 2
	})
	patiently(t, "the transcode ends", func() bool {
		for info, err := range files.List(t.Context(), "assets/"+id+"/") {
			if err != nil || strings.Contains(info.Key, "/parts/") {
				return false
			}
		}
		return true
	})
	kept, err := gates[0].Metadata().Asset(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	fetched := 0
	for i, far := range stores {
		cost := far.CostOf()[kept.Kept()]
		if most := int64(len(film)) * 3 / 2; cost.Bytes > most { // whoever took it in looks at it, too
			t.Errorf("node %d has read %d bytes of the film of %d", i, cost.Bytes, len(film))
		}
		if cost.Bytes >= int64(len(film)) {
			fetched++
		}
	}
	if fetched == 0 {
		t.Error("nobody has read the film")
	}
	for _, c := range nodes {
		if n := plays(t, c, c.base+a["playback"].(string)); n < 24 {
			t.Errorf("%d segments and init segments, want 3 tracks of 8 at least", n)
		}
	}
	temp, err := ffmpeg.TempDir()
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range gates {
		stopGate(t, g)
	}
	if left, err := filepath.Glob(filepath.Join(temp, "runs-*")); err != nil || len(left) != 0 {
		t.Errorf("left: %q (%v)", left, err)
	}
}

package streamgate_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/ratelimit"
)

func titleOf(t *testing.T, c *client, id string) string {
	t.Helper()
	title, _ := c.get("/v1/assets/"+id).want(t, http.StatusOK).json(t)["title"].(string)
	return title
}

// Whatever way an asset is changed, who asks when the change is over sees it.
func TestTheCacheOfAssetsHidesNoChange(t *testing.T) {
	g := startGate(t, t.TempDir(), streamgate.WithRateLimit("metadata", ratelimit.Limit{Burst: ratelimit.MaxBurst, Rate: ratelimit.MaxRate}))
	c := serve(t, g, "")
	id := c.upload()
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() { // keeps loads on their way
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				c.get("/v1/assets/" + id)
			}
		}
	}()
	for n := range 50 {
		want := fmt.Sprint("title ", n)
		if err := g.Metadata().Update(t.Context(), func(tx metadata.Tx) error {
			a, err := tx.Asset(t.Context(), id)
			if err != nil {
				return err
			}
			a.Title = want
			return tx.UpdateAsset(t.Context(), a)
		}); err != nil {
			t.Fatal(err)
		}
		if got := titleOf(t, c, id); got != want {
			t.Errorf("the title is %q, want %q", got, want)
		}
	}
	close(stop)
	<-stopped
	c.do(http.MethodPatch, "/v1/assets/"+id, strings.NewReader(`{"title":"by hand"}`), "Content-Type", "application/merge-patch+json").want(t, http.StatusOK)
	if got := titleOf(t, c, id); got != "by hand" {
		t.Errorf("the title is %q", got)
	}
	c.do(http.MethodDelete, "/v1/assets/"+id, nil).want(t, http.StatusNoContent)
	c.get("/v1/assets/"+id).want(t, http.StatusNotFound)
}

// counting counts what is asked of a metadata store.
type countingMeta struct {
	metadata.Store

	assets, pings atomic.Int64
}

func (s *countingMeta) Asset(ctx context.Context, id string) (*metadata.Asset, error) {
	s.assets.Add(1)
	return s.Store.Asset(ctx, id)
}

func (s *countingMeta) Ping(ctx context.Context) error {
	s.pings.Add(1)
	return s.Store.Ping(ctx)
}

func TestAFloodOfReadersIsAFewQuestionsToTheStores(t *testing.T) {
	files, meta := ownStores(t)
	counted := &countingMeta{Store: meta}
	c := serve(t, startGate(t, "", streamgate.WithStorage(files), streamgate.WithMetadata(counted)), "")
	id := c.upload()
	counted.assets.Store(0)
	counted.pings.Store(0)
	for range 200 {
		c.get("/ready").want(t, http.StatusOK)
		c.get("/v1/assets/"+id).want(t, http.StatusOK)
	}
	// Each is good for a second where others may write, and the test may take some.
	if n := counted.assets.Load(); n > 50 {
		t.Errorf("%d of 200 reads went to the store", n)
	}
	if n := counted.pings.Load(); n > 50 {
		t.Errorf("%d of 200 questions went to the store", n)
	}
}

func TestOperatorsUseTheCacheService(t *testing.T) {
	g, file := auditing(t)
	admin := serve(t, g.Admin(), "")
	admin.do(http.MethodPut, "/v1/cache/greeting?ttl=60", strings.NewReader("hello"), "Content-Type", "text/plain").want(t, http.StatusCreated)
	if a := admin.get("/v1/cache/greeting").want(t, http.StatusOK); string(a.body) != "hello" || a.Header.Get("StreamGate-Cache") != "hit" {
		t.Errorf("%v %s", a.Header, a.body)
	}
	if entries := admin.get("/v1/cache/stats").want(t, http.StatusOK).json(t)["entries"]; entries != 1.0 {
		t.Errorf("%v entries", entries)
	}
	admin.do(http.MethodDelete, "/v1/cache", nil).want(t, http.StatusNoContent)
	admin.get("/v1/cache/greeting").want(t, http.StatusNotFound)
	list, _ := told(t, file)
	if len(list) != 2 || !strings.HasPrefix(list[0], "cache.set") || !strings.HasPrefix(list[1], "cache.cleared") {
		t.Errorf("the audit log tells %q", list)
	}
	wantProblem(t, serve(t, g, "").get("/v1/cache/stats"), http.StatusNotFound) // not on the public plane
	metrics := string(admin.get("/metrics").want(t, http.StatusOK).body)
	for _, want := range []string{
		`streamgate_cache_requests_total{cache="service",result="hit"} 1`,
		`streamgate_http_requests_total{service="cache",route="/v1/cache/{key}",method="PUT",code="201"} 1`,
		`streamgate_cache_entries{cache="streaming"}`,
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("no %s", want)
		}
	}
}

package hlsrules_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/streamgate/streamgate/internal/hlsrules"
)

// TestURL checks the presentation that STREAMGATE_RULES_URL names: make rules.
func TestURL(t *testing.T) {
	url := os.Getenv("STREAMGATE_RULES_URL")
	if url == "" {
		t.Skip("nothing is to be checked: make rules URL=http://127.0.0.1:8080/play/{asset}/master.m3u8")
	}
	for _, v := range hlsrules.Check(download(t.Context()), url) {
		if v.Should {
			t.Log(v)
		} else {
			t.Error(v)
		}
	}
}

func download(ctx context.Context) hlsrules.Fetch {
	client := &http.Client{Timeout: time.Minute}
	return func(uri string) ([]byte, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, uri, http.NoBody)
		if err != nil {
			return nil, err
		}
		resp, err := client.Do(req)
		if err != nil {
			return nil, err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("GET %s: %s", uri, resp.Status)
		}
		return io.ReadAll(io.LimitReader(resp.Body, 1<<30))
	}
}

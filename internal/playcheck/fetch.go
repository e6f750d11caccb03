package playcheck

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// client fetches the parts of a presentation. It asks for no compression, so
// that lengths are those of the bytes.
var client = &http.Client{
	Timeout:   30 * time.Second,
	Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 8},
}

// most is the largest answer that is read.
const most = 256 << 20

// fetch gets what is at uri, seen from base, and checks that HEAD says the same
// of it.
func (c *comparison) fetch(ctx context.Context, base *url.URL, uri string) ([]byte, *url.URL, http.Header, error) {
	at, err := base.Parse(uri)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("URI %q: %w", uri, err)
	}
	got, body, err := ask(ctx, http.MethodGet, at)
	if err != nil {
		return nil, nil, nil, err
	}
	if got.StatusCode != http.StatusOK {
		return nil, nil, nil, fmt.Errorf("GET %s: %s", at, got.Status)
	}
	head, _, err := ask(ctx, http.MethodHead, at)
	if err != nil {
		return nil, nil, nil, err
	}
	if head.StatusCode != http.StatusOK || head.ContentLength != int64(len(body)) {
		return nil, nil, nil, fmt.Errorf("HEAD %s: %s with length %d, GET brought %d", at, head.Status, head.ContentLength, len(body))
	}
	c.result.Bytes += int64(len(body))
	return body, at, got.Header, nil
}

func ask(ctx context.Context, method string, at *url.URL) (*http.Response, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, at.String(), nil)
	if err != nil {
		return nil, nil, fmt.Errorf("request for %s: %w", at, err)
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, nil, fmt.Errorf("%s %s: %w", method, at, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, most))
	if err != nil {
		return nil, nil, fmt.Errorf("%s %s: %w", method, at, err)
	}
	return resp, body, nil
}

package hls

import (
	"crypto/tls"
	"net/http"
)

// newClient keeps its connections, trusts the test's server and asks for
// nothing compressed.
func newClient(http2 bool) *http.Client {
	t := &http.Transport{
		TLSClientConfig:     &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // our own child
		DisableCompression:  true,
		MaxIdleConnsPerHost: 64,
		ForceAttemptHTTP2:   http2,
		ReadBufferSize:      64 << 10,
	}
	if !http2 {
		t.TLSClientConfig.NextProtos = []string{"http/1.1"}
	}
	return &http.Client{Transport: t}
}

package main

import (
	"context"
	"net/http"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestRunLeavesNothingBehind(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	out := newOutput()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- run(ctx, config{addr: "127.0.0.1:0", data: t.TempDir(), imports: t.TempDir(), drain: time.Second}, bare(t), out)
	}()
	base := <-out.url
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"health", nil)
	if err != nil {
		t.Fatal(err)
	}
	request(t, r, http.StatusOK, nil)
	http.DefaultClient.CloseIdleConnections()
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

package events_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/events"
)

func ExampleDispatcher() {
	log := newMemoryLog() // metadata.Store.Events() in a program
	log.emit(events.Event{Type: events.AssetReady, Asset: "film"})

	done := make(chan struct{})
	d := events.NewDispatcher(log, nil)
	d.Handle("tell", func(_ context.Context, e events.Event) error {
		fmt.Println(e.Type, e.Asset)
		close(done)
		return nil
	}, events.AssetReady)

	if err := d.Start(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	<-done
	if err := d.Stop(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output: asset.ready film
}

func ExampleHandler() {
	log, bus := newMemoryLog(), events.NewBus(nil)
	log.emit(events.Event{Type: events.AssetCreated, Owner: "ada", Asset: "film"})
	log.emit(events.Event{Type: events.AssetReady, Owner: "ada", Asset: "film"})
	handler := auth.Middleware(auth.Everybody("ada"))(events.NewHandler(bus, log, nil))

	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Last-Event-ID", "1") // the first was heard before
	ctx, leave := context.WithCancel(r.Context())
	w := httptest.NewRecorder()
	leave() // a client leaves after what was replayed
	handler.ServeHTTP(w, r.WithContext(ctx))
	fmt.Println(strings.Contains(w.Body.String(), "id: 2\nevent: asset.ready\n"))
	// Output: true
}

func ExampleJoin() {
	count := 0
	counter := events.RecorderFunc(func(context.Context, events.Event) error { count++; return nil })
	printer := events.RecorderFunc(func(_ context.Context, e events.Event) error {
		fmt.Println(e.Type)
		return nil
	})
	_ = events.Join(counter, printer).Record(context.Background(), events.Event{Type: events.UploadCreated})
	fmt.Println(count)
	// Output:
	// upload.created
	// 1
}

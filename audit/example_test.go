package audit_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/streamgate/streamgate/audit"
	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/events"
)

// temporary is a directory for an example.
func temporary() (dir string, remove func()) {
	dir, err := os.MkdirTemp("", "audit")
	if err != nil {
		panic(err)
	}
	return dir, func() { _ = os.RemoveAll(dir) }
}

func Example() {
	dir, remove := temporary()
	defer remove()
	key, err := audit.LoadKey(filepath.Join(dir, "audit.key"))
	if err != nil {
		fmt.Println(err)
		return
	}
	file, err := audit.OpenFile(filepath.Join(dir, "log"), key, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	log, err := audit.New([]audit.Sink{file}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	err = log.Record(context.Background(), audit.Event{
		Actor: "ada", Address: "192.0.2.1", Action: "asset.deleted", Resource: "asset/film", Outcome: audit.Success,
		Details: []slog.Attr{slog.Any("session", audit.NewSecret("hunter2"))},
	})
	fmt.Println("recorded:", err)
	fmt.Println("closed:", file.Close())

	files, _ := audit.Files(filepath.Join(dir, "log"))
	public := key.Public().(ed25519.PublicKey)
	report, err := audit.Verify(context.Background(), []ed25519.PublicKey{public}, files, nil)
	fmt.Println(report.Events, "event in good order:", err)

	// Somebody changes it.
	content, _ := os.ReadFile(files[0])
	_ = os.WriteFile(files[0], []byte(strings.Replace(string(content), "ada", "bob", 1)), 0o600)
	_, err = audit.Verify(context.Background(), []ed25519.PublicKey{public}, files, nil)
	if bad, ok := errors.AsType[*audit.TamperedError](err); ok {
		fmt.Printf("line %d: %s\n", bad.Line, bad.What)
	}
	// Output:
	// recorded: <nil>
	// closed: <nil>
	// 1 event in good order: <nil>
	// line 1: it is not event 1 as it was sealed
}

var moment = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// show is a Sink that prints.
type show struct{}

func (show) Append(_ context.Context, _ *audit.Event, line []byte) error {
	_, rest, _ := strings.Cut(string(line), `","`)
	fmt.Print(`{"` + rest) // without the time
	return nil
}

func printing(p audit.Policy) *audit.Log {
	log, err := audit.New([]audit.Sink{show{}}, &audit.Options{Policy: p})
	if err != nil {
		panic(err)
	}
	return log
}

func ExampleEvent_AppendJSON() {
	e := audit.Event{Actor: "ada", Action: "asset.updated", Details: []slog.Attr{slog.String("title", "A film\n{\"forged\":true}")}}
	fmt.Printf("%s\n", e.AppendJSON(nil))
	// Output: {"time":"0001-01-01T00:00:00Z","actor":"ada","action":"asset.updated","details":{"title":"A film\n{\"forged\":true}"}}
}

func ExampleNewSecret() {
	login := struct {
		User  string
		Token audit.Secret
	}{"ada", audit.NewSecret("hunter2")}
	fmt.Printf("%+v, and to whom it concerns: %s\n", login, login.Token.Reveal())
	// Output: {User:ada Token:[redacted]}, and to whom it concerns: hunter2
}

func ExampleLog_Handler() {
	logger := slog.New(printing(audit.Refuse).Handler())
	logger.Info("door.opened", "actor", "ada", "resource", "door/7", "outcome", audit.Success, "hour", 23)
	// Output: {"actor":"ada","action":"door.opened","resource":"door/7","outcome":"success","details":{"hour":23}}
}

func ExampleToHandler() {
	text := slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})
	log, err := audit.New([]audit.Sink{audit.ToHandler(text)}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = log.Record(context.Background(), audit.Event{Actor: "ada", Action: "login", Outcome: audit.Refused})
	// Output: level=WARN msg=login actor=ada outcome=refused
}

// full is a Sink without room.
type full struct{}

func (full) Append(context.Context, *audit.Event, []byte) error { return errors.New("no space left") }

func ExampleNew() {
	for _, policy := range []audit.Policy{audit.Refuse, audit.Drop} {
		log, err := audit.New([]audit.Sink{full{}}, &audit.Options{Policy: policy})
		if err != nil {
			fmt.Println(err)
			return
		}
		err = log.Record(context.Background(), audit.Event{Action: "asset.deleted"})
		fmt.Println(errors.Is(err, audit.ErrUnavailable), log.Refused(), log.Dropped())
	}
	// Output:
	// true 1 0
	// false 0 1
}

// opened is a log in a directory of its own.
func opened(o *audit.FileOptions) (file *audit.File, key ed25519.PrivateKey, dir string, remove func()) {
	dir, remove = temporary()
	key, err := audit.LoadKey(filepath.Join(dir, "audit.key"))
	if err != nil {
		panic(err)
	}
	file, err = audit.OpenFile(filepath.Join(dir, "log"), key, o)
	if err != nil {
		panic(err)
	}
	return file, key, filepath.Join(dir, "log"), remove
}

func ExampleOpenFile() {
	// Rotated at 100 MiB or every day, kept for a month; checkpoints go to a log
	// on another machine.
	file, _, _, remove := opened(&audit.FileOptions{
		MaxAge: 24 * time.Hour, MaxFiles: 31,
		Checkpoint: func(_ context.Context, c audit.Checkpoint) error {
			fmt.Println("event", c.Seq, "is proven by a checkpoint")
			return nil
		},
	})
	defer remove()
	log, err := audit.New([]audit.Sink{file}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = log.Record(context.Background(), audit.Event{Action: "asset.deleted"})
	_ = file.Close()
	// Output: event 1 is proven by a checkpoint
}

func ExampleFile_Rotate() {
	file, _, dir, remove := opened(nil)
	defer remove()
	log, _ := audit.New([]audit.Sink{file}, nil)
	_ = log.Record(context.Background(), audit.Event{Action: "asset.deleted"})
	fmt.Println(file.Rotate(context.Background())) // on SIGHUP, say
	files, _ := audit.Files(dir)
	for _, name := range files {
		fmt.Println(filepath.Base(name))
	}
	_ = file.Close()
	// Output:
	// <nil>
	// audit-00000001.jsonl
	// audit-00000002.jsonl
}

func ExampleFile_Sync() {
	file, _, _, remove := opened(&audit.FileOptions{NoWait: true})
	defer remove()
	log, _ := audit.New([]audit.Sink{file}, nil)
	_ = log.Record(context.Background(), audit.Event{Action: "asset.deleted"}) // in memory
	fmt.Println("on the disk:", file.Sync(context.Background()))
	_ = file.Close()
	// Output: on the disk: <nil>
}

func ExampleFile_Search() {
	file, _, _, remove := opened(nil)
	defer remove()
	log, _ := audit.New([]audit.Sink{file}, nil)
	for _, actor := range []string{"ada", "bob", "ada"} {
		_ = log.Record(context.Background(), audit.Event{Actor: actor, Action: "asset.deleted"})
	}
	page, err := file.Search(context.Background(), audit.Query{Actor: "ada"})
	for _, e := range page.Entries {
		fmt.Println(e.Seq, e.Actor, e.Action)
	}
	fmt.Println(err)
	_ = file.Close()
	// Output:
	// 3 ada asset.deleted
	// 1 ada asset.deleted
	// <nil>
}

func ExampleNewHandler() {
	file, _, _, remove := opened(nil)
	defer remove()
	handler, err := audit.NewHandler(file, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	mux.Handle("/v1/audit", http.StripPrefix("/v1/audit", handler))

	r := httptest.NewRequest(http.MethodGet, "/v1/audit?actor=ada&since=2026-03-01T00:00:00Z", nil)
	r = r.WithContext(auth.NewContext(r.Context(), auth.Principal{ID: "root", Admin: true}))
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	fmt.Print(w.Code, " ", w.Body)
	_ = file.Close()
	// Output: 200 {"events":[],"next":null}
}

func ExampleNewRecorder() {
	recorder, err := audit.NewRecorder(printing(audit.Refuse), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := audit.NewContext(context.Background(), audit.Origin{Address: "192.0.2.1"})
	_ = recorder.Record(ctx, events.Event{Type: events.AssetDeleted, Actor: "ada", Asset: "film"})
	// Output: {"actor":"ada","address":"192.0.2.1","action":"asset.deleted","resource":"asset/film","outcome":"success"}
}

func ExampleMiddleware() {
	trustedProxy := func(r *http.Request) audit.Origin {
		return audit.Origin{Address: r.Header.Get("X-Real-IP")} // set by our own proxy, whatever the client sends
	}
	h := audit.Middleware(trustedProxy)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		fmt.Println(audit.FromContext(r.Context()).Address)
	}))
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("X-Real-IP", "198.51.100.7")
	h.ServeHTTP(httptest.NewRecorder(), r)
	// Output: 198.51.100.7
}

func ExampleNewTally() {
	tally, err := audit.NewTally(printing(audit.Refuse), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 5000 {
		tally.Add(audit.Event{Time: moment, Address: "192.0.2.1", Action: "ratelimit.exceeded", Outcome: audit.Refused})
	}
	_ = tally.Close(context.Background())
	// Output: {"address":"192.0.2.1","action":"ratelimit.exceeded","outcome":"refused","details":{"count":5000,"first":"2026-03-01T12:00:00Z","last":"2026-03-01T12:00:00Z"}}
}

func ExampleVerify() {
	var kept string // where nobody reaches it who can write the files
	file, key, dir, remove := opened(&audit.FileOptions{Checkpoint: func(_ context.Context, c audit.Checkpoint) error {
		kept = c.String()
		return nil
	}})
	defer remove()
	log, _ := audit.New([]audit.Sink{file}, nil)
	for range 3 {
		_ = log.Record(context.Background(), audit.Event{Action: "asset.deleted"})
	}
	_ = file.Close()

	// The last event and its seal are cut off.
	files, _ := audit.Files(dir)
	content, _ := os.ReadFile(files[0])
	lines := strings.SplitAfter(string(content), "\n")
	_ = os.WriteFile(files[0], []byte(strings.Join(lines[:len(lines)-3], "")), 0o600)

	keys := []ed25519.PublicKey{key.Public().(ed25519.PublicKey)}
	report, err := audit.Verify(context.Background(), keys, files, nil)
	fmt.Println(report.Events, err)
	point, err := audit.ParseCheckpoint(kept, keys...)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = audit.Verify(context.Background(), keys, files, &audit.VerifyOptions{Checkpoints: []audit.Checkpoint{point}})
	fmt.Println(strings.HasSuffix(err.Error(), "the files end with seal 2, what came after was cut off"))
	// Output:
	// 2 <nil>
	// true
}

func ExampleParseEntry() {
	e, err := audit.ParseEntry([]byte(`{"seq":7,"time":"2026-03-01T12:00:00Z","actor":"ada","action":"asset.deleted"}`))
	fmt.Println(e.Seq, e.Actor, e.Action, err)
	// Output: 7 ada asset.deleted <nil>
}

func ExampleParsePublicKey() {
	dir, remove := temporary()
	defer remove()
	key, err := audit.LoadKey(filepath.Join(dir, "audit.key"))
	if err != nil {
		fmt.Println(err)
		return
	}
	text, _ := audit.MarshalPublicKey(key.Public().(ed25519.PublicKey)) // for those who verify
	public, err := audit.ParsePublicKey(text)
	fmt.Println(public.Equal(key.Public()), err)
	// Output: true <nil>
}

package streamgate_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"time"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/hls"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/sqlite"
	"github.com/streamgate/streamgate/storage/disk"
	"github.com/streamgate/streamgate/upload"
)

// A folder of MP4 files is HLS in one line: /videos/clip.mp4/master.m3u8.
func Example_folder() {
	http.Handle("/videos/", http.StripPrefix("/videos", hls.Dir("./videos")))

	_, pattern := http.DefaultServeMux.Handler(httptest.NewRequest(http.MethodGet, "/videos/clip.mp4/master.m3u8", nil))
	fmt.Println(pattern, "is served")
	// Output: /videos/ is served
}

// myApp is an application with users.
type myApp struct{}

// User reads the application's own session.
func (myApp) User(r *http.Request) (auth.Principal, error) {
	cookie, err := r.Cookie("session")
	if err != nil {
		return auth.Principal{}, nil // nobody
	}
	return auth.Principal{ID: cookie.Value}, nil // a real one looks it up
}

// mux is what an application's router can do, such as *http.ServeMux.
type mux interface {
	Handle(pattern string, handler http.Handler)
}

// demo is a mux of an application that ends once all is mounted.
type demo struct{ end func() }

func (d demo) Handle(pattern string, _ http.Handler) {
	fmt.Println("mounted", pattern)
	if d.end != nil {
		d.end()
	}
}

// The whole service in an application that exists.
func Example_embed() {
	run := func(ctx context.Context, dir string, app myApp, mux, admin mux) error {
		gate, err := streamgate.New(dir, // embedded defaults: disk, SQLite
			streamgate.WithAuthenticator(app.User)) // the application's own sessions stay in charge
		if err != nil {
			return err
		}
		if err := gate.Start(ctx); err != nil { // New opens, Start runs workers, Stop drains
			return err
		}
		mux.Handle("/video/", http.StripPrefix("/video", gate))       // what viewers and uploaders may reach
		admin.Handle("/ops/", http.StripPrefix("/ops", gate.Admin())) // never on the public plane

		<-ctx.Done()
		stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		return gate.Stop(stopCtx)
	}

	dir, err := os.MkdirTemp("", "streamgate")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	fmt.Println(run(ctx, dir, myApp{}, demo{}, demo{stop}))
	// Output:
	// mounted /video/
	// mounted /ops/
	// <nil>
}

// The parts, assembled by hand behind the application's own middleware.
func Example_parts() {
	assemble := func(ctx context.Context, dir string, myAuth func(http.Handler) http.Handler, mux *http.ServeMux) (closeAll func(), err error) {
		files, err := disk.Open(dir)
		if err != nil {
			return nil, err
		}
		db, err := sqlite.Open(filepath.Join(dir, "streamgate.db"))
		if err != nil {
			return nil, err
		}
		up, err := upload.New(files, db.Metadata(), &upload.Options{MaxSize: 4 << 30})
		if err != nil {
			return nil, err
		}
		play, err := hls.New(files, db.Metadata(), nil)
		if err != nil {
			return nil, err
		}
		assets, err := metadata.NewHandler(db.Metadata(), nil)
		if err != nil {
			return nil, err
		}
		after := events.NewDispatcher(db.Metadata().Events(), nil) // what follows a change, also after a crash
		after.Handle("remove files", metadata.RemoveFiles(db.Metadata(), files))
		if err := after.Start(ctx); err != nil {
			return nil, err
		}
		if err := up.Recover(ctx); err != nil { // finishes what a crash cut off
			return nil, err
		}
		mux.Handle("/uploads/", myAuth(http.StripPrefix("/uploads", up)))
		mux.Handle("/assets/", myAuth(http.StripPrefix("/assets", assets)))
		mux.Handle("/watch/", myAuth(http.StripPrefix("/watch", play))) // /watch/{asset}/master.m3u8
		return func() { _ = up.Drain(ctx); _ = after.Stop(ctx); _ = db.Close(); _ = files.Close() }, nil
	}

	dir, err := os.MkdirTemp("", "streamgate")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	closeAll, err := assemble(context.Background(), dir, auth.Middleware(myApp{}.User), http.NewServeMux())
	if err != nil {
		fmt.Println(err)
		return
	}
	closeAll()
	fmt.Println("assembled")
	// Output: assembled
}

func ExampleNew() {
	dir, err := os.MkdirTemp("", "streamgate")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	gate, err := streamgate.New(dir)
	fmt.Println(gate == nil, err)

	gate, err = streamgate.New(dir, streamgate.WithAuthenticator(auth.Everybody("local")))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(gate.Stop(context.Background()))
	// Output:
	// true streamgate: nobody says who sends a request: give New the option WithAuthenticator, with WithAuthenticator(auth.Everybody("local")) for a server that only its owner reaches
	// <nil>
}

func ExampleOnReady() {
	tell := func(_ context.Context, a *metadata.Asset) { fmt.Println(a.Title, "plays now") }
	_ = streamgate.OnReady(tell) // for New

	tell(context.Background(), &metadata.Asset{Title: "Holiday"}) // as the Gate does later
	// Output: Holiday plays now
}

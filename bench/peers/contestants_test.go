package peers

import (
	"context"
	"errors"
	"log"
	"log/slog"
	"net/http"
	"path/filepath"

	"github.com/tus/tusd/v2/pkg/filelocker"
	"github.com/tus/tusd/v2/pkg/filestore"
	"github.com/tus/tusd/v2/pkg/handler"
	"github.com/tus/tusd/v2/pkg/memorylocker"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/metadata/sqlite"
	"github.com/streamgate/streamgate/ratelimit"
	"github.com/streamgate/streamgate/storage/disk"
	"github.com/streamgate/streamgate/upload"
)

// base is where every contestant takes uploads.
const base = "/v1/uploads"

// A contestant is a server that takes uploads below base.
type contestant struct {
	handler http.Handler
	close   func()
	tally   *tally // of what it asked of its stores, or nil
}

// contestants open their servers over an empty directory. maxSize is the largest
// file that is taken, negative for any.
var contestants = map[string]func(dir string, maxSize int64) (*contestant, error){
	// gate is the service as examples/server puts it together.
	"gate": openGate,
	// uploader is the upload room alone, with an OnComplete that does nothing;
	// nohash the same without the SHA-256, tallied with counted stores and
	// inspection.
	"uploader": func(dir string, maxSize int64) (*contestant, error) {
		return openUploader(dir, &upload.Options{MaxSize: maxSize, OnComplete: nothing})
	},
	"nohash": func(dir string, maxSize int64) (*contestant, error) {
		return openUploader(dir, &upload.Options{MaxSize: maxSize, OnComplete: nothing, NoHash: true})
	},
	"tallied": func(dir string, maxSize int64) (*contestant, error) {
		return openUploader(dir, &upload.Options{MaxSize: maxSize})
	},
	// tusd is put together as its program does with a directory; tusd-memory has
	// the locker that its program takes for remote stores.
	"tusd": func(dir string, maxSize int64) (*contestant, error) {
		return openTusd(dir, maxSize, filelocker.New(dir))
	},
	"tusd-memory": func(dir string, maxSize int64) (*contestant, error) {
		return openTusd(dir, maxSize, memorylocker.New())
	},
	// bare copies bodies to files; bare-sync syncs them, too, before it answers.
	"bare":      func(dir string, _ int64) (*contestant, error) { return openBare(dir, false), nil },
	"bare-sync": func(dir string, _ int64) (*contestant, error) { return openBare(dir, true), nil },
}

// nowhere takes what is logged. It is not io.Discard, for which loggers do less.
type nowhere struct{}

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }

func logger() *slog.Logger { return slog.New(slog.NewTextHandler(nowhere{}, nil)) }

func nothing(context.Context, *upload.Completed) error { return nil }

func openGate(dir string, maxSize int64) (*contestant, error) {
	g, err := streamgate.New(dir,
		streamgate.WithAuthenticator(auth.Everybody("bench")), streamgate.WithAllowedHosts("localhost", "127.0.0.1", "::1"),
		streamgate.WithLogger(logger()), streamgate.WithMaxUploadSize(maxSize),
		streamgate.WithRateLimit("upload", ratelimit.Limit{Burst: ratelimit.MaxBurst, Rate: ratelimit.MaxRate}))
	if err != nil {
		return nil, err
	}
	if err := g.Start(context.Background()); err != nil {
		return nil, errors.Join(err, g.Stop(context.Background()))
	}
	mux := http.NewServeMux()
	mux.Handle("/", g)
	return &contestant{handler: mux, close: func() { _ = g.Stop(context.Background()) }}, nil
}

func openUploader(dir string, o *upload.Options) (*contestant, error) {
	files, err := disk.Open(dir)
	if err != nil {
		return nil, err
	}
	db, err := sqlite.Open(filepath.Join(dir, "streamgate.db"))
	if err != nil {
		return nil, errors.Join(err, files.Close())
	}
	c := &contestant{close: func() { _, _ = db.Close(), files.Close() }}
	o.Logger = logger()
	var up *upload.Uploader
	if o.OnComplete == nil {
		c.tally = new(tally)
		up, err = upload.New(&talliedFiles{files, c.tally}, &talliedMeta{db.Metadata(), c.tally}, o)
	} else {
		up, err = upload.New(files, db.Metadata(), o)
	}
	if err != nil {
		c.close()
		return nil, err
	}
	mux := http.NewServeMux()
	mount(mux, auth.Middleware(auth.Everybody("bench"))(up))
	mux.HandleFunc("DELETE /v1/assets/{id}", func(_ http.ResponseWriter, r *http.Request) {
		for blob, err := range files.List(r.Context(), "assets/"+r.PathValue("id")+"/") {
			if err == nil {
				_ = files.Delete(r.Context(), blob.Key)
			}
		}
	})
	c.handler = mux
	return c, nil
}

func mount(mux *http.ServeMux, h http.Handler) {
	h = http.StripPrefix(base, h)
	mux.Handle(base, h)
	mux.Handle(base+"/", h)
}

func openTusd(dir string, maxSize int64, locker interface{ UseIn(*handler.StoreComposer) }) (*contestant, error) {
	log.SetOutput(nowhere{}) // where its default logger writes
	composer := handler.NewStoreComposer()
	filestore.New(dir).UseIn(composer)
	locker.UseIn(composer)
	h, err := handler.NewHandler(handler.Config{StoreComposer: composer, BasePath: base + "/", MaxSize: max(maxSize, 0)})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mount(mux, h)
	return &contestant{handler: mux, close: func() {}}, nil
}

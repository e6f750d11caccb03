// Package streamgate gives an application a video service: uploads in, HLS and DASH out,
// each viewer let in or kept out.
//
// A Gate is an http.Handler with everything behind it. It keeps its data in one
// directory (files, and a SQLite database) and runs in the application's own
// process: no server, queue or ffmpeg beside it.
//
//	gate, err := streamgate.New("./data", streamgate.WithAuthenticator(myApp.User))
//	if err != nil {
//		return err
//	}
//	if err := gate.Start(ctx); err != nil {
//		return err
//	}
//	defer gate.Stop(stopCtx)
//	mux.Handle("/video/", http.StripPrefix("/video", gate))
//
// The parts can be had without it: an [Uploader] and an [HLSServer] over a
// storage.Store and a [MetadataStore] are handlers for the application's own
// mux, see the packages upload, hls and metadata.
//
// # Who may do what
//
// Nothing is open by itself. The application says who sends a request
// ([WithAuthenticator]), everything belongs to somebody, and what is another's
// is answered as if it were not there. [WithAuthorizer] changes that.
//
// # Life of a Gate
//
// [New] opens, [Gate.Start] runs the workers, [Gate.Stop] drains. Call Stop
// before, or beside, http.Server.Shutdown: it is what ends event streams and
// uploads, for which Shutdown would wait.
//
// # Mounts and proxies
//
// A Gate works below any prefix that http.StripPrefix or a proxy takes away.
// Location headers are relative to the request; paths in JSON answers count
// from the mount, or are absolute by [WithPublicURL].
//
// No X-Forwarded header is read, but for X-Forwarded-For from those that
// [WithTrustedProxies] names.
package streamgate

import (
	"net/http"
	"sync"

	"github.com/streamgate/streamgate/audit"
	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/hls"
	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metrics"
	"github.com/streamgate/streamgate/ratelimit"
	"github.com/streamgate/streamgate/settle"
	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/transcode"
	"github.com/streamgate/streamgate/upload"
)

// The services that a Gate is made of, by the names that its users know.
type (
	Uploader      = upload.Uploader
	HLSServer     = hls.Server
	MetadataStore = metadata.Store
)

// Transcoder is the one that needs ffmpeg: see WithTranscoder.
type Transcoder = transcode.Transcoder

// Gate is the whole service as an http.Handler. Its methods may be called
// concurrently.
type Gate struct {
	o       *options
	files   storage.Store
	meta    metadata.Store
	uploads *upload.Uploader
	player  *hls.Server
	assets  http.Handler

	jobDatabase jobs.Database // or nil

	bus        *events.Bus
	dispatcher *events.Dispatcher
	recovery   *periodic
	settler    *settle.Settler       // or nil
	settling   *settle.Options       // of that
	jobs       *jobs.Queue           // or nil
	coder      *transcode.Transcoder // or nil
	importing  sync.RWMutex          // held for reading by imports, for writing by a recovery
	requests   requests
	caches     caches
	registry   *metrics.Registry
	counts     *metrics.Gate
	limits     map[string]*ratelimit.Limiter // by service
	address    ratelimit.Address
	trail      events.Recorder // the audit log's, or nil
	tally      *audit.Tally    // or nil

	crossOrigin *http.CrossOriginProtection
	public      http.Handler
	admin       http.Handler
	closers     []func() error // in the order of opening

	mu     sync.Mutex
	state  state
	ended  chan struct{} // closed when Stop is done
	result error         // of Stop, once ended
}

// New opens a Gate over the data directory dir, which is made where it is not
// there and belongs to one process at a time. It starts nothing: call Start.
func New(dir string, opts ...Option) (*Gate, error) {
	o, err := collect(opts)
	if err != nil {
		return nil, err
	}
	g := &Gate{o: o, ended: make(chan struct{})}
	if err := g.open(dir); err != nil {
		return nil, g.abandon(err)
	}
	if err := g.wire(dir); err != nil {
		return nil, g.abandon(err)
	}
	return g, nil
}

// ServeHTTP serves what viewers and uploaders may reach. After Stop every
// answer is 503.
func (g *Gate) ServeHTTP(w http.ResponseWriter, r *http.Request) { g.public.ServeHTTP(w, r) }

// Admin returns the handler for operators: readiness with each dependency,
// metrics, the audit log, jobs and a cache for their programs. It asks nobody who they
// are: mount it where only operators reach, behind the application's own check,
// never beside the public plane.
func (g *Gate) Admin() http.Handler { return g.admin }

// Files is where the bytes lie.
func (g *Gate) Files() storage.Store { return g.files }

// Metadata is what is known of assets and uploads. Its Update lets the Gate's
// workers know of new events at once.
func (g *Gate) Metadata() MetadataStore { return g.meta }

// Uploads takes files in.
func (g *Gate) Uploads() *Uploader { return g.uploads }

// HLS plays them.
func (g *Gate) HLS() *HLSServer { return g.player }

// Transcoder makes what plays of what does not; nil without WithTranscoder.
func (g *Gate) Transcoder() *Transcoder { return g.coder }

// Metrics is where the Gate counts. The application's own series may be there,
// too.
func (g *Gate) Metrics() *metrics.Registry { return g.registry }

// Events is where live events are published.
func (g *Gate) Events() *events.Bus { return g.bus }

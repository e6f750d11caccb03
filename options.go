package streamgate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"strings"
	"time"

	limiter "github.com/sethvargo/go-limiter"

	"github.com/streamgate/streamgate/audit"
	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/hls"
	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metrics"
	"github.com/streamgate/streamgate/ratelimit"
	"github.com/streamgate/streamgate/settle"
	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/transcode"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
	"github.com/streamgate/streamgate/upload"
)

// Option changes what New makes.
type Option func(*options)

type options struct {
	authenticate    auth.Authenticator
	authorizer      auth.Authorizer
	logger          *slog.Logger
	publicURL       string
	onReady         func(context.Context, *metadata.Asset)
	files           storage.Store
	meta            metadata.Store
	jobs            []func(*jobs.Queue) error
	jobDatabase     jobs.Database
	jobOptions      []func(*jobs.Options)
	recorder        events.Recorder
	maxUploadSize   int64
	uploadExpiry    time.Duration
	importFolders   []string
	hosts           []string
	origins         []string
	upload          []func(*upload.Options)
	playback        []func(*hls.Options)
	encryption      *hls.Encryption
	segmentDuration time.Duration
	retention       time.Duration
	limits          map[string]ratelimit.Limit
	limitKey        ratelimit.Key
	limitStore      func(service string, l ratelimit.Limit) (limiter.Store, error)
	proxies         []netip.Prefix
	metrics         *metrics.Registry
	quiet           bool
	audit           *audit.Log
	settling        []func(*settle.Options)
	unsettled       bool               // they are not wanted
	transcoder      *transcode.Options // nil: there is none
	ffmpeg          *ffmpeg.Options
}

// WithAuthenticator says who sends a request, for example by the application's
// own session cookie. auth.Everybody("local") is for a server that only its
// owner reaches. Default: none, and New refuses.
func WithAuthenticator(a auth.Authenticator) Option {
	return func(o *options) { o.authenticate = a }
}

// WithAuthorizer says who may do what. auth.PublicPlay(auth.OwnerOnly()) lets
// anybody play who has an asset's address. Default: auth.OwnerOnly().
func WithAuthorizer(a auth.Authorizer) Option {
	return func(o *options) { o.authorizer = a }
}

// WithLogger takes the access log, one line for each request, and what fails in
// the background. Default: slog.Default().
func WithLogger(l *slog.Logger) Option {
	return func(o *options) { o.logger = l }
}

// WithPublicURL is the URL, as clients see it, of where the Gate is mounted,
// such as "https://example.com/video". Answers then hold absolute URLs.
// Default: none; Locations are relative, and paths in answers count from the mount.
func WithPublicURL(url string) Option {
	return func(o *options) { o.publicURL = url }
}

// OnReady is called when an asset has become ready, at least once for each time
// it does, also when the process ended in between. It runs in the background,
// and its context ends when Stop has to hurry. Default: nobody is called.
func OnReady(f func(ctx context.Context, a *metadata.Asset)) Option {
	return func(o *options) { o.onReady = f }
}

// WithStorage keeps the bytes in a store that the caller opened and closes
// after Stop. Default: the data directory, by storage/disk.
//
// With WithMetadata too, the data directory is not used and may be "".
func WithStorage(s storage.Store) Option {
	return func(o *options) { o.files = s }
}

// WithMetadata keeps what is known of assets in a store that the caller opened
// and closes after Stop. metadata/postgres is for several
// processes on one database. Default: streamgate.db in the data directory, by
// metadata/sqlite.
func WithMetadata(s metadata.Store) Option {
	return func(o *options) { o.meta = s }
}

// WithRecorder is told of everything that happens before the client is, and may
// refuse it: an audit log, for example. Several are told in turn.
// Default: nobody is told.
func WithRecorder(r events.Recorder) Option {
	return func(o *options) {
		if o.recorder != nil {
			r = events.Join(o.recorder, r)
		}
		o.recorder = r
	}
}

// WithMaxUploadSize is the largest file that is taken, in bytes; negative for
// no limit. Default: 32 GiB.
func WithMaxUploadSize(bytes int64) Option {
	return func(o *options) { o.maxUploadSize = bytes }
}

// WithUploadExpiry is how long an upload that is not complete can be resumed,
// from its last byte on. Default: 7 days.
func WithUploadExpiry(d time.Duration) Option {
	return func(o *options) { o.uploadExpiry = d }
}

// WithUpload changes what the Gate tells its Uploader: limits of one owner, a
// quota, hooks, what is taken. f gets the options as the Gate has set them, and
// may be given more than once. Default: those of package upload.
func WithUpload(f func(o *upload.Options)) Option {
	return func(o *options) { o.upload = append(o.upload, f) }
}

// WithPlayWhileUploading says whether an asset plays before its upload is complete,
// where its file can: an MP4 or MOV whose moov box comes first or that is in
// fragments. Who may play it then sees bytes that no checksum was compared with
// yet, and an end that may turn out to be broken. Default: true, but not beside an
// upload.Options.OnComplete of the application's own.
func WithPlayWhileUploading(on bool) Option {
	return WithUpload(func(o *upload.Options) { o.NoEarlyPlay = !on })
}

// WithPlayback changes what the Gate tells its HLSServer: whether shared caches
// may keep what is played, whether files may be downloaded as they came or played
// as MPEG-2 transport streams, what plays under an id. f gets the options as the
// Gate has set them, and may be given more than once. Default: those of package hls.
func WithPlayback(f func(o *hls.Options)) Option {
	return func(o *options) { o.playback = append(o.playback, f) }
}

// WithEncryption has segments encrypted. Keys are given to whom the Authorizer
// lets have them (auth.Key): with auth.PublicPlay(auth.OwnerOnly()) to the owner
// alone. With WithPublicURL manifests name where ClearKey licences are, if e does
// not. Downloads and MPEGTS of hls.Options are refused beside it.
// docs/encryption.md says what that protects. Default: nil, nothing is encrypted.
func WithEncryption(e *hls.Encryption) Option {
	return func(o *options) { o.encryption = e }
}

// WithImportFolder lets Gate.Import take files from below dir, without copying
// them. May be given more than once, and not beside WithStorage, whose store
// has import folders of its own. Default: none.
func WithImportFolder(dir string) Option {
	return func(o *options) { o.importFolders = append(o.importFolders, dir) }
}

// WithAllowedHosts refuses requests for any other Host than these names and
// addresses, whatever the port. Give a server on a loopback address "localhost",
// "127.0.0.1" and "::1", or any web page can reach it by DNS rebinding.
// Default: every Host is served.
func WithAllowedHosts(hosts ...string) Option {
	return func(o *options) { o.hosts = append(o.hosts, hosts...) }
}

// WithTrustedOrigins lets pages of these origins, such as
// "https://app.example.com", use everything below /v1 with their users' cookies:
// send requests that write, and read the answers (CORS). Name only origins that
// are your own. /play is readable by every origin, without cookies.
// Default: only pages of the Gate's own origin.
func WithTrustedOrigins(origins ...string) Option {
	return func(o *options) { o.origins = append(o.origins, origins...) }
}

// WithSegmentDuration is how long segments are to be: each ends at the key frame
// that is nearest to that. Default: 6 s.
func WithSegmentDuration(d time.Duration) Option {
	return func(o *options) { o.segmentDuration = d }
}

// WithEventRetention is how long events are kept for clients that were away.
// Default: 24 h.
func WithEventRetention(d time.Duration) Option {
	return func(o *options) { o.retention = d }
}

// WithRateLimit sets how many requests one client may send to a service: a full
// bucket of Burst, and Rate a second. The services are "health", "gateway" (events
// and paths that are not there), "auth" (wrong credentials, by address), "upload",
// "streaming", "metadata", "cache" and "monitor".
// A Gate behind a limit of the application's own gets a large one. Default: the
// table in docs/operations.md.
func WithRateLimit(service string, l ratelimit.Limit) Option {
	return func(o *options) {
		if o.limits == nil {
			o.limits = make(map[string]ratelimit.Limit)
		}
		o.limits[service] = l
	}
}

// WithRateLimitStore keeps the buckets of "upload", "streaming", "metadata" and
// "auth" elsewhere, for instance in Redis (package ratelimit/redis), so that
// several Gates share them: open is called once for each service, and what it
// returns is the caller's to close after Stop.
// Default: in memory.
func WithRateLimitStore(open func(service string, l ratelimit.Limit) (limiter.Store, error)) Option {
	return func(o *options) { o.limitStore = open }
}

// WithRateLimitKey says who counts as one client: those with the same key share a
// bucket. For requests that the Gate has not authenticated yet, too. Default:
// ratelimit.ByPrincipal, and for who is not signed in the address.
func WithRateLimitKey(k ratelimit.Key) Option {
	return func(o *options) { o.limitKey = k }
}

// WithTrustedProxies names the proxies, by the ranges of their addresses, whose
// X-Forwarded-For tells from where a request comes: see ratelimit.ForwardedIP.
// Default: none; a client is who opened the connection.
func WithTrustedProxies(ranges ...netip.Prefix) Option {
	return func(o *options) { o.proxies = append(o.proxies, ranges...) }
}

// WithMetrics counts in the application's own Registry, which it may expose by
// itself. Default: one of the Gate's own, with what the process tells, at
// /metrics of Admin.
func WithMetrics(r *metrics.Registry) Option {
	return func(o *options) { o.metrics = r }
}

// WithAudit has the log told of what is done before the client hears of it: who
// did what to what, from where. By its policy it may refuse, see package audit.
// docs/operations.md says what is in it. Where a sink of it can be searched, it is
// shown at /v1/audit of Admin. The caller closes its sinks, after Stop. Default:
// there is none.
func WithAudit(l *audit.Log) Option {
	return func(o *options) { o.audit = l }
}

// WithQuietAnswers leaves X-Request-ID, RateLimit and RateLimit-Policy out of
// answers, which saves two allocations each. Problems still have the request's
// id. Default: every answer has them.
func WithQuietAnswers() Option {
	return func(o *options) { o.quiet = true }
}

// collect applies the options and refuses what cannot work.
func collect(list []Option) (*options, error) {
	o := &options{authorizer: auth.OwnerOnly(), logger: slog.Default(), recorder: events.Discard()}
	for _, option := range list {
		option(o)
	}
	if o.authenticate == nil {
		return nil, errors.New("streamgate: nobody says who sends a request: give New the option WithAuthenticator, " +
			`with WithAuthenticator(auth.Everybody("local")) for a server that only its owner reaches`)
	}
	if o.authorizer == nil || o.logger == nil {
		return nil, errors.New("streamgate: WithAuthorizer and WithLogger take no nil")
	}
	if o.files != nil && len(o.importFolders) > 0 {
		return nil, errors.New("streamgate: WithImportFolder is for the storage that New opens; tell the one of WithStorage itself")
	}
	for service := range o.limits {
		if _, ok := defaultLimits[service]; !ok {
			return nil, fmt.Errorf("streamgate: WithRateLimit: there is no service %q; there are %s", service, serviceNames())
		}
	}
	for _, p := range o.proxies {
		if !p.IsValid() || p.Bits() == 0 {
			return nil, fmt.Errorf("streamgate: WithTrustedProxies: %v is no range of addresses, or is all of them: then every client may say that it is another", p)
		}
	}
	if o.segmentDuration < 0 || o.retention < 0 || o.uploadExpiry < 0 {
		return nil, errors.New("streamgate: a duration is negative")
	}
	return o, o.checkPublicURL()
}

func (o *options) checkPublicURL() error {
	if o.publicURL == "" {
		return nil
	}
	u, err := url.Parse(o.publicURL)
	if err != nil {
		return fmt.Errorf("streamgate: WithPublicURL: %w", err)
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return fmt.Errorf("streamgate: WithPublicURL(%q) is no URL such as https://example.com/video", o.publicURL)
	}
	o.publicURL = strings.TrimSuffix(o.publicURL, "/")
	return nil
}

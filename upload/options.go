package upload

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/media"
)

// Options are what an Uploader may be told. A nil *Options is all defaults.
type Options struct {
	// MaxSize is the largest file taken, in bytes; negative for no limit.
	// Default: 32 GiB.
	MaxSize int64

	// MaxDuration is how long a file may play; Inspect fails a longer one.
	// Default: no limit.
	MaxDuration time.Duration

	// MaxOpen is how many uploads of one owner may be open at the same time;
	// negative for no limit. Default: 1000.
	MaxOpen int

	// MaxOpenBytes is how many bytes the open uploads of one owner may have
	// together, as announced or, where the length is not known, as they have
	// come, counted every 64 MiB; negative for no limit. Default: no limit.
	MaxOpenBytes int64

	// Quota returns how many bytes an owner may have in all, in assets and open
	// uploads; negative for no limit. It is called, concurrently, for each
	// creation and as uploads of unknown length grow. Default: no limit.
	Quota func(ctx context.Context, owner string) (int64, error)

	// BeforeCreate is called before anything is written of a new upload, after
	// the Authorizer. It may change what its Creation says may be changed, and
	// refuses the upload by an error: one of Refuse is told to the client, any
	// other is a 500. Default: nothing is called.
	BeforeCreate func(ctx context.Context, c *Creation) error

	// OnComplete is called once all bytes of an upload are committed and the
	// asset is Processing, before the client is answered. Its context outlives
	// the request and ends after CompleteTimeout. An error means that it could
	// not be done now: it is logged, and Recover calls again. It may be called
	// more than once for an upload. One that does nothing leaves assets
	// Processing, and their Source empty, until somebody changes them.
	// Default: Inspect, and what it finds out is written in the same transaction
	// as that the upload is complete.
	OnComplete func(ctx context.Context, c *Completed) error

	// CompleteTimeout bounds OnComplete. Default: 5 minutes.
	CompleteTimeout time.Duration

	// Transcoder says that what HLS cannot carry will be transcoded, and so
	// waits instead of failing; it is handed on in Completed. Default: false.
	Transcoder bool

	// Waits is called by Inspect for each file that waits for the transcoder. It is
	// handed on in Completed. Default: nothing is called.
	Waits WaitsFunc

	// Replaced is called for each transcode that ends because its asset is of another
	// file, with the upload that the transcoder wrote. It is handed on in Completed.
	// Default: nothing is called.
	Replaced WaitsFunc

	// Cut is how Inspect cuts files into segments; it is handed on in Completed.
	// Default: media's own.
	Cut media.Cut

	// Authorizer decides who may do what. Default: auth.OwnerOnly().
	Authorizer auth.Authorizer

	// Recorder is told of every creation, completion, cancellation and refusal,
	// and may refuse the first three. Default: nobody is told.
	Recorder events.Recorder

	// Publish takes the progress of running uploads (events.UploadProgress with
	// "offset" and "size" in Data), at most four a second for each. It must not
	// block. Default: progress is not published.
	Publish func(events.Event)

	// AssetPath and Playback return the URI references under which an asset is
	// described and played, for answers. Default: answers have none.
	AssetPath func(assetID string) string
	Playback  func(assetID string) string

	// CrossOrigin says of which other origins pages may upload, where the
	// application's sessions are cookies. A request that no page sent is not its
	// affair. Default: none.
	CrossOrigin *http.CrossOriginProtection

	// BaseURL is the absolute URL of the mount, such as
	// "https://example.com/v1/uploads", for Location headers behind a proxy that
	// rewrites more of the path than a prefix.
	// Default: Locations are relative to the request's own URL.
	BaseURL string

	// Accept narrows what is taken further. Default: all that media.Sniff knows.
	Accept func(t media.Type) bool

	// NoHash leaves the SHA-256 away, which saves about a third of the CPU of
	// an upload; assets then have none, and completing with one is refused.
	// Default: false.
	NoHash bool

	// IdleTimeout is how long a body may stand still before the request is
	// ended, its bytes kept. Where http.ResponseController cannot set deadlines
	// on the ResponseWriter, the connection stays until the client or the
	// timeouts of the http.Server close it. Default: 60 seconds.
	IdleTimeout time.Duration

	// MinRate is how many bytes a second must come at the least, averaged over
	// IdleTimeout; negative for none. A client below it is ended like one that
	// stands still. Default: 256.
	MinRate int64

	// Expiry is how long an upload that is not complete may be resumed, from
	// its last byte on, and how long a part is kept after that. Default: 7 days.
	Expiry time.Duration

	// NoEarlyPlay keeps assets from playing before their upload is complete. Without
	// it one whose moov box comes first, or that is in fragments, plays from what
	// has arrived: to who may play the asset, before checksums have been compared
	// and the end of the file was looked at. It is so only where OnComplete is the
	// default, because another may have reasons to refuse a file, and where the
	// store is a storage.DraftReader. Default: false.
	NoEarlyPlay bool

	// Logger is told what fails after the client can no longer be. Default:
	// slog.Default().
	Logger *slog.Logger

	inspects bool // OnComplete is the default
}

const (
	defaultMaxSize         = 32 << 30
	defaultMaxOpen         = 1000
	defaultCompleteTimeout = 5 * time.Minute
	defaultIdleTimeout     = 60 * time.Second
	defaultMinRate         = 256
	defaultExpiry          = 7 * 24 * time.Hour
)

// withDefaults returns a copy in which nothing is left open.
func (o *Options) withDefaults() Options {
	var c Options
	if o != nil {
		c = *o
	}
	if c.MaxSize == 0 {
		c.MaxSize = defaultMaxSize
	}
	if c.MaxOpen == 0 {
		c.MaxOpen = defaultMaxOpen
	}
	if c.MaxOpenBytes == 0 {
		c.MaxOpenBytes = -1
	}
	if c.BeforeCreate == nil {
		c.BeforeCreate = func(context.Context, *Creation) error { return nil }
	}
	if c.OnComplete == nil {
		c.OnComplete, c.inspects = Inspect, true
	}
	if c.CompleteTimeout <= 0 {
		c.CompleteTimeout = defaultCompleteTimeout
	}
	if c.Authorizer == nil {
		c.Authorizer = auth.OwnerOnly()
	}
	if c.Recorder == nil {
		c.Recorder = events.RecorderFunc(func(context.Context, events.Event) error { return nil })
	}
	if c.Publish == nil {
		c.Publish = func(events.Event) {}
	}
	if c.Accept == nil {
		c.Accept = func(media.Type) bool { return true }
	}
	if c.IdleTimeout <= 0 {
		c.IdleTimeout = defaultIdleTimeout
	}
	if c.MinRate == 0 {
		c.MinRate = defaultMinRate
	}
	if c.Expiry <= 0 {
		c.Expiry = defaultExpiry
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c
}

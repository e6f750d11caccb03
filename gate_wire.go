package streamgate

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/streamgate/streamgate/cache"
	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/hls"
	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/upload"
)

// recoveryInterval is how often what could not be done is tried again, and
// uploads that nobody resumes are looked for.
const recoveryInterval = 10 * time.Minute

// sharedInterval is the same where other processes have the store, too: what one of
// them leaves that is killed, the others find.
const sharedInterval = time.Minute

// wire makes the services over the stores and puts the stack before them.
func (g *Gate) wire(dir string) (err error) {
	if g.crossOrigin, err = trusting(g.o.origins); err != nil {
		return err
	}
	g.bus = events.NewBus(nil)
	for _, open := range []func() error{g.openMetrics, g.openCaches, g.openLimits, g.openAudit} {
		if err := open(); err != nil {
			return err
		}
	}
	g.dispatcher = events.NewDispatcher(g.meta.Events(), &events.DispatcherOptions{
		Live: g.bus, Seen: g.seen, Heard: g.heard, Retention: g.o.retention, Logger: g.o.logger,
	})
	g.dispatcher.Handle("remove what assets leave behind", metadata.RemoveFiles(g.meta, g.files))
	g.dispatcher.Handle("count what is replaced", g.counts.Record, events.AssetReplaced)
	if g.trail != nil {
		g.dispatcher.Handle("audit how transcodes end", g.trail.Record, events.TranscodeDone, events.TranscodeFailed)
	}
	g.dispatcher.Handle("log what fails", g.logFailed, events.AssetFailed)
	if g.o.onReady != nil {
		g.dispatcher.Handle("OnReady", g.tellReady, events.AssetReady)
	}
	for _, open := range []func() error{g.openSettling, g.openJobs, g.openSettlingJobs} {
		if err := open(); err != nil {
			return err
		}
	}
	if err = g.openTranscoder(dir); err != nil {
		return err
	}
	if g.coder != nil {
		g.dispatcher.Handle("have made what is missing beside", g.haveBeside, events.AssetReady)
		g.dispatcher.Handle("count transcodes", g.counts.RecordTranscode, events.TranscodeSubmitted, events.TranscodeDone, events.TranscodeFailed, events.TranscodeCanceled)
	}
	if err = g.countJobs(); err != nil { // of all kinds
		return err
	}
	if g.uploads, err = upload.New(g.files, g.meta, g.uploadOptions()); err != nil {
		return err
	}
	if g.player, err = hls.New(g.files, g.meta, g.playbackOptions()); err != nil {
		return err
	}
	g.assets, err = metadata.NewHandler(cachingStore{g.meta, g.caches.assets}, &metadata.HandlerOptions{
		Authorizer: g.o.authorizer, Recorder: g.recorder(), Playback: g.playbackPath, CrossOrigin: g.crossOrigin, Files: g.files, Poster: g.posterPath,
	})
	if err != nil {
		return err
	}
	every := recoveryInterval
	if metadata.ClaimerOf(g.meta) != nil {
		every = sharedInterval
	}
	g.recovery = &periodic{name: "recover uploads", every: every, do: g.recoverAgain, logger: g.o.logger}
	return g.buildPlanes()
}

func (g *Gate) playbackOptions() *hls.Options {
	o := &hls.Options{
		Authorizer: g.o.authorizer, Recorder: g.recorder(), Encryption: g.o.encryption, Cut: g.cut(),
		Cache: cache.Sized[any]{Cache: g.caches.presentations},
	}
	for _, change := range g.o.playback {
		change(o)
	}
	if e := o.Encryption; e != nil && e.LicenseURL == nil && g.o.publicURL != "" {
		named := *e
		named.LicenseURL = func(assetID string) string { return g.absolute("/play/" + assetID + "/license") }
		o.Encryption = &named
	}
	return o
}

func (g *Gate) uploadOptions() *upload.Options {
	o := &upload.Options{
		MaxSize:    g.o.maxUploadSize,
		Cut:        g.cut(),
		Authorizer: g.o.authorizer,
		Recorder:   g.recorder(),
		Publish:    g.dispatcher.Publish,
		AssetPath:  g.assetPath,
		Playback:   g.playbackPath,
		BaseURL:    g.absolute("/v1/uploads"),

		Transcoder:  g.coder != nil,
		Waits:       g.waits(),
		Replaced:    g.replaced(),
		CrossOrigin: g.crossOrigin,
		Expiry:      g.o.uploadExpiry,
		Logger:      g.o.logger,
	}
	for _, change := range g.o.upload {
		change(o)
	}
	return o
}

// cut is how files are cut into segments; the zero value is the default.
func (g *Gate) cut() media.Cut { return media.Cut{Target: g.o.segmentDuration.Seconds()} }

func (g *Gate) buildPlanes() (err error) {
	more, err := g.auditRoutes()
	if err != nil {
		return err
	}
	kept, err := g.cacheRoute()
	if err != nil {
		return err
	}
	worker, err := g.jobRoutes()
	if err == nil {
		var own []route
		if own, err = g.transcodeRoutes(); err == nil {
			g.public, err = g.behindStack(append(g.publicRoutes(), own...))
		}
	}
	if err == nil {
		g.admin, err = g.behindStack(slices.Concat(g.adminRoutes(), []route{kept}, worker, more))
	}
	return err
}

// trusting lets pages of these origins write.
func trusting(origins []string) (*http.CrossOriginProtection, error) {
	p := http.NewCrossOriginProtection()
	for _, origin := range origins {
		if err := p.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("streamgate: trusted origin %q: %w", origin, err)
		}
	}
	return p, nil
}

// playbackPath is where an asset plays: a path from the mount, or absolute by
// WithPublicURL.
func (g *Gate) playbackPath(assetID string) string {
	return g.o.publicURL + "/play/" + assetID + "/master.m3u8"
}

// posterPath is where the poster of an asset is.
func (g *Gate) posterPath(a *metadata.Asset) string { return g.o.publicURL + "/play/" + a.PosterPath() }

func (g *Gate) assetPath(assetID string) string { return g.o.publicURL + "/v1/assets/" + assetID }

// absolute is an absolute URL, "" without WithPublicURL.
func (g *Gate) absolute(path string) string {
	if g.o.publicURL == "" {
		return ""
	}
	return g.o.publicURL + path
}

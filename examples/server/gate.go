package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/audit"
	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/hls"
	"github.com/streamgate/streamgate/ratelimit"
	"github.com/streamgate/streamgate/storage/disk"
)

// openGate opens the service over the data directory, and returns what closes
// its audit log, and what it shares with others, after it.
func openGate(c config) (*streamgate.Gate, func() error, error) {
	if err := checkImports(c.imports); err != nil {
		return nil, nil, err
	}
	trail, err := openAudit(c)
	if err != nil {
		return nil, nil, c.explain(err)
	}
	options, closeAudit := c.options(), trail.close
	encrypted, err := c.encryption()
	if err != nil {
		return nil, nil, errors.Join(err, closeAudit())
	}
	options = append(options, streamgate.WithEncryption(encrypted))
	if trail != nil {
		options = append(options, streamgate.WithAudit(trail.log))
	}
	shared, closeStores, err := c.stores()
	if err != nil {
		return nil, nil, errors.Join(err, closeAudit())
	}
	closeAll := func() error { return errors.Join(closeStores(), closeAudit()) }
	gate, err := streamgate.New(c.data, append(options, shared...)...)
	if err != nil {
		return nil, nil, errors.Join(c.explain(err), closeAll())
	}
	return gate, closeAll, nil
}

func (c config) explain(err error) error {
	if errors.Is(err, disk.ErrInUse) || errors.Is(err, audit.ErrInUse) {
		return fmt.Errorf("%s is in use by another server: stop that one, or choose another directory with -data", c.data)
	}
	return fmt.Errorf("opening %s: %w", c.data, err)
}

func (c config) options() []streamgate.Option {
	address := ratelimit.RemoteIP
	if len(c.proxies) > 0 {
		address = ratelimit.ForwardedIP(c.proxies...)
	}
	options := []streamgate.Option{
		streamgate.WithAuthenticator(c.authenticator()), streamgate.WithTrustedProxies(c.proxies...),
		streamgate.WithRateLimitKey(ratelimit.ByAddress(address)), // all are the same principal
	}
	if c.publicPlay {
		options = append(options, streamgate.WithAuthorizer(auth.PublicPlay(auth.OwnerOnly())))
	}
	if c.settle {
		options = append(options, streamgate.WithSettling(nil))
	}
	if c.transcode {
		options = append(options, streamgate.WithTranscoder(nil))
	}
	if c.mpegts {
		options = append(options, streamgate.WithPlayback(func(o *hls.Options) { o.MPEGTS = true }))
	}
	if c.imports != "" {
		options = append(options, streamgate.WithImportFolder(c.imports))
	}
	if c.key == "" {
		// A web page elsewhere can point its own name at 127.0.0.1. What it
		// cannot do is send another name than its own. Where there is a key, such
		// a page has none, and a proxy in front may go by any name.
		options = append(options, streamgate.WithAllowedHosts("localhost", "127.0.0.1", "::1"))
	}
	return options
}

func (c config) authenticator() auth.Authenticator {
	if c.key == "" {
		return auth.Everybody(operator) // loopback only: see config.check
	}
	return newKey(c.key).authenticate
}

// routes puts the page beside the Gate. What is for operators is there only
// where nobody else is: on loopback, without a key.
func routes(gate *streamgate.Gate, c config, files fs.FS) (http.Handler, error) {
	mux := http.NewServeMux()
	mux.Handle("/", gate)
	if c.key == "" {
		for _, path := range []string{"/ready", "/metrics", "/v1/audit", "/v1/cache", "/v1/cache/"} {
			mux.Handle(path, gate.Admin())
		}
	}
	if c.key != "" {
		newKey(c.key).routes(mux)
	}
	return mux, pageRoutes(mux, files, c)
}

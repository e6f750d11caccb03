package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/storage/disk"
)

// openGate opens the service over the data directory.
func openGate(c config) (*streamgate.Gate, error) {
	if err := checkImports(c.imports); err != nil {
		return nil, err
	}
	gate, err := streamgate.New(c.data, c.options()...)
	if errors.Is(err, disk.ErrInUse) {
		return nil, fmt.Errorf("%s is in use by another server: stop that one, or choose another directory with -data", c.data)
	}
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", c.data, err)
	}
	return gate, nil
}

func (c config) options() []streamgate.Option {
	options := []streamgate.Option{streamgate.WithAuthenticator(c.authenticator())}
	if c.publicPlay {
		options = append(options, streamgate.WithAuthorizer(auth.PublicPlay(auth.OwnerOnly())))
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
		mux.Handle("/ready", gate.Admin())
	}
	if c.key != "" {
		newKey(c.key).routes(mux)
	}
	return mux, pageRoutes(mux, files, c)
}

package hls

import (
	"context"
	"errors"
	"net/http"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
)

// DefaultCacheBytes is how large a cache is that was not given another size.
const DefaultCacheBytes = 32 << 20

// Options for New. The zero value is ready to use, and so is nil.
type Options struct {
	// Authorizer decides who may Play an asset. It is asked on every request,
	// about the principal that auth.FromContext finds; default auth.OwnerOnly().
	Authorizer auth.Authorizer

	// Cache keeps indexes and playlists. Servers of the same stores may share
	// one; default NewCache(CacheBytes).
	Cache Cache

	// CacheBytes is the size of the default Cache; default DefaultCacheBytes.
	CacheBytes int64

	// Public lets shared caches, such as a CDN, keep what they carry, and hand
	// it to others without asking the Authorizer; default false.
	Public bool

	// NoCORS leaves the CORS headers to the application; default false: pages of
	// every origin may play, without credentials.
	NoCORS bool

	// Downloads gives the file as it was uploaded to everybody who may play the
	// asset, at {asset}/download: with all that is in it and not played, such as
	// where it was recorded, other tracks, and what an edit list cuts away.
	// Default: false.
	Downloads bool

	// MPEGTS plays assets as MPEG-2 transport streams, too, at {asset}/ts.m3u8, for
	// old players that know nothing else: H.264 or HEVC with AAC, AC-3, E-AC-3 or
	// MP3. A segment of these is made byte by byte, where others are sent from the
	// file by the kernel. Default: false.
	MPEGTS bool

	// Encryption has segments encrypted, and gives their keys to whom the
	// Authorizer lets have them (auth.Key). New refuses it beside Downloads and
	// MPEGTS, which give out the same in the clear. Default: nil, nothing is encrypted.
	Encryption *Encryption

	// Recorder is told of each key before it is given out, and may refuse that;
	// default events.Discard().
	Recorder events.Recorder

	// Compose says what plays under an id instead of the asset with that id, which
	// need not be there: a piece of an asset, several in a row, an asset with a
	// moment to begin at. nil, or nil for an id, plays the asset as it is. It is
	// asked for each playlist and manifest, so it must be quick; its errors are
	// answered as those of this package are. Default: nil.
	Compose func(ctx context.Context, id string) (*Composition, error)

	// Cut is how a file is cut whose stored index is missing or damaged. Give what
	// upload.Options was given, or such an asset gets another revision; default
	// media.Cut{Target: media.DefaultTarget}.
	Cut media.Cut

	// Parses is how many files are indexed at the same time, where a stored
	// index is missing or damaged; default GOMAXPROCS.
	Parses int
}

// A Server plays the assets of a store. It is an http.Handler that can be
// mounted anywhere, under http.StripPrefix. It starts no goroutine that outlives
// a request and needs no closing.
type Server struct {
	player
	parser
	files      storage.Store
	meta       metadata.Store
	authorizer auth.Authorizer
	compose    func(ctx context.Context, id string) (*Composition, error) // or nil
	encryption *Encryption
	recorder   events.Recorder
	rows       *lru  // of *row, by asset
	clips      Cache // presentations of clips: whoever watches may ask for as many as he likes
	fetching   flights[*row]
	loading    flights[*presentation]
	reading    flights[*cueList]
}

// New returns a Server of the assets in meta, whose bytes are in files.
func New(files storage.Store, meta metadata.Store, o *Options) (*Server, error) {
	switch {
	case files == nil:
		return nil, errors.New("hls: a storage.Store is needed to read media from")
	case meta == nil:
		return nil, errors.New("hls: a metadata.Store is needed to find assets in")
	}
	if o == nil {
		o = new(Options)
	}
	if err := o.Encryption.checkWith(o); err != nil {
		return nil, err
	}
	s := &Server{
		player:     player{headers: newHeaders(o.Public, o.NoCORS), downloads: o.Downloads, mpegts: o.MPEGTS, cache: o.Cache},
		parser:     newParser(o.Parses, o.Cut),
		files:      files,
		meta:       meta,
		authorizer: o.Authorizer,
		encryption: o.Encryption,
		recorder:   o.Recorder,
		rows:       newLRU(rowBytes),
		compose:    o.Compose,
		clips:      NewCache(clipBytes),
	}
	s.opener = assetOpener{s}
	if s.authorizer == nil {
		s.authorizer = auth.OwnerOnly()
	}
	if s.recorder == nil {
		s.recorder = events.Discard()
	}
	if s.cache == nil {
		s.cache = defaultCache(o.CacheBytes)
	}
	return s, nil
}

func defaultCache(bytes int64) Cache {
	if bytes <= 0 {
		bytes = DefaultCacheBytes
	}
	return NewCache(bytes)
}

// ServeHTTP answers {asset}/master.m3u8 and manifest.mpd, and what they lead to.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.serveLicense(w, r) || s.begin(w, r) {
		return
	}
	if err := s.play(w, r); err != nil {
		s.fail(w, r, err)
	}
}

func (s *Server) play(w http.ResponseWriter, r *http.Request) error {
	id, t, ok := splitPath(r.URL.EscapedPath())
	if !ok {
		return errPath
	}
	if done, err := s.composed(w, r, id, t); done || err != nil {
		return err
	}
	if !isAssetID(id) {
		return errPath
	}
	return s.playAsset(w, r, id, t)
}

// playAsset answers with what t names of an asset.
func (s *Server) playAsset(w http.ResponseWriter, r *http.Request, id string, t target) error {
	ctx := r.Context()
	row, err := s.asset(ctx, id, t.action())
	if t.what == posterImage && row != nil {
		return s.servePoster(w, r, row, t) // whether it plays or not
	}
	if err != nil {
		return err
	}
	err = s.playRow(w, r, row, t)
	if errors.Is(err, storage.ErrNotFound) {
		return s.follow(w, r, row, t, err)
	}
	return err
}

// playRow answers from what a row names.
func (s *Server) playRow(w http.ResponseWriter, r *http.Request, row *row, t target) error {
	ctx := r.Context()
	p, err := s.presentation(ctx, row)
	if err == nil {
		t = row.named(t, p)
		err = s.answer(w, r, row, p, t)
	}
	if errors.Is(err, errIndex) && row.growth == nil && !(errors.Is(err, storage.ErrNotFound) && s.outdated(ctx, row)) {
		if p, err = s.rebuild(ctx, row); err == nil {
			t = row.named(t, p)
			err = s.answer(w, r, row, p, t)
		}
	}
	return err
}

// Forget makes the next request for an asset see its row as it is now. Call it
// when an asset was changed or deleted in this process; what other processes do
// is seen within a second.
func (s *Server) Forget(assetID string) { s.rows.forget(assetID) }

// maxAssetID is how long an id may be, in bytes.
const maxAssetID = 128

// isAssetID reports whether an id needs no escaping in a path, has nothing in
// it that a path could be changed with, and is not too long.
func isAssetID(id string) bool {
	if id == "" || len(id) > maxAssetID {
		return false
	}
	for i := range len(id) {
		c := id[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

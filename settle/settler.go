package settle

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
)

// Originals says what becomes of a file as it came.
type Originals int

// What becomes of it.
const (
	// Keep leaves it where it is: what is downloaded stays what was uploaded, and an
	// asset takes twice the room.
	Keep Originals = iota
	// Drop removes it, and with it all that is not presented. Of a file that was
	// imported only the reference goes.
	Drop
)

// Options for New. The zero value is ready to use, and so is nil.
type Options struct {
	// Originals says whether the files as they came are kept; default Keep. Drop
	// goes for what was settled before as well.
	Originals Originals

	// Needed reports whether something is yet to be made of the file that an asset
	// came as, in the transaction that would drop it: it stays then, and it is asked
	// again after Retry. transcode.Transcoder.Needs does. Default: nothing is.
	Needed func(ctx context.Context, tx metadata.Tx, a *metadata.Asset) (bool, error)

	// Grace is how long an original stays that is to be dropped, for those who are
	// still sent something of it; default 1 minute.
	Grace time.Duration

	// AtOnce is how many assets are settled at the same time, each of which takes
	// the room of its file until it is done; default 1.
	AtOnce int

	// Reserve is how many bytes are to stay free, where the store knows how many are
	// (storage.Spacer). An asset for which there is not so much room waits; default
	// 1 GiB, negative for none.
	Reserve int64

	// Retry is when to try again what could not be done, as where there is no room;
	// default 10 minutes.
	Retry time.Duration

	// Cut is how a file is cut whose stored index is missing or damaged. Give what
	// upload.Options was given; default media.Cut{Target: media.DefaultTarget}.
	Cut media.Cut

	// Alone says that no other process settles in the same stores, so that what a
	// crash left is removed at once. Default false: once it is an hour old.
	Alone bool

	// Recorder is told of events.AssetSettled and AssetUnsettled in the transaction
	// that writes them down, last before its commit; an error lets it be tried again
	// later. So a Recorder must be quick, because other writers wait, and must not use
	// the metadata.Store. Default: none.
	Recorder events.Recorder

	// Failed is told of what could not be done and is tried again, in the
	// background. Default: nobody.
	Failed func(assetID string, err error)

	// Logger is told of the same; default slog.Default().
	Logger *slog.Logger
}

const (
	defaultGrace   = time.Minute
	defaultReserve = 1 << 30
	defaultRetry   = 10 * time.Minute
)

// A Settler settles the assets of a store. Its methods may be called concurrently.
type Settler struct {
	files storage.Store
	meta  metadata.Store
	o     Options
	queue *queue

	mu      sync.Mutex
	busy    map[string]bool // assets that are being settled
	cancel  context.CancelFunc
	running sync.WaitGroup
	over    bool // Stop was called
}

// New returns a Settler of the assets in meta, whose bytes are in files. It does
// nothing by itself until Start.
func New(files storage.Store, meta metadata.Store, o *Options) (*Settler, error) {
	switch {
	case files == nil:
		return nil, errors.New("settle: a storage.Store is needed to read and write media")
	case meta == nil:
		return nil, errors.New("settle: a metadata.Store is needed to find assets in")
	}
	s := &Settler{files: files, meta: meta, busy: map[string]bool{}, queue: newQueue()}
	if o != nil {
		s.o = *o
	}
	s.defaults()
	return s, nil
}

func (s *Settler) defaults() {
	o := &s.o
	if o.Needed == nil {
		o.Needed = func(context.Context, metadata.Tx, *metadata.Asset) (bool, error) { return false, nil }
	}
	if o.Grace <= 0 {
		o.Grace = defaultGrace
	}
	if o.Retry <= 0 {
		o.Retry = defaultRetry
	}
	if o.Reserve == 0 {
		o.Reserve = defaultReserve
	}
	o.AtOnce = max(o.AtOnce, 1)
	if o.Recorder == nil {
		o.Recorder = events.Discard()
	}
	if o.Failed == nil {
		o.Failed = func(string, error) {}
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
}

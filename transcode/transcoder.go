package transcode

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"maps"
	"runtime"
	"sync"
	"time"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// Programs runs ffmpeg and ffprobe; an *ffmpeg.Runner does.
type Programs interface {
	Tools(ctx context.Context) (*ffmpeg.Tools, error)
	Run(ctx context.Context, c *ffmpeg.Command) (*ffmpeg.Result, error)
	Probe(ctx context.Context, in ffmpeg.Input) (*ffmpeg.Source, error)
	Times(ctx context.Context, in ffmpeg.Input, stream int) (ffmpeg.Times, error)
	Encoder(ctx context.Context, codec string, want ffmpeg.Hardware) (ffmpeg.EncoderChoice, error)
	Copy(ctx context.Context, f ffmpeg.Remote) (*ffmpeg.Copy, error)
}

// Services are what a Transcoder works with. All but Bus are needed.
type Services struct {
	Files    storage.Store
	Metadata metadata.Store
	Queue    *jobs.Queue // over the database of Metadata, and not started yet
	Programs Programs

	// Inspect takes what was made of a file as the asset's: upload.Inspect, with the
	// options of the Uploader. The upload is complete, and its row says so.
	Inspect func(ctx context.Context, u *metadata.Upload) error
}

// Options for New. The zero value is ready to use, and so is nil.
type Options struct {
	// Profiles that can be asked for, beside the default one, by their names. One that
	// is called "default" takes its place. Default: none.
	Profiles []Profile

	// AtOnce is how many commands of ffmpeg run here at the same time, each of which
	// uses several cores; and beside them so many of sound, but at least four, which use
	// one. Default: one for each four cores.
	AtOnce int

	// Attempts is how often a task is tried before the transcode has failed; default 4.
	Attempts int

	// Look is how often it is looked whether ffmpeg is there by now; default 15 s.
	Look time.Duration

	// Patience is how long a transcode waits for a disk that is full, or for storage that
	// does not answer, before it has failed: attempts are not counted meanwhile, and the
	// reason is told. So does a poster, without which an asset is then. Default 3 hours.
	Patience time.Duration

	// Cut is how files are cut into segments: what upload.Options and hls.Options were
	// given; default media.DefaultTarget. Profiles that name no Segment have its length.
	Cut media.Cut

	// MaxDuration is how long a file may last that is transcoded, as far as ffprobe
	// tells: a longer one fails before anything is made of it. Give it what
	// upload.Options has. Default: no limit.
	MaxDuration time.Duration

	// Retention is how long a transcode stays that has ended and of which nothing plays:
	// one that failed, was cancelled or replaced, or made a ladder beside what plays.
	// That of what plays stays as long as it plays. Of one asset at most ten that ended
	// stay. Recover removes them. Default 30 days; negative: as long as their assets.
	Retention time.Duration

	// NoEarlyPlay keeps assets from playing before what plays is whole. Default: false.
	NoEarlyPlay bool

	// NoPosters leaves assets without a picture of their film that stands for them. Of
	// files over 64 MiB that play as they came none is made anyway where the store has
	// no files of this system: all of it would have to be fetched. Default: false.
	NoPosters bool

	// NoSoundBeside leaves what plays as it came, with sound that few browsers decode, as
	// it is until somebody asks for a ladder: see Transcoder.Sound. Default: false.
	NoSoundBeside bool

	// Authorizer decides who may do what; it sees Create, Read, Delete and List on
	// objects of kind auth.Asset. Default: auth.OwnerOnly().
	Authorizer auth.Authorizer

	// Recorder is told of what begins and what is cancelled, whoever does that, inside
	// the transaction and last before its commit, and may refuse it: what it is told of
	// has come to pass, unless the commit fails. So it must be quick, because other
	// writers wait, and must not use the Metadata. What is done and what fails is in the
	// outbox (events.TranscodeDone, TranscodeFailed). Default: nobody.
	Recorder events.Recorder

	// Publish takes progress (events.TranscodeProgress). Where other processes have the
	// Metadata, too, it has to reach their Heard, with its Aside. It must not block.
	// Default: nobody.
	Publish func(events.Event)

	// Logger is told of what nobody else hears of; default slog.Default().
	Logger *slog.Logger
}

const (
	defaultAttempts = 4
	defaultLook     = 15 * time.Second
	coresEach       = 4
	defaultProfile  = "default"

	defaultRetention = 30 * 24 * time.Hour
)

// A Transcoder makes what HLS cannot carry into what plays, and ladders of what does.
// It works in tasks of a jobs.Queue: see docs/design.md. Its methods may be called
// concurrently.
type Transcoder struct {
	Services

	o        Options
	profiles map[string]Profile
	once     sync.Once // hardware is tried

	id string // of this Transcoder among those of other processes

	mu       sync.Mutex
	followed map[string]*followed // by transcode
	quiet    time.Time            // when to look next for what is quiet
	oldest   time.Time            // see endedBefore
}

// New returns a Transcoder whose tasks are done by s.Queue from its Start on.
func New(s Services, o *Options) (*Transcoder, error) {
	if s.Files == nil || s.Metadata == nil || s.Queue == nil || s.Programs == nil || s.Inspect == nil {
		return nil, errors.New("transcode: all Services are needed")
	}
	t := &Transcoder{
		Services: s, profiles: map[string]Profile{}, id: rand.Text(), followed: map[string]*followed{},
	}
	if o != nil {
		t.o = *o
	}
	t.o.defaults()
	for _, p := range append([]Profile{DefaultProfile()}, t.o.Profiles...) {
		if p.Segment == 0 && t.o.Cut.Target > 0 {
			p.Segment = time.Duration(t.o.Cut.Target * float64(time.Second))
		}
		p.Name = cmp.Or(p.Name, defaultProfile)
		if _, err := p.complete(); err != nil {
			return nil, err
		}
		t.profiles[p.Name] = p
	}
	return t, t.handle()
}

func (o *Options) defaults() {
	if o.AtOnce <= 0 {
		o.AtOnce = max(runtime.NumCPU()/coresEach, 1)
	}
	o.Attempts = cmp.Or(max(o.Attempts, 0), defaultAttempts)
	o.Look = cmp.Or(max(o.Look, 0), defaultLook)
	o.Patience = cmp.Or(max(o.Patience, 0), defaultPatience)
	o.Retention = cmp.Or(o.Retention, defaultRetention)
	if o.Authorizer == nil {
		o.Authorizer = auth.OwnerOnly()
	}
	if o.Recorder == nil {
		o.Recorder = events.Discard()
	}
	if o.Publish == nil {
		o.Publish = func(events.Event) {}
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
}

// Profiles are those that can be asked for, by name.
func (t *Transcoder) Profiles() map[string]Profile { return maps.Clone(t.profiles) }

// The kinds of tasks.
const (
	kindPlan     = "transcode-plan"     // looks at the file, and has the others done
	kindVideo    = "transcode-video"    // a chunk, in some rungs or all
	kindSound    = "transcode-sound"    // a stream of sound, whole
	kindRemux    = "transcode-remux"    // another container
	kindAssemble = "transcode-assemble" // what is there becomes what plays
	kindExtras   = "transcode-extras"   // pictures and subtitles
	kindPoster   = "transcode-poster"   // a picture of what plays as it came
	kindTidy     = "transcode-tidy"     // removes what is left of one that has ended
	kindLost     = "transcode-lost"     // ends one of which a task has failed or was cancelled
)

// handle says how tasks are done: those that run ffmpeg for long in a lane of their
// own, and sound beside them, so that it is there with the pictures of the first chunk;
// and those that read a file through, or wait for its copy, in another, so that what is
// quick never waits behind them.
func (t *Transcoder) handle() error {
	for _, k := range []struct {
		kind, lane string
		atOnce     int
		do         func(context.Context, *work) error
	}{
		{kindPlan, "transcode-plan", lightAtOnce, t.plan},
		{kindAssemble, "transcode-light", lightAtOnce, t.assemble},
		{kindVideo, "transcode-heavy", t.o.AtOnce, t.video},
		{kindSound, "transcode-sound", max(t.o.AtOnce, soundAtOnce), t.sound},
		{kindRemux, "transcode-heavy", t.o.AtOnce, t.remux},
		{kindExtras, "transcode-heavy", t.o.AtOnce, t.extras},
		{kindTidy, "transcode-light", lightAtOnce, t.nothing},
		{kindLost, "transcode-light", lightAtOnce, t.lost},
	} {
		o := &jobs.KindOptions{Lane: k.lane, AtOnce: k.atOnce, Attempts: t.o.Attempts, OnFailure: whenLost}
		if k.kind == kindTidy || k.kind == kindLost {
			o.Attempts, o.OnFailure = patient, nil
		}
		if err := t.Queue.Handle(k.kind, t.task(k.do), o); err != nil {
			return err
		}
	}
	return t.Queue.Handle(kindPoster, t.pose, &jobs.KindOptions{Lane: "transcode-plan", AtOnce: lightAtOnce, Attempts: t.o.Attempts})
}

const (
	lightAtOnce = 2
	// soundAtOnce is how many streams of sound are made at once, at least: a film plays
	// once there is something of each of its languages.
	soundAtOnce = 4
	// patient is how often it is tried to write down that a transcode has ended, and to
	// remove what is left of it: for three hours.
	patient = 20
)

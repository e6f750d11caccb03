package jobs

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"sync"
	"time"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/jobs/internal/backend"
	"github.com/streamgate/streamgate/metadata"
)

// Database is where a Queue keeps its jobs, as the packages jobs/sqlite and
// jobs/postgres make it of a database of metadata. It cannot be implemented
// elsewhere.
type Database = backend.Database

// Handler does one job. ctx ends when the job is cancelled, its lease lost, its
// time up, or the Queue stopped: the handler then returns soon, with an error.
// context.Cause tells which it was. What it returns decides what becomes of the
// job, see the comment of the package.
type Handler func(ctx context.Context, t *Task) error

// A Queue keeps jobs and runs them. Its methods may be called concurrently, but
// for Handle and Schedule, which come before Start.
type Queue struct {
	db    Database
	o     Options
	kinds map[string]*kind
	lanes map[string]int // AtOnce of each
	crons []*cron
	node  string // of this process, among those that work

	life   sync.Mutex    // of Start and Stop
	closed chan struct{} // closed when no more is tried to write down what became of jobs

	mu      sync.Mutex
	started bool    // or stopped before it was
	worker  *worker // once started
	running map[int64]*Task
	ending  bool // tasks are to end
}

// kind is what Handle was told.
type kind struct {
	name    string
	handler Handler // nil: not run here
	o       KindOptions
}

// New returns a Queue over db, whose tables it brings up to date. It starts
// nothing: call Start. A nil *Options is the defaults.
func New(db Database, o *Options) (*Queue, error) {
	if db == nil {
		return nil, errors.New("jobs: a Database is needed to keep jobs in")
	}
	q := &Queue{
		db: db, kinds: map[string]*kind{}, lanes: map[string]int{},
		node: metadata.NewID(), running: map[int64]*Task{}, closed: make(chan struct{}),
	}
	if o != nil {
		q.o = *o
	}
	q.o.defaults()
	if q.o.Lease < 2*q.o.Heartbeat {
		return nil, fmt.Errorf("jobs: a lease of %v is over before the second heartbeat of %v", q.o.Lease, q.o.Heartbeat)
	}
	if err := db.Migrate(context.Background()); err != nil {
		return nil, fmt.Errorf("jobs: bringing the tables up to date: %w", err)
	}
	return q, nil
}

// kindPattern is what River takes as the name of a queue.
var kindPattern = regexp.MustCompile(`^[a-z0-9]+([_-][a-z0-9]+)*$`)

const maxKind = 64

// Handle has jobs of a kind done by h: lower-case letters and digits, with single
// hyphens between them. With a nil h they can be submitted here and are run by
// other processes. All processes on one database should say the same of a kind.
func (q *Queue) Handle(name string, h Handler, o *KindOptions) error {
	k := &kind{name: name, handler: h}
	if o != nil {
		k.o = *o
	}
	k.o.defaults(name)
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.started:
		return errors.New("jobs: Handle comes before Start")
	case !isName(name) || !isName(k.o.Lane):
		return fmt.Errorf("jobs: kind %q, lane %q: names are up to %d lower-case letters and digits, with single hyphens between them", name, k.o.Lane, maxKind)
	case q.kinds[name] != nil:
		return fmt.Errorf("jobs: there is a handler for %q already", name)
	}
	if err := q.openLane(k); err != nil {
		return err
	}
	q.kinds[name] = k
	return nil
}

func isName(s string) bool { return len(s) >= 2 && len(s) <= maxKind && kindPattern.MatchString(s) }

// openLane notes how many jobs of a lane run here; 0 as long as nobody has said it.
func (q *Queue) openLane(k *kind) error {
	if k.handler == nil {
		return nil
	}
	has, there := q.lanes[k.o.Lane]
	switch {
	case !there || has == 0:
		q.lanes[k.o.Lane] = k.o.AtOnce
	case k.o.AtOnce != 0 && k.o.AtOnce != has:
		return fmt.Errorf("jobs: lane %q runs %d at once by one kind and %d by %q", k.o.Lane, has, k.o.AtOnce, k.name)
	}
	return nil
}

// kind returns what is known of a kind, for somebody who wants to submit one.
func (q *Queue) kind(name string) (*kind, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	k := q.kinds[name]
	if k == nil {
		return nil, problem.Errorf(ErrInvalid, "there is no kind of job %.64q here", name)
	}
	return k, nil
}

// Start rescues what ran when the process before was killed, and runs jobs until
// Stop. The end of ctx cuts Start itself short and does not stop the Queue. A Queue
// is started once.
func (q *Queue) Start(ctx context.Context) error {
	q.life.Lock()
	defer q.life.Unlock()
	q.mu.Lock()
	started := q.started
	q.started = true
	q.mu.Unlock()
	if started {
		return errors.New("jobs: a Queue can be started once")
	}
	w, err := q.startWorker(ctx)
	if err != nil {
		return fmt.Errorf("jobs: starting: %w", err)
	}
	q.mu.Lock()
	q.worker = w
	q.mu.Unlock()
	return nil
}

// Stop starts no further job, lets those that run go on for Options.Grace, ends
// their contexts, and waits for their handlers. What was cut off so runs again after
// the next Start. When ctx ends first, Stop returns its error, and handlers may
// still be at work. Jobs can be submitted all the while. Stopping twice, or what was
// not started, is no error.
func (q *Queue) Stop(ctx context.Context) error {
	q.life.Lock()
	defer q.life.Unlock()
	q.mu.Lock()
	w := q.worker
	q.started = true
	q.mu.Unlock()
	if w == nil {
		return nil
	}
	return w.stop(ctx)
}

// now is the time as the databases keep it.
func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

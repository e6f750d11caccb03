package jobs

import (
	"encoding/json"
	"fmt"
	"time"
)

// State is where a job is in its life.
type State string

// The states of a job. The last three are the end.
const (
	Scheduled State = "scheduled" // for a time that is yet to come
	Waiting   State = "waiting"   // for a worker
	Running   State = "running"
	Retrying  State = "retrying" // an attempt failed, the next comes at RunAt
	Done      State = "done"
	Failed    State = "failed"
	Cancelled State = "cancelled"
)

// Ended says whether nothing more happens to a job in this state by itself.
func (s State) Ended() bool { return s == Done || s == Failed || s == Cancelled }

// The priorities of jobs of one kind, or of kinds that share a lane.
const (
	Urgent  = 1
	Normal  = 2
	Low     = 3
	Backlog = 4
)

// Job is work to do. To submit one, set Kind, and of the others what is to differ
// from its default: Args, Owner, Priority, MaxAttempts, RunAt, Unique. The rest is
// set by the Queue.
type Job struct {
	ID    int64           `json:"id"` // rising
	Kind  string          `json:"kind"`
	Args  json.RawMessage `json:"args,omitempty"`  // what its handler needs to know: an object of up to 64 KiB
	Owner string          `json:"owner,omitempty"` // whose it is: the id of a principal, or "" for the application's own
	State State           `json:"state"`

	Priority    int       `json:"priority"`     // Urgent to Backlog; 0 is Normal
	Attempt     int       `json:"attempt"`      // of those that count; 0 before the first
	MaxAttempts int       `json:"max_attempts"` // 0: KindOptions.Attempts
	RunAt       time.Time `json:"run_at"`       // when it is, or was, to run; the zero time is now

	// Unique is a key of which a kind has one job at a time: while one is neither
	// done, failed nor cancelled, to submit another gives that one back.
	Unique string `json:"unique,omitempty"`

	Progress   json.RawMessage `json:"progress,omitempty"` // as Task.Progress told it last
	Errors     []Failure       `json:"errors,omitempty"`   // oldest first
	CreatedAt  time.Time       `json:"created_at"`
	StartedAt  time.Time       `json:"started_at,omitzero"` // the latest attempt
	EndedAt    time.Time       `json:"ended_at,omitzero"`
	Generation int64           `json:"generation"` // how often it was started

	Duplicate bool `json:"-"` // of Submit: the job was there already, see Unique
}

// Failure is what went wrong in one attempt.
type Failure struct {
	At      time.Time `json:"at"` // when the attempt began
	Attempt int       `json:"attempt"`
	Error   string    `json:"error"`
}

// NewJob returns a job of a kind whose Args are the JSON of args.
func NewJob(kind string, args any) (Job, error) {
	raw, err := json.Marshal(args)
	if err != nil {
		return Job{}, fmt.Errorf("jobs: encoding the arguments of a %s job: %w", kind, err)
	}
	return Job{Kind: kind, Args: raw}, nil
}

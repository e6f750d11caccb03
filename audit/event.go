package audit

import (
	"log/slog"
	"time"
)

// Outcome is how an action ended.
type Outcome string

// The outcomes.
const (
	Success Outcome = "success" // it was done
	Refused Outcome = "refused" // it was not allowed
	Failure Outcome = "failure" // it was allowed and did not work
)

// Event is one thing that somebody did or tried to do. Fields that are empty are
// left out of the line. Action, Actor, Address, Resource, Outcome and the ids are
// cut after 1,024 bytes, strings among the Details after 4,096, and Details that
// make the line longer than 64 KiB are replaced by their size.
type Event struct {
	Time      time.Time   // when; Record sets it where it is zero
	Actor     string      // the id of the principal; "" is nobody
	Address   string      // from where, as an IP address
	Action    string      // what, as noun.verb, such as "asset.deleted"
	Resource  string      // to what, as kind/id, such as "asset/film"
	Outcome   Outcome     // how it ended
	RequestID string      // that of the answer's X-Request-ID
	TraceID   string      // that of a distributed trace
	Details   []slog.Attr // whatever else; see Secret for what must not be seen
}

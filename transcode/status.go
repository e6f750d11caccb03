package transcode

import (
	"cmp"
	"context"
	"errors"
	"math"
	"time"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
)

// State is where a transcode is in its life.
type State string

// The states of a transcode. The last three are the end.
const (
	Waiting  State = "waiting"  // for a worker, or for ffmpeg
	Running  State = "running"  // there is a plan, and it is being worked on
	Done     State = "done"     // all that could be made is made: see the rungs
	Failed   State = "failed"   // what was to play, or a ladder beside it, could not be made; see Error
	Canceled State = "canceled" // by somebody, or because the asset is of another file by now
)

// Status is how far a transcode is.
type Status struct {
	ID       string       `json:"id"`
	Asset    string       `json:"asset"`
	Owner    string       `json:"owner"`
	Profile  string       `json:"profile"`
	State    State        `json:"state"`
	Error    string       `json:"error,omitempty"`
	Reason   string       `json:"reason,omitempty"`       // why it does not go on for the present: ffmpeg is missing, a disk is full …
	Carriage Carriage     `json:"carriage,omitempty"`     // how what plays comes to be
	Percent  float64      `json:"percent"`                // 0 to 100, of the work, in tenths
	Speed    float64      `json:"speed,omitempty"`        // seconds of the film in a second, of its pictures where some are encoded, in all processes
	Left     float64      `json:"seconds_left,omitempty"` // about how long it will take, in whole seconds; 0 where nobody knows
	Rungs    []RungStatus `json:"rungs"`
	LeftOut  []string     `json:"left_out"` // what of the source is not made, and why
	Created  time.Time    `json:"created_at"`
	Updated  time.Time    `json:"updated_at"`
}

// RungStatus is how far a rung of it is, or the sound beside what plays as it came.
type RungStatus struct {
	Name    string         `json:"name"`
	Width   int            `json:"width"` // pixels; 0 of sound
	Height  int            `json:"height"`
	State   metadata.State `json:"state"` // Processing, Ready or Failed
	Percent float64        `json:"percent"`
	Error   string         `json:"error,omitempty"`
}

// Status returns how far a transcode is. ErrNotFound.
func (t *Transcoder) Status(ctx context.Context, id string) (*Status, error) {
	u, err := t.Metadata.Upload(ctx, id)
	if err != nil || u.Protocol != metadata.ProtocolTranscode {
		if err == nil || errors.Is(err, metadata.ErrNotFound) {
			return nil, problem.Errorf(ErrNotFound, "there is no transcode %q", id)
		}
		return nil, err
	}
	return t.status(u)
}

func (t *Transcoder) status(u *metadata.Upload) (*Status, error) {
	r, err := recordOf(u)
	if err != nil {
		return nil, err
	}
	s := &Status{
		ID: u.ID, Asset: u.Asset, Owner: u.Owner, Profile: r.Profile, State: r.state(u), Error: u.Error, Reason: r.Waits, Carriage: r.Carry,
		Rungs: []RungStatus{}, LeftOut: append([]string{}, r.Left...), Created: u.CreatedAt, Updated: u.UpdatedAt,
	}
	t.measureUp(s, r)
	return s, nil
}

func (r *record) state(u *metadata.Upload) State {
	switch {
	case u.State == metadata.UploadFailed:
		return Failed
	case u.State == metadata.UploadCanceled, u.State == metadata.UploadComplete && u.Key == "" && !r.Ended:
		return Canceled
	case r.Ended:
		return cmp.Or(r.End, Done) // what plays may go on without the rest
	case r.Plan == "":
		return Waiting
	}
	return Running
}

// shareOf is what part of a part is done, 0 to 1.
func (r *record) shareOf(part string, running map[string]progress) (share, speed float64) {
	if r.Parts[part] != "" {
		return 1, 0
	}
	p := running[part]
	return max(p.percent, 0) / 100, p.speed
}

// partsOf are the parts that a rung is made of.
func (r *record) partsOf(rung int) (parts []string) {
	if r.Rungs[rung].Sound {
		for _, s := range r.Sounds {
			parts = append(parts, partSound(s))
		}
		return parts
	}
	for c := range r.Chunks {
		parts = append(parts, r.partOf(rung, c))
	}
	return parts
}

// rungsToCome is what rungs count whose chunks are not known yet: more than any film has,
// so that percent does not go back when they are.
const rungsToCome = 1000

// toCome reports whether there are such rungs.
func (r *record) toCome() bool { return r.Carry == Remuxed && !r.Planned && len(r.Rungs) > 0 }

// measureUp says how much of all is done. A chunk counts as one, and so does all sound.
func (t *Transcoder) measureUp(s *Status, r *record) {
	running := t.partsOf(s.ID)
	all, done := 0.0, 0.0
	add := func(part string, weight float64) (speed float64) {
		share, speed := r.shareOf(part, running)
		all, done = all+weight, done+share*weight
		return speed
	}
	for c := range r.Chunks {
		s.Speed += add(partVideo(c), 1)
	}
	sound := 0.0 // it is made beside the picture, and many times as fast
	for _, stream := range r.Sounds {
		weight := 1 / float64(len(r.Sounds))
		sound += weight * add(partSound(stream), weight)
	}
	if r.Carry == Remuxed {
		s.Speed += add(partRemux, 1)
	}
	_, first := r.shareOf(partFirst, running)
	s.Speed = cmp.Or(s.Speed, first, sound)
	if r.toCome() {
		all += rungsToCome
	}
	for i, x := range r.Rungs {
		one := RungStatus{Name: x.Name, Width: x.Width, Height: x.Height, State: x.State, Error: x.Error}
		parts := r.partsOf(i)
		sum := 0.0
		for _, part := range parts {
			share, _ := r.shareOf(part, running)
			sum += share
		}
		if len(parts) > 0 {
			one.Percent = percent(sum, float64(len(parts)))
		}
		if x.State == metadata.Ready {
			one.Percent = 100
		}
		s.Rungs = append(s.Rungs, one)
	}
	switch {
	case s.State == Done:
		s.Percent = 100
	case all > 0:
		s.Percent = percent(done, all)
	}
	if s.State != Running {
		s.Speed = 0
	}
	if s.State == Running && done > 0 && !r.toCome() {
		s.Left = max(0, math.Round((all-done)/cmp.Or(t.pace(s.ID, time.Now(), done), done/time.Since(r.Began).Seconds())))
	}
	s.Speed = math.Round(100*s.Speed) / 100
	t.keepUp(s)
}

// percent is a share in tenths, and 100 only of what is whole.
func percent(done, all float64) float64 {
	p := math.Round(1000*done/all) / 10
	if p >= 100 && all-done > whole {
		return 99.9
	}
	return p
}

// whole is what sums of shares are off by.
const whole = 1e-9

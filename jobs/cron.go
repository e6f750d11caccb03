package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/streamgate/streamgate/internal/problem"
)

// cron submits a job again and again.
type cron struct {
	name string
	at   *schedule
	job  Job
}

// Schedule has a job submitted whenever the time is as spec says: five fields for
// minute, hour, day of the month, month and day of the week (0 or 7 is Sunday), as
// crontab(5) has them, with *, lists, ranges and steps, or one of @hourly, @daily,
// @weekly, @monthly, @yearly, or @every with a duration of seconds or more. Times
// are UTC. On several machines it is submitted once for each time. What falls in a
// time in which no Queue runs is left out. The name is what the times belong to, and
// stays the same over restarts.
func (q *Queue) Schedule(name, spec string, j Job) error {
	at, err := parseSchedule(spec)
	if err != nil {
		return err
	}
	if j.Unique != "" || !j.RunAt.IsZero() {
		return problem.Errorf(ErrInvalid, "a job by schedule has its times and its key from that")
	}
	if _, err := q.insertion(&j, open); err != nil {
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.started {
		return errors.New("jobs: Schedule comes before Start")
	}
	for _, c := range q.crons {
		if c.name == name {
			return fmt.Errorf("jobs: there is a schedule %q already", name)
		}
	}
	q.crons = append(q.crons, &cron{name: name, at: at, job: j})
	return nil
}

// cronRetry is how soon to try again to submit a job whose time has come.
const cronRetry = time.Second

func (c *cron) run(ctx context.Context, q *Queue) {
	c.loop(ctx, func(ctx context.Context, at time.Time) error {
		j := c.job
		j.Unique = fmt.Sprintf("cron %s %d", c.name, at.Unix())
		_, err := q.submit(ctx, j, ever, nil) // whoever comes second finds it
		if err != nil {
			q.o.Logger.ErrorContext(ctx, "a job could not be submitted by its schedule, it will be tried again", "schedule", c.name, "error", err)
		}
		return err
	})
}

// loop calls submit at each of its times, and again as long as that fails and the
// next time has not come.
func (c *cron) loop(ctx context.Context, submit func(ctx context.Context, at time.Time) error) {
	for last := time.Now(); ; {
		next := c.at.next(last)
		if next.IsZero() {
			return // on the 31st of February
		}
		if !sleepUntil(ctx, next) {
			return
		}
		for submit(ctx, next) != nil && time.Now().Add(cronRetry).Before(c.at.next(next)) {
			if !sleepUntil(ctx, time.Now().Add(cronRetry)) {
				return
			}
		}
		last = next
		if late := time.Now(); late.Sub(last) > time.Minute { // the machine slept
			last = late
		}
	}
}

func sleepUntil(ctx context.Context, t time.Time) bool {
	timer := time.NewTimer(time.Until(t))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

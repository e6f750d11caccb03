package jobs

import (
	"context"
	"encoding/json"

	"github.com/riverqueue/river/riverdriver"

	"github.com/streamgate/streamgate/jobs/internal/backend"
)

// The topics that River's clients listen to, and what they want to read there.
const (
	insertTopic  = "river_insert"
	controlTopic = "river_control"
)

// announce tells the workers of other processes, at the commit, that there is
// something to do in the lanes.
func announce(ctx context.Context, c backend.Conn, lanes ...string) error {
	payloads := make([]string, len(lanes))
	for i, lane := range lanes {
		text, err := json.Marshal(map[string]string{"queue": lane})
		if err != nil {
			return err
		}
		payloads[i] = string(text)
	}
	return c.River().NotifyMany(ctx, &riverdriver.NotifyManyParams{Topic: insertTopic, Payload: payloads})
}

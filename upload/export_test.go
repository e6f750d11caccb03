package upload

import (
	"testing"
	"time"
)

// Held says whether a request holds the upload, for tests that need two at once.
func (up *Uploader) Held(id string) bool { return up.holds.get(id) != nil }

// DeadAfter is how long a silent writer keeps its place beside a newcomer.
const DeadAfter = deadAfter

// SetReserveStep has uploads of unknown length counted every n bytes, for one test.
func SetReserveStep(t testing.TB, n int64) {
	t.Helper()
	before := reserveStep
	reserveStep = n
	t.Cleanup(func() { reserveStep = before })
}

// InformEvery shortens the time between the checkpoints that clients hear of.
func (up *Uploader) InformEvery(d time.Duration) { up.informEvery = d }

// Interrupted says whether the request that holds the upload was told to stop.
func (up *Uploader) Interrupted(id string) bool {
	h := up.holds.get(id)
	return h != nil && h.interrupted() != nil
}

// SetPatience is DeadAfter of one Uploader, before its first request: what a test
// calls alive must not depend on how busy the machine is.
func (up *Uploader) SetPatience(d time.Duration) { up.holds.patience = d }

package upload

import "testing"

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

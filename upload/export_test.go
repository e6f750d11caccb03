package upload

import "time"

// Held says whether a request holds the upload, for tests that need two at once.
func (up *Uploader) Held(id string) bool { return up.holds.get(id) != nil }

// InformEvery shortens the time between the checkpoints that clients hear of.
func (up *Uploader) InformEvery(d time.Duration) { up.informEvery = d }

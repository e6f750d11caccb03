package upload

// Held says whether a request holds the upload, for tests that need two at once.
func (up *Uploader) Held(id string) bool { return up.holds.get(id) != nil }

// Interrupted says whether the request that holds the upload was told to stop.
func (up *Uploader) Interrupted(id string) bool {
	h := up.holds.get(id)
	return h != nil && h.interrupted() != nil
}

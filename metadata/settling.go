package metadata

// Settling is what became of an asset's source after it was published: rewritten
// so that each segment lies in one run, or not. Package settle does that.
type Settling struct {
	State SettlingState `json:"state,omitempty"`
	// Original is the storage key that the source came under, where Asset.Source is
	// another file by now: it goes on naming the asset's bytes. So it is of what had
	// to be transcoded, and of what waits for that, which has no Source yet.
	Original string `json:"original,omitempty"`
	Dropped  bool   `json:"dropped,omitempty"` // the original is not kept any more
	Reason   string `json:"reason,omitempty"`  // why it stays as it came, for a person
}

// SettlingState is how far that is.
type SettlingState string

// The states of settling. A source that nobody has looked at has none.
const (
	Settled   SettlingState = "settled"   // each segment lies in one run
	Unsettled SettlingState = "unsettled" // it stays as it came; see Settling.Reason
)

// Kept is the storage key of the file as it came, "" where it is not kept.
func (a *Asset) Kept() string {
	return a.Settling.kept(a.Source)
}

// Kept is the storage key of the file as it came, "" where it is not kept.
func (r *Rendition) Kept() string { return r.Settling.kept(r.Source) }

// kept is the key of the file as it came, of one that is played from source.
func (s *Settling) kept(source string) string {
	switch {
	case s.Original == "":
		return source
	case s.Dropped:
		return ""
	}
	return s.Original
}

// SetAside makes of the source the file as it came, of which something is yet to be
// made that plays.
func (a *Asset) SetAside() {
	a.Settling = Settling{Original: a.Source}
	a.Source, a.Index, a.Revision, a.Growth = "", "", "", ""
}

// TakeBack undoes SetAside where nothing came of it.
func (a *Asset) TakeBack() {
	if a.Source == "" && a.Settling.Original != "" && !a.Settling.Dropped {
		a.Source, a.Settling, a.Growth = a.Settling.Original, Settling{}, ""
	}
}

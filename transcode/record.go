package transcode

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/streamgate/streamgate/metadata"
)

// A transcode is kept as an upload of the asset (metadata.ProtocolTranscode), whose
// id it has. Its Metadata say what it is made of, and how far it has come.
const (
	metaOf     = "of"     // the upload whose file it is made of, where the asset has none yet that plays
	metaRecord = "record" // a record, as JSON
)

// A record is how far a transcode is. Each change is one transaction with the task
// that causes it.
type record struct {
	Profile string   `json:"profile"`
	By      string   `json:"by,omitempty"`    // who asked for it; "" where the upload itself did
	Sound   bool     `json:"sound,omitempty"` // nothing but sound beside what plays: see Transcoder.Sound
	Carry   Carriage `json:"carriage,omitempty"`
	Plan    string   `json:"plan,omitempty"` // storage key of the plan; "" as long as there is none
	// Straight is the storage key of the file with times that do not jump, where those
	// of the file as it came do.
	Straight string `json:"straight,omitempty"`
	// Ordered is the storage key of a file of the pictures alone that says when each
	// shows, where the file as it came does not.
	Ordered string   `json:"ordered,omitempty"`
	Rungs   []rung   `json:"rungs,omitempty"`
	Chunks  int      `json:"chunks,omitempty"`
	Sounds  []int    `json:"sounds,omitempty"` // streams
	Left    []string `json:"left,omitempty"`   // what is left out of the source, and why

	Began   time.Time `json:"began,omitzero"`    // when there was a plan
	Planned bool      `json:"planned,omitempty"` // rungs are cut where what plays is
	Asked   bool      `json:"asked,omitempty"`   // for what is shown beside
	Ended   bool      `json:"ended,omitempty"`   // nothing more is made
	End     State     `json:"end,omitempty"`     // how that came, where not all was made

	Short time.Time `json:"short,omitzero"`  // since when there is no room in storage, or no answer
	Waits string    `json:"waits,omitempty"` // what it waits for meanwhile, in words

	Joined Joined `json:"joined,omitzero"` // of what plays, in the first Upload.Offset bytes

	// Parts are what is done: by the name of the part, who did it, which is in the keys
	// of its files.
	Parts map[string]string `json:"parts,omitempty"`
	// Heard is how much there is of each stream of sound, by the name of its part.
	Heard map[string]heard `json:"heard,omitempty"`
}

// A rung is one of the ladder; or, of what plays as it came, its sound in another coding.
type rung struct {
	Sound  bool           `json:"sound,omitempty"`
	Name   string         `json:"name"`
	Width  int            `json:"width"`
	Height int            `json:"height"`
	State  metadata.State `json:"state"`
	Error  string         `json:"error,omitempty"`

	// Of one that grows beside what plays: how far it has come, in as many bytes as
	// Upload.RenditionOffset says; and whether the asset has it.
	Joined Joined `json:"joined,omitzero"`
	Shown  bool   `json:"shown,omitempty"`
}

// recordOf reads the record of a transcode.
func recordOf(u *metadata.Upload) (*record, error) {
	r := &record{}
	if err := json.Unmarshal([]byte(u.Metadata[metaRecord]), r); err != nil {
		return nil, fmt.Errorf("transcode: the record of %s: %w", u.ID, err)
	}
	if r.Parts == nil {
		r.Parts = map[string]string{}
	}
	return r, nil
}

// write puts it into the upload.
func (r *record) write(u *metadata.Upload) error {
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("transcode: the record of %s: %w", u.ID, err)
	}
	if u.Metadata == nil {
		u.Metadata = map[string]string{}
	}
	u.Metadata[metaRecord] = string(text)
	return nil
}

// The names of parts.
func partVideo(chunk int) string  { return fmt.Sprintf("v%d", chunk) } // in all rungs, but for the first part
func partSound(stream int) string { return fmt.Sprintf("a%d", stream) }

const (
	partFirst    = "first"    // the first chunk in the first rung
	partRemux    = "remux"    // the whole in another container
	partStraight = "straight" // the whole, with times that do not jump
	partOrdered  = "ordered"  // the pictures, with when they show
	partExtras   = "extras"   // what is shown beside
)

// fails has a rung failed, with the reason.
func (r *record) fails(name, reason string) {
	if at := slices.IndexFunc(r.Rungs, func(x rung) bool { return x.Name == name }); at >= 0 {
		r.Rungs[at].State, r.Rungs[at].Error = metadata.Failed, reason
	}
}

// folder begins the storage keys of all that a transcode makes.
func folder(u *metadata.Upload) string { return "assets/" + u.Asset + "/" + u.ID + "/" }

// sourceKey is where what plays lies.
func sourceKey(u *metadata.Upload) string { return folder(u) + "source" }

// rungKey is where a rung lies that a task has joined: another run of it, which does
// not know yet that it has lost its lease, writes elsewhere.
func rungKey(u *metadata.Upload, name, by string) string {
	return folder(u) + "rungs/" + name + "-" + by
}

// grownKey is where a rung lies that grows beside what plays, as that does: whoever
// appends to it has it open, which nobody else can.
func grownKey(u *metadata.Upload, name string) string { return folder(u) + "rungs/" + name }

func rungIndex(key string) string { return key + "-index" }

// partsOf begins the storage keys of what is there only until it is joined.
func partsOf(u *metadata.Upload) string { return folder(u) + "parts/" }

// partKey is where a file of a part lies that a task has made: no other task, nor
// another run of the same, has that key.
func partKey(u *metadata.Upload, part, by, file string) string {
	return partsOf(u) + part + "-" + by + "-" + strings.TrimSuffix(file, path.Ext(file))
}

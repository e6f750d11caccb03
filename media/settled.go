package media

import (
	"bytes"
	"encoding/json"
)

// settledType is the type of a uuid box (ISO/IEC 14496-12 §11.1) in the user data
// of a track that Rewrite wrote.
var settledType = []byte{0x5e, 0x77, 0x1e, 0xd0, 0x8b, 0x1c, 0x4f, 0x26, 0x9a, 0x3d, 0x53, 0x47, 0x53, 0x45, 0x54, 0x4c}

// settled is what the samples of a rewritten track do not tell. Its timeline is the
// one that is presented: nothing is hidden, moved or brought forward any more, and
// the edit list says only where the presentation begins on it and ends.
type settled struct {
	Layout    Layout
	FrameRate float64
	Held      uint64 `json:",omitempty"` //nolint:tagliatelle // named as the others
	Fragments bool   // the source came in fragments: see grow.go
}

const (
	maxSettledBox = 1 << 10
	maxFrameRate  = 1 << 20
)

// settledBox is what parseSettled reads.
func (rw *rewriter) settledBox(t *Track) []byte {
	text, _ := json.Marshal(settled{t.Layout, t.FrameRate, t.Held, rw.ix.fragments}) // plain numbers
	return makeBox("uuid", settledType, text)
}

// parseSettled reads the content of a uuid box; nil for any other than ours.
func parseSettled(body []byte) *settled {
	text, ok := bytes.CutPrefix(body, settledType)
	if !ok || len(text) > maxSettledBox {
		return nil
	}
	s := new(settled)
	if json.Unmarshal(text, s) != nil || !(s.FrameRate >= 0 && s.FrameRate <= maxFrameRate) {
		return nil
	}
	return s
}

// apply says of a track what it was before it was rewritten.
func (s *settled) apply(t *Track) {
	if s != nil {
		t.Layout, t.FrameRate, t.Held = s.Layout, s.FrameRate, s.Held
	}
}

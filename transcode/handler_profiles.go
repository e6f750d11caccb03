package transcode

import (
	"maps"
	"net/http"
	"slices"

	"github.com/streamgate/streamgate/internal/problem"
)

// profileView is a profile in JSON.
type profileView struct {
	Name    string     `json:"name"`
	Video   Codec      `json:"video"`
	Audio   Codec      `json:"audio"`
	HDR     bool       `json:"hdr"`
	Segment float64    `json:"segment"` // seconds
	Rungs   []rungView `json:"rungs"`
}

// rungView is a rung of it, as it is for a source of 16:9 with up to 30 frames a second.
type rungView struct {
	Height  int   `json:"height"`
	MaxRate int64 `json:"max_rate"` // bits a second
	MaxFPS  int   `json:"max_fps"`
}

// NewProfilesHandler returns a handler that tells which profiles a Transcoder has:
// GET and HEAD, at the address where it is mounted.
func NewProfilesHandler(t *Transcoder) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			problem.Method(w, r, http.MethodGet, http.MethodHead)
			return
		}
		list := []profileView{}
		for _, name := range slices.Sorted(maps.Keys(t.profiles)) {
			p, err := t.profiles[name].complete()
			if err != nil {
				problem.Write(w, r, err)
				return
			}
			v := profileView{Name: name, Video: p.Video, Audio: p.Audio, HDR: p.HDR, Segment: p.Segment.Seconds(), Rungs: []rungView{}}
			for _, x := range p.Rungs {
				v.Rungs = append(v.Rungs, rungView{x.Height, x.MaxRate, x.MaxFPS})
			}
			list = append(list, v)
		}
		if err := writeJSON(w, r, http.StatusOK, map[string]any{"profiles": list}); err != nil {
			problem.Write(w, r, err)
		}
	})
}

package playcheck

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// Transport says how a player that gets MPEG-2 transport streams sees or hears
// something else than one that gets fragmented MP4: other frames, in another
// order or at other times; both have one clock. Nothing is what it should say.
// kinds is what the streams of the transport stream are, such as "video" and
// "audio". Of a picture that is turned for display only the times are compared,
// since a transport stream cannot say that.
//
// The test is skipped without ffmpeg.
func Transport(t testing.TB, master, transport string) (kinds, problems []string) {
	t.Helper()
	Require(t)
	dir := t.TempDir()
	want, err := probe(t.Context(), dir, master)
	if err != nil {
		return nil, []string{fmt.Sprintf("the playlist cannot be read: %v", err)}
	}
	have, err := probe(t.Context(), dir, transport)
	if err != nil {
		return nil, []string{fmt.Sprintf("the transport stream cannot be read: %v", err)}
	}
	wants, w := decode(t.Context(), dir, "playlist", master, want.streams)
	haves, h := decode(t.Context(), dir, "transport", transport, have.streams)
	if h.err != nil {
		problems = append(problems, h.err.Error())
	}
	if fresh := newComplaints(append(want.complaints, w.complaints...), append(have.complaints, h.complaints...)); len(fresh) > 0 {
		problems = append(problems, "ffmpeg complains: "+strings.Join(fresh, "; "))
	}
	for i, s := range have.streams {
		kinds = append(kinds, s.Type)
		said := "no track of the playlist is of this kind"
		for j, w := range want.streams {
			if w.Type != s.Type {
				continue
			}
			if said = alike(wants[j], haves[i], w.matrix() != ""); said == "" {
				break
			}
		}
		if said != "" {
			problems = append(problems, name(s, have.streams)+": "+said)
		}
	}
	return kinds, problems
}

// alike says how have differs from want, or "".
func alike(want, have *decoded, turned bool) string {
	if len(want.frames) != len(have.frames) {
		return fmt.Sprintf("%d frames, not %d", len(have.frames), len(want.frames))
	}
	if want.shape != have.shape && !turned {
		return fmt.Sprintf("is %s, not %s", have.shape, want.shape)
	}
	other, first, off := 0, -1, 0.0
	for i := range want.frames {
		if want.frames[i].key != have.frames[i].key && !turned {
			if other++; first < 0 {
				first = i
			}
		}
		off = max(off, math.Abs(want.frames[i].at-have.frames[i].at))
	}
	switch {
	case other > 0:
		return fmt.Sprintf("%d of %d frames differ, the first is number %d", other, len(want.frames), first)
	case off > syncTolerance+want.tick+have.tick:
		return fmt.Sprintf("up to %.4f s off", off)
	}
	return ""
}

package playcheck

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Manifest says how a player that goes by the DASH manifest gets something else
// than one that goes by the multivariant playlist: other packets or other
// frames, in another order or at other times. Nothing is what it should say.
//
// The test is skipped without ffmpeg.
func Manifest(t testing.TB, master, manifest string) (problems []string) {
	t.Helper()
	Require(t)
	dir := t.TempDir()
	byPlaylist, err := probe(t.Context(), dir, master)
	if err != nil {
		return []string{fmt.Sprintf("the playlist cannot be read: %v", err)}
	}
	byManifest, err := probe(t.Context(), dir, manifest)
	if err != nil {
		return []string{fmt.Sprintf("the manifest cannot be read: %v", err)}
	}
	if fresh := newComplaints(byPlaylist.complaints, byManifest.complaints); len(fresh) > 0 {
		problems = append(problems, "ffprobe complains: "+strings.Join(fresh, "; "))
	}
	var found []*stream
	for _, s := range byManifest.streams {
		of := name(s, byManifest.streams)
		w, err := s.alone(t.Context(), dir, master, manifest, byPlaylist.streams)
		if err != nil {
			problems = append(problems, of+": "+err.Error())
		}
		found = append(found, w)
	}
	for _, w := range byPlaylist.streams {
		if !slices.ContainsFunc(found, func(f *stream) bool { return f != nil && other(f.packets, w.packets) == "" }) {
			problems = append(problems, name(w, byPlaylist.streams)+" of the playlist is not in the manifest")
		}
	}
	return problems
}

// alone compares a stream of the manifest, which is played without the others:
// ffmpeg ends a manifest with whichever track is the first to end. It returns
// the stream of the playlist that has the same packets.
func (s *stream) alone(ctx context.Context, dir, master, manifest string, wants []*stream) (*stream, error) {
	p, err := probe(ctx, dir, manifest, "-select_streams", strconv.Itoa(s.Index))
	if err != nil {
		return nil, err
	}
	if len(p.streams) != 1 {
		return nil, fmt.Errorf("there are %d", len(p.streams))
	}
	said := "no track of the playlist is of this kind"
	for _, w := range wants {
		if w.Type != s.Type {
			continue
		}
		if said = other(w.packets, p.streams[0].packets); said == "" {
			return w, s.decoded(ctx, dir, master, manifest, w)
		}
	}
	return nil, fmt.Errorf("packets: %s", said)
}

func (s *stream) decoded(ctx context.Context, dir, master, manifest string, w *stream) error {
	want, r := decode(ctx, dir, "playlist", master, []*stream{w})
	have, m := decode(ctx, dir, "manifest", manifest, []*stream{s})
	if m.err != nil && r.err == nil {
		return fmt.Errorf("ffmpeg does not decode it: %w", m.err)
	}
	if d := other(want[0].frames, have[0].frames); d != "" {
		return fmt.Errorf("frames: %s", d)
	}
	return nil
}

// other says where have begins to be another thing than want, or "".
func other(want, have []unit) string {
	for i := range min(len(want), len(have)) {
		if want[i].key != have[i].key || want[i].at != have[i].at {
			return fmt.Sprintf("number %d is another, or at %.6f s and not %.6f s", i, have[i].at, want[i].at)
		}
	}
	if len(want) != len(have) {
		return fmt.Sprintf("%d, not %d", len(have), len(want))
	}
	if len(want) == 0 {
		return "there are none"
	}
	return ""
}

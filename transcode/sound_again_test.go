package transcode

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Where sound goes on is told in bytes of the files that a run of a task has made.
func TestWhereSoundGoesOnIsForgottenWhenAnotherRunMakesIt(t *testing.T) {
	for _, c := range []struct {
		name string
		by   string
		want []int64
	}{
		{"the same run goes on", "1.1", []int64{10, 20}},
		{"another one has more", "1.2", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			was := map[string]heard{"a1": {By: "1.1", Pieces: 1}, "a2": {By: "2.1", Pieces: 1}}
			r := &record{Heard: map[string]heard{"a1": was["a1"], "a2": was["a2"]}, Joined: Joined{Sound: []int64{10, 20}}}
			r.hear("a1", heard{By: c.by, Pieces: 2})
			if diff := cmp.Diff(c.want, r.Joined.Sound); diff != "" {
				t.Errorf("sound goes on (-want +got):\n%s", diff)
			}
			if same := sameSound(r.Heard, was); same != (c.want != nil) {
				t.Errorf("it is of the same runs: %v", same)
			}
		})
	}
}

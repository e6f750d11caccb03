package metadata_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/metadata"
)

func TestRenditionsGrowAndAreForgotten(t *testing.T) {
	whole := metadata.Rendition{Name: "360p", State: metadata.Ready, Source: "a/b", Index: "a/i"}
	for _, c := range []struct {
		name   string
		change func(t *testing.T, a *metadata.Asset)
		grow   []string // renditions that grow in the end
		all    int
	}{
		{"nothing", func(*testing.T, *metadata.Asset) {}, nil, 1},
		{"one grows", func(t *testing.T, a *metadata.Asset) { grow(t, a, "480p", nil) }, []string{"480p"}, 2},
		{"it grows again", func(t *testing.T, a *metadata.Asset) {
			grow(t, a, "480p", nil)
			grow(t, a, "480p", nil)
		}, []string{"480p"}, 2},
		{"one of that name plays", func(t *testing.T, a *metadata.Asset) { grow(t, a, "360p", metadata.ErrInvalid) }, nil, 1},
		{"one of two is forgotten", func(t *testing.T, a *metadata.Asset) {
			grow(t, a, "480p", nil)
			grow(t, a, "720p", nil)
			if !a.Ungrow("480p") || a.Ungrow("480p") {
				t.Error("it is forgotten twice, or not at all")
			}
		}, []string{"720p"}, 2},
		{"what plays is not", func(t *testing.T, a *metadata.Asset) {
			if a.Ungrow("360p") {
				t.Error("it is forgotten")
			}
		}, nil, 1},
		{"all are forgotten", func(t *testing.T, a *metadata.Asset) {
			grow(t, a, "480p", nil)
			grow(t, a, "720p", nil)
			if !a.Ungrow("") || a.Ungrow("") {
				t.Error("they are forgotten twice, or not at all")
			}
		}, nil, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := &metadata.Asset{Growth: "u1", Renditions: []metadata.Rendition{whole}}
			c.change(t, a)
			var names []string
			for _, r := range a.Renditions {
				if r.Plays() && r.Growing() {
					t.Errorf("%s is whole and grows", r.Name)
				}
				if r.Growing() {
					names = append(names, r.Name)
				}
			}
			if d := cmp.Diff(c.grow, names); d != "" || len(a.Renditions) != c.all {
				t.Errorf("%d renditions, of which grow (-want +got):\n%s", len(a.Renditions), d)
			}
		})
	}
}

func grow(t *testing.T, a *metadata.Asset, name string, want error) {
	t.Helper()
	if err := a.Grow(metadata.Rendition{Name: name, Source: "a/" + name}); !errors.Is(err, want) {
		t.Fatalf("%v, want %v", err, want)
	}
}

// What plays of a rendition keeps its address from its first segment on, though its size
// and its sum are known at the end.
func TestARenditionThatGrewKeepsItsName(t *testing.T) {
	r := metadata.Rendition{Name: "480p", Source: "a/b", Growth: "u1"}
	early := r.SourceID("r1")
	r.Size, r.Index, r.State, r.SHA256 = 7, "a/i", metadata.Ready, "ab"
	r.Settling.Original, r.Source = r.Source, "a/c"
	if got := r.SourceID("r1"); got != early {
		t.Errorf("it was %q and is %q", early, got)
	}
	other := metadata.Rendition{Name: "720p", Source: "a/b", Growth: "u1"}
	if other.SourceID("r1") == early || r.SourceID("r2") == early {
		t.Error("another one has the same name")
	}
}

func TestRenditionOffsets(t *testing.T) {
	u := &metadata.Upload{}
	u.SetRenditionOffset("480p", 0)
	u.SetRenditionOffset("480p", 12)
	u.SetRenditionOffset("720p", 1<<40)
	if a, b, c := u.RenditionOffset("480p"), u.RenditionOffset("720p"), u.RenditionOffset("1080p"); a != 12 || b != 1<<40 || c != 0 {
		t.Errorf("%d, %d and %d bytes", a, b, c)
	}
	u.SetRenditionOffset("480p", 0)
	if d := cmp.Diff(map[string]string{"offset/720p": "1099511627776"}, u.Metadata); d != "" {
		t.Error(d)
	}
}

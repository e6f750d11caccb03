package streamgate

import "testing"

func TestAPathMatchesTheFormOfItsPattern(t *testing.T) {
	for _, c := range []struct {
		pattern, path string
		want          bool
	}{
		{"", "", true},
		{"", "/", false},
		{"", "/x", false},
		{"/{upload}", "/x", true},
		{"/{upload}", "", false},
		{"/{upload}", "/", false},
		{"/{upload}", "/x/", false},
		{"/{upload}", "/x/y", false},
		{"/{upload}/complete", "/x/complete", true},
		{"/{upload}/complete", "/x/complete/", false},
		{"/{upload}/complete", "//complete", false},
		{"/{upload}/complete", "/x/completely", false},
		{"/{asset}/master.m3u8", "/x/master.m3u8", true},
		{"/{asset}/master.m3u8", "/x/y/master.m3u8", false},
		{"/{asset}/{revision}/{track}/{segment}.m4s", "/x/r/v1/0.m4s", true},
		{"/{asset}/{revision}/{track}/{segment}.m4s", "/x/r/v1/.m4s", false},
		{"/{asset}/{revision}/{track}/{segment}.m4s", "/x/r/v1/0.mp4", false},
		{"/{asset}/{revision}/{track}/{segment}.m4s", "/x/r//0.m4s", false},
	} {
		if got := matches(c.pattern, c.path); got != c.want {
			t.Errorf("matches(%q, %q) = %t", c.pattern, c.path, got)
		}
	}
}

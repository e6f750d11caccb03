package metrics

import (
	"os"
	"testing"
)

const statText = "4242 (a) b ( c) S 1 2 3 4 5 6 7 8 9 10 111 222 13 14 15 16 17 18 19 20000 21 22 23 24\n"

func TestTheStatOfAProcessIsRead(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want stat
		ok   bool
	}{
		"whole":           {statText, stat{cpu: 333, start: 19, virtual: 20000, resident: 21}, true},
		"empty":           {"", stat{}, false},
		"cut off":         {statText[:60], stat{}, false},
		"without a name":  {"1 2 3", stat{}, false},
		"with a negative": {"1 (a) S 1 2 3 4 5 6 7 8 9 10 -1 222 13 14 15 16 17 18 19 20000 21 22", stat{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got, ok := parseStat([]byte(tt.text)); got != tt.want || ok != tt.ok {
				t.Errorf("%+v, %t", got, ok)
			}
		})
	}
}

func FuzzStat(f *testing.F) {
	f.Add([]byte(statText))
	if text, err := os.ReadFile("/proc/self/stat"); err == nil {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if s, ok := parseStat(text); !ok && s != (stat{}) {
			t.Errorf("half of it was read: %+v", s)
		}
	})
}

package ffmpeg

import (
	"testing"
	"time"
)

func TestARunIsEndedAtTheRightMoment(t *testing.T) {
	began := time.Unix(0, 0)
	l := Limits{Time: time.Hour, Stall: time.Minute, Output: 1000}
	for _, c := range []struct {
		name  string
		looks []look
		want  Class
	}{
		{"one that goes on", []look{{now: began.Add(50 * time.Second), progress: 1}, {now: began.Add(100 * time.Second), progress: 2}, {now: began.Add(150 * time.Second), progress: 3}}, ""},
		{"one that does not", []look{{now: began.Add(50 * time.Second), progress: 1}, {now: began.Add(110 * time.Second), progress: 1}}, Stuck},
		{"one that need not", []look{{now: began.Add(30 * time.Minute), steady: true}}, ""},
		{"one that takes too long", []look{{now: began.Add(time.Hour), progress: 1}}, TimeLimit},
		{"one that writes too much", []look{{now: began, own: 1001}}, OutputLimit},
		{"all that write too much", []look{{now: began, own: 1, all: 5001}}, DiskFull},
		{"one that takes the last of the disk", []look{{now: began, own: 1, free: 9, known: true}}, DiskFull},
		{"one that has written nothing on a full disk", []look{{now: began, free: 9, known: true}}, ""},
		{"one on a disk that nobody knows", []look{{now: began, own: 1}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := &watchdog{limits: l, bytes: 5000, free: 10, began: began, moved: began}
			var why *limitError
			for i := range c.looks {
				if why != nil {
					t.Errorf("it was ended before look %d: %v", i, why)
				}
				why = w.judge(&c.looks[i])
			}
			if why == nil && c.want != "" || why != nil && why.class != c.want {
				t.Errorf("it ends with %v, not %q", why, c.want)
			}
		})
	}
}

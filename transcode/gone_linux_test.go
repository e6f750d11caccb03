package transcode_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/transcode"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// programsIn are the processes that work in a folder or below it, as the kernel tells:
// nobody's word is taken for it.
func programsIn(t testing.TB, dir string) (pids []int) {
	t.Helper()
	list, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range list {
		at, err := os.Readlink(link) // it may end meanwhile, or be another user's
		if err != nil || !strings.HasPrefix(at, dir+"/") {
			continue
		}
		pid, err := strconv.Atoi(strings.Split(link, "/")[2])
		if err != nil {
			t.Fatal(err)
		}
		pids = append(pids, pid)
	}
	return pids
}

// TestNoFFmpegIsLeftOfATranscodeThatEnds ends a transcode in several ways while ffmpeg
// encodes, and stands still: so it never comes to an end by itself.
func TestNoFFmpegIsLeftOfATranscodeThatEnds(t *testing.T) {
	slow := smallOptions()
	slow.Profiles[0].Preset = "placebo"
	slow.Profiles[0].Rungs = []transcode.Rung{{Height: 360, CRF: 10, MaxRate: 50_000_000}}
	film := makeFilm(t, "film.avi", "-f lavfi -i testsrc2=s=640x360:r=25:d=12 -c:v mpeg4 -q:v 5 -g 50")
	cases := []struct {
		name string
		end  func(h *house, a *metadata.Asset)
	}{
		{"it is cancelled", cancel},
		{"its asset is deleted", (*house).delete},
		{"its file is replaced", replace},
		{"an operator cancels the task", func(h *house, _ *metadata.Asset) {
			page, err := h.queue.List(h.t.Context(), jobs.Query{Kinds: []string{"transcode-video"}, States: []jobs.State{jobs.Running}})
			if err != nil || len(page.Jobs) != 1 {
				h.t.Fatal(page, err)
			}
			if _, err := h.queue.Cancel(h.t.Context(), page.Jobs[0].ID); err != nil {
				h.t.Fatal(err)
			}
		}},
		{"the queue is stopped", func(h *house, _ *metadata.Asset) {
			if err := h.queue.Stop(h.t.Context()); err != nil {
				h.t.Error(err)
			}
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			runs, err := filepath.EvalSymlinks(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			programs, err := ffmpeg.New(runs, &ffmpeg.Options{Limits: ffmpeg.Limits{Stall: -1}})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = programs.Close() })
			slow.programs = programs
			h := newHouse(t, t.TempDir(), slow)
			a := h.send(film, "")
			h.until("ffmpeg encodes, and stands still", func() bool {
				for _, pid := range programsIn(t, runs) {
					line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
					if strings.Contains(string(line), "placebo") {
						return syscall.Kill(pid, syscall.SIGSTOP) == nil
					}
				}
				return false
			})
			asked := time.Now()
			c.end(h, a)
			said := time.Now()
			h.until("ffmpeg is gone", func() bool { return len(programsIn(t, runs)) == 0 })
			t.Logf("it took %v to ask, and %v until no process was left", said.Sub(asked), time.Since(said))
		})
	}
}

package streamgate_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/storage/disk"
)

// check looks at what there is in the end.
func (d *drill) check() {
	d.t.Helper()
	for id, f := range d.films {
		a, err := d.db.Metadata().Asset(d.t.Context(), id)
		if err != nil {
			d.t.Fatal(err)
		}
		d.checkOnce(a, f)
		d.checkPlaylists(a, f)
	}
	d.checkLeft()
	for _, w := range d.workers {
		w.stop()
	}
	d.workers = nil
	files, err := disk.Open(filepath.Join(d.dir, "files")) // which nobody else has any more
	if err != nil {
		d.t.Fatal(err)
	}
	defer files.Close() //nolint:errcheck // nothing is written
	for id, f := range d.films {
		a, err := d.db.Metadata().Asset(d.t.Context(), id)
		if err != nil {
			d.t.Fatal(err)
		}
		d.checkFile(files, a.Source, f)
		for _, r := range a.Renditions {
			if r.Source != "" && r.Source != a.Source {
				d.checkFile(files, r.Source, f)
			}
		}
	}
	d.checkScratch()
}

// checkOnce has each result in the rows, and told of, once.
func (d *drill) checkOnce(a *metadata.Asset, f drillFilm) {
	d.t.Helper()
	var status struct {
		Transcodes []struct {
			State string
			Rungs []struct{ Name, State, Error string }
		}
	}
	list := d.workers[0].get("/v1/transcodes?asset="+a.ID).want(d.t, http.StatusOK)
	if err := json.Unmarshal(list.body, &status); err != nil || len(status.Transcodes) != 1 {
		d.t.Fatalf("%s has the transcodes %s, %v", f.name, list.body, err)
	}
	var names []string
	for _, r := range a.Renditions {
		names = append(names, r.Name)
	}
	slices.Sort(names)
	if n := len(names); n < 2 || len(slices.Compact(names)) != n {
		d.t.Errorf("%s has the renditions %v", f.name, names)
	}
	one := status.Transcodes[0]
	if one.State != "done" {
		d.t.Errorf("the transcode of %s is %s", f.name, one.State)
	}
	for _, r := range one.Rungs {
		if r.State != "ready" {
			d.t.Errorf("%s: %s is %s: %s", f.name, r.Name, r.State, r.Error)
		}
		joined := d.count(`SELECT count(*) FROM outbox WHERE asset = $1 AND type = 'asset.updated' AND data->>'rendition' = $2`, a.ID, r.Name)
		if joined > 1 {
			d.t.Errorf("%s: %s has joined %d times", f.name, r.Name, joined)
		}
	}
	for _, kind := range []string{"asset.ready", "transcode.done"} {
		if n := d.count(`SELECT count(*) FROM outbox WHERE asset = $1 AND type = $2`, a.ID, kind); n != 1 {
			d.t.Errorf("%s: %s was told %d times", f.name, kind, n)
		}
	}
	if n := d.count(`SELECT count(*) FROM uploads WHERE asset = $1`, a.ID); n != 2 {
		d.t.Errorf("%s has %d uploads, want what came and what was made", f.name, n)
	}
	if a.Growth != "" && a.Source == "" || a.Waiting != "" {
		d.t.Errorf("%s is ready and yet grows (%q) or waits (%q)", f.name, a.Growth, a.Waiting)
	}
}

// checkPlaylists plays all of it by any worker.
func (d *drill) checkPlaylists(a *metadata.Asset, f drillFilm) {
	d.t.Helper()
	w := d.workers[1]
	master := w.base + "/play/" + a.ID + "/master.m3u8"
	if n := plays(d.t, w.client, master); n < 3*f.seconds/4 {
		d.t.Errorf("%s plays in %d pieces", f.name, n)
	}
	for line := range strings.SplitSeq(string(w.get("/play/"+a.ID+"/master.m3u8").want(d.t, http.StatusOK).body), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		text := string(w.get("/play/"+a.ID+"/"+line).want(d.t, http.StatusOK).body)
		var sum float64
		for l := range strings.SplitSeq(text, "\n") {
			if rest, ok := strings.CutPrefix(l, "#EXTINF:"); ok {
				seconds, err := strconv.ParseFloat(strings.TrimRight(rest, ","), 64)
				if err != nil {
					d.t.Error(err)
				}
				sum += seconds
			}
		}
		if math.Abs(sum-float64(f.seconds)) > 0.2 || !strings.Contains(text, "#EXT-X-ENDLIST") {
			d.t.Errorf("%s: %s lasts %.3f s, want %d, and an end", f.name, line, sum, f.seconds)
		}
	}
}

// checkFile decodes a file: every picture is there, as long after the first as in the
// file that came, and no sound is missing.
func (d *drill) checkFile(files *disk.Store, key string, f drillFilm) {
	d.t.Helper()
	file, err := files.OpenFile(d.t.Context(), key)
	if err != nil {
		d.t.Errorf("%s: %v", f.name, err)
		return
	}
	path := file.Name()
	if !filepath.IsAbs(path) {
		path = filepath.Join(d.dir, "files", path)
	}
	_ = file.Close()                                                                                                                                             // nothing was read
	if said, err := exec.Command("ffmpeg", "-v", "error", "-xerror", "-i", path, "-map", "0", "-f", "null", "-").CombinedOutput(); err != nil || len(said) > 0 { //nolint:gosec // a file of this test
		d.t.Errorf("%s: decoding %s: %v: %s", f.name, key, err, said)
	}
	d.comparePictures(d.times(path, "v:0", "pts_time"), d.times(f.path, "v:0", "pts_time"), f, key)
	if times := d.times(path, "a:0", "pts_time"); len(times) > 0 {
		gap, at := widest(times)
		if lasts := times[len(times)-1] - times[0]; gap > 0.05 || math.Abs(lasts-float64(f.seconds)) > 0.2 {
			d.t.Errorf("%s: %s has %.3f s between two packets of sound, at %.3f s, which last %.3f s", f.name, key, gap, at, lasts)
		}
	}
}

func (d *drill) comparePictures(got, want []float64, f drillFilm, key string) {
	d.t.Helper()
	if len(got) != len(want) || len(want) != 25*f.seconds {
		d.t.Errorf("%s: %s has %d pictures, %d came", f.name, key, len(got), len(want))
		return
	}
	for i := range got {
		if here, there := got[i]-got[0], want[i]-want[0]; math.Abs(here-there) > 0.002 {
			d.t.Errorf("%s: picture %d of %s is at %.3f s, and was at %.3f", f.name, i, key, here, there)
			return
		}
	}
}

// times are those of a stream's packets, in the order in which they show.
func (d *drill) times(path, stream, what string) (list []float64) {
	d.t.Helper()
	out, err := exec.Command("ffprobe", "-v", "error", "-select_streams", stream, "-show_entries", "packet="+what, "-of", "csv=p=0", path).Output() //nolint:gosec // a file of this test
	if err != nil {
		d.t.Fatal(err)
	}
	for line := range strings.FieldsSeq(string(out)) {
		at, err := strconv.ParseFloat(strings.Trim(line, ","), 64)
		if err != nil {
			d.t.Fatal(err)
		}
		list = append(list, at)
	}
	slices.Sort(list)
	return list
}

// widest is the longest time between two moments, and where it begins.
func widest(times []float64) (gap, at float64) {
	for i := 1; i < len(times); i++ {
		if g := times[i] - times[i-1]; g > gap {
			gap, at = g, times[i-1]
		}
	}
	return gap, at
}

// checkLeft has no file in storage that no row refers to. What follows an event comes
// a moment after it.
func (d *drill) checkLeft() {
	d.t.Helper()
	files, err := disk.OpenWith(filepath.Join(d.dir, "files"), &disk.Options{Shared: true})
	if err != nil {
		d.t.Fatal(err)
	}
	defer files.Close() //nolint:errcheck // nothing is written
	var left []string
	patiently(d.t, "nothing is left in storage that no row refers to", func() bool {
		was := fmt.Sprint(left)
		left = nil
		for info, err := range files.List(d.t.Context(), "") {
			if err != nil {
				d.t.Fatal(err)
			}
			if !d.refersTo(info) {
				left = append(left, info.Key)
			}
		}
		for info, err := range files.Drafts(d.t.Context(), "") {
			if err != nil {
				d.t.Fatal(err)
			}
			left = append(left, "draft "+info.Key)
		}
		if now := fmt.Sprint(left); now != was {
			d.t.Logf("left in storage: %s", now)
		}
		return len(left) == 0
	})
}

func (d *drill) refersTo(info storage.Info) bool {
	d.t.Helper()
	if d.count(`SELECT count(*) FROM assets a WHERE strpos(a::text, $1) > 0`, info.Key)+d.count(`SELECT count(*) FROM uploads WHERE key = $1`, info.Key) > 0 {
		return true
	}
	id := strings.Split(info.Key, "/")[1]
	a, err := d.db.Metadata().Asset(d.t.Context(), id)
	return err == nil && a.Thumbnails != nil && slices.Contains(a.Thumbnails.Keys(), info.Key)
}

// checkScratch has nothing left of what ffmpeg wrote, nor of what it ran.
func (d *drill) checkScratch() {
	d.t.Helper()
	err := filepath.WalkDir(d.dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && strings.Contains(path, string(filepath.Separator)+"runs-") {
			d.t.Errorf("left: %s", path)
			return fs.SkipDir
		}
		return err
	})
	if err != nil {
		d.t.Error(err)
	}
	entries, _ := os.ReadDir("/proc") // where there is none, nothing is known
	for _, e := range entries {
		if at, err := os.Readlink(filepath.Join("/proc", e.Name(), "cwd")); err == nil && strings.HasPrefix(at, d.dir) {
			d.t.Errorf("process %s still runs in %s", e.Name(), at)
		}
	}
}

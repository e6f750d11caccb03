package streamgate_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/streamgate/streamgate/internal/pgtest"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/postgres"
)

// drillEnv has the long form run, as `make drill` does: how often a worker is killed,
// such as 10s.
const drillEnv = "STREAMGATE_DRILL"

// A drillFilm is what is sent in.
type drillFilm struct {
	name    string
	seconds int
	how     string // options of ffmpeg after the inputs: picture, a sound, a higher sound
	path    string // once it is made
}

var drillFilms = []drillFilm{
	{"film.avi", 60, "-map 0 -map 1 -c:v mpeg4 -q:v 5 -g 25 -c:a mp3", ""},
	{"film.ts", 45, "-map 0 -map 1 -c:v mpeg2video -q:v 5 -g 15 -c:a mp2", ""},
	{"film.mkv", 40, "-map 0 -map 1 -map 2 -c:v mpeg4 -q:v 5 -g 25 -c:a libvorbis -metadata:s:a:0 language=eng -metadata:s:a:1 language=fra", ""},
	{"carried.ts", 20, "-map 0 -map 1 -c:v libx264 -preset ultrafast -g 50 -bf 0 -c:a aac", ""},
}

// A drill is workers that are killed, and what is sent to them.
type drill struct {
	t       *testing.T
	dsn     string
	dir     string
	lease   time.Duration
	db      *postgres.DB
	workers []*worker
	films   map[string]drillFilm // by asset
	kills   int
}

// TestTranscodesWhileWorkersAreKilled has three processes on one PostgreSQL and one
// directory transcode, of which one is killed with -9 again and again: every result
// is published once, none has a gap, and nothing is left over.
func TestTranscodesWhileWorkersAreKilled(t *testing.T) {
	every, lease, most, copies, longer := 2500*time.Millisecond, 2*time.Second, 10, 1, 1
	if text := os.Getenv(drillEnv); text != "" {
		var err error
		if every, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
		lease, most, copies, longer = 20*time.Second, 60, 4, 10
	}
	films := drillFilms
	if testing.Short() {
		t.Attr("short", "two films")
		films, most = films[:2], 4
	}
	d := newDrill(t, lease)
	for _, f := range films {
		f.seconds *= longer
		f.make(t)
		for range copies {
			d.send(f, d.workers[len(d.films)%len(d.workers)])
		}
	}
	for end := time.Now().Add(time.Hour); !d.over(); {
		if time.Now().After(end) {
			t.Fatal("not over within an hour")
		}
		select {
		case <-t.Context().Done():
			t.FailNow()
		case <-time.After(every):
		}
		if d.kills < most {
			d.kill(rand.IntN(len(d.workers)))
		}
	}
	t.Logf("%d kills", d.kills)
	if d.kills == 0 {
		t.Error("it was over before anybody was killed")
	}
	d.check()
}

func newDrill(t *testing.T, lease time.Duration) *drill {
	t.Helper()
	d := &drill{t: t, dsn: pgtest.Database(t), dir: t.TempDir(), lease: lease, films: map[string]drillFilm{}}
	d.db = openPostgres(t, d.dsn)
	t.Cleanup(func() {
		for _, w := range d.workers {
			w.kill()
		}
	})
	for range 3 {
		d.workers = append(d.workers, startWorker(t, d.dsn, d.dir, lease))
	}
	return d
}

// kill kills a worker and starts another in its place.
func (d *drill) kill(i int) {
	d.t.Helper()
	d.workers[i].kill()
	d.workers[i] = startWorker(d.t, d.dsn, d.dir, d.lease)
	d.kills++
}

// make has ffmpeg make the film.
func (f *drillFilm) make(t *testing.T) {
	t.Helper()
	f.path = filepath.Join(t.TempDir(), f.name)
	options := fmt.Sprintf("-v error -f lavfi -i testsrc2=s=320x240:r=25:d=%[1]d -f lavfi -i sine=f=440:d=%[1]d -f lavfi -i sine=f=880:d=%[1]d %s %s", f.seconds, f.how, f.path)
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		foreignFilm(t, "1") // which says what is missing
	}
	if out, err := exec.Command("ffmpeg", strings.Fields(options)...).CombinedOutput(); err != nil { //nolint:gosec // options of this test
		t.Fatalf("%v: %s", err, out)
	}
}

// send uploads a film.
func (d *drill) send(f drillFilm, to *worker) {
	d.t.Helper()
	body, err := os.ReadFile(f.path)
	if err != nil {
		d.t.Fatal(err)
	}
	created := to.do(http.MethodPost, "/v1/uploads?filename="+f.name, bytes.NewReader(body)).want(d.t, http.StatusCreated).json(d.t)
	d.films[created["asset_id"].(string)] = f
}

// over says whether nothing is left to do.
func (d *drill) over() bool {
	d.t.Helper()
	for id := range d.films {
		a, err := d.db.Metadata().Asset(d.t.Context(), id)
		if err != nil {
			d.t.Fatal(err)
		}
		if a.State == metadata.Failed {
			d.t.Fatalf("%s has failed: %s", d.films[id].name, a.Error)
		}
		if a.State != metadata.Ready {
			return false
		}
	}
	return d.count(`SELECT count(*) FROM river_job WHERE state NOT IN ('completed', 'cancelled', 'discarded')`) == 0
}

// count asks the database for a number.
func (d *drill) count(text string, args ...any) (n int) {
	d.t.Helper()
	if err := d.db.Pool().QueryRow(d.t.Context(), text, args...).Scan(&n); err != nil {
		d.t.Fatal(err)
	}
	return n
}

package transcode_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/transcode"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// need skips a test where a program is missing.
func need(t testing.TB, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err == nil {
		return
	}
	missing := program + " is not installed; `apt-get install ffmpeg` brings it"
	if os.Getenv("CI") != "" {
		t.Fatal(missing)
	}
	t.Skip(missing)
}

// call runs a program and returns what it writes to its standard output.
func call(t testing.TB, dir, program string, args ...string) string {
	t.Helper()
	need(t, program)
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = dir
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, stderr.String())
	}
	return string(out)
}

// lengthy skips a test under -short in which it is ffmpeg that works, and ours has but
// one goroutine: the race detector sees nothing of it.
func lengthy(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("ffmpeg has much to do here: leave out -short")
	}
}

// makeFilm writes a file by ffmpeg and returns its path. What several tests ask for is
// made once, and each has a copy.
func makeFilm(t testing.TB, name, options string) string {
	t.Helper()
	films.Lock()
	defer films.Unlock()
	made, ok := films.made[options+" "+name]
	if !ok {
		made = filepath.Join(films.dir, fmt.Sprint(len(films.made), filepath.Ext(name)))
		call(t, "", "ffmpeg", append(strings.Fields("-v error -nostdin -y "+options), made)...)
		films.made[options+" "+name] = made
	}
	path := filepath.Join(t.TempDir(), name)
	film, err := os.ReadFile(made)
	if err == nil {
		err = os.WriteFile(path, film, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// films are those that tests have had made.
var films = struct {
	sync.Mutex

	dir  string
	made map[string]string // by name and options
}{made: map[string]string{}}

// shared runs ffmpeg as a transcoder does: on files that nobody trusts.
var shared *ffmpeg.Runner

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "transcode")
	if err == nil {
		films.dir = filepath.Join(dir, "films")
		err = os.Mkdir(films.dir, 0o700)
	}
	if err == nil {
		shared, err = ffmpeg.New(filepath.Join(dir, "runs"), nil)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if err := errors.Join(shared.Close(), os.RemoveAll(dir)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
		os.Exit(code)
	}))
}

func runner(t testing.TB) *ffmpeg.Runner {
	t.Helper()
	need(t, "ffmpeg")
	need(t, "ffprobe")
	return shared
}

// input is a file, with the type that its content has.
func input(t testing.TB, path string) ffmpeg.Input {
	t.Helper()
	head := make([]byte, media.SniffLen)
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatal(err)
	}
	kind, _ := media.Sniff(head[:n])
	return ffmpeg.Input{Path: path, Type: kind}
}

// run runs a command in a folder of its own, which it returns.
func run(t testing.TB, c *ffmpeg.Command) string {
	t.Helper()
	return ran(t, c).Dir
}

func ran(t testing.TB, c *ffmpeg.Command) *ffmpeg.Result {
	t.Helper()
	for i, in := range c.Inputs {
		in.Type = input(t, in.Path).Type
		c.Inputs[i] = in
	}
	result, err := runner(t).Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = result.Close() })
	return result
}

// keyFrames are when the key frames of the picture of a file show, from the beginning
// of the file, and when the last picture ends.
func keyFrames(t testing.TB, path string) (keys []time.Duration, end time.Duration) {
	t.Helper()
	text := call(t, "", "ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "packet=pts_time,dts_time,duration_time,flags:format=start_time",
		"-of", "csv", path)
	start := time.Duration(0)
	for line := range strings.Lines(text) {
		f := strings.Split(strings.TrimSpace(line), ",")
		switch {
		case f[0] == "format":
			start = second(f[1])
			continue
		case len(f) < 5:
			continue
		}
		at := second(f[1])
		if f[1] == "N/A" {
			at = second(f[2])
		}
		end = max(end, at+second(f[3]))
		if strings.Contains(f[4], "K") {
			keys = append(keys, at)
		}
	}
	slices.Sort(keys)
	for i := range keys {
		keys[i] -= start
	}
	return keys, end - start
}

func second(text string) time.Duration {
	s, _ := strconv.ParseFloat(text, 64)
	return time.Duration(s * float64(time.Second))
}

// partOf opens a file that a command wrote.
func partOf(t testing.TB, path string) transcode.Part {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return transcode.Part{ReaderAt: f, Size: info.Size()}
}

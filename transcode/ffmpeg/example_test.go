package ffmpeg_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// A film becomes a smaller one: what is in it is asked first, and what is wanted is
// taken out of the run's directory.
func Example() {
	shrink := func(ctx context.Context, r *ffmpeg.Runner, film ffmpeg.Input, to string) error {
		source, err := r.Probe(ctx, film)
		if err != nil {
			return err
		}
		result, err := r.Run(ctx, &ffmpeg.Command{
			Inputs:   []ffmpeg.Input{film},
			Outputs:  []ffmpeg.Output{{Name: "small.mp4", Args: []string{"-vf", "scale=-2:240", "-c:v", "libx264", "-c:a", "aac"}}},
			Length:   source.Duration,
			Progress: func(p ffmpeg.Progress) { fmt.Printf("%.0f %%, %v left\n", p.Percent, p.Left) },
		})
		if err != nil {
			return err
		}
		defer result.Close() //nolint:errcheck // what was wanted is out of it
		return os.Rename(filepath.Join(result.Dir, "small.mp4"), to)
	}

	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	r, err := ffmpeg.New(filepath.Join(dir, "runs"), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close() //nolint:errcheck // the example ends

	// A playlist that calls itself film.mp4 does not get there: media.Sniff knows no
	// type for it, and without one nothing is started.
	err = shrink(context.Background(), r, ffmpeg.Input{Path: "film.mp4"}, "small.mp4")
	fmt.Println(errors.Is(err, ffmpeg.ErrType))
	// Output: true
}

func ExampleFind() {
	_, err := ffmpeg.Find(context.Background(), "/nowhere/ffmpeg")
	if missing, ok := errors.AsType[*ffmpeg.MissingError](err); ok {
		fmt.Println(missing.Program, "is not at", missing.Looked[0])
		fmt.Println("what to do about it is said:", missing.Install != "")
	}
	// Output:
	// ffmpeg is not at /nowhere/ffmpeg
	// what to do about it is said: true
}

func ExampleNew() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	r, err := ffmpeg.New(dir, &ffmpeg.Options{Runs: 4, Threads: 2, Limits: ffmpeg.Limits{Time: time.Hour, Memory: 2 << 30}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Close())
	// Output: <nil>
}

func ExampleTools_Need() {
	tools := &ffmpeg.Tools{FFmpeg: "/usr/bin/ffmpeg", Version: "7.1"} // that of Runner.Tools
	err := tools.Need(ffmpeg.Part{Kind: ffmpeg.Encoder, Name: "libx264"}, ffmpeg.Part{Kind: ffmpeg.Filter, Name: "zscale"})
	if small, ok := errors.AsType[*ffmpeg.IncompleteError](err); ok {
		fmt.Println(small.Missing)
	}
	// Output: [encoder libx264 filter zscale]
}

func ExampleRunner_Await() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	r, err := ffmpeg.New(filepath.Join(dir, "runs"), &ffmpeg.Options{Path: filepath.Join(dir, "ffmpeg"), Look: time.Second})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close() //nolint:errcheck // the example ends
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	_, err = r.Await(ctx)
	fmt.Println(errors.Is(err, ffmpeg.ErrMissing), errors.Is(err, context.DeadlineExceeded))
	// Output: true true
}

func ExampleRunError() {
	var err error = &ffmpeg.RunError{Program: "ffmpeg", Class: ffmpeg.DiskFull, Reason: "there is no room left on the disk"} // that of Runner.Run
	if failed, ok := errors.AsType[*ffmpeg.RunError](err); ok {
		fmt.Println(failed.Class, failed.Retry())
	}
	// Output: disk-full true
}

func ExampleRunner_Run() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	r, err := ffmpeg.New(dir, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close() //nolint:errcheck // the example ends
	_, err = r.Run(context.Background(), &ffmpeg.Command{
		Inputs:  []ffmpeg.Input{{Path: "film.mp4", Type: media.TypeMP4}},
		Outputs: []ffmpeg.Output{{Name: "../elsewhere.mp4"}},
	})
	fmt.Println(errors.Is(err, ffmpeg.ErrCommand))
	// Output: true
}

func ExampleRunner_Copy() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	r, err := ffmpeg.New(dir, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close() //nolint:errcheck // the example ends
	film := ffmpeg.Remote{ID: "films/1", Size: 4, Fetch: func(_ context.Context, dst io.Writer) error {
		fmt.Println("it is fetched")
		_, err := io.WriteString(dst, "film") // where it really lies
		return err
	}}
	for range 2 {
		c, err := r.Copy(context.Background(), film)
		if err != nil {
			fmt.Println(err)
			return
		}
		text, err := os.ReadFile(c.Path) // or ffmpeg.Input{Path: c.Path, Type: …} of several runs
		fmt.Println(string(text), err)
		c.Close()
	}
	// Output:
	// it is fetched
	// film <nil>
	// film <nil>
}

func ExampleTempDir() {
	dir, err := ffmpeg.TempDir()
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := ffmpeg.New(dir, nil) // and what a process left there that was killed is gone
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Close())
	// Output: <nil>
}

package transcode

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/streamgate/streamgate/internal/fmp4"
	"github.com/streamgate/streamgate/jobs"
	"github.com/streamgate/streamgate/metadata"
)

// A follower publishes sound while ffmpeg writes it: what is there once it is enough
// for the first chunk, and then whenever there is twice as much. So a film of any
// length has a dozen pieces, and encoding pictures, which takes far longer, hardly
// waits for one.
type follower struct {
	t      *Transcoder
	w      *work
	stream int
	name   string        // of the file
	next   time.Duration // until when there has to be sound for a piece; 0 is never

	file   *os.File
	reader *fmp4.Reader
	there  heard
	size   int64 // bytes in pieces

	stop chan struct{}
	done chan error
}

// followEvery is how often it is looked whether there is more sound.
const followEvery = 200 * time.Millisecond

// begin looks at the file in a directory until end is called. What fails ends ctx.
func (f *follower) begin(ctx context.Context, fail context.CancelCauseFunc, dir string) {
	f.stop, f.done = make(chan struct{}), make(chan error, 1)
	go func() {
		err := f.follow(ctx, filepath.Join(dir, f.name))
		if err != nil {
			fail(err)
		}
		f.done <- err
	}()
}

// end stops looking, and returns what failed.
func (f *follower) end() error {
	if f.stop == nil {
		return nil // ffmpeg did not start
	}
	close(f.stop)
	return <-f.done
}

func (f *follower) close() {
	if f.file != nil {
		_ = f.file.Close() // it was only read
	}
}

func (f *follower) follow(ctx context.Context, path string) error {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-f.stop:
			return nil
		case <-tick.C:
		}
		if err := f.look(path); err != nil {
			return err
		}
		if f.next == 0 || f.there.Until < f.next {
			continue
		}
		if err := f.publish(ctx, f.reader.Offset(), false); err != nil {
			return err
		}
		f.next = 2 * f.there.Until
	}
}

// look reads the fragments that are whole by now.
func (f *follower) look(path string) (err error) {
	if f.file == nil {
		if f.file, err = os.Open(path); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
	}
	if err != nil {
		return fmt.Errorf("transcode: opening what ffmpeg writes: %w", err)
	}
	info, err := f.file.Stat()
	if err != nil {
		return fmt.Errorf("transcode: looking at what ffmpeg writes: %w", err)
	}
	if f.reader == nil {
		if f.reader, err = fmp4.NewReader(f.file, info.Size()); err != nil {
			f.reader = nil
			return cutShort(err)
		}
	}
	f.reader.Grow(info.Size())
	for {
		fragment, err := f.reader.Next()
		if err != nil {
			return cutShort(err)
		}
		last := fragment.Samples[len(fragment.Samples)-1]
		f.there.Until = time.Duration(ticks(last.Shown+int64(last.Duration), f.reader.Track.Timescale)) - Shift
	}
}

// cutShort is an error of a file that may go on.
func cutShort(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return unusable(err)
}

// whole publishes the rest, and ends the task.
func (f *follower) whole(ctx context.Context, dir string) error {
	if err := f.look(filepath.Join(dir, f.name)); err != nil {
		return err
	}
	if f.file == nil {
		return fmt.Errorf("transcode: ffmpeg did not write %s: %w", f.name, fs.ErrNotExist)
	}
	info, err := f.file.Stat()
	if err != nil {
		return fmt.Errorf("transcode: looking at what ffmpeg wrote: %w", err)
	}
	return f.publish(ctx, info.Size(), true)
}

// publish keeps what the file has up to a size, and writes it down, and that it is
// all. What another run of the task has published stays as long as that is more.
func (f *follower) publish(ctx context.Context, size int64, whole bool) error {
	if size > f.size {
		key := soundKey(f.w, f.stream, f.w.by(), f.there.Pieces)
		_, err := f.t.write(ctx, key, func(dst io.Writer) error {
			_, err := io.Copy(dst, &until{ctx, io.NewSectionReader(f.file, f.size, size-f.size)})
			return err
		})
		if err != nil {
			return err
		}
		f.there.By, f.there.Pieces, f.size = f.w.by(), f.there.Pieces+1, size
	}
	part := partSound(f.stream)
	return f.t.update(ctx, f.w, whole, func(tx metadata.Tx, u *metadata.Upload, r *record) error {
		if !whole && f.there.Until <= r.Heard[part].Until {
			return nil
		}
		r.hear(part, f.there)
		if whole {
			r.Parts[part] = f.w.by()
		}
		return f.t.submit(ctx, tx, u, kindAssemble, jobs.Urgent, args{})
	})
}

func (r *record) hear(part string, there heard) {
	if r.Heard == nil {
		r.Heard = map[string]heard{}
	}
	if r.Heard[part].By != there.By {
		r.Joined.Sound = nil // it told where the files of another run go on
	}
	r.Heard[part] = there
}

package hls

import (
	"context"
	"io"
	"os"
	"time"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/storage"
)

// A source is a media file, open for one request or one parse.
type source struct {
	io.ReaderAt
	io.Closer
	file *os.File // where it is one of the operating system; else nil
	size int64
	as   stamp // of the file, when it was opened
}

// stamp tells a file from what it becomes when somebody writes into it.
type stamp struct {
	size     int64
	modified time.Time
}

func stampOf(info os.FileInfo) stamp { return stamp{info.Size(), info.ModTime()} }

func fileSource(f *os.File) (source, error) {
	info, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return source{}, err
	}
	return source{ReaderAt: f, Closer: f, file: f, size: info.Size(), as: stampOf(info)}, nil
}

// openBlob opens a blob as a file where the store can do that.
func openBlob(ctx context.Context, s storage.Store, key string) (source, error) {
	if files, ok := s.(storage.FileOpener); ok {
		f, err := files.OpenFile(ctx, key)
		if err != nil {
			return source{}, err
		}
		return fileSource(f)
	}
	b, err := s.Open(ctx, key)
	if err != nil {
		return source{}, err
	}
	return source{ReaderAt: b, Closer: b, size: b.Info().Size}, nil
}

// errChanged is the answer for a source that is not what was indexed.
var errChanged = problem.Errorf(ErrNotFound, "the file has changed; load %s again", multivariantName)

// An opener opens what the files of a presentation are sent from.
type opener interface {
	// openSource opens the media. ErrNotFound where it is not that which the
	// index was made of.
	openSource(ctx context.Context, f *mediaFile) (source, error)
	// openBlocks opens what f.blocks names; it is not called where that is "".
	openBlocks(ctx context.Context, f *mediaFile) (source, error)
}

package media_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/streamgate/streamgate/media"
)

// What is in a file, and how it would be cut.
func ExampleParse() {
	f, err := os.Open("clip.mp4")
	if err != nil {
		fmt.Println("open a file of yours here")
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return
	}
	ix, err := media.Parse(context.Background(), f, info.Size(), nil)
	if err != nil {
		return
	}
	for _, t := range ix.Tracks {
		fmt.Printf("%s %s in %d segments\n", t.Kind, t.Codec, len(t.Segments))
	}
	// Output: open a file of yours here
}

// A file that cannot be played says why.
func ExampleParse_refused() {
	page := []byte("<!doctype html><title>not a video</title>")
	_, err := media.Parse(context.Background(), bytes.NewReader(page), int64(len(page)), nil)
	fmt.Println(errors.Is(err, media.ErrInvalid))
	fmt.Println(err)
	// Output:
	// true
	// this is not audio or video that is known here: it may be damaged at its beginning
}

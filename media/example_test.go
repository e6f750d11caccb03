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

// How much plays of a file of which only the beginning has arrived.
func ExampleParseGrowing() {
	file := movie{}.build() // a moov box, and then two tracks of 48 samples
	for _, have := range []int64{100, int64(len(file)) - 100, int64(len(file))} {
		g, err := media.ParseGrowing(context.Background(), bytes.NewReader(file[:have]), have, int64(len(file)), nil)
		switch {
		case errors.Is(err, media.ErrMore):
			fmt.Println("nobody knows yet")
		case err != nil:
			fmt.Println(err)
		case g.Index(have) == nil:
			fmt.Println("nothing plays yet; once all is there, it lasts", g.Known().Duration, "s")
		default:
			fmt.Println("it plays")
		}
	}
	// Output:
	// nobody knows yet
	// nothing plays yet; once all is there, it lasts 1.92 s
	// it plays
}

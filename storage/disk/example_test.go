package disk_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"

	"github.com/streamgate/streamgate/storage/disk"
)

// A file arrives in two parts, and is there for readers once it is committed.
func ExampleOpen() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "data")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	files, err := disk.Open(dir)
	if err != nil {
		log.Fatal(err)
	}
	defer files.Close()

	draft, err := files.Create(ctx, "assets/x2/source.mp4")
	if err != nil {
		log.Fatal(err)
	}
	_, _ = io.WriteString(draft, "the first part, ")
	if err := draft.Close(); err != nil { // the client has gone away
		log.Fatal(err)
	}

	draft, err = files.Append(ctx, "assets/x2/source.mp4")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("goes on at", draft.Size())
	_, _ = io.WriteString(draft, "the second")
	if err := draft.Commit(ctx); err != nil {
		log.Fatal(err)
	}

	for info, err := range files.List(ctx, "assets/") {
		fmt.Println(info.Key, info.Size, err)
	}
	// Output:
	// goes on at 16
	// assets/x2/source.mp4 26 <nil>
}

// Files that are there already become blobs without being copied.
func ExampleOpenWith() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "data")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	videos := filepath.Join(dir, "videos")
	clip := filepath.Join(videos, "Clip One.mp4")
	if err := os.Mkdir(videos, 0o750); err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(clip, []byte("moving pictures"), 0o600); err != nil {
		log.Fatal(err)
	}

	files, err := disk.OpenWith(filepath.Join(dir, "data"), &disk.Options{ImportFolders: []string{videos}})
	if err != nil {
		log.Fatal(err)
	}
	defer files.Close()

	info, err := files.Import(ctx, "assets/x2/source.mp4", clip)
	fmt.Println(info.Key, info.Size, err)
	// Output: assets/x2/source.mp4 15 <nil>
}

// An opened file is the caller's own, and goes to a socket by sendfile.
func ExampleStore_OpenFile() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "data")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	files, err := disk.Open(dir)
	if err != nil {
		log.Fatal(err)
	}
	defer files.Close()
	draft, err := files.Create(ctx, "notes/readme.txt")
	if err != nil {
		log.Fatal(err)
	}
	_, _ = io.WriteString(draft, "text\n")
	if err := draft.Commit(ctx); err != nil {
		log.Fatal(err)
	}

	f, err := files.OpenFile(ctx, "notes/readme.txt")
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	_, _ = io.Copy(os.Stdout, f)
	// Output: text
}

package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/streamgate/streamgate/internal/testclip"
)

func TestImportSaysWhatBecameOfEachFile(t *testing.T) {
	dir := t.TempDir()
	whole := testclip.MP4(t)
	files := map[string]string{
		"whole.mp4": string(whole), "cut.mp4": string(whole[:len(whole)/2]), "notes.txt": "Dear diary", "empty.mp4": "", ".hidden.mp4": "x",
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := launch(t, "-addr", "127.0.0.1:0", "-data", t.TempDir(), "-import", dir)
	p.url()
	for range 2400 {
		if strings.Contains(p.stderr.String(), "whole.mp4") { // the last of them
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	p.signal(syscall.SIGTERM)
	p.end()
	lines := map[string]string{}
	for line := range strings.Lines(p.stderr.String()) {
		for name := range files {
			if strings.Contains(line, filepath.Join(dir, name)) {
				lines[name] += line
			}
		}
	}
	tests := map[string][]string{
		"whole.mp4": {"level=INFO", "msg=imported", "state=ready"},
		"cut.mp4":   {"level=WARN", "cannot be played", "reason="},
		"notes.txt": {"level=INFO", "skipped"},
		"empty.mp4": {"level=INFO", "skipped"},
	}
	for name, parts := range tests {
		for _, part := range parts {
			if !strings.Contains(lines[name], part) {
				t.Errorf("of %s the log says %q, want %q in it", name, lines[name], part)
			}
		}
	}
	if lines[".hidden.mp4"] != "" {
		t.Errorf("a hidden file is spoken of: %s", lines[".hidden.mp4"])
	}
	if t.Failed() {
		t.Logf("the log is:\n%s", p.stderr)
	}
}

// TestImportTakesFilesOfAnyNameOnce starts twice over a folder with names that
// an asset cannot have as they are.
func TestImportTakesFilesOfAnyNameOnce(t *testing.T) {
	dir, data := t.TempDir(), t.TempDir()
	clip := testclip.MP4(t)
	names := []string{"a line\nbreak.mp4", "right\u202eleft.mp4", "latin-1 \xfc.mp4", "\n", "zz last.mp4"}
	for i, name := range names {
		name = filepath.Join(dir, strconv.Itoa(i), name)
		if err := os.Mkdir(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, clip, 0o600); err != nil {
			t.Skipf("this file system takes no file called %q: %v", name, err)
		}
	}
	for _, want := range []string{"imported=5 in_already=0 no_media=0 failed=0", "imported=0 in_already=5 no_media=0 failed=0"} {
		p := launch(t, "-addr", "127.0.0.1:0", "-data", data, "-import", dir)
		p.url()
		for range 2400 {
			if strings.Contains(p.stderr.String(), "importing is done") {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		p.signal(syscall.SIGTERM)
		p.end()
		if !strings.Contains(p.stderr.String(), want) {
			t.Errorf("want %q in the log:\n%s", want, p.stderr)
		}
	}
}

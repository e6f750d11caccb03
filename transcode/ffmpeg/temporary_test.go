package ffmpeg_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

func TestTheTemporaryDirectoryIsTheUsersAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("who may do what with files is told in another way on Windows")
	}
	elsewhere := t.TempDir()
	cases := []struct {
		name string
		make func(dir string) error // what is there before
		ok   bool
	}{
		{"nothing is there", func(string) error { return nil }, true},
		{"another process has made it", func(dir string) error { return os.Mkdir(dir, 0o700) }, true},
		{"others may write to it", func(dir string) error {
			if err := os.Mkdir(dir, 0o700); err != nil {
				return err
			}
			return os.Chmod(dir, 0o777) //nolint:gosec // the test is of that
		}, false},
		{"a link to another place", func(dir string) error { return os.Symlink(elsewhere, dir) }, false},
		{"a file", func(dir string) error { return os.WriteFile(dir, nil, 0o600) }, false},
		{"it is somebody else's", func(dir string) error {
			if os.Getuid() != 0 {
				t.Skip("only root gives a directory away")
			}
			if err := os.Mkdir(dir, 0o700); err != nil {
				return err
			}
			return os.Chown(dir, 12345, 12345)
		}, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			where, err := ffmpeg.TempDir()
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Remove(where); err != nil {
				t.Fatal(err)
			}
			if err := c.make(where); err != nil {
				t.Fatal(err)
			}
			got, err := ffmpeg.TempDir()
			if (err == nil) != c.ok || c.ok && got != where {
				t.Errorf("it is %q, %v", got, err)
			}
		})
	}
}

func TestWhatAKilledProcessLeftAmongTemporaryFilesIsSwept(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	dir, err := ffmpeg.TempDir()
	if err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(dir, "runs-123", "1")
	if err := os.MkdirAll(left, 0o700); err != nil {
		t.Fatal(err)
	}
	first := newRunnerIn(t, dir, nil)
	wantDirs(t, dir, "that of the first")
	second, err := ffmpeg.New(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	wantDirs(t, dir, "that of the first", "that of the second")
	if err := second.Close(); err != nil {
		t.Error(err)
	}
	if err := first.Close(); err != nil {
		t.Error(err)
	}
	wantDirs(t, dir)
}

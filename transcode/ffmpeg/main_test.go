package ffmpeg_test

import (
	"context"
	"os"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		childMain(dir)
		return
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if r, err := sharedRunner(); err == nil {
			_ = r.Close()
			_ = os.RemoveAll(sharedDir)
		}
		os.Exit(code)
	}))
}

// missing skips a test for want of a tool, and says how to get it.
func missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// needFFmpeg is ffmpeg as it is installed here.
func needFFmpeg(t testing.TB) *ffmpeg.Tools {
	t.Helper()
	tools, err := installed()
	if err != nil {
		missing(t, err.Error())
	}
	return tools
}

var installed = sync.OnceValues(func() (*ffmpeg.Tools, error) { return ffmpeg.Find(context.Background(), "") })

package ffmpeg_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"

	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// childDir makes this test binary a process that runs ffmpeg below it until it is killed.
const childDir = "STREAMGATE_TEST_RUNS"

func childMain(dir string) {
	r, err := ffmpeg.New(dir, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := r.Copy(context.Background(), near("film", 1000).Remote); err != nil {
		fmt.Println(err)
		return
	}
	c := endless()
	c.Progress = func(p ffmpeg.Progress) {
		if p.Frame > 0 {
			fmt.Println("runs")
		}
	}
	_, err = r.Run(context.Background(), c)
	fmt.Println(err)
}

func TestWhatACrashLeavesIsSweptAndItsProcessesAreGone(t *testing.T) {
	needFFmpeg(t)
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if line != "runs\n" {
		t.Fatalf("the process says %q (%v)", line, err)
	}
	newRunnerIn(t, t.TempDir(), nil)
	beside, err := ffmpeg.New(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	wantDirs(t, dir, "that of the process", "that of this Runner")
	if err := beside.Close(); err != nil {
		t.Error(err)
	}
	wantDirs(t, dir, "that of the process")
	children := childrenOf(t, cmd.Process.Pid)
	if len(children) != 1 {
		t.Errorf("the process has the children %v", children)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, out)
	_ = cmd.Wait()
	for _, pid := range children {
		wantGone(t, pid)
	}
	wantDirs(t, dir, "what it left")
	wantCopies(t, dir, 1)
	newRunnerIn(t, dir, nil)
	wantDirs(t, dir, "that of the new Runner")
	wantCopies(t, dir, 0)
}

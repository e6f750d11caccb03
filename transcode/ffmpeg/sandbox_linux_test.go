package ffmpeg_test

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// landlocked is a Runner whose kernel has Landlock of at least that version.
func landlocked(t *testing.T, version int) *ffmpeg.Runner {
	t.Helper()
	r := newRunner(t, &ffmpeg.Options{Read: []string{"/bin", "/usr/bin"}})
	if have := r.Sandbox().Landlock; have < version {
		missing(t, "this kernel has Landlock "+strconv.Itoa(have)+", not "+strconv.Itoa(version)+": run the test on Linux 6.12 or newer, with landlock in the lsm= of its command line")
	}
	return r
}

func TestAProgramReadsAndWritesNothingButItsOwn(t *testing.T) {
	secret := write(t, "secret", "a password")
	own := write(t, "own", "what it may read")
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	in := []ffmpeg.Input{{Path: own, Type: media.TypeMP4}}
	for _, c := range []struct {
		name, script string
		want         string // of what it prints, with the sandbox
		free         string // and without
	}{
		{"its input", `cat <&3`, "what it may read", "what it may read"},
		{"its input, opened anew", `cat /proc/self/fd/3`, "what it may read", "what it may read"},
		{"its directory", `echo kept > f; mv f g; cat g; rm g; mkdir d; echo d > d/f; rm -r d`, "kept\n", "kept\n"},
		{"another file", `cat ` + secret, "", "a password"},
		{"another file, by way of a link", `ln -s ` + secret + ` l 2>/dev/null || echo none; cat l`, "none\n", "a password"},
		{"the folder of its input", `ls ` + filepath.Dir(own), "", "own\n"},
		{"the environment of its parent", `tr '\0' '\n' < /proc/$PPID/environ | grep -c ^PATH=`, "0\n", "1\n"},
		{"a file of users", `head -c 5 /etc/passwd`, "", "root:"},
		{"a file elsewhere, written", `echo x > ` + elsewhere + ` && echo written`, "", "written\n"},
		{"a signal to its parent", `kill -0 $PPID && echo sent`, "", "sent\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, log, _ := ffmpeg.Bare(t.Context(), landlocked(t, 6), "/bin/sh", in, "-c", c.script)
			if got != c.want {
				t.Errorf("it prints %q, not %q, and says %q", got, c.want, log)
			}
			free := ffmpeg.WithoutSandbox(newRunner(t, nil))
			if got, log, _ := ffmpeg.Bare(t.Context(), free, "/bin/sh", in, "-c", c.script); got != c.free {
				t.Errorf("without a sandbox it prints %q, not %q, and says %q: the test proves nothing", got, c.free, log)
			}
			if text, _ := os.ReadFile(secret); string(text) != "a password" {
				t.Error("the secret is changed")
			}
		})
	}
}

func TestAProgramHasNoNetwork(t *testing.T) {
	tools := needFFmpeg(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	called := make(chan bool, 10)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				close(called)
				return
			}
			called <- true
			_ = conn.Close()
		}
	}()
	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer packets.Close()
	tcp := []string{"-v", "level+error", "-i", "tcp://" + listener.Addr().String(), "-f", "null", "-"}
	udp := []string{"-v", "level+error", "-f", "lavfi", "-i", "testsrc2=d=1", "-f", "mpegts", "udp://" + packets.LocalAddr().String()}
	for _, args := range [][]string{tcp, udp} {
		_, log, err := ffmpeg.Bare(t.Context(), landlocked(t, 4), tools.FFmpeg, nil, args...)
		if err == nil || !strings.Contains(log, "not permitted") {
			t.Errorf("ffmpeg %v: %v: %s", args, err, log)
		}
	}
	if len(called) > 0 {
		t.Error("it called over TCP")
	}
	free := ffmpeg.WithoutSandbox(newRunner(t, nil))
	_, _, _ = ffmpeg.Bare(t.Context(), free, tools.FFmpeg, nil, tcp...)
	if !<-called {
		t.Error("without a sandbox nobody calls: the test proves nothing")
	}
}

func TestWithoutASandboxItWorksAndSaysSo(t *testing.T) {
	needFFmpeg(t)
	r := ffmpeg.WithoutSandbox(newRunner(t, nil))
	if r.Sandbox().Missing == "" {
		t.Error("nothing is said to be missing")
	}
	if _, err := r.Probe(t.Context(), clip(t)); err != nil {
		t.Error(err)
	}
}

func TestNoThreadOfThisProcessStaysUnderTheRules(t *testing.T) {
	r := landlocked(t, 1)
	for range 5 {
		done := make(chan error)
		for range 20 { // on whichever threads there are, the first one among them
			go func() {
				_, _, err := ffmpeg.Bare(t.Context(), r, "/bin/true", nil)
				done <- err
			}()
		}
		for range 20 {
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}
	}
	bound := 1
	for end := time.Now().Add(time.Minute); bound > 0 && time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		bound = boundThreads(t)
	}
	if bound > 0 {
		t.Errorf("%d threads are bound", bound)
	}
}

// boundThreads counts the threads of this process that have given up their privileges.
func boundThreads(t *testing.T) (n int) {
	t.Helper()
	tasks, err := filepath.Glob("/proc/self/task/*/status")
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		text, _ := os.ReadFile(task) // one that has ended meanwhile is none
		if strings.Contains(string(text), "NoNewPrivs:\t1") {
			n++
		}
	}
	return n
}

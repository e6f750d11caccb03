package bench

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/auth"
)

// BenchmarkReady is how long a viewer waits for an upload of some 300 MB to
// play: from its last byte to the last byte of its first segment, by way of the
// playlists, as a player goes. It is paired with what the fsync of a file of the
// same bytes takes, written the same way to the same disk, of which no durable
// upload can be free.
func BenchmarkReady(b *testing.B) {
	source := film(b, 300<<20)
	server := gate(b)
	var waits, syncs, extras []float64
	for b.Loop() {
		sync := fsyncOf(b, source)
		wait := upload(b, server, source)
		waits, syncs, extras = append(waits, ms(wait)), append(syncs, ms(sync)), append(extras, ms(wait-sync))
	}
	b.ReportMetric(0, "ns/op") // the time of the whole upload says little
	b.ReportMetric(median(waits), "ms-to-first-segment")
	b.ReportMetric(median(syncs), "ms-fsync")
	b.ReportMetric(median(extras), "ms-more-than-fsync")
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

// gate serves a Gate with its defaults.
func gate(b *testing.B) *httptest.Server {
	g, err := streamgate.New(b.TempDir(), streamgate.WithAuthenticator(auth.Everybody("bench")), streamgate.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		b.Fatal(err)
	}
	if err := g.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	s := httptest.NewServer(g)
	b.Cleanup(func() {
		s.Close()
		_ = g.Stop(b.Context())
	})
	return s
}

// film makes an MP4 of about size bytes: twelve seconds of 1080p, over and over.
func film(b *testing.B, size int64) string {
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		b.Skip("ffmpeg is not installed: apt-get install ffmpeg, or make need")
	}
	dir := b.TempDir()
	clip, whole := filepath.Join(dir, "clip.mp4"), filepath.Join(dir, "film.mp4")
	run(b, ffmpeg, "-f", "lavfi", "-i", "testsrc2=s=1920x1080:r=30,noise=alls=12:allf=t", "-f", "lavfi", "-i", "sine=440:sample_rate=48000",
		"-t", "12", "-c:v", "libx264", "-preset", "ultrafast", "-g", "60", "-bf", "2", "-b:v", "4000k", "-maxrate", "4000k",
		"-bufsize", "4000k", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "128k", clip)
	info, err := os.Stat(clip)
	if err != nil {
		b.Fatal(err)
	}
	run(b, ffmpeg, "-stream_loop", fmt.Sprint(size/info.Size()), "-i", clip, "-c", "copy", whole)
	return whole
}

func run(b *testing.B, name string, args ...string) {
	if out, err := exec.Command(name, append([]string{"-v", "error", "-y"}, args...)...).CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
}

// fsyncOf writes a copy of the file and times its fsync.
func fsyncOf(b *testing.B, source string) time.Duration {
	in, err := os.Open(source)
	if err != nil {
		b.Fatal(err)
	}
	defer in.Close()
	out, err := os.CreateTemp(b.TempDir(), "")
	if err != nil {
		b.Fatal(err)
	}
	defer os.Remove(out.Name())
	defer out.Close()
	if _, err := io.CopyBuffer(struct{ io.Writer }{out}, struct{ io.Reader }{in}, make([]byte, 256<<10)); err != nil {
		b.Fatal(err)
	}
	start := time.Now()
	if err := out.Sync(); err != nil {
		b.Fatal(err)
	}
	return time.Since(start)
}

// upload sends the file as a plain body and plays it, and returns the time from
// its last byte to the end of the first video segment.
func upload(b *testing.B, server *httptest.Server, source string) time.Duration {
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	in, err := os.Open(source)
	if err != nil {
		b.Fatal(err)
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		b.Fatal(err)
	}
	fmt.Fprintf(conn, "POST /v1/uploads HTTP/1.1\r\nHost: bench\r\nContent-Type: video/mp4\r\nContent-Length: %d\r\n\r\n", info.Size())
	if _, err := io.CopyN(conn, in, info.Size()-1); err != nil {
		b.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond) // all but the last byte has arrived and been taken
	start := time.Now()
	if _, err := io.Copy(conn, in); err != nil {
		b.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusCreated {
		b.Fatalf("the upload is answered %s", answer.Status)
	}
	master := server.URL + "/play/" + answer.Header.Get("StreamGate-Asset") + "/master.m3u8"
	playlist := last(b, master)
	base := playlist[:strings.LastIndex(playlist, "/")+1]
	fetch(b, playlist)
	fetch(b, base+"init.mp4")
	fetch(b, base+"0.m4s")
	return time.Since(start)
}

// last returns the URI in the last line of a playlist, made absolute.
func last(b *testing.B, url string) string {
	lines := strings.Split(strings.TrimSpace(string(fetch(b, url))), "\n")
	return url[:strings.LastIndex(url, "/")+1] + lines[len(lines)-1]
}

func fetch(b *testing.B, url string) []byte {
	answer, err := http.Get(url)
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		b.Fatalf("%s: %s, %v", url, answer.Status, err)
	}
	return body
}

package upload_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/sqlite"
	"github.com/streamgate/streamgate/storage/disk"
	"github.com/streamgate/streamgate/upload"
)

// childDir is set in the process that TestKilledServer starts and kills: it is
// this test binary, serving uploads from the directory.
const childDir = "STREAMGATE_TEST_UPLOAD_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		fmt.Fprintln(os.Stderr, serveChild(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func serveChild(dir string) error {
	files, err := disk.Open(filepath.Join(dir, "blobs"))
	if err != nil {
		return err
	}
	db, err := sqlite.Open(filepath.Join(dir, "db"))
	if err != nil {
		return err
	}
	up, err := upload.New(files, db.Metadata(), nil)
	if err != nil {
		return err
	}
	if err := up.Recover(context.Background()); err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println("http://" + l.Addr().String() + "/v1/uploads")
	server := &http.Server{Handler: mount(up), ReadHeaderTimeout: time.Minute}
	return server.Serve(l)
}

// startChild returns the URL of a server in a process of its own.
func startChild(t *testing.T, dir string) (url string, kill func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill = sync.OnceFunc(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	t.Cleanup(kill)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		kill()
		t.Fatalf("the server did not start: %v", err)
	}
	return line[:len(line)-1], kill
}

// Row 30 of the list of attacks: a server that is killed at any moment of an
// upload loses nothing that it acknowledged, and the upload ends with the right
// sum.
func TestKilledServerLosesNothingAcknowledged(t *testing.T) {
	kills := 50
	if testing.Short() {
		t.Attr("short", "few kills")
		kills = 4
	}
	dir := t.TempDir()
	file := film(64 << 20)
	id, acknowledged, asset := "", 0, ""
	for round := 0; ; round++ {
		url, kill := startChild(t, dir)
		if id == "" {
			a := tusRaw(t, "POST", url, nil, "Upload-Length", strconv.Itoa(len(file)))
			id, asset = idOf(a.Header.Get("Location")), a.Header.Get("StreamGate-Asset")
		}
		url += "/" + id
		head := tusRaw(t, "HEAD", url, nil)
		at, _ := strconv.Atoi(head.Header.Get("Upload-Offset"))
		if head.StatusCode != 200 || at < acknowledged {
			t.Fatalf("round %d: HEAD answers %d with offset %d; %d was acknowledged", round, head.StatusCode, at, acknowledged)
		}
		if round < kills {
			time.AfterFunc(time.Duration(rand.IntN(60))*time.Millisecond, kill)
		}
		step := 64<<10 + rand.IntN(512<<10)
		acknowledged = sendUntilKilled(url, file, at, step)
		if round >= kills || acknowledged == len(file) {
			t.Logf("%d of %d bytes acknowledged after %d kills", acknowledged, len(file), round)
			if acknowledged < len(file) {
				t.Fatal("the last round did not end")
			}
			kill()
			break
		}
		kill()
	}
	checkChild(t, dir, id, asset, file)
}

// sendUntilKilled sends chunks and returns the last offset that was acknowledged.
func sendUntilKilled(url string, file []byte, at, step int) int {
	for at < len(file) {
		end := min(at+step, len(file))
		req, err := http.NewRequest(http.MethodPatch, url, bytes.NewReader(file[at:end]))
		if err != nil {
			return at
		}
		req.Header.Set("Tus-Resumable", "1.0.0")
		req.Header.Set("Content-Type", "application/offset+octet-stream")
		req.Header.Set("Upload-Offset", strconv.Itoa(at))
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return at
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		if res.StatusCode != http.StatusNoContent {
			return at
		}
		at = end
	}
	return at
}

func tusRaw(t *testing.T, method, url string, body io.Reader, headers ...string) *http.Response {
	t.Helper()
	req, err := http.NewRequest(method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Tus-Resumable", "1.0.0")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return res
}

// checkChild looks at what the killed servers left.
func checkChild(t *testing.T, dir, id, asset string, file []byte) {
	t.Helper()
	files, err := disk.Open(filepath.Join(dir, "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	db, err := sqlite.Open(filepath.Join(dir, "db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	h := &house{t: t, files: files, meta: db.Metadata()}
	u, a := h.upload(id), h.asset(asset)
	if u.State != metadata.UploadComplete || u.SHA256 != sumOf(file) || a.SHA256 != u.SHA256 {
		t.Errorf("upload is %s, sum %s", u.State, u.SHA256)
	}
	if !bytes.Equal(h.read(u.Key), file) {
		t.Error("the stored bytes are others")
	}
}

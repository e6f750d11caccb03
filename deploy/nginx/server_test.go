package nginx_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const edgeKey = "a key of the edge's own"

// startEdge runs nginx with streamgate.conf in front of an origin until the test
// ends, and returns its URL.
func startEdge(t *testing.T, origin *httptest.Server) string {
	t.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		if program = "/usr/sbin/nginx"; !exists(program) { // not on the PATH of every user
			missing(t, "nginx is not here: install it, or run make need")
		}
	}
	dir, at := t.TempDir(), freeAddress(t)
	conf := yours(t, map[string]string{
		"/var/cache/nginx/streamgate": filepath.Join(dir, "cache"),
		"server 127.0.0.1:8080;":      "server " + strings.TrimPrefix(origin.URL, "http://") + ";",
		"listen 80;":                  "listen " + at + ";",
		`"change me"`:                 `"` + edgeKey + `"`,
	})
	user := ""
	if os.Getuid() == 0 {
		user = "user root root;" // who else cannot read the test's folder
	}
	write(t, filepath.Join(dir, "streamgate.conf"), conf)
	write(t, filepath.Join(dir, "nginx.conf"), fmt.Sprintf(`%s
daemon off; worker_processes 2; pid %[2]s/pid; error_log %[2]s/error.log;
events { worker_connections 256; }
http {
	access_log off;
	client_body_temp_path %[2]s/body; proxy_temp_path %[2]s/proxy;
	fastcgi_temp_path %[2]s/f; uwsgi_temp_path %[2]s/u; scgi_temp_path %[2]s/s;
	include %[2]s/streamgate.conf;
}`, user, dir))
	cmd := exec.Command(program, "-p", dir, "-c", filepath.Join(dir, "nginx.conf"), "-e", filepath.Join(dir, "error.log"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait() // it ends by a signal
		log, _ := os.ReadFile(filepath.Join(dir, "error.log"))
		if strings.Contains(string(log), "[crit]") || strings.Contains(string(log), "[emerg]") || t.Failed() {
			t.Errorf("nginx says:\n%s", log)
		}
	})
	for range 6000 {
		if c, err := net.Dial("tcp", at); err == nil {
			_ = c.Close() // nothing was sent
			return "http://" + at
		}
		time.Sleep(10 * time.Millisecond) // another process's time
	}
	log, _ := os.ReadFile(filepath.Join(dir, "error.log"))
	t.Fatalf("nginx does not begin:\n%s", log)
	return ""
}

// yours is streamgate.conf with the lines changed that its reader is to change.
func yours(t *testing.T, lines map[string]string) string {
	t.Helper()
	text, err := os.ReadFile("streamgate.conf")
	if err != nil {
		t.Fatal(err)
	}
	var conf strings.Builder
	changed := 0
	for line := range strings.Lines(string(text)) {
		for from, to := range lines {
			if strings.Contains(line, "# yours") && strings.Contains(line, from) {
				line = strings.Replace(line, from, to, 1)
				changed++
			}
		}
		conf.WriteString(line)
	}
	if n := strings.Count(string(text), "# yours"); changed != n {
		t.Fatalf("%d lines are changed of %d", changed, n)
	}
	return conf.String()
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// An answer is one that was read to its end.
type answer struct {
	*http.Response

	body string
}

func (a answer) cache() string { return a.Header.Get("X-Cache") }

package streamgate_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// begin sends the beginning of a request and returns what reads its answer.
func begin(t *testing.T, c *client, request string) func(within time.Duration) (status int, err error) {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(c.base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	head, rest, _ := strings.Cut(request, "\n")
	if _, err := io.WriteString(conn, head+" HTTP/1.1\r\nHost: x\r\nTest-User: ada\r\n"+rest); err != nil {
		t.Fatal(err)
	}
	return func(within time.Duration) (int, error) {
		if err := conn.SetReadDeadline(time.Now().Add(within)); err != nil {
			return 0, err
		}
		r := bufio.NewReader(conn)
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			return 0, err
		}
		if _, err := io.Copy(io.Discard, res.Body); err != nil {
			return 0, err
		}
		if _, err := r.ReadByte(); err != io.EOF { //nolint:errorlint // bufio returns it as it is
			return 0, err
		}
		return res.StatusCode, nil
	}
}

const unsent = "Content-Length: 1000\r\n\r\n"

// TestABodyThatIsNotSentIsNotWaitedFor announces bodies where none is of use, and
// where a request is refused before its body is read.
func TestABodyThatIsNotSentIsNotWaitedFor(t *testing.T) {
	c := serve(t, startGate(t, t.TempDir()), "")
	requests := map[string]int{
		"GET /v1/assets":           200,
		"GET /v1/assets/none":      404,
		"DELETE /v1/assets/none":   404,
		"GET /play/x/master.m3u8":  404,
		"POST /nothing":            404,
		"POST /health":             405,
		"PATCH /v1/assets/none":    404,
		"DELETE /v1/uploads/none":  404,
		"OPTIONS /v1/uploads":      204,
		"POST /v1/uploads/none/it": 404,
	}
	answers := map[string]func(time.Duration) (int, error){}
	for request := range requests {
		answers[request] = begin(t, c, request+"\n"+unsent)
	}
	for request, want := range requests {
		if got, err := answers[request](time.Minute); got != want {
			t.Errorf("%s: status %d, want %d; %v", request, got, want, err)
		}
	}
}

func TestStopWaitsForNoBodyThatDoesNotCome(t *testing.T) {
	g := startGate(t, t.TempDir())
	c := serve(t, g, "")
	answer := begin(t, c, "POST /v1/assets\nContent-Type: application/json\r\n"+unsent+"{")
	time.Sleep(100 * time.Millisecond) // it is read, unless the machine is busy
	start := time.Now()
	stopGate(t, g)
	if took := time.Since(start); took > 20*time.Second { // the body has 30 s
		t.Errorf("Stop took %s", took)
	}
	if status, err := answer(time.Minute); status != http.StatusRequestTimeout && status != http.StatusServiceUnavailable { // 503: it came too late
		t.Errorf("status %d, %v", status, err)
	}
}

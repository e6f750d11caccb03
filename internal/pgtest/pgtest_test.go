package pgtest_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/streamgate/streamgate/internal/pgtest"
)

const childEnv = "STREAMGATE_TEST_PGTEST_CHILD"

// TestAsAChild is what the test below runs: it starts a server and panics.
func TestAsAChild(t *testing.T) {
	if os.Getenv(childEnv) == "" {
		t.Skip("only as a child of another test")
	}
	fmt.Println("server at", pgtest.Database(t))
	panic("the end")
}

func TestAServerEndsWithATestThatPanics(t *testing.T) {
	pgtest.Database(t) // skips where there is none
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAsAChild$")
	cmd.Env = append(os.Environ(), childEnv+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var dir string
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if _, rest, ok := strings.Cut(lines.Text(), "server at host="); ok {
			dir, _, _ = strings.Cut(rest, " ")
		}
	}
	if err := cmd.Wait(); err == nil || dir == "" {
		t.Fatalf("the child ended well, or started no server: %q", dir)
	}
	for range 2400 {
		if _, err := os.Stat(dir); os.IsNotExist(err) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("%s is still there", dir)
}

func TestAServerStopsAndStartsAgain(t *testing.T) {
	s := pgtest.Start(t, false)
	dsn := s.Database(t)
	s.Stop(t)
	if _, err := pgx.Connect(t.Context(), dsn); err == nil {
		t.Error("it answers though it is stopped")
	}
	s.Start(t)
	c, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

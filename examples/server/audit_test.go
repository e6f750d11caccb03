package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/audit"
)

// trail is an audit log of six events in two files, with its key and checkpoints.
type trail struct{ dir, key, points string }

func newTrail(t *testing.T) trail {
	t.Helper()
	base := t.TempDir()
	tr := trail{filepath.Join(base, "log"), filepath.Join(base, "audit.pub"), filepath.Join(base, "points")}
	private, err := audit.LoadKey(filepath.Join(base, "audit.key"))
	must(t, err)
	public, err := audit.MarshalPublicKey(private.Public().(ed25519.PublicKey))
	must(t, err)
	must(t, os.WriteFile(tr.key, public, 0o600))
	file, err := audit.OpenFile(tr.dir, private, &audit.FileOptions{Checkpoint: func(_ context.Context, c audit.Checkpoint) error {
		return os.WriteFile(tr.points, []byte(c.String()+"\n\n"), 0o600)
	}})
	must(t, err)
	log, err := audit.New([]audit.Sink{file}, nil)
	must(t, err)
	for i := range 5 {
		must(t, log.Record(t.Context(), audit.Event{Action: fmt.Sprint("a", i+1)}))
		if i == 2 {
			must(t, file.Rotate(t.Context()))
		}
	}
	must(t, file.Close())
	return tr
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (tr trail) file(n int) string {
	return filepath.Join(tr.dir, fmt.Sprintf("audit-%08d.jsonl", n))
}

func (tr trail) change(t *testing.T, n int, change func([]byte) []byte) {
	t.Helper()
	b, err := os.ReadFile(tr.file(n))
	must(t, err)
	must(t, os.WriteFile(tr.file(n), change(b), 0o600))
}

func TestAuditVerifySaysWhichLineIsTheFirstBadOne(t *testing.T) {
	tr := newTrail(t)
	damaged := newTrail(t)
	damaged.change(t, 1, func(b []byte) []byte { return bytes.Replace(b, []byte(`"action":"a2"`), []byte(`"action":"x2"`), 1) })
	short := newTrail(t)
	short.change(t, 2, func(b []byte) []byte { return b[:bytes.LastIndex(b, []byte(`{"seq":6`))] })
	torn := newTrail(t)
	torn.change(t, 2, func(b []byte) []byte { return append(b, `{"seq":7`...) })
	for name, tt := range map[string]struct {
		args []string
		code int
		want string
	}{
		"a directory":            {[]string{"-key", tr.key, "-checkpoints", tr.points, tr.dir}, 0, "In good order: events 1 to 6 in 2 files"},
		"files":                  {[]string{"-key", tr.key, tr.file(1), tr.file(2)}, 0, "No checkpoints were given"},
		"the later file alone":   {[]string{"-key", tr.key, tr.file(2)}, 0, "events 4 to 6 in 1 file"},
		"several keys":           {[]string{"-key", damaged.key, "-key", tr.key, tr.dir}, 0, "In good order"},
		"an unfinished end":      {[]string{"-key", torn.key, torn.dir}, 0, "8 bytes are not sealed"},
		"a changed line":         {[]string{"-key", damaged.key, damaged.dir}, 1, "line 3 of " + damaged.file(1)},
		"an end that is cut off": {[]string{"-key", short.key, "-checkpoints", short.points, short.dir}, 1, "cut off"},
		"the key of another":     {[]string{"-key", damaged.key, tr.dir}, 1, "not signed by any of the keys"},
		"no key":                 {[]string{tr.dir}, 2, "-key is missing"},
		"no files":               {[]string{"-key", tr.key}, 2, "which files"},
		"no such file":           {[]string{"-key", tr.key, tr.dir + "x"}, 2, "no such file"},
		"an empty directory":     {[]string{"-key", tr.key, t.TempDir()}, 2, "no files of an audit log"},
		"no key in the file":     {[]string{"-key", tr.points, tr.dir}, 2, "no Ed25519 key"},
		"foreign checkpoints":    {[]string{"-key", tr.key, "-checkpoints", damaged.points, tr.dir}, 2, "none of the keys"},
		"help":                   {[]string{"-help"}, 0, "usage: server audit verify"},
	} {
		t.Run(name, func(t *testing.T) {
			p := launch(t, append([]string{"audit", "verify"}, tt.args...)...)
			code := p.end()
			if said := p.stdout.String() + p.stderr.String(); code != tt.code || !strings.Contains(said, tt.want) {
				t.Errorf("exit code %d, want %d; %s", code, tt.code, said)
			}
		})
	}
	p := launch(t, "audit")
	if code := p.end(); code != 2 || !strings.Contains(p.stderr.String(), "usage") {
		t.Errorf("audit alone: %d %s", code, p.stderr)
	}
}

package audit

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTheDocumentIsEnoughToVerify runs the script of docs/audit.md, which knows
// nothing of this package.
func TestTheDocumentIsEnoughToVerify(t *testing.T) {
	for _, tool := range []string{"sh", "openssl"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatal(err)
			}
			t.Skipf("%v; scripts/need %s installs it", err, tool)
		}
	}
	script := regexp.MustCompile("(?s)```sh\n(#!/bin/sh\n# verify.sh.*?)```").FindSubmatch(read(t, "../docs/audit.md"))
	if script == nil {
		t.Fatal("docs/audit.md has no verify.sh")
	}
	base := t.TempDir()
	sh, key := filepath.Join(base, "verify.sh"), filepath.Join(base, "audit.pub")
	must(t, os.WriteFile(sh, script[1], 0o600))
	public, err := MarshalPublicKey(testKeys[0])
	must(t, err)
	must(t, os.WriteFile(key, public, 0o600))

	all := contents(chain(t, FileOptions{MaxSize: 1500}, 2, 1, 3))
	all[0] = append([]byte{}, all[0]...)
	for name, tt := range map[string]struct {
		change func([]byte) []byte
		want   string
	}{
		"whole":         {func(b []byte) []byte { return b }, "in good order up to seal 3"},
		"a changed one": {func(b []byte) []byte { return bytes.Replace(b, []byte("event.3"), []byte("event.4"), 1) }, "line 5 of"},
		"a dropped one": {func(b []byte) []byte { return drop(2, 2)(b) }, "another number of lines"},
		"a dropped group": {func(b []byte) []byte {
			return drop(4, 5)(b)
		}, "missing before it"},
		"a changed seal": {func(b []byte) []byte { return replace(3, `"time":"2`, `"time":"1`)(b) }, "signature is wrong"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			args := []string{sh, key}
			for i, content := range all {
				if i == 0 {
					content = tt.change(bytes.Clone(content))
				}
				must(t, os.WriteFile(path(dir, uint64(i+1)), content, 0o600))
				args = append(args, path(dir, uint64(i+1)))
			}
			out, err := exec.CommandContext(t.Context(), "sh", args...).CombinedOutput()
			if (err == nil) != (name == "whole") || !strings.Contains(string(out), tt.want) {
				t.Errorf("%v: %s, want %q", err, out, tt.want)
			}
		})
	}
}

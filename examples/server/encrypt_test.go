package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheSecretOfKeysIsMadeOnceAndKept(t *testing.T) {
	c := config{data: filepath.Join(t.TempDir(), "data"), encrypt: "AES-128"}
	first, err := c.masterSecret()
	if err != nil {
		t.Fatal(err)
	}
	again, err := c.masterSecret()
	if err != nil || !bytes.Equal(first, again) || len(first) != 32 {
		t.Errorf("%d bytes, then %d: %v", len(first), len(again), err)
	}
	info, err := os.Stat(filepath.Join(c.data, secretName))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if e, err := c.encryption(); err != nil || e == nil {
		t.Errorf("%v, %v", e, err)
	}
	c.secret = "too short"
	if _, err := c.encryption(); err == nil || strings.Contains(err.Error(), c.secret) {
		t.Errorf("a short secret: %v", err)
	}
	if _, err := parse([]string{"-encrypt", "ROT13"}, func(string) string { return "" }, new(bytes.Buffer)); err == nil {
		t.Error("another scheme is taken")
	}
	if _, err := parse([]string{"-key-period", "5"}, func(string) string { return "" }, new(bytes.Buffer)); err == nil {
		t.Error("periods of keys that are not there are taken")
	}
	periods, err := parse([]string{"-encrypt", "SAMPLE-AES", "-key-period", "5"}, func(string) string { return "" }, new(bytes.Buffer))
	if err != nil || periods.keyPeriod != 5 {
		t.Errorf("%+v, %v", periods, err)
	}
}

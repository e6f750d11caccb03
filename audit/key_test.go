package audit

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLoadKeyMakesAKeyOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.key")
	made, err := LoadKey(path)
	must(t, err)
	again, err := LoadKey(path)
	must(t, err)
	if !made.Equal(again) {
		t.Error("it is another the second time")
	}
	info, err := os.Stat(path)
	must(t, err)
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("its mode is %v", info.Mode())
	}
	public, err := ParsePublicKey(read(t, path))
	must(t, err)
	text, err := MarshalPublicKey(public)
	must(t, err)
	same, err := ParsePublicKey(text)
	must(t, err)
	if diff := cmp.Diff(made.Public(), same); diff != "" {
		t.Error(diff)
	}
}

func TestLoadKeyTakesNoOther(t *testing.T) {
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(other)
	must(t, err)
	public, err := MarshalPublicKey(testKeys[0])
	must(t, err)
	for name, text := range map[string][]byte{
		"nothing":      nil,
		"no PEM":       []byte("key"),
		"garbage":      pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")}),
		"another kind": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}),
		"a public key": public,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "key")
			must(t, os.WriteFile(path, text, 0o600))
			if key, err := LoadKey(path); err == nil {
				t.Errorf("it is %T", key)
			}
			if _, err := ParsePublicKey(text); (err == nil) != (name == "a public key") {
				t.Errorf("as a public key: %v", err)
			}
		})
	}
	if _, err := LoadKey(filepath.Join(t.TempDir(), "no", "key")); err == nil {
		t.Error("it is nowhere")
	}
	if _, err := MarshalPublicKey(ed25519.PublicKey{}); err != nil {
		t.Log(err)
	}
}

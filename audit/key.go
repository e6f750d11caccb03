package audit

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// LoadKey reads the key to sign with from a file, in PEM as openssl writes it
// (openssl genpkey -algorithm ed25519), and makes one where there is no file:
// readable by its owner alone, and on the disk before it is used. Its PublicKey is
// what Verify needs, and best noted elsewhere at once; see MarshalPublicKey.
func LoadKey(path string) (ed25519.PrivateKey, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return makeKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("audit: reading the key: %w", err)
	}
	key, err := parseKey(text)
	if private, ok := key.(ed25519.PrivateKey); ok {
		return private, nil
	}
	if err == nil {
		err = errors.New("it is a public key")
	}
	return nil, fmt.Errorf("audit: %s is no Ed25519 private key in PEM: %w", path, err)
}

func makeKey(path string) (ed25519.PrivateKey, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("audit: making a key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("audit: making a key: %w", err)
	}
	if err := writeNew(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})); err != nil {
		return nil, fmt.Errorf("audit: writing a new key: %w", err)
	}
	return key, nil
}

// writeNew writes a file that was not there, durably.
func writeNew(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(path)) // half a key would be no key for ever
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }() // nothing was written by it
	return syncDir(dir)
}

// ParsePublicKey reads an Ed25519 public key in PEM. From a private one it takes
// the public part.
func ParsePublicKey(text []byte) (ed25519.PublicKey, error) {
	key, err := parseKey(text)
	if err != nil {
		return nil, fmt.Errorf("audit: no Ed25519 key in PEM: %w", err)
	}
	if private, ok := key.(ed25519.PrivateKey); ok {
		key = private.Public()
	}
	return key.(ed25519.PublicKey), nil //nolint:forcetypeassert // there is nothing else
}

// MarshalPublicKey returns a public key in PEM, for ParsePublicKey and openssl.
func MarshalPublicKey(key ed25519.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}

// parseKey returns an ed25519.PrivateKey or an ed25519.PublicKey.
func parseKey(text []byte) (crypto.PublicKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("there is no PEM block")
	}
	var key any
	var err error
	if block.Type == "PUBLIC KEY" {
		key, err = x509.ParsePKIXPublicKey(block.Bytes)
	} else {
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	}
	if err != nil {
		return nil, err
	}
	switch key.(type) {
	case ed25519.PrivateKey, ed25519.PublicKey:
		return key, nil
	}
	return nil, fmt.Errorf("it is of another kind: %T", key)
}

package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/streamgate/streamgate/hls"
)

// secretVariable is the environment variable with the secret that content keys
// are derived from.
const secretVariable = "STREAMGATE_KEY_SECRET"

// secretName is the file in the data directory that has it where the variable has
// not.
const secretName = "key.secret"

func (c config) checkEncryption() error {
	switch hls.Scheme(c.encrypt) {
	case "":
		if c.keyPeriod != 0 {
			return errors.New("-key-period is for what -encrypt encrypts")
		}
		return nil
	case hls.AES128, hls.SampleAES:
		if c.mpegts {
			return errors.New("-mpegts would give out in the clear what -encrypt hides: choose one of them")
		}
		return nil
	}
	return fmt.Errorf("-encrypt %q is neither %s nor %s", c.encrypt, hls.AES128, hls.SampleAES)
}

// encryption is nil where nothing is encrypted.
func (c config) encryption() (*hls.Encryption, error) {
	if c.encrypt == "" {
		return nil, nil //nolint:nilnil // that is what it means
	}
	secret, err := c.masterSecret()
	if err != nil {
		return nil, err
	}
	keys, err := hls.NewDerivedKeys(hls.MasterSecret{ID: "1", Secret: secret})
	if err != nil {
		return nil, fmt.Errorf("the secret of %s: %w", c.secretOrigin(), err)
	}
	scheme := hls.Scheme(c.encrypt)
	return &hls.Encryption{Scheme: scheme, Keys: keys, Period: c.keyPeriod, ClearKey: scheme == hls.SampleAES}, nil
}

// secretOrigin is where the secret is from.
func (c config) secretOrigin() string {
	if c.secret != "" {
		return secretVariable
	}
	return filepath.Join(c.data, secretName)
}

func (c config) masterSecret() ([]byte, error) {
	if c.secret != "" {
		return []byte(c.secret), nil
	}
	path := filepath.Join(c.data, secretName)
	secret, err := os.ReadFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return secret, err
	}
	if err := os.MkdirAll(c.data, 0o700); err != nil {
		return nil, err
	}
	secret = make([]byte, hls.MinMasterSecret)
	rand.Read(secret)
	return secret, writeNew(path, secret)
}

// writeNew writes a file that must not be there, so that a secret is never
// replaced.
func writeNew(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Sync(), f.Close())
}

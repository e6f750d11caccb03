package hls

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"
)

// MinMasterSecret is how long a MasterSecret must be, in bytes.
const MinMasterSecret = 32

// MasterSecret is what keys are derived from. Make it of random bytes, and keep it
// as you keep the database's password.
type MasterSecret struct {
	// ID names it; it goes into keys and their ids, and is no secret.
	ID string
	// Secret is at least MinMasterSecret random bytes.
	Secret []byte
	// From is since when assets are made with it; the zero time for always.
	From time.Time
}

// Format shows its ID, and nothing of the secret.
func (s MasterSecret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// String is its ID, and nothing of the secret.
func (s MasterSecret) String() string { return "master secret " + s.ID }

// LogValue is its ID, and nothing of the secret.
func (s MasterSecret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText is its ID, and nothing of the secret.
func (s MasterSecret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// DerivedKeys is a KeyProvider that needs no key server and no database: each
// key, its ID and its IV are derived by HKDF-SHA256 (RFC 5869) from a master
// secret, the asset, its content, the usage and the period.
type DerivedKeys struct {
	secrets []MasterSecret // by From, oldest first
}

// Format shows nothing of the secrets.
func (d DerivedKeys) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "%d master secrets", len(d.secrets))
}

// NewDerivedKeys returns DerivedKeys of one secret or several with different IDs.
// An asset has the newest secret that was there when it was created, else the
// oldest: so a secret is rotated by adding one with From set to a moment to come,
// and nothing changes for assets that are there. Once a secret is taken away, its
// assets have the keys of another, and with them other revisions: players that
// were playing have to load the playlist again.
func NewDerivedKeys(secrets ...MasterSecret) (*DerivedKeys, error) {
	if len(secrets) == 0 {
		return nil, errors.New("hls: keys are derived from a MasterSecret, and there is none")
	}
	list := slices.Clone(secrets)
	slices.SortStableFunc(list, func(a, b MasterSecret) int { return a.From.Compare(b.From) })
	seen := map[string]bool{}
	for i := range list {
		s := &list[i]
		switch {
		case s.ID == "" || seen[s.ID]:
			return nil, fmt.Errorf("hls: the ID %q of a MasterSecret is empty, or there twice", s.ID)
		case len(s.Secret) < MinMasterSecret:
			return nil, fmt.Errorf("hls: the MasterSecret %q has %d bytes, less than %d", s.ID, len(s.Secret), MinMasterSecret)
		}
		seen[s.ID] = true
		s.Secret = slices.Clone(s.Secret)
	}
	return &DerivedKeys{list}, nil
}

// ContentKeys derives the keys.
func (d *DerivedKeys) ContentKeys(_ context.Context, r *KeyRequest) ([]ContentKey, error) {
	s := d.secretOf(r.Created)
	keys := make([]ContentKey, len(r.Uses))
	for i, use := range r.Uses {
		k := &keys[i]
		for purpose, to := range map[string][]byte{"key": k.Key[:], "id": k.ID[:]} {
			if err := s.derive(to, purpose, r, use); err != nil {
				return nil, err
			}
		}
		if r.Scheme == SampleAES {
			k.IV = make([]byte, 16)
			if err := s.derive(k.IV, "iv", r, use); err != nil {
				return nil, err
			}
		}
	}
	return keys, nil
}

// secretOf is the secret of what was created then.
func (d *DerivedKeys) secretOf(created time.Time) *MasterSecret {
	for i := len(d.secrets) - 1; i > 0; i-- {
		if !d.secrets[i].From.After(created) {
			return &d.secrets[i]
		}
	}
	return &d.secrets[0]
}

// derive fills to. What it is for is written so that no two purposes, and no two
// sets of names, read the same: each with its length before it.
func (s *MasterSecret) derive(to []byte, purpose string, r *KeyRequest, use KeyUse) error {
	var info []byte
	for _, part := range []string{purpose, s.ID, string(r.Scheme), r.Asset, r.Content, string(use.Usage)} {
		info = binary.AppendUvarint(info, uint64(len(part)))
		info = append(info, part...)
	}
	info = binary.AppendUvarint(info, uint64(use.Period))
	b, err := hkdf.Key(sha256.New, s.Secret, []byte("streamgate content keys 1"), string(info), len(to))
	if err != nil {
		return fmt.Errorf("hls: deriving a key: %w", err)
	}
	copy(to, b)
	return nil
}

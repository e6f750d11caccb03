package hls

import (
	"errors"
	"fmt"

	"github.com/streamgate/streamgate/internal/problem"
)

// Scheme is how segments are encrypted.
type Scheme string

// The schemes.
const (
	// AES128 encrypts whole segments: METHOD=AES-128 of RFC 8216bis §4.4.4.4,
	// which every player of HLS knows. There is no manifest for DASH then.
	AES128 Scheme = "AES-128"
	// SampleAES encrypts samples within segments by cbcs of ISO/IEC 23001-7, for
	// HLS (METHOD=SAMPLE-AES) and DASH: what DRM systems need. Of video it takes
	// H.264 and HEVC.
	SampleAES Scheme = "SAMPLE-AES"
)

// Encryption has segments encrypted: see docs/encryption.md for what that
// protects, and what not. Init segments, subtitles and playlists stay readable.
type Encryption struct {
	// Scheme is AES128 or SampleAES; there is no default.
	Scheme Scheme

	// Keys has the keys; there is no default.
	Keys KeyProvider

	// Period is how many segments share a key: after so many, the next key. There
	// are at most 1000 periods of AES128, and 100 of SampleAES, whose keys all come
	// by one licence; the last one goes on. Default: 0, one key for all.
	Period int

	// ClearKey has playlists of SampleAES lead to keys by a ClearKey licence, with
	// the KEYFORMAT "org.w3.clearkey" that hls.js knows. It takes the place of
	// "identity", the key as it is, which Safari knows: where hls.js finds that, it
	// plays nothing. Manifests of DASH name ClearKey always. Default: false, identity.
	ClearKey bool

	// NoDelivery keeps keys where they are: there is no path that gives them out,
	// and players have them from the systems that the KeyProvider names, alone. For
	// SampleAES. Default: false; who is authorized for auth.Key gets them, as they
	// are or as a ClearKey licence.
	NoDelivery bool

	// LicenseURL is the address, as players see it, at which the ClearKey licences
	// of an asset are to be had: where {asset}/license of this Server is reached.
	// It is for manifests of DASH, which cannot name it relative to themselves.
	// Default: none is named, and the application tells its player.
	LicenseURL func(asset string) string
}

// check says what cannot work.
func (e *Encryption) check() error {
	switch {
	case e.Scheme != AES128 && e.Scheme != SampleAES:
		return fmt.Errorf("hls: Encryption.Scheme is %q; there are %s and %s", e.Scheme, AES128, SampleAES)
	case e.Keys == nil:
		return errors.New("hls: Encryption needs a KeyProvider, such as NewDerivedKeys returns")
	case e.Period < 0:
		return fmt.Errorf("hls: Encryption.Period is %d", e.Period)
	case e.ClearKey && (e.Scheme == AES128 || e.NoDelivery):
		return errors.New("hls: Encryption.ClearKey is for SampleAES whose keys are given out here")
	case e.NoDelivery && e.Scheme == AES128:
		return errors.New("hls: with AES128 players fetch keys from here alone: NoDelivery is for SampleAES")
	}
	return nil
}

// checkWith says what does not go together, too.
func (e *Encryption) checkWith(o *Options) error {
	switch {
	case e == nil:
		return nil
	case o.Downloads:
		return errors.New("hls: Downloads would give out in the clear what Encryption hides")
	case o.MPEGTS:
		return errors.New("hls: MPEGTS is not encrypted, and would give out in the clear what Encryption hides")
	}
	return e.check()
}

// manifest says why there is no manifest of what is encrypted.
func (e *Encryption) manifest() error {
	if e == nil || e.Scheme != AES128 {
		return nil
	}
	return problem.Errorf(ErrNotFound, "there is no %s of what %s encrypts: DASH has no such thing", manifestName, AES128)
}

// mark begins the names of presentations in a Cache, which Servers with other
// keys, or with none, may use too.
func (e *Encryption) mark() string {
	if e == nil {
		return ""
	}
	return fmt.Sprintf("%p ", e)
}

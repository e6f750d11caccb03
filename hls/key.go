package hls

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/streamgate/streamgate/media"
)

// Key is a content key: 128 bits, for AES. However it is printed, logged or
// encoded, it shows as "[secret]".
type Key [16]byte

const secretText = "[secret]"

// Format shows nothing of the key.
func (Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, secretText) }

// String shows nothing of the key.
func (Key) String() string { return secretText }

// LogValue shows nothing of the key.
func (Key) LogValue() slog.Value { return slog.StringValue(secretText) }

// MarshalText shows nothing of the key.
func (Key) MarshalText() ([]byte, error) { return []byte(secretText), nil }

// KeyID names a content key: default_KID and KID of ISO/IEC 23001-7. It is no
// secret.
type KeyID [16]byte

// String is 32 hexadecimal digits, as in the URI of the key.
func (id KeyID) String() string { return hex.EncodeToString(id[:]) }

// UUID is the id as a manifest of DASH writes it.
func (id KeyID) UUID() string {
	s := id.String()
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// KeyUsage says for which tracks a key is: what the usage rules of CPIX tell by
// filters, and their labels by common use.
type KeyUsage string

// The usages. A picture belongs to the least that its number of pixels fits.
const (
	KeyAudio KeyUsage = "AUDIO"
	KeySD    KeyUsage = "SD"   // up to 1024 × 576
	KeyHD    KeyUsage = "HD"   // up to 1920 × 1080
	KeyUHD1  KeyUsage = "UHD1" // up to 4096 × 2160
	KeyUHD2  KeyUsage = "UHD2" // more
)

func usageOf(t *media.Track) KeyUsage {
	if t.Kind == media.Audio {
		return KeyAudio
	}
	switch pixels := int64(t.Width) * int64(t.Height); {
	case pixels <= 1024*576:
		return KeySD
	case pixels <= 1920*1080:
		return KeyHD
	case pixels <= 4096*2160:
		return KeyUHD1
	}
	return KeyUHD2
}

// KeyUse is what one key is for: CPIX calls it a usage rule.
type KeyUse struct {
	Usage  KeyUsage
	Period int // of Encryption.Period segments, from 0
}

// KeyRequest asks for the keys of a file that is played: what a CPIX document
// (DASH-IF, "Content Protection Information Exchange Format") asks for.
type KeyRequest struct {
	Asset   string    // its id; of a Folder the path of the file
	Content string    // names what is encrypted: it changes with the file and with how it is cut
	Created time.Time // of the asset; of a Folder when the file changed last
	Scheme  Scheme
	Uses    []KeyUse // each once
}

// ContentKey is a key and how players learn of it.
type ContentKey struct {
	ID  KeyID
	Key Key

	// IV is 16 bytes, or nil. Scheme SampleAES then takes one from the ID, and
	// AES128 the number of each segment, as RFC 8216bis §5.2 says.
	IV []byte

	// Systems is by which DRM systems the key can be had, in the order of their
	// tags. The server's own, where Encryption.NoDelivery is not set, come before.
	Systems []KeySystem
}

// KeySystem is what playlists, manifests and init segments say for one DRM
// system: a DRMSystem element of CPIX.
type KeySystem struct {
	ID   KeyID  // the system's UUID, as DASH-IF lists it
	Name string // such as "Widevine"; may be ""
	PSSH []byte // a whole pssh box, for init segments and manifests; nil for none

	// KeyFormat is that of EXT-X-KEY, such as "com.apple.streamingkeydelivery",
	// and URI its URI; "" for no tag.
	KeyFormat, KeyFormatVersions, URI string

	// LicenseURL is for dashif:Laurl; "" for none.
	LicenseURL string
}

// A KeyProvider has the keys that segments are encrypted with. It is called
// concurrently, when a presentation is prepared, and never for a segment: what it
// returns is kept with the presentation.
//
// ContentKeys returns one key for each of r.Uses, in their order. The same
// request has the same answer, or segments and keys that are in caches stop to
// fit: a key that changes needs another ID. Two uses may have one key. The
// context ends when nobody waits for the answer any more. An error is answered
// with ErrKeys, and its text is logged.
//
// A client of CPIX or SPEKE, which asks a key server, is written as a
// KeyProvider; NewDerivedKeys needs no server.
type KeyProvider interface {
	ContentKeys(ctx context.Context, r *KeyRequest) ([]ContentKey, error)
}

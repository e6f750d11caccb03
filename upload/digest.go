package upload

import (
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash"

	"github.com/streamgate/streamgate/media"
)

// A digest is what an upload remembers of the bytes that it has taken, so that
// a resume reads none of them again: the state of the SHA-256, and the first
// bytes for as long as they are too few to tell the type.
type digest struct {
	sha  hash.Hash // nil when hashing is off, or was off when bytes came
	head []byte    // at most media.SniffLen
}

func newDigest(hashed bool) digest {
	if !hashed {
		return digest{}
	}
	return digest{sha: sha256.New()}
}

// Write takes bytes that are in the draft.
func (d *digest) write(p []byte) {
	if d.sha != nil {
		_, _ = d.sha.Write(p) // never fails: hash.Hash
	}
}

// hex returns the sum of what was written; "" when it is not known.
func (d *digest) hex() string {
	if d.sha == nil {
		return ""
	}
	return hex.EncodeToString(d.sha.Sum(nil))
}

const digestVersion = 1

var errDigest = errors.New("upload: not the state of a digest")

// encode returns the form kept in metadata.Upload.Hash: a version, the length
// of the head and the head, the state of the hash.
func (d *digest) encode() ([]byte, error) {
	b := make([]byte, 3, 3+len(d.head)+128)
	b[0] = digestVersion
	binary.BigEndian.PutUint16(b[1:], uint16(len(d.head)))
	b = append(b, d.head...)
	if d.sha == nil {
		return b, nil
	}
	return d.sha.(encoding.BinaryAppender).AppendBinary(b) //nolint:forcetypeassert // documented by crypto/sha256
}

// decodeDigest reads what encode wrote. When hashed is not set the state is dropped.
func decodeDigest(b []byte, hashed bool) (digest, error) {
	if len(b) < 3 || b[0] != digestVersion {
		return digest{}, errDigest
	}
	n := int(binary.BigEndian.Uint16(b[1:]))
	if b = b[3:]; n > len(b) || n > media.SniffLen {
		return digest{}, errDigest
	}
	d := digest{head: append([]byte(nil), b[:n]...)}
	if !hashed {
		return d, nil
	}
	sha := sha256.New()
	if err := sha.(encoding.BinaryUnmarshaler).UnmarshalBinary(b[n:]); err != nil { //nolint:forcetypeassert // documented by crypto/sha256
		return digest{}, errDigest
	}
	d.sha = sha
	return d, nil
}

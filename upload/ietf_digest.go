package upload

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"net/http"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
)

// Digest fields (RFC 9530): what a client says of the content of one request,
// and of the whole file.
const (
	contentDigestField = "Content-Digest"
	reprDigestField    = "Repr-Digest"

	// reprKey is where an upload's Metadata keeps the promise of its Repr-Digest.
	reprKey = "repr-digest"
)

var digestAlgorithms = map[string]func() hash.Hash{
	"sha-256": sha256.New,
	"sha-512": sha512.New,
}

type contentDigest struct {
	algorithm string
	want      []byte
}

// contentDigests returns the digests of the content that are computed here. Other
// algorithms are ignored (RFC 9530 §2).
func contentDigests(h http.Header) ([]contentDigest, error) {
	members, err := parseDictionary(fieldValue(h, contentDigestField))
	if err != nil {
		return nil, errDigestField(contentDigestField)
	}
	var all []contentDigest
	for name, sum := range digestAlgorithms {
		v, told := members[name]
		if !told {
			continue
		}
		want, ok := v.([]byte)
		if !ok || len(want) != sum().Size() {
			return nil, errDigestField(contentDigestField)
		}
		all = append(all, contentDigest{name, want})
	}
	return all, nil
}

// reprDigest returns the SHA-256 that the whole file is to have, as a member of
// the field; "" where there is none.
func reprDigest(h http.Header) (string, error) {
	members, err := parseDictionary(fieldValue(h, reprDigestField))
	if err != nil {
		return "", errDigestField(reprDigestField)
	}
	v, told := members["sha-256"]
	if !told {
		return "", nil
	}
	sum, ok := v.([]byte)
	if !ok || len(sum) != sha256.Size {
		return "", errDigestField(reprDigestField)
	}
	return "sha-256=:" + base64.StdEncoding.EncodeToString(sum) + ":", nil
}

// errDigestField refuses what is none: to ignore it, which RFC 9651 §4.2 allows
// as well, would take the bytes without the check that was asked for.
func errDigestField(name string) error {
	return problem.Errorf(problem.ErrBadRequest, "%s is not a dictionary of digests as RFC 9530 describes it", name)
}

// newContentCheck returns what computes these digests; nil where there are none.
func newContentCheck(all []contentDigest) *checksum {
	if len(all) == 0 {
		return nil
	}
	c := &checksum{sums: make(map[string]hash.Hash)}
	for _, d := range all {
		c.sums[d.algorithm] = digestAlgorithms[d.algorithm]()
	}
	return c
}

func compareContent(c *checksum, all []contentDigest) error {
	for _, d := range all {
		if !bytes.Equal(c.sums[d.algorithm].Sum(nil), d.want) {
			return problem.Errorf(ErrContentDigest, "the %s of this content is another; it was not taken, send it again", d.algorithm)
		}
	}
	return nil
}

// promised returns the SHA-256 in hexadecimal that the creation of an upload
// promised for the whole of it, or "".
func promised(u *metadata.Upload) string {
	if u.Protocol != ietfProtocol {
		return ""
	}
	members, err := parseDictionary(u.Metadata[reprKey])
	sum, ok := members["sha-256"].([]byte)
	if err != nil || !ok {
		return ""
	}
	return hex.EncodeToString(sum)
}

// keepsPromise holds an upload that has all its bytes to its Repr-Digest.
func (s *session) keepsPromise() error {
	want := promised(s.u)
	if want == "" || s.up.o.NoHash {
		return nil
	}
	got := s.digest.hex()
	switch {
	case got == "" || s.lost:
		return problem.Errorf(ErrNoHash, "the SHA-256 of what arrived is not known any more, so the Repr-Digest cannot be compared; begin a new upload")
	case got != want:
		return problem.Errorf(ErrReprDigest, "the SHA-256 of the file that arrived is %s, and its Repr-Digest said %s", got, want)
	}
	return nil
}

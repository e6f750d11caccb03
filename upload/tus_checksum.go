package upload

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // named by the protocol, against accidents only
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"hash/crc32"
	"net/http"
	"strings"

	"github.com/streamgate/streamgate/internal/problem"
)

// tusAlgorithms are what the Checksum extension may use here, as OPTIONS lists them.
const tusAlgorithms = "sha1,sha256,crc32"

const checksumHeader = "Upload-Checksum"

// checksums are the algorithms of the Checksum extension, by their names in tus.
var checksums = map[string]func() hash.Hash{
	"sha1":   sha1.New,
	"sha256": sha256.New,
	"crc32":  func() hash.Hash { return crc32.NewIEEE() },
}

// A checksum is what a client says of one chunk (tus 1.0, Checksum), in the
// header or, where that announces it, in the trailer. A chunk whose checksum does
// not match is not taken, nor is one that was cut before it could be compared.
type checksum struct {
	sums map[string]hash.Hash // one, or all until the trailer names it
	name string               // "" until the trailer tells
	want []byte
}

// chunkChecksum returns nil for a request without one.
func chunkChecksum(r *http.Request) (*checksum, error) {
	c := &checksum{sums: make(map[string]hash.Hash)}
	if value := r.Header.Get(checksumHeader); value != "" {
		if err := c.parse(value); err != nil {
			return nil, err
		}
		c.sums[c.name] = checksums[c.name]()
		return c, nil
	}
	if _, announced := r.Trailer[checksumHeader]; !announced {
		return nil, nil //nolint:nilnil // there is none
	}
	for name, sum := range checksums {
		c.sums[name] = sum()
	}
	return c, nil
}

// parse reads an algorithm and, after a space, the sum in base64.
func (c *checksum) parse(value string) error {
	name, encoded, _ := strings.Cut(value, " ")
	sum := checksums[name]
	if sum == nil {
		return problem.Errorf(problem.ErrBadRequest, "%s must be one of %s", checksumHeader, tusAlgorithms)
	}
	want, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(want) != sum().Size() {
		return problem.Errorf(problem.ErrBadRequest, "%s is not a %s in base64", checksumHeader, name)
	}
	c.name, c.want = name, want
	return nil
}

func (c *checksum) write(p []byte) {
	for _, sum := range c.sums {
		_, _ = sum.Write(p) // never fails: hash.Hash
	}
}

// compare is for when the body has ended, and its trailer is there.
func (c *checksum) compare(r *http.Request) error {
	if c.name == "" {
		if err := c.parse(r.Trailer.Get(checksumHeader)); err != nil {
			return err
		}
	}
	if !bytes.Equal(c.sums[c.name].Sum(nil), c.want) {
		return problem.Errorf(ErrChunk, "the %s of this chunk is another; it was not taken, send it again", c.name)
	}
	return nil
}

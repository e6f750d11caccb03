package hlsrules

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	hexadecimal "encoding/hex"
	"strconv"

	"github.com/Eyevinn/mp4ff/mp4"
)

// keyed returns the key of a segment that has one of that method and is told by
// the key itself.
func (s *segment) keyed(method string) *line {
	for _, k := range s.keys {
		if k.get("METHOD") == method && k.format() == "identity" {
			return k
		}
	}
	return nil
}

// opened is segment n as it is before AES-128 (RFC 8216bis §5.2), or as it came.
func (c *checker) opened(m *mediaList, n int, data []byte) []byte {
	s := &m.segments[n]
	k := s.keyed("AES-128")
	if k == nil {
		return data
	}
	uri := resolve(m.uri, k.get("URI"))
	key, ok := c.resources[uri]
	if !ok {
		if key, ok = c.get(uri, m.at(k)); !ok {
			return data
		}
		c.resources[uri] = key
	}
	if len(key) != aes.BlockSize {
		c.report("key-size", m.at(k), "%s has %d", uri, len(key))
		return data
	}
	open, ok := openCBC(key, m.vector(k, n), data)
	if !ok {
		c.report("key-padding", m.at(s.line), "%s, of %d bytes, does not decrypt", s.text, len(data))
		return data
	}
	s.keys = nil // what is read from here on is in the clear
	return open
}

// vector is the IV of segment n: the key's, or its media sequence number.
func (m *mediaList) vector(k *line, n int) []byte {
	if k.has("IV") {
		if iv, err := hexadecimal.DecodeString(k.get("IV")[2:]); err == nil {
			return iv
		}
	}
	first := uint64(0)
	if l := m.find("EXT-X-MEDIA-SEQUENCE"); l != nil {
		first, _ = strconv.ParseUint(l.value, 10, 64)
	}
	return binary.BigEndian.AppendUint64(make([]byte, 8), first+uint64(n))
}

// openCBC decrypts, and takes the padding of PKCS #7 away.
func openCBC(key, iv, data []byte) ([]byte, bool) {
	block, err := aes.NewCipher(key)
	if err != nil || len(iv) != aes.BlockSize || len(data) == 0 || len(data)%aes.BlockSize != 0 {
		return nil, false
	}
	open := make([]byte, len(data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(open, data)
	padding := int(open[len(open)-1])
	if padding == 0 || padding > aes.BlockSize {
		return nil, false
	}
	for _, b := range open[len(open)-padding:] {
		if int(b) != padding {
			return nil, false
		}
	}
	return open[:len(open)-padding], true
}

// protected takes the signs of encryption off a sample entry, and returns its
// scheme: "" where it has none.
func protected(entry mp4.Box) (scheme string) {
	e, ok := entry.(interface {
		RemoveEncryption() (*mp4.SinfBox, error)
	})
	if !ok || entry.Type() != "encv" && entry.Type() != "enca" {
		return ""
	}
	sinf, err := e.RemoveEncryption()
	if err != nil || sinf.Schm == nil {
		return "?"
	}
	return sinf.Schm.SchemeType
}

// sampleAES checks that samples are encrypted as their key says.
func (c *checker) sampleAES(m *mediaList, s *segment, h *head) {
	for _, k := range s.keys {
		if k.get("METHOD") == "SAMPLE-AES" && h.scheme != "cbcs" {
			c.report("cbcs", m.at(k), "the scheme of %s is %q", s.init.uri, h.scheme)
			return
		}
	}
}

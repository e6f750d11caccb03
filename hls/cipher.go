package hls

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"

	"github.com/streamgate/streamgate/media"
)

const cipherBlock = aes.BlockSize

// A segmentCipher encrypts a segment that comes in pieces, in place.
type segmentCipher interface {
	// encrypt encrypts what it can of the next piece, and returns how much of it
	// is done. The rest, less than a block, comes again at the beginning of the
	// next piece; where last is set, this is the last one and all of it is done.
	encrypt(piece []byte, last bool) (done int)
	// padding is what comes after the last piece.
	padding() []byte
}

// wholeCipher is AES-128 of RFC 8216bis §4.4.4.4: CBC over the whole segment,
// with padding of PKCS #7.
type wholeCipher struct {
	mode cipher.BlockMode
	pad  [cipherBlock]byte
	rest int // of the last piece, in pad
}

// newWholeCipher encrypts segment n. Without an IV in the key it is n, which is
// its media sequence number.
func newWholeCipher(k *ContentKey, n int) *wholeCipher {
	iv := k.IV
	if iv == nil {
		iv = make([]byte, cipherBlock)
		binary.BigEndian.PutUint64(iv[cipherBlock-8:], uint64(n))
	}
	block, _ := aes.NewCipher(k.Key[:]) // 16 bytes are a key
	return &wholeCipher{mode: cipher.NewCBCEncrypter(block, iv)}
}

func (c *wholeCipher) encrypt(piece []byte, last bool) (done int) {
	done = len(piece) &^ (cipherBlock - 1)
	c.mode.CryptBlocks(piece[:done], piece[:done])
	if last {
		c.rest = copy(c.pad[:], piece[done:])
	}
	return done
}

func (c *wholeCipher) padding() []byte {
	for i := c.rest; i < cipherBlock; i++ {
		c.pad[i] = byte(cipherBlock - c.rest)
	}
	c.mode.CryptBlocks(c.pad[:], c.pad[:])
	return c.pad[:]
}

// paddedSize is how long size bytes are when wholeCipher has encrypted them.
func paddedSize(size int64) int64 { return size&^(cipherBlock-1) + cipherBlock }

// sampleCipher is cbcs of ISO/IEC 23001-7 §10.4: within each subsample one CBC
// chain from the same IV, over all whole blocks or over a pattern of them.
type sampleCipher struct {
	block      cipher.Block
	iv, chain  [cipherBlock]byte
	skip       int64             // bytes between two blocks that are encrypted
	subsamples []media.Subsample // to come
	open       int64             // bytes in the clear that come next
	secret     int64             // and those that belong to the subsample after them
}

// newSampleCipher encrypts what follows head bytes in the clear.
func newSampleCipher(k *ContentKey, kind media.Kind, head int, subsamples []media.Subsample) *sampleCipher {
	c := &sampleCipher{subsamples: subsamples, open: int64(head), iv: [cipherBlock]byte(k.IV)}
	c.block, _ = aes.NewCipher(k.Key[:])
	if kind == media.Video {
		c.skip = skipBlocks * cipherBlock
	}
	return c
}

func (c *sampleCipher) padding() []byte { return nil }

func (c *sampleCipher) encrypt(piece []byte, last bool) (done int) {
	for done < len(piece) {
		switch {
		case c.open > 0:
			n := min(c.open, int64(len(piece)-done))
			c.open -= n
			done += int(n)
		case c.secret == 0:
			if len(c.subsamples) == 0 {
				return len(piece)
			}
			s := c.subsamples[0]
			c.subsamples = c.subsamples[1:]
			c.open, c.secret, c.chain = int64(s.Clear), int64(s.Protected), c.iv
		case c.secret < cipherBlock: // what is no whole block stays
			c.open, c.secret = c.secret, 0
		case len(piece)-done < cipherBlock:
			if last {
				return len(piece) // never: the pieces are as long as the subsamples
			}
			return done
		default:
			c.one(piece[done:])
			done += cipherBlock
			c.secret -= cipherBlock
			c.open = min(c.skip, c.secret)
			c.secret -= c.open
		}
	}
	return done
}

// one encrypts a block.
func (c *sampleCipher) one(b []byte) {
	b = b[:cipherBlock]
	binary.NativeEndian.PutUint64(b, binary.NativeEndian.Uint64(b)^binary.NativeEndian.Uint64(c.chain[:]))
	binary.NativeEndian.PutUint64(b[8:], binary.NativeEndian.Uint64(b[8:])^binary.NativeEndian.Uint64(c.chain[8:]))
	c.block.Encrypt(b, b)
	copy(c.chain[:], b)
}

package playcheck

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"

	"github.com/Eyevinn/hls-m3u8/m3u8"
)

// decrypt opens a segment that AES-128 encrypts (RFC 8216 §5.2), and leaves
// others as they are.
func (c *comparison) decrypt(ctx context.Context, base *url.URL, keys []m3u8.Key, sequence uint64, data []byte) ([]byte, error) {
	for _, k := range keys {
		if k.Method != "AES-128" {
			continue
		}
		key, _, _, err := c.fetch(ctx, base, k.URI)
		if err != nil {
			return nil, err
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, err
		}
		iv := binary.BigEndian.AppendUint64(make([]byte, 8), sequence)
		if k.IV != "" {
			if iv, err = hex.DecodeString(strings.TrimPrefix(strings.ToLower(k.IV), "0x")); err != nil {
				return nil, err
			}
		}
		if len(data) == 0 || len(data)%aes.BlockSize != 0 || len(iv) != aes.BlockSize {
			return nil, fmt.Errorf("%d bytes with an IV of %d are not encrypted by AES-128", len(data), len(iv))
		}
		open := make([]byte, len(data))
		cipher.NewCBCDecrypter(block, iv).CryptBlocks(open, data)
		padding := int(open[len(open)-1])
		if padding == 0 || padding > aes.BlockSize {
			return nil, fmt.Errorf("the padding is %d bytes: another key", padding)
		}
		return open[:len(open)-padding], nil
	}
	return data, nil
}

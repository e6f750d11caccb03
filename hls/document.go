package hls

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"sync"
)

// A document is a small thing that is sent as a whole, made when first wanted.
type document struct {
	contentType []string
	identity    func() *encoded
	gzip        func() *encoded // nil for what does not get smaller by it
}

// encoded is a document in one content coding, with its headers: made once, so
// that sending it allocates nothing.
type encoded struct {
	body   []byte
	etag   []string
	length []string
}

func newDocument(contentType string, write func() []byte) document {
	identity := sync.OnceValue(func() *encoded { return newEncoded(write(), "") })
	d := document{contentType: []string{contentType}, identity: identity}
	if contentType == playlistType || contentType == manifestType || contentType == subtitleType {
		d.gzip = sync.OnceValue(func() *encoded { return newEncoded(compress(identity().body), "-gz") })
	}
	return d
}

// newEncoded computes a strong ETag from the bytes. Each coding has its own:
// RFC 9110 §8.8.3.3.
func newEncoded(body []byte, suffix string) *encoded {
	sum := sha256.Sum256(body)
	return &encoded{
		body:   body,
		etag:   []string{`"` + hex.EncodeToString(sum[:12]) + suffix + `"`},
		length: []string{strconv.Itoa(len(body))},
	}
}

func compress(body []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(body) // neither fails on a Buffer
	_ = w.Close()
	return b.Bytes()
}

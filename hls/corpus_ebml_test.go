package hls_test

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"testing"
)

// The elements of Matroska that patchers change (RFC 9559 §5.1).
const (
	ebmlSegment    = 0x18538067
	ebmlTracks     = 0x1654ae6b
	ebmlTrackEntry = 0xae
	ebmlNumber     = 0xd7
	ebmlCluster    = 0x1f43b675
	ebmlGroup      = 0xa0
	ebmlBlock      = 0xa1
	ebmlSimple     = 0xa3
	ebmlCues       = 0x1c53bb6b
	ebmlSeekHead   = 0x114d9b74
	ebmlVoid       = 0xec
	ebmlCRC        = 0xbf
)

// ebmlNext takes the first element off b. One of unknown size has all that is there.
func ebmlNext(b []byte) (id uint32, body, rest []byte) {
	n := bits.LeadingZeros8(b[0]) + 1
	for _, c := range b[:n] {
		id = id<<8 | uint32(c)
	}
	b = b[n:]
	n = bits.LeadingZeros8(b[0]) + 1
	size, unknown := uint64(b[0])&^(0x80>>(n-1)), uint64(1)<<(7*n)-1
	for _, c := range b[1:n] {
		size = size<<8 | uint64(c)
	}
	if b = b[n:]; size == unknown {
		size = uint64(len(b))
	}
	return id, b[:size], b[size:]
}

func ebmlElement(id uint32, body []byte) []byte {
	head := binary.BigEndian.AppendUint32(nil, id)
	head = bytes.TrimLeft(head, "\x00")
	head = binary.BigEndian.AppendUint64(head, 1<<56|uint64(len(body)))
	return append(head, body...)
}

// ebmlRewrite passes the elements in b through change, inner ones first. What
// returns nil is left out.
func ebmlRewrite(b []byte, change func(id uint32, body []byte) []byte) (out []byte) {
	for len(b) > 0 {
		var id uint32
		var body []byte
		id, body, b = ebmlNext(b)
		switch id {
		case ebmlSegment, ebmlTracks, ebmlTrackEntry, ebmlCluster, ebmlGroup:
			body = ebmlRewrite(body, change)
		}
		if body = change(id, body); body != nil {
			out = append(out, ebmlElement(id, body)...)
		}
	}
	return out
}

// stripped takes the bytes that all frames of a track begin with out of them, and
// says so in the track (RFC 9559 §5.1.4.1.31.7).
func stripped(track byte, first ...byte) patcher {
	settings := slices.Concat([]byte{0x42, 0x54, 0x81, 3, 0x42, 0x55, 0x80 | byte(len(first))}, first)
	encoding := ebmlElement(0x6d80, ebmlElement(0x6240, ebmlElement(0x5034, settings)))
	return func(t *testing.T, _ string, data []byte) []byte {
		done := 0
		out := ebmlRewrite(data, func(id uint32, body []byte) []byte {
			switch id {
			case ebmlCues, ebmlSeekHead, ebmlVoid, ebmlCRC: // they name places that are others now
				return nil
			case ebmlTrackEntry:
				if bytes.HasPrefix(body, slices.Concat(ebmlElement(ebmlNumber, []byte{track}))) {
					return append(body, encoding...)
				}
			case ebmlBlock, ebmlSimple:
				if body[0] == 0x80|track && bytes.HasPrefix(body[4:], first) {
					done++
					return slices.Concat(body[:4], body[4+len(first):])
				}
			}
			return body
		})
		if done == 0 {
			t.Fatal("no frame begins so")
		}
		return out
	}
}

// damaged puts zeros into the middle of a file.
func damaged(_ *testing.T, _ string, data []byte) []byte {
	clear(data[len(data)/2 : len(data)/2+300])
	return data
}

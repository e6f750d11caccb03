package audit

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// The format of files, which docs/audit.md describes for those who read them by
// other means. It is line by line JSON; each group of event lines is followed by
// its seal, a line that begins with sealStart.
const (
	formatVersion = 1
	sealStart     = `{"seal":`
	sigStart      = `,"sig":"`
	domain        = "streamgate-audit-1\n" // what is signed begins with it

	maxGroupLines = 512
	maxGroupBytes = 1 << 20
	markSize      = 6 // bytes of the hash of each line of a group of several
)

// b64 is base64url without padding (RFC 4648 §5).
var b64 = base64.RawURLEncoding.Strict()

// sum is a SHA-256.
type sum = [sha256.Size]byte

// logID tells one log from others that are signed with the same key.
type logID [16]byte

// seal is what is said of a group of lines, and signed.
type seal struct {
	number    uint64 // from 1 on
	log       logID
	file      uint64
	first     uint64 // number of the first event
	count     int    // events
	synced    uint64 // seal that was durable when this was written
	time      time.Time
	prev      sum    // of the whole line of the seal before, zero for the first
	digest    sum    // of the lines of the group
	marks     []byte // the first markSize bytes of the SHA-256 of each line; none for a single line
	abandoned bool   // the file before may go on after the seal before this one
}

// next is the number of the first event after the group.
func (s *seal) next() uint64 { return s.first + uint64(s.count) }

// appendUnsigned appends the seal up to where its signature begins.
func (s *seal) appendUnsigned(dst []byte) []byte {
	dst = strconv.AppendUint(append(dst, sealStart...), s.number, 10)
	dst = strconv.AppendUint(append(dst, `,"v":`...), formatVersion, 10)
	dst = b64.AppendEncode(append(dst, `,"log":"`...), s.log[:])
	dst = strconv.AppendUint(append(dst, `","file":`...), s.file, 10)
	dst = strconv.AppendUint(append(dst, `,"first":`...), s.first, 10)
	dst = strconv.AppendInt(append(dst, `,"count":`...), int64(s.count), 10)
	dst = strconv.AppendUint(append(dst, `,"synced":`...), s.synced, 10)
	dst = appendTime(append(dst, `,"time":"`...), s.time)
	dst = b64.AppendEncode(append(dst, `","prev":"`...), s.prev[:])
	dst = b64.AppendEncode(append(dst, `","digest":"`...), s.digest[:])
	dst = append(dst, '"')
	if len(s.marks) > 0 {
		dst = append(b64.AppendEncode(append(dst, `,"lines":"`...), s.marks), '"')
	}
	if s.abandoned {
		dst = append(dst, `,"abandoned":true`...)
	}
	return dst
}

// appendSigned appends the whole line.
func (s *seal) appendSigned(dst []byte, key crypto.Signer) ([]byte, error) {
	begin := len(dst)
	dst = s.appendUnsigned(dst)
	sig, err := key.Sign(nil, append([]byte(domain), dst[begin:]...), crypto.Hash(0))
	if err != nil {
		return dst[:begin], fmt.Errorf("signing a seal: %w", err)
	}
	dst = b64.AppendEncode(append(dst, sigStart...), sig)
	return append(dst, "\"}\n"...), nil
}

// verifySeal says whether one of the keys has signed the line of a seal.
func verifySeal(line []byte, keys []ed25519.PublicKey) bool {
	at := bytes.LastIndex(line, []byte(sigStart))
	if at < 0 {
		return false
	}
	sig, ok := bytes.CutSuffix(line[at+len(sigStart):], []byte("\"}\n"))
	if !ok {
		return false
	}
	var raw [ed25519.SignatureSize]byte
	if len(sig) != b64.EncodedLen(len(raw)) {
		return false
	}
	if _, err := b64.Decode(raw[:], sig); err != nil {
		return false
	}
	message := append([]byte(domain), line[:at]...)
	for _, key := range keys {
		if ed25519.Verify(key, message, raw[:]) {
			return true
		}
	}
	return false
}

// errNoSeal is what a line that begins like a seal and is none says.
var errNoSeal = errors.New("the line begins like a seal and is none")

// parseSeal reads the line of a seal, with its line feed, in the one spelling
// that there is. It does not look at the signature.
func parseSeal(line []byte) (seal, error) {
	var s seal
	p := sealReader{rest: line}
	s.number = p.number(sealStart)
	version := p.number(`,"v":`)
	p.bytes(`,"log":"`, s.log[:])
	s.file = p.number(`","file":`)
	s.first = p.number(`,"first":`)
	count := p.number(`,"count":`)
	s.synced = p.number(`,"synced":`)
	s.time = p.time(`,"time":"`)
	p.bytes(`","prev":"`, s.prev[:])
	p.bytes(`","digest":"`, s.digest[:])
	p.literal(`"`)
	s.count = int(min(count, maxGroupLines+1))
	if p.has(`,"lines":"`) && s.count <= maxGroupLines {
		s.marks = make([]byte, s.count*markSize)
		p.bytes("", s.marks)
		p.literal(`"`)
	}
	s.abandoned = p.has(`,"abandoned":true`)
	var sig [ed25519.SignatureSize]byte
	p.bytes(sigStart, sig[:])
	p.literal("\"}\n")
	if p.bad || len(p.rest) > 0 || version != formatVersion || count == 0 || count > maxGroupLines || (len(s.marks) > 0) != (count > 1) {
		return seal{}, errNoSeal
	}
	return s, nil
}

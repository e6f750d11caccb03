package audit

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"time"
)

// Checkpoint is a seal that a File has written, which with all that came before
// it is proven by its signature. Kept where those who can write the files cannot
// write, it shows that files were cut off before it.
type Checkpoint struct {
	Log  string    // which log
	File uint64    // the number of the file
	Seal uint64    // the number of the seal in the log, from 1 on
	Seq  uint64    // the number of the last event that it covers
	Time time.Time // when it was written, by the clock of the writer

	hash sum
	line string
}

// String returns the checkpoint as text of one line, for ParseCheckpoint: it is
// the line of the seal in its file, at most 5 KiB.
func (c Checkpoint) String() string { return c.line }

// MarshalText implements encoding.TextMarshaler.
func (c Checkpoint) MarshalText() ([]byte, error) { return []byte(c.line), nil }

// errUnsigned is what a checkpoint of somebody else's is.
var errUnsigned = errors.New("audit: the checkpoint is signed by none of the keys")

// ParseCheckpoint reads a checkpoint and checks that one of the keys has signed it.
func ParseCheckpoint(text string, keys ...ed25519.PublicKey) (Checkpoint, error) {
	line := []byte(text)
	if len(line) > 0 && line[len(line)-1] != '\n' {
		line = append(line, '\n')
	}
	s, err := parseSeal(line)
	if err != nil {
		return Checkpoint{}, errors.New("audit: this is no checkpoint")
	}
	if !verifySeal(line, usable(keys)) {
		return Checkpoint{}, errUnsigned
	}
	return checkpointOf(&s, line), nil
}

func checkpointOf(s *seal, line []byte) Checkpoint {
	return Checkpoint{
		Log: b64.EncodeToString(s.log[:]), File: s.file, Seal: s.number, Seq: s.next() - 1, Time: s.time,
		hash: sha256.Sum256(line), line: string(line[:len(line)-1]),
	}
}

// usable leaves out keys of another length, with which ed25519 panics.
func usable(keys []ed25519.PublicKey) []ed25519.PublicKey {
	var good []ed25519.PublicKey
	for _, k := range keys {
		if len(k) == ed25519.PublicKeySize {
			good = append(good, k)
		}
	}
	return good
}

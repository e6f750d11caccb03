package upload

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/streamgate/streamgate/media"
)

func TestDigestGoesOnWhereItWasEncoded(t *testing.T) {
	data := bytes.Repeat([]byte("0123456789"), 1000)
	for _, cut := range []int{0, 1, 63, 64, 65, 4096, 9999} {
		d := newDigest(true)
		d.head = data[:min(cut, media.SniffLen)]
		d.write(data[:cut])
		state, err := d.encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := decodeDigest(state, true)
		if err != nil {
			t.Fatal(err)
		}
		again.write(data[cut:])
		want := sha256.Sum256(data)
		if again.hex() != hex.EncodeToString(want[:]) || !bytes.Equal(again.head, d.head) {
			t.Errorf("cut at %d: %s with a head of %d", cut, again.hex(), len(again.head))
		}
	}
}

func TestDigestSwitchedOnHalfWayIsNone(t *testing.T) {
	off := newDigest(false)
	off.head = []byte("head")
	state, err := off.encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := decodeDigest(state, true); err == nil {
		t.Error("a state without a hash was taken for one")
	}
	if d, err := decodeDigest(state, false); err != nil || string(d.head) != "head" {
		t.Errorf("%q %v", d.head, err)
	}
}

func FuzzDigest(f *testing.F) {
	d := newDigest(true)
	d.head = []byte("head")
	state, err := d.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(state)
	f.Add(state[:7])
	f.Add([]byte{digestVersion, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := decodeDigest(b, true)
		if err != nil {
			return
		}
		d.write([]byte("more"))
		if _, err := d.encode(); err != nil || d.hex() == "" {
			t.Fatal("a decoded digest does not go on")
		}
	})
}

package hls

import (
	"encoding/binary"
	"slices"

	"github.com/streamgate/streamgate/media"
)

const (
	// Of a picture one block of ten is encrypted (ISO/IEC 23001-7 §10.4.2), of
	// sound every whole block.
	cryptBlocks = 1
	skipBlocks  = 9
)

// commonSystem is the system id of a pssh box that names keys and nothing else
// (W3C, "cenc" Initialization Data Format): by it browsers ask for a ClearKey
// licence.
var commonSystem = KeyID{0x10, 0x77, 0xef, 0xec, 0xc0, 0xb2, 0x4d, 0x02, 0xac, 0xe3, 0x3c, 0x1e, 0x52, 0xe2, 0xfb, 0x4b}

// initSegment is that of a track in a key period. Where samples are encrypted it
// says how, and with which key.
func (p *protection) initSegment(t *media.Track, period int) []byte {
	if p == nil || p.Scheme != SampleAES {
		return initSegment(t)
	}
	key := p.byUse[KeyUse{usageOf(t), period}]
	protected := *t
	protected.Entries = make([][]byte, len(t.Entries))
	for i, e := range t.Entries {
		protected.Entries[i] = protectEntry(t.Kind, e, key)
	}
	b := initSegment(&protected)
	moov := int(binary.BigEndian.Uint32(b)) // behind ftyp, and the last box
	for _, pssh := range p.systems(key) {
		b = append(b, pssh...)
	}
	binary.BigEndian.PutUint32(b[moov:], uint32(len(b)-moov))
	return b
}

// systems are the pssh boxes of a key.
func (p *protection) systems(k *ContentKey) [][]byte {
	var list [][]byte
	if !p.NoDelivery {
		list = append(list, p.commonBox())
	}
	for _, s := range k.Systems {
		if len(s.PSSH) > 0 {
			list = append(list, s.PSSH)
		}
	}
	return list
}

// commonBox is the pssh box that names the keys: all of them, so that one licence
// has what picture and sound need. hls.js asks for no second one.
func (p *protection) commonBox() []byte {
	w := &boxes{}
	at := w.full("pssh", 1, 0)
	w.bytes(commonSystem[:]...)
	w.u32(uint32(len(p.keys)))
	for _, k := range p.keys {
		w.bytes(k.ID[:]...)
	}
	w.u32(0)
	w.close(at)
	return w.b
}

// protectEntry makes a sample entry one of encrypted samples: ISO/IEC 14496-12
// §8.12 and ISO/IEC 23001-7 §8.2.
func protectEntry(kind media.Kind, entry []byte, key *ContentKey) []byte {
	was := string(entry[4:8])
	w := &boxes{b: slices.Clone(entry)}
	copy(w.b[4:], "enca")
	if kind == media.Video {
		copy(w.b[4:], "encv")
	}
	sinf := w.open("sinf")
	frma := w.open("frma")
	w.text(was)
	w.close(frma)
	schm := w.full("schm", 0, 0)
	w.text("cbcs")
	w.u32(1 << 16)
	w.close(schm)
	schi := w.open("schi")
	tenc := w.full("tenc", 1, 0)
	w.sampleEncryption(kind, key)
	w.close(tenc)
	w.close(schi)
	w.close(sinf)
	w.close(0)
	return w.b
}

// sampleEncryption is what tenc and the entries of seig say alike (ISO/IEC 23001-7
// §6, §8.2): by which pattern, with which key, and the IV of all samples.
func (w *boxes) sampleEncryption(kind media.Kind, key *ContentKey) {
	w.bytes(0)
	if kind == media.Video {
		w.bytes(cryptBlocks<<4 | skipBlocks)
	} else {
		w.bytes(0)
	}
	w.bytes(1, 0) // protected; no IV of each sample
	w.bytes(key.ID[:]...)
	w.bytes(byte(len(key.IV)))
	w.bytes(key.IV...)
}

package playcheck

import (
	"encoding/binary"
	"fmt"
	"iter"
)

// box is one ISO BMFF box (ISO/IEC 14496-12 §4.2).
type box struct {
	kind string
	body []byte // what follows the header
	at   int    // of the header in what was walked
}

// boxes walks the boxes of data; a box that does not fit ends the walk with an
// error.
func boxes(data []byte) iter.Seq2[box, error] {
	return func(yield func(box, error) bool) {
		for at := 0; at < len(data); {
			if len(data)-at < 8 {
				yield(box{}, fmt.Errorf("%d bytes after the last box", len(data)-at))
				return
			}
			size, head := int(binary.BigEndian.Uint32(data[at:])), 8
			if size == 1 && len(data)-at >= 16 {
				size, head = int(binary.BigEndian.Uint64(data[at+8:])), 16
			}
			kind := string(data[at+4 : at+8])
			if size < head || size > len(data)-at {
				yield(box{}, fmt.Errorf("box %q claims %d bytes of %d", kind, size, len(data)-at))
				return
			}
			if !yield(box{kind: kind, body: data[at+head : at+size], at: at}, nil) {
				return
			}
			at += size
		}
	}
}

// find returns the body of the first box along path, or nil.
func find(data []byte, path ...string) []byte {
	for _, kind := range path {
		var found []byte
		for b, err := range boxes(data) {
			if err != nil {
				return nil
			}
			if b.kind == kind {
				found = b.body
				break
			}
		}
		if found == nil {
			return nil
		}
		data = found
	}
	return data
}

// head is what an init segment says of its only track.
type head struct {
	track     uint32
	timescale uint32
	handler   string
	entries   [][]byte // sample entries, whole boxes
	duration  uint32   // defaults of the trex box
	size      uint32
	flags     uint32
}

// readHead reads an init segment: ftyp, then moov with one track.
func readHead(data []byte) (*head, error) {
	var kinds []string
	for b, err := range boxes(data) {
		if err != nil {
			return nil, err
		}
		kinds = append(kinds, b.kind)
	}
	if len(kinds) < 2 || kinds[0] != "ftyp" {
		return nil, fmt.Errorf("boxes %q, not ftyp and moov", kinds)
	}
	mdhd, hdlr, stsd := find(data, "moov", "trak", "mdia", "mdhd"), find(data, "moov", "trak", "mdia", "hdlr"), find(data, "moov", "trak", "mdia", "minf", "stbl", "stsd")
	trex := find(data, "moov", "mvex", "trex")
	if len(mdhd) < 24 || len(hdlr) < 12 || len(stsd) < 8 || len(trex) < 24 {
		return nil, fmt.Errorf("mdhd, hdlr, stsd or trex is missing")
	}
	h := &head{handler: string(hdlr[8:12]), timescale: binary.BigEndian.Uint32(mdhd[12:])}
	if mdhd[0] == 1 {
		h.timescale = binary.BigEndian.Uint32(mdhd[20:])
	}
	h.track, h.duration = binary.BigEndian.Uint32(trex[4:]), binary.BigEndian.Uint32(trex[12:])
	h.size, h.flags = binary.BigEndian.Uint32(trex[16:]), binary.BigEndian.Uint32(trex[20:])
	for b, err := range boxes(stsd[8:]) {
		if err != nil {
			return nil, fmt.Errorf("stsd: %w", err)
		}
		h.entries = append(h.entries, stsd[8+b.at:8+b.at+len(b.body)+8])
	}
	if h.timescale == 0 || len(h.entries) == 0 {
		return nil, fmt.Errorf("timescale %d, %d sample entries", h.timescale, len(h.entries))
	}
	return h, nil
}

package media

import (
	"bytes"
	"encoding/binary"
	"slices"
)

const (
	// inbandWindow is how much of a sample is searched for parameter sets.
	inbandWindow = 64 << 10
	// inbandSamples is how many samples are looked for one that has them.
	inbandSamples = 1 << 10
	// maxSets is how many parameter sets of a kind are taken.
	maxSets = 16
)

// fetch puts parameter sets that stand in the samples alone into the sample entry
// (avc3 and hev1 without them, ISO/IEC 14496-15 §5.4.2 and §8.4.1): most players
// want them there. Where the samples have none either, the entry stays.
func (p *parser) fetch(c *choice) error {
	for i := range c.entries {
		e := &c.entries[i]
		if c.trak.handler != "vide" || c.prefix.Size > 0 || e.refused != nil || !e.lacksSets() {
			continue
		}
		b, err := p.firstOf(c, i)
		if err != nil {
			return err
		}
		if filled, ok := e.withSets(b); ok {
			c.entries[i] = filled
		}
	}
	return nil
}

// inBand are the parameter sets of all entries, each after its length, where they
// are not the same throughout; else nil.
func (c *choice) inBand() (list [][]byte) {
	same := c.same()
	if c.trak.handler != "vide" || slices.Max(same) == 0 {
		return nil
	}
	for i := range c.entries {
		list = append(list, c.entries[i].units())
	}
	return list
}

// units are the parameter sets of a configuration as samples have them.
func (e *entry) units() (out []byte) {
	b, ok := e.config()
	if !ok {
		return nil
	}
	add := func(lengthSize int, list []byte, n int) []byte {
		for range n {
			if len(list) < 2 {
				return nil
			}
			size := int(binary.BigEndian.Uint16(list))
			unit := list[2:min(2+size, len(list))]
			var length [4]byte
			binary.BigEndian.PutUint32(length[:], uint32(len(unit)))
			out = append(append(out, length[4-lengthSize:]...), unit...)
			list = list[2+len(unit):]
		}
		return list
	}
	if b.kind == "avcC" {
		size := int(b.body[4]&3) + 1
		if rest := add(size, b.body[6:], int(b.body[5]&31)); len(rest) > 0 {
			add(size, rest[1:], int(rest[0]))
		}
		return out
	}
	size, rest := int(b.body[21]&3)+1, b.body[23:]
	for range b.body[22] {
		if len(rest) < 3 {
			break
		}
		rest = add(size, rest[3:], int(binary.BigEndian.Uint16(rest[1:])))
	}
	return out
}

// config is the box of a sample entry that has parameter sets.
func (e *entry) config() (b inner, ok bool) {
	if len(e.box) < 8+visualHeader {
		return inner{}, false
	}
	for _, b := range inners(e.box[8+visualHeader:]) {
		if b.kind == "avcC" || b.kind == "hvcC" {
			return b, true
		}
	}
	return inner{}, false
}

func (e *entry) lacksSets() bool {
	b, ok := e.config()
	if !ok {
		return false
	}
	held, _ := avcParameters(b.body)
	if b.kind == "hvcC" {
		held, _ = hevcParameters(b.body)
	}
	return !held
}

// firstOf returns the beginning of the first sync sample of an entry, or of its
// first sample.
func (p *parser) firstOf(c *choice, entry int) ([]byte, error) {
	all, err := p.samplesOf(c)
	if err != nil {
		return nil, err
	}
	if err := all.rewind(); err != nil {
		return nil, err
	}
	var r, first raw
	for range inbandSamples {
		more, err := all.next(&r)
		if err != nil {
			return nil, err
		}
		if !more && p.grows() {
			return nil, errMore // one that is a sync sample may follow
		}
		if !more {
			break
		}
		if r.entry == entry && (first.size == 0 || r.sync) {
			if first = r; r.sync {
				break
			}
		}
	}
	n := min(int64(first.size), inbandWindow, p.source.size-first.offset)
	if first.size == 0 || first.offset < 0 || n <= 0 {
		return nil, nil
	}
	b := make([]byte, n)
	return b, p.source.readFull(b, first.offset)
}

// withSets is the entry with the parameter sets of a sample.
func (e *entry) withSets(sample []byte) (entry, bool) {
	old, _ := e.config()
	config := avcWithSets
	if old.kind == "hvcC" {
		config = hevcWithSets
	}
	b := config(old.body, sample)
	if b == nil {
		return entry{}, false
	}
	box := makeBox(old.kind, b)
	filled, err := videoEntry(string(e.box[4:8]), bytes.Replace(e.box[8:], old.all, box, 1))
	return filled, err == nil
}

// nalUnits calls fn with each NAL unit of a sample, as far as it is there.
func nalUnits(sample []byte, lengthSize int, fn func(unit []byte)) {
	for len(sample) > lengthSize {
		var length [4]byte
		copy(length[4-lengthSize:], sample)
		size := int64(binary.BigEndian.Uint32(length[:]))
		sample = sample[lengthSize:]
		if size > int64(len(sample)) {
			return
		}
		if size > 0 {
			fn(sample[:size])
		}
		sample = sample[size:]
	}
}

// sets are parameter sets, by their type.
type sets map[byte][][]byte

// add keeps a set that is not there yet.
func (s sets) add(kind byte, unit []byte) {
	for _, have := range s[kind] {
		if bytes.Equal(have, unit) {
			return
		}
	}
	if len(s[kind]) < maxSets && len(unit) < 1<<16 {
		s[kind] = append(s[kind], unit)
	}
}

func appendUnits(b []byte, units [][]byte) []byte {
	for _, u := range units {
		b = binary.BigEndian.AppendUint16(b, uint16(len(u)))
		b = append(b, u...)
	}
	return b
}

// avcWithSets is an avcC of the sets in a sample, nil where some are missing.
func avcWithSets(avcC, sample []byte) []byte {
	const sequence, picture = 7, 8
	if len(avcC) < 5 {
		return nil
	}
	found := sets{}
	nalUnits(sample, int(avcC[4]&3)+1, func(unit []byte) {
		if kind := unit[0] & 31; kind == sequence && len(unit) > 3 || kind == picture {
			found.add(kind, unit)
		}
	})
	if len(found[sequence]) == 0 || len(found[picture]) == 0 {
		return nil
	}
	first := found[sequence][0]
	b := []byte{1, first[1], first[2], first[3], avcC[4] | 0xfc, 0xe0 | byte(len(found[sequence]))}
	b = append(appendUnits(b, found[sequence]), byte(len(found[picture])))
	return appendUnits(b, found[picture])
}

// hevcWithSets is an hvcC of the sets in a sample, nil where some are missing.
func hevcWithSets(hvcC, sample []byte) []byte {
	const video, sequence, picture = 32, 33, 34
	if len(hvcC) < 23 {
		return nil
	}
	found := sets{}
	nalUnits(sample, int(hvcC[21]&3)+1, func(unit []byte) {
		if kind := unit[0] >> 1 & 63; len(unit) > 2 && kind >= video && kind <= picture {
			found.add(kind, unit)
		}
	})
	b := append([]byte(nil), hvcC[:22]...)
	if b[1] == 0 && len(found[sequence]) > 0 { // profile, tier and level are missing, too
		if r := unescaped(found[sequence][0], 2); len(r.b) > 12 {
			copy(b[1:13], r.b[1:13])
		}
	}
	b = append(b, 3)
	for _, kind := range []byte{video, sequence, picture} {
		if len(found[kind]) == 0 {
			return nil
		}
		b = append(b, 0x80|kind, 0, byte(len(found[kind])))
		b = appendUnits(b, found[kind])
	}
	return b
}

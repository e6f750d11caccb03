package media

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"hash/crc32"
	"io"
	"math"

	"github.com/streamgate/streamgate/internal/problem"
)

// A stored index is: magic and version (8 bytes), length and CRC-32C of the
// head (4 bytes each, big endian), the head, the blocks. The head is the
// tracks' descriptions as JSON, and their segments as varints.
const (
	formatVersion = 2 // of this layout

	// packagerVersion is part of every revision: raise it whenever the bytes of
	// a playlist, an init segment or a segment change for the same source. An index that was
	// stored for another version is not read, so that no asset keeps the revision.
	packagerVersion = 4

	indexMagic  = "SGINDX" + string(rune(formatVersion)) + string(rune(packagerVersion))
	indexPrefix = len(indexMagic) + 8
	maxHead     = 16 << 20
)

// described is the part of the head that is JSON.
type described struct {
	Duration float64
	Size     int64
	Cut      Cut
	Bound    int64
	Tracks   []*Track
	Texts    []*Text
}

// WriteTo writes the index: a head with everything but the samples, then the
// blocks, each with a checksum. It needs an Index that Parse returned.
func (ix *Index) WriteTo(w io.Writer) (int64, error) {
	head, err := ix.head()
	if err != nil {
		return 0, err
	}
	prefix := append([]byte(indexMagic), make([]byte, 8)...)
	binary.BigEndian.PutUint32(prefix[len(indexMagic):], uint32(len(head)))
	binary.BigEndian.PutUint32(prefix[len(indexMagic)+4:], crc32.Checksum(head, castagnoli))
	total := int64(0)
	for _, b := range [][]byte{prefix, head, ix.blocks.data} {
		n, err := w.Write(b)
		total += int64(n)
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

func (ix *Index) head() ([]byte, error) {
	if ix.blocks.base != 0 {
		return nil, problem.Errorf(ErrIndex, "an index that was read cannot be written again")
	}
	d := described{Duration: ix.Duration, Size: ix.Size, Cut: ix.Cut, Bound: ix.Bound, Texts: ix.Texts}
	for _, t := range ix.Tracks {
		c := *t
		c.Segments = nil
		d.Tracks = append(d.Tracks, &c)
	}
	text, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	b := binary.AppendUvarint(nil, uint64(len(text)))
	b = append(b, text...)
	for i, t := range ix.Tracks {
		b = appendSegments(b, t.Segments, ix.blocks.refs[i])
		b = appendRefs(b, ix.blocks.refs[i])
	}
	for _, t := range ix.Texts {
		b = appendTextPages(b, t.pages)
	}
	return b, nil
}

// appendSegments writes what the segments of a track are, wherever they lie.
func appendSegments(b []byte, list []Segment, refs []blockRef) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	var prev Segment
	for i, s := range list {
		b = binary.AppendVarint(b, int64(s.Decode-prev.Decode))
		b = binary.AppendVarint(b, s.Start-prev.Start)
		b = binary.AppendUvarint(b, s.Duration)
		b = binary.AppendUvarint(b, uint64(s.Bytes))
		b = binary.AppendUvarint(b, uint64(s.Samples))
		b = binary.AppendUvarint(b, uint64(s.Entry))
		b = binary.BigEndian.AppendUint64(b, refs[i].look)
		prev = s
	}
	return b
}

// appendRefs writes where the blocks of a track lie.
func appendRefs(b []byte, refs []blockRef) []byte {
	next := int64(0)
	for _, r := range refs {
		b = binary.AppendVarint(b, r.offset-next)
		b = binary.AppendUvarint(b, uint64(r.size))
		b = binary.AppendUvarint(b, uint64(r.sum))
		next = r.offset + int64(r.size)
	}
	return b
}

// Read returns the index that WriteTo wrote. Only its head is read now, and no
// reference to r is kept; blocks are read by Samples. An error that matches
// ErrIndex means that it is damaged or of another version: Parse the source
// again.
func Read(r io.ReaderAt, size int64) (*Index, error) {
	prefix := make([]byte, indexPrefix)
	if n, err := r.ReadAt(prefix, 0); n < len(prefix) {
		return nil, problem.Because(ErrIndex, err, "the index is too short")
	}
	if string(prefix[:len(indexMagic)]) != indexMagic {
		return nil, problem.Errorf(ErrIndex, "the index is of another version")
	}
	length := int64(binary.BigEndian.Uint32(prefix[len(indexMagic):]))
	if length > maxHead || length > size-int64(indexPrefix) {
		return nil, problem.Errorf(ErrIndex, "the index is damaged")
	}
	head := make([]byte, length)
	if n, err := r.ReadAt(head, int64(indexPrefix)); n < len(head) {
		return nil, problem.Because(ErrIndex, err, "the index cannot be read")
	}
	if crc32.Checksum(head, castagnoli) != binary.BigEndian.Uint32(prefix[len(indexMagic)+4:]) {
		return nil, problem.Errorf(ErrIndex, "the index is damaged")
	}
	return readHead(head, int64(indexPrefix)+length, size)
}

func readHead(head []byte, base, size int64) (*Index, error) {
	v := varints{b: head}
	n := v.unsigned()
	if v.bad || n > uint64(len(v.b)) {
		return nil, problem.Errorf(ErrIndex, "the index is damaged")
	}
	var d described
	if err := json.Unmarshal(v.b[:n], &d); err != nil {
		return nil, problem.Because(ErrIndex, err, "the index is damaged")
	}
	v.b = v.b[n:]
	ix := &Index{
		Duration: d.Duration, Size: d.Size, Cut: d.Cut, Bound: d.Bound, Tracks: d.Tracks, Texts: d.Texts,
		blocks: &blocks{base: base},
	}
	for _, t := range ix.Tracks {
		if t == nil {
			return nil, problem.Errorf(ErrIndex, "the index is damaged")
		}
		refs := v.segments(t)
		ix.blocks.refs = append(ix.blocks.refs, refs)
		for _, ref := range refs {
			if ref.offset < 0 || ref.offset > size-base-int64(ref.size) {
				v.bad = true
			}
		}
	}
	for _, t := range ix.Texts {
		if t == nil {
			return nil, problem.Errorf(ErrIndex, "the index is damaged")
		}
		v.textPages(t, size-base)
	}
	if v.bad || len(v.b) != 0 {
		return nil, problem.Errorf(ErrIndex, "the index is damaged")
	}
	return ix, nil
}

// segments reads what appendSegments and appendRefs wrote.
func (v *varints) segments(t *Track) []blockRef {
	n := v.unsigned()
	if n > uint64(len(v.b)) || n > maxSegments {
		v.bad = true
		return nil
	}
	t.Segments = make([]Segment, n)
	refs := make([]blockRef, n)
	var prev Segment
	for i := range t.Segments {
		prev = Segment{
			Decode:   prev.Decode + uint64(v.signed()),
			Start:    prev.Start + v.signed(),
			Duration: v.unsigned(),
			Bytes:    int64(v.unsigned()),
			Samples:  int(v.unsigned()),
			Entry:    int(v.unsigned()),
		}
		refs[i].look = v.fixed()
		v.bad = v.bad || prev.Samples < 0 || prev.Samples > maxInSegment || prev.Entry < 0 || prev.Entry >= len(t.Entries)
		t.Segments[i] = prev
	}
	v.refs(refs)
	return refs
}

// refs reads what appendRefs wrote.
func (v *varints) refs(refs []blockRef) {
	next := int64(0)
	for i := range refs {
		r := &refs[i]
		r.offset, r.size, r.sum = next+v.signed(), uint32(v.unsigned()), uint32(v.unsigned())
		next = r.offset + int64(r.size)
	}
}

// Revision returns a short name for what is played from this index: it changes
// with the source (named by id, such as its SHA-256), the cuts, the presentation
// and the version of the packager. What subtitles in the file show follows from
// the source alone. Where in the source the samples lie makes no difference.
//
// Of a file in fragments it is the same for as much of it as Growing knows: how
// it is cut is in it, and where the first segment is, but not what only the end
// of the file tells.
func (ix *Index) Revision(id string) string {
	h := sha256.New()
	b := binary.AppendUvarint(nil, packagerVersion)
	b = binary.AppendUvarint(b, uint64(len(id)))
	b = append(b, id...)
	b = binary.AppendUvarint(b, math.Float64bits(ix.Cut.Target))
	h.Write(binary.AppendUvarint(b, uint64(ix.Bound)))
	for i, t := range ix.Tracks {
		c := *t
		c.Segments, c.Prefix = nil, Prefix{}
		if ix.Bound > 0 {
			c.Duration, c.FrameRate, c.Independent, c.Open = 0, 0, false, false
		}
		text, _ := json.Marshal(&c) // plain numbers and strings
		h.Write(text)
		if ix.Bound == 0 {
			h.Write(appendSegments(nil, t.Segments, ix.blocks.refs[i]))
		} else if len(t.Segments) > 0 { // what all samples are moved by
			first := binary.AppendUvarint(nil, t.Segments[0].Decode)
			h.Write(binary.AppendVarint(first, t.Segments[0].Start))
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// Memory is about how many bytes the index takes in memory.
func (ix *Index) Memory() int64 {
	n := int64(256)
	if ix.blocks != nil { // one that was put together has none
		n += int64(len(ix.blocks.data))
	}
	for _, t := range ix.Tracks {
		n += 512 + int64(len(t.Segments))*(48+32)
		for _, e := range t.Entries {
			n += int64(len(e))
		}
	}
	for _, t := range ix.Texts {
		n += 512 + int64(len(t.pages))*textPageMemory
	}
	return n
}

package media

import (
	"encoding/binary"

	"github.com/streamgate/streamgate/internal/problem"
)

const (
	framePage = 32 << 10
	maxFrame  = 48 // bytes that one entry of the list takes at most
	maxFrames = 24 << 20
)

// frame is one frame of a track, in the order of the file.
type frame struct {
	offset int64
	size   uint32
	stamp  int64  // timestamp in ticks of the file; of no meaning where laced
	length uint32 // of audio, in samples; 0 when it is not known
	laced  bool   // follows on the frame before in the same block
	sync   bool
}

const (
	frameSync = 1 << iota
	frameLaced
	frameLength // lasts otherwise than the frame before: the length comes next
	frameBits   = 3
)

// frames are those of a track, each in some 7 bytes, in pages so that a long
// list never moves in memory.
type frames struct {
	pages [][]byte
	count int
	last  frame
	end   int64 // of the last frame
}

// add appends a frame and returns how much memory it took anew.
func (l *frames) add(f *frame) int {
	took := 0
	if n := len(l.pages); n == 0 || cap(l.pages[n-1])-len(l.pages[n-1]) < maxFrame {
		l.pages = append(l.pages, make([]byte, 0, framePage))
		took = framePage
	}
	head := uint64(f.size) << frameBits
	if f.sync {
		head |= frameSync
	}
	if f.laced {
		head |= frameLaced
	}
	if f.length != l.last.length {
		head |= frameLength
	}
	page := &l.pages[len(l.pages)-1]
	b := binary.AppendUvarint(*page, head)
	b = binary.AppendVarint(b, f.offset-l.end)
	if f.length != l.last.length {
		b = binary.AppendUvarint(b, uint64(f.length))
	}
	if !f.laced {
		b = binary.AppendVarint(b, f.stamp-l.last.stamp)
	} else {
		f.stamp = l.last.stamp
	}
	*page, l.last, l.end = b, *f, f.offset+int64(f.size)
	l.count++
	return took
}

// reader reads the frames from the first.
func (l *frames) reader() frameReader { return frameReader{pages: l.pages} }

type frameReader struct {
	pages [][]byte
	at    varints
	last  frame
	end   int64
}

// next returns the next frame, valid until the call after; nil at the end.
func (r *frameReader) next() *frame {
	if len(r.at.b) == 0 {
		if len(r.pages) == 0 {
			return nil
		}
		r.at.b, r.pages = r.pages[0], r.pages[1:]
	}
	head := r.at.unsigned()
	f := &r.last
	f.size, f.sync, f.laced = uint32(head>>frameBits), head&frameSync != 0, head&frameLaced != 0
	f.offset = r.end + r.at.signed()
	if head&frameLength != 0 {
		f.length = uint32(r.at.unsigned())
	}
	if !f.laced {
		f.stamp += r.at.signed()
	}
	r.end = f.offset + int64(f.size)
	return f
}

// keep adds a frame to a track, within what all tracks may take.
func (m *matroska) keep(t *matroskaTrack, f *frame) error {
	if m.kept += t.frames.add(f); m.kept > maxFrames || t.frames.count > maxSamples {
		return problem.Errorf(ErrInvalid, "the file has too many frames to index")
	}
	if !f.laced {
		m.first = min(m.first, f.stamp)
		t.first, t.final = min(t.first, f.stamp), max(t.final, f.stamp)
	}
	return nil
}

package media

import (
	"fmt"

	"github.com/streamgate/streamgate/internal/problem"
)

// maxStripped is how many bytes may be stripped from each frame.
const maxStripped = 4 << 10

// encodings reads ContentEncodings (RFC 9559 §5.1.4.1.31) and says why the
// frames cannot be sent as they lie in the file. Those that lack their first
// bytes can: these lie in the file, too.
func (t *matroskaTrack) encodings(b []byte) {
	count := 0
	master(b, func(id uint32, body []byte) {
		if id != idEncoding || t.encoded != nil {
			return
		}
		if count++; count > 1 {
			t.encoded = problem.Errorf(ErrUnsupported, "the frames are encoded twice, and cannot be sent from the file")
			return
		}
		t.encoded = t.encoding(body)
	})
}

func (t *matroskaTrack) encoding(b []byte) error {
	const frames, private = 1, 2
	kind, algo, scope := uint64(0), uint64(0), uint64(frames)
	var settings []byte
	compressed := false
	master(b, func(id uint32, body []byte) {
		switch id {
		case idEncodingType:
			kind = ebmlUint(body)
		case idEncodingScope:
			scope = ebmlUint(body)
		case idCompression:
			compressed = true
			master(body, func(id uint32, body []byte) {
				switch id {
				case idCompressionAlgo:
					algo = ebmlUint(body)
				case idCompressionSet:
					settings = body
				}
			})
		}
	})
	switch {
	case kind == 1:
		return problem.Errorf(ErrEncrypted, "the frames are encrypted")
	case kind != 0:
		return problem.Errorf(ErrUnsupported, "the frames are encoded in a way that is not known here (%d)", kind)
	case !compressed: // says nothing, as some of mkvmerge's do
		return nil
	case algo == 3 && scope&frames == 0:
		return problem.Errorf(ErrUnsupported, "the configuration of the codec is encoded in a way that is not known here (%d)", scope)
	case algo == 3 && len(settings) > maxStripped:
		return problem.Errorf(ErrInvalid, "the frames are said to lack %d bytes", len(settings))
	case algo == 3:
		t.stripped, t.strippedToo = settings, scope&private != 0
		return nil
	}
	name, ok := map[uint64]string{0: "zlib", 1: "bzlib", 2: "LZO"}[algo]
	if !ok {
		name = fmt.Sprint(algo)
	}
	return problem.Errorf(ErrUnsupported, "the frames are compressed in the file (%s), and cannot be sent from it", name)
}

// keepStripped copies what the frames lack out of the content of Tracks, which
// begins at a place of the file, and notes where it lies.
func (t *matroskaTrack) keepStripped(tracks []byte, at int64) {
	if len(t.stripped) == 0 || !t.presentable() { // those of text are put together when they are read
		t.stripped = nil
		return
	}
	t.strippedAt = at + int64(cap(tracks)-cap(t.stripped)) // a part of it, not a copy
	t.stripped = append([]byte(nil), t.stripped...)
}

// head is the beginning of a frame, of which the file has that.
func (t *matroskaTrack) head(inFile []byte) []byte {
	if len(t.stripped) == 0 {
		return inFile
	}
	return append(append([]byte(nil), t.stripped...), inFile...)
}

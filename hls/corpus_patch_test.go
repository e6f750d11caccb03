package hls_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// patcher changes a file that ffmpeg made where ffmpeg has no option for it.
type patcher = func(t *testing.T, dir string, data []byte) []byte

// rewrite passes the body of every box at path, such as "moov/trak/tkhd",
// through change, and makes the boxes around it fit.
func rewrite(data []byte, path string, change func(body []byte) []byte) []byte {
	kind, rest, deeper := strings.Cut(path, "/")
	var out []byte
	for len(data) >= 8 {
		size := int(binary.BigEndian.Uint32(data))
		if size < 8 || size > len(data) {
			break
		}
		body := data[8:size]
		if string(data[4:8]) == kind {
			if deeper {
				body = rewrite(body, rest, change)
			} else {
				body = change(bytes.Clone(body))
			}
		}
		out = binary.BigEndian.AppendUint32(out, uint32(8+len(body)))
		out = append(append(out, data[4:8]...), body...)
		data = data[size:]
	}
	return append(out, data...)
}

// retable replaces a sample table of every track, of a file whose moov stands
// last, by one of another kind.
func retable(from, to string, change func(body []byte) []byte) patcher {
	return func(t *testing.T, _ string, data []byte) []byte {
		done := 0
		data = rewrite(data, "moov/trak/mdia/minf/stbl", func(stbl []byte) []byte {
			stbl = rewrite(stbl, from, func(body []byte) []byte { done++; return change(body) })
			if at := bytes.Index(stbl, []byte(from)); at >= 0 {
				copy(stbl[at:], to)
			}
			return stbl
		})
		if done == 0 {
			t.Fatalf("there is no %s box", from)
		}
		return data
	}
}

// wide makes chunk offsets of 64 bits (co64) out of those of 32.
func wide(stco []byte) []byte {
	out := bytes.Clone(stco[:8])
	for i := 8; i < len(stco); i += 4 {
		out = append(append(out, 0, 0, 0, 0), stco[i:i+4]...)
	}
	return out
}

// compact makes sizes of 16 bits (stz2) out of those of 32.
func compact(stsz []byte) []byte {
	out := slices.Concat(stsz[:4], []byte{0, 0, 0, 16}, stsz[8:12])
	for i := 12; i < len(stsz); i += 4 {
		out = append(out, stsz[i+2:i+4]...)
	}
	return out
}

// twice describes the samples twice, alike, and lets the second half of the
// chunks use the second description.
func twice(t *testing.T, dir string, data []byte) []byte {
	data = retable("stsd", "stsd", func(b []byte) []byte {
		return slices.Concat(b[:4], []byte{0, 0, 0, 2}, b[8:], b[8:])
	})(t, dir, data)
	return retable("stsc", "stsc", func(b []byte) []byte {
		for i := 8; i+12 <= len(b); i += 12 {
			binary.BigEndian.PutUint32(b[i+8:], 1+uint32(2*i/len(b)))
		}
		return b
	})(t, dir, data)
}

// unmarked takes the first entry out of the list of sync samples.
func unmarked(t *testing.T, dir string, data []byte) []byte {
	return retable("stss", "stss", func(b []byte) []byte {
		return slices.Concat(b[:4], binary.BigEndian.AppendUint32(nil, binary.BigEndian.Uint32(b[4:])-1), b[12:])
	})(t, dir, data)
}

// boxAt returns the body of the first box at path.
func boxAt(data []byte, path string) []byte {
	var found []byte
	rewrite(data, path, func(body []byte) []byte {
		if found == nil {
			found = body
		}
		return body
	})
	return found
}

// turn gives the picture a display matrix (ISO/IEC 14496-12 §6.2.2).
func turn(matrix ...int32) patcher {
	return func(_ *testing.T, _ string, data []byte) []byte {
		return rewrite(data, "moov/trak/tkhd", func(tkhd []byte) []byte {
			if binary.BigEndian.Uint32(tkhd[76:]) != 0 { // it has a width
				for i, v := range matrix {
					binary.BigEndian.PutUint32(tkhd[40+4*i:], uint32(v))
				}
			}
			return tkhd
		})
	}
}

const one = 1 << 16 // of the matrix' 16.16 fixed point

// largeMdat writes the size of mdat in 64 bits, into the room that ffmpeg leaves
// for it in a free box.
func largeMdat(t *testing.T, _ string, data []byte) []byte {
	at := bytes.Index(data, []byte("free")) - 4
	if at < 0 || string(data[at+12:at+16]) != "mdat" {
		t.Fatal("no free box stands before mdat")
	}
	size := binary.BigEndian.Uint32(data[at+8:])
	binary.BigEndian.PutUint32(data[at:], 1)
	copy(data[at+4:], "mdat")
	binary.BigEndian.PutUint64(data[at+8:], uint64(size)+8)
	return data
}

// openEnded gives mdat, made the last box, the size 0: to the end of the file.
func openEnded(t *testing.T, _ string, data []byte) []byte {
	at := bytes.LastIndex(data, []byte("mdat")) - 4
	if int(binary.BigEndian.Uint32(data[at:]))+at != len(data) {
		t.Fatal("mdat is not the last box")
	}
	binary.BigEndian.PutUint32(data[at:], 0)
	return data
}

// apart lays all of the picture before all of the sound: the file was made with
// the one, sound.mp4 beside it with the other.
func apart(t *testing.T, dir string, picture []byte) []byte {
	sound, err := os.ReadFile(filepath.Join(dir, "sound.mp4"))
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(picture, []byte("moov")) - 4
	soundMoov := bytes.Index(sound, []byte("moov")) - 4
	moov, track := picture[at:], boxAt(sound, "moov/trak")
	track = rewrite(track, "tkhd", func(b []byte) []byte { binary.BigEndian.PutUint32(b[12:], 2); return b })
	track = rewrite(track, "mdia/minf/stbl/stco", func(b []byte) []byte {
		for i := 8; i < len(b); i += 4 {
			binary.BigEndian.PutUint32(b[i:], binary.BigEndian.Uint32(b[i:])+uint32(at))
		}
		return b
	})
	moov = rewrite(moov, "moov", func(b []byte) []byte {
		b = binary.BigEndian.AppendUint32(b, uint32(8+len(track)))
		return append(append(b, "trak"...), track...)
	})
	return slices.Concat(picture[:at], sound[:soundMoov], moov)
}

// edit is an entry of an edit list: seconds of the movie, the place in the
// track's media in ticks or -1 for nothing, and the rate in 16.16.
type edit struct {
	seconds float64
	media   int32
	rate    uint32
}

// edits replaces the edit list of all tracks, which have to have one, of a file
// whose moov stands last.
func edits(list ...edit) patcher {
	return func(t *testing.T, _ string, data []byte) []byte {
		timescale := binary.BigEndian.Uint32(boxAt(data, "moov/mvhd")[12:])
		out := binary.BigEndian.AppendUint32(make([]byte, 4), uint32(len(list)))
		for _, e := range list {
			out = binary.BigEndian.AppendUint32(out, uint32(e.seconds*float64(timescale)))
			out = binary.BigEndian.AppendUint32(out, uint32(e.media))
			out = binary.BigEndian.AppendUint32(out, e.rate)
		}
		if boxAt(data, "moov/trak/edts/elst") == nil {
			t.Fatal("there is no edit list to replace")
		}
		return rewrite(data, "moov/trak/edts/elst", func([]byte) []byte { return out })
	}
}

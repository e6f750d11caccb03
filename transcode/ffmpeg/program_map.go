package ffmpeg

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
)

// A programMap is what the program map tables of a transport stream say of its streams
// (ISO/IEC 13818-1, 2.4.4.8), by PID. ffmpeg passes over what it does not know of it.
type programMap map[int]mapped

// A mapped is a stream in it.
type mapped struct {
	kind        byte   // stream_type
	descriptors []byte // hostile
}

// mapBytes is how much of a file is looked at for its tables, which come ten times a
// second.
const mapBytes = 1 << 20

// programsOf reads the tables of an input, as far as it can: they give names to streams
// that are not decoded, and nothing depends on them.
func programsOf(in Input) programMap {
	f := in.File
	if f == nil {
		opened, err := os.Open(in.Path)
		if err != nil {
			return nil
		}
		defer opened.Close() //nolint:errcheck // it was only read
		f = opened
	}
	head, err := io.ReadAll(io.NewSectionReader(f, 0, mapBytes))
	if err != nil {
		return nil
	}
	return parsePrograms(head)
}

// parsePrograms reads the tables within the beginning of a file.
func parsePrograms(head []byte) programMap {
	first, step := packetsOf(head)
	if step == 0 {
		return nil
	}
	r := tables{found: programMap{}, open: map[int][]byte{0: nil}}
	for at := first; at+packet <= len(head); at += step {
		r.packet(head[at : at+packet])
	}
	return r.found
}

const packet = 188

// packetsOf finds the first packet, and how far the next ones are: packets of 192 bytes
// have a time before them, those of 204 parity after.
func packetsOf(b []byte) (first, step int) {
	for _, p := range []struct{ first, step int }{{0, packet}, {4, 192}, {0, 204}} {
		if at := p.first + 2*p.step; at < len(b) && b[p.first] == 0x47 && b[p.first+p.step] == 0x47 && b[at] == 0x47 {
			return p.first, p.step
		}
	}
	return 0, 0
}

// tables are those that are being read: open has the section that has begun of each PID
// that has tables.
type tables struct {
	found programMap
	open  map[int][]byte
}

// packet takes the payload of one packet (2.4.3.2).
func (r *tables) packet(b []byte) {
	pid := int(binary.BigEndian.Uint16(b[1:]) & 0x1fff)
	section, known := r.open[pid]
	if !known || b[0] != 0x47 || b[3]&0x10 == 0 {
		return
	}
	payload := b[4:]
	if b[3]&0x20 != 0 { // an adaptation field comes first
		payload = payload[min(1+int(payload[0]), len(payload)):]
	}
	if b[1]&0x40 != 0 && len(payload) > 0 { // a section begins, after the end of another
		pointer := min(1+int(payload[0]), len(payload))
		r.sections(append(section, payload[1:pointer]...))
		section, payload = nil, payload[pointer:]
	} else if section == nil {
		return
	}
	r.open[pid] = r.sections(append(section, payload...))
}

// sections reads those that are whole, and returns what is left.
func (r *tables) sections(b []byte) []byte {
	for len(b) > 0 && b[0] != 0xff { // which only fills the packet
		if len(b) < 3 {
			return b
		}
		end := 3 + int(binary.BigEndian.Uint16(b[1:])&0xfff)
		if end > len(b) {
			return b
		}
		if end >= 12 {
			r.section(b[0], b[8:end-4])
		}
		b = b[end:]
	}
	return nil
}

const (
	tablePrograms = 0 // program_association_section
	tableStreams  = 2 // TS_program_map_section
)

func (r *tables) section(table byte, b []byte) {
	switch table {
	case tablePrograms:
		for ; len(b) >= 4; b = b[4:] {
			pid := int(binary.BigEndian.Uint16(b[2:]) & 0x1fff)
			if _, known := r.open[pid]; !known && len(r.open) < mostStreams {
				r.open[pid] = nil
			}
		}
	case tableStreams:
		if len(b) < 4 {
			return
		}
		b = b[min(4+int(binary.BigEndian.Uint16(b[2:])&0xfff), len(b)):]
		for len(b) >= 5 && len(r.found) < mostStreams {
			pid := int(binary.BigEndian.Uint16(b[1:]) & 0x1fff)
			end := min(5+int(binary.BigEndian.Uint16(b[3:])&0xfff), len(b))
			r.found[pid] = mapped{b[0], bytes.Clone(b[5:end])}
			b = b[end:]
		}
	}
}

// streamTypes are those that ffmpeg does not know, or decodes nothing of: ISO/IEC 13818-1
// table 2-34, and of Blu-ray, whose numbers others use, too.
var streamTypes = map[byte]struct{ codec, name string }{
	0x2d: {"audio", "MPEG-H 3D Audio"}, 0x2e: {"audio", "MPEG-H 3D Audio"}, 0x82: {"audio", "DTS"}, 0x85: {"audio", "DTS-HD"}, 0x86: {"audio", "DTS-HD"},
	0x88: {"audio", "DTS-UHD"}, 0x32: {"video", "JPEG XS"}, 0x33: {"video", "VVC"}, 0x35: {"video", "EVC"},
	0xd2: {"video", "AVS2"}, 0xd4: {"video", "AVS3"}, 0xd5: {"audio", "AVS3 audio"},
}

// registrations are what a descriptor 0x05 says of a private stream (2.6.8), by the first
// bytes of its format_identifier.
var registrations = []struct{ begin, codec, name string }{
	{"AC-4", "audio", "AC-4"}, {"DTS", "audio", "DTS"}, {"dmat", "audio", "Dolby E"}, {"AV01", "video", "AV1"}, {"AVSV", "video", "AVS"}, {"avs3", "video", "AVS3"},
}

// extensions are what a descriptor 0x7f of DVB says, by its first byte (ETSI EN 300 468,
// 6.4 and annexes D and G).
var extensions = map[byte]string{0x0e: "DTS-HD", 0x0f: "DTS Neural", 0x15: "AC-4", 0x21: "DTS-UHD"}

// name is what kind of stream it is, as ffprobe calls it, and what it is coded as; ""
// where that is not known.
func (m mapped) name() (kind, name string) {
	t := streamTypes[m.kind]
	kind, name = t.codec, t.name
	for b := m.descriptors; len(b) >= 2; {
		end := min(2+int(b[1]), len(b))
		body := b[2:end]
		switch tag := b[0]; {
		case tag == 0x05 && name == "":
			for _, r := range registrations {
				if bytes.HasPrefix(body, []byte(r.begin)) {
					kind, name = r.codec, r.name
				}
			}
		case tag == 0x7b && name == "":
			kind, name = "audio", "DTS"
		case tag == 0x7f && len(body) > 0 && extensions[body[0]] != "":
			kind, name = "audio", extensions[body[0]]
		}
		b = b[end:]
	}
	return kind, name
}

// tag is how such a stream is called in a sentence.
func (m mapped) tag() string {
	number := fmt.Sprintf("stream type 0x%02x", m.kind)
	if _, name := m.name(); name != "" {
		return name + ", " + number
	}
	return number
}

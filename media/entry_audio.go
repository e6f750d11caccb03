package media

import (
	"encoding/binary"

	"github.com/streamgate/streamgate/internal/problem"
)

const soundHeader = 28 // bytes of an AudioSampleEntry before its boxes (ISO/IEC 14496-12 §12.2.3)

// audioEntry rewrites a sound sample entry, QuickTime's three versions
// included, as the version 0 that ISO defines: header and configuration.
func audioEntry(kind string, content []byte) (entry, error) {
	if kind == "enca" {
		return entry{}, problem.Errorf(ErrEncrypted, "the audio is encrypted")
	}
	if len(content) < soundHeader {
		return entry{}, problem.Errorf(ErrInvalid, "an audio sample entry is too short")
	}
	e := entry{
		channels:   int(binary.BigEndian.Uint16(content[16:])),
		sampleRate: int(binary.BigEndian.Uint32(content[24:]) >> 16),
	}
	body, err := e.quickTime(content)
	if err != nil {
		return entry{}, err
	}
	boxes := map[string]inner{}
	collect(boxes, body)
	name, config, err := e.audioCodec(kind, boxes)
	if err != nil {
		return entry{}, err
	}
	e.box = makeBox(name, e.soundHeader(content), config)
	return e, nil
}

// quickTime returns what follows the header, whose length QuickTime's version
// tells ("QuickTime File Format", Sound Sample Description).
func (e *entry) quickTime(content []byte) ([]byte, error) {
	skip := soundHeader
	switch binary.BigEndian.Uint16(content[8:]) {
	case 1:
		skip += 16
	case 2:
		if skip += 36; len(content) >= skip {
			e.sampleRate = int(floatHz(content[32:]))
			e.channels = int(binary.BigEndian.Uint32(content[40:]) & 0xff)
		}
	}
	if len(content) < skip {
		return nil, problem.Errorf(ErrInvalid, "an audio sample entry is too short")
	}
	return content[skip:], nil
}

// collect gathers the boxes of a sample entry and of a QuickTime wave box.
func collect(boxes map[string]inner, body []byte) {
	for _, b := range inners(body) {
		if b.kind == "wave" {
			for _, b := range inners(b.body) {
				if _, twice := boxes[b.kind]; !twice {
					boxes[b.kind] = b
				}
			}
			continue
		}
		boxes[b.kind] = b
	}
}

func (e *entry) soundHeader(content []byte) []byte {
	h := make([]byte, soundHeader)
	copy(h[6:8], content[6:8]) // data reference
	binary.BigEndian.PutUint16(h[16:], uint16(min(e.channels, 0xffff)))
	binary.BigEndian.PutUint16(h[18:], 16)
	if e.sampleRate <= 0xffff {
		binary.BigEndian.PutUint32(h[24:], uint32(e.sampleRate)<<16)
	}
	return h
}

// audioCodec returns the name and the configuration box of the sample entry in
// the init segment, and notes what they tell.
func (e *entry) audioCodec(kind string, boxes map[string]inner) (name string, config []byte, err error) {
	switch kind {
	case "mp4a":
		b, ok := boxes["esds"]
		if !ok {
			return "", nil, problem.Errorf(ErrInvalid, "the audio configuration (esds) is missing")
		}
		return "mp4a", b.all, e.esds(b.body)
	case ".mp3", "ms\x00U":
		e.codec = "mp4a.6B"
		return "mp4a", mp3Config(), nil
	case "ac-3":
		return "ac-3", boxes["dac3"].all, e.ac3(boxes["dac3"].body)
	case "ec-3":
		return "ec-3", boxes["dec3"].all, e.eac3(boxes["dec3"].body)
	case "Opus":
		return "Opus", boxes["dOps"].all, e.opus(boxes["dOps"].body)
	case "fLaC":
		return "fLaC", boxes["dfLa"].all, e.flac(boxes["dfLa"].body)
	case "alac":
		return "alac", boxes["alac"].all, e.alac(boxes["alac"].body)
	}
	return "", nil, unsupported("audio", kind)
}

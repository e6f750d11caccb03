package media

// Coding is how samples are coded: what has to be known to put them into a
// container that has no sample entries, such as an MPEG-2 transport stream.
type Coding struct {
	// Format is "avc", "hevc", "aac", "mp3", "ac-3" or "ec-3"; "" is any other.
	Format string

	// Config is the body of avcC or hvcC (ISO/IEC 14496-15), or the
	// AudioSpecificConfig of AAC (ISO/IEC 14496-3 §1.6.2.1); nil for the rest.
	Config []byte
}

// Coding returns how the samples of a sample entry, counted from 0, are coded.
// What Config refers to must not be changed.
func (t *Track) Coding(entry int) Coding {
	if entry < 0 || entry >= len(t.Entries) || len(t.Entries[entry]) < 8 {
		return Coding{}
	}
	box := t.Entries[entry]
	if t.Kind == Video {
		return videoCoding(string(box[4:8]), box[8:])
	}
	return audioCoding(string(box[4:8]), box[8:])
}

// videoCoding leaves out Dolby Vision that no other decoder can show (dvh1).
func videoCoding(kind string, content []byte) Coding {
	names := map[string][2]string{"avc1": {"avc", "avcC"}, "avc3": {"avc", "avcC"}, "hvc1": {"hevc", "hvcC"}, "hev1": {"hevc", "hvcC"}}
	name, ok := names[kind]
	if !ok || len(content) < visualHeader {
		return Coding{}
	}
	for _, b := range inners(content[visualHeader:]) {
		if b.kind == name[1] {
			return Coding{name[0], b.body}
		}
	}
	return Coding{}
}

func audioCoding(kind string, content []byte) Coding {
	switch kind {
	case "ac-3", "ec-3":
		return Coding{Format: kind}
	case "mp4a":
	default:
		return Coding{}
	}
	if len(content) < soundHeader {
		return Coding{}
	}
	for _, b := range inners(content[soundHeader:]) {
		if b.kind != "esds" {
			continue
		}
		switch object, config, ok := esdsConfig(b.body); {
		case !ok:
		case object == 0x40:
			return Coding{"aac", config}
		case object == 0x69, object == 0x6b:
			return Coding{Format: "mp3"}
		}
	}
	return Coding{}
}

package media

import "fmt"

// aac reads an AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1).
func (e *entry) aac(config []byte) error {
	r := bitReader{b: config}
	object := r.audioObject()
	rate := r.rate()
	channels := r.read(4)
	if r.over {
		return configError("AAC")
	}
	codec := object
	switch object {
	case 5, 29: // SBR or parametric stereo announced by itself
		if ext := r.rate(); ext > 0 {
			rate = ext
		}
	case 2:
		// SBR that a config announces after the core's own, for old decoders to miss.
		if ext, found := r.backwardCompatible(); found {
			codec = ext
		}
	}
	e.codec = fmt.Sprintf("mp4a.40.%d", codec)
	if n := aacChannels[channels]; n > 0 {
		e.channels = n
	}
	if codec == 29 && e.channels == 1 {
		e.channels = 2 // parametric stereo makes two of one
	}
	if rate > 0 {
		e.sampleRate = rate
	}
	return nil
}

var (
	aacChannels = [16]int{0, 1, 2, 3, 4, 5, 6, 8, 0, 0, 0, 7, 8, 24, 8, 0}
	aacRates    = [13]int{96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350}
)

func (r *bitReader) audioObject() int {
	if o := r.read(5); o != 31 {
		return o
	}
	return 32 + r.read(6)
}

func (r *bitReader) rate() int {
	i := r.read(4)
	if i == 15 {
		return r.read(24)
	}
	if i < len(aacRates) {
		return aacRates[i]
	}
	return 0
}

// backwardCompatible looks for the sync extension behind a GASpecificConfig
// (ISO/IEC 14496-3 §1.6.6.1): SBR, or SBR with parametric stereo.
func (r *bitReader) backwardCompatible() (object int, found bool) {
	r.read(1) // frame length
	if r.read(1) == 1 {
		r.read(14) // core coder delay
	}
	r.read(1) // extension
	if r.read(11) != 0x2b7 || r.audioObject() != 5 || r.read(1) == 0 || r.over {
		return 0, false
	}
	r.rate()
	if !r.over && r.read(11) == 0x548 && r.read(1) == 1 && !r.over {
		return 29, true
	}
	return 5, true
}

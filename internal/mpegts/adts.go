package mpegts

import "fmt"

const (
	adtsHeader = 7
	// maxADTS is how long a frame with its header may be: the header has 13 bits.
	maxADTS = 1<<13 - 1
)

// adts is what the headers of AAC frames have in common (ISO/IEC 14496-3
// §1.A.2.2). They know the core of HE-AAC alone: decoders find its extensions in
// the frames (implicit signalling, §1.6.5).
type adts struct {
	profile, rate, channels byte
}

// newADTS reads an AudioSpecificConfig, and refuses what the header has no room
// for.
func newADTS(config []byte) (*adts, error) {
	r := fields{b: config}
	object, rate := r.object(), r.rate()
	channels := r.read(4)
	if object == 5 || object == 29 { // SBR, parametric stereo: the core comes after them
		r.rate()
		object = r.object()
	}
	short := r.read(1) // 960 samples in place of 1024
	switch {
	case r.over:
		return nil, errConfig
	case object < 1 || object > 4:
		return nil, fmt.Errorf("AAC of object type %d has no ADTS header", object)
	case rate < 0 || rate > 12:
		return nil, fmt.Errorf("its sampling frequency is none of an ADTS header's")
	case channels < 1 || channels > 7:
		return nil, fmt.Errorf("its channels are none of an ADTS header's")
	case short == 1:
		return nil, fmt.Errorf("its frames have 960 samples, which an ADTS header cannot say")
	}
	return &adts{profile: byte(object - 1), rate: byte(rate), channels: byte(channels)}, nil
}

// append appends the header of a frame of size bytes.
func (a *adts) append(dst []byte, size int) []byte {
	n := size + adtsHeader
	return append(dst, 0xff, 0xf1, a.profile<<6|a.rate<<2|a.channels>>2,
		a.channels<<6|byte(n>>11), byte(n>>3), byte(n<<5)|0x1f, 0xfc)
}

// fields reads bit fields, most significant first.
type fields struct {
	b    []byte
	at   int
	over bool
}

func (r *fields) read(n int) (v int) {
	for range n {
		if r.at >= 8*len(r.b) {
			r.over = true
			return 0
		}
		v = v<<1 | int(r.b[r.at/8]>>(7-r.at%8)&1)
		r.at++
	}
	return v
}

func (r *fields) object() int {
	if o := r.read(5); o != 31 {
		return o
	}
	return 32 + r.read(6)
}

var rates = [...]int{96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350}

// rate reads a sampling frequency and returns its index, or -1.
func (r *fields) rate() int {
	i := r.read(4)
	if i < len(rates) {
		return i
	}
	if i < 15 {
		return -1
	}
	hz := r.read(24)
	for i, known := range rates {
		if hz == known {
			return i
		}
	}
	return -1
}

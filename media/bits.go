package media

// bitReader reads bit fields, most significant first. Beyond the end everything
// is 0.
type bitReader struct {
	b    []byte
	at   int  // bits
	over bool // more was asked for than is there
}

// unescaped are the bits of a NAL unit after its header, without the bytes that
// keep start codes out of it (Rec. ITU-T H.264 §7.4.1.1, H.265 §7.4.2).
func unescaped(unit []byte, header int) *bitReader {
	if len(unit) < header {
		return &bitReader{over: true}
	}
	data := make([]byte, 0, len(unit))
	zeros := 0
	for _, b := range unit[header:] {
		if zeros >= 2 && b == 3 {
			zeros = 0
			continue
		}
		if zeros++; b != 0 {
			zeros = 0
		}
		data = append(data, b)
	}
	return &bitReader{b: data}
}

func (r *bitReader) read(n int) int {
	v := 0
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

func (r *bitReader) flag() bool { return r.read(1) == 1 }

// either reads a flag, and where it is not set the one that then follows.
func (r *bitReader) either() bool {
	if r.flag() {
		return true
	}
	return r.flag()
}

// both reads a flag, and where it is set the one that then follows.
func (r *bitReader) both() bool {
	if !r.flag() {
		return false
	}
	return r.flag()
}

func (r *bitReader) skip(n int) {
	if r.at += n; r.at > 8*len(r.b) {
		r.over = true
	}
}

// golomb reads an exponential Golomb code, ue(v) (Rec. ITU-T H.264 §9.1).
func (r *bitReader) golomb() int {
	zeros := 0
	for !r.flag() {
		if zeros++; zeros > 31 || r.over {
			r.over = true
			return 0
		}
	}
	return 1<<zeros - 1 + r.read(zeros)
}

// skipGolombs passes over n codes, signed or not.
func (r *bitReader) skipGolombs(n int) {
	for i := 0; i < n && !r.over; i++ {
		r.golomb()
	}
}

// signed reads se(v).
func (r *bitReader) signed() int {
	v := r.golomb()
	if v&1 == 1 {
		return v/2 + 1
	}
	return -v / 2
}

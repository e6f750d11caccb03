package media

import "github.com/streamgate/streamgate/internal/problem"

// avcCounter derives picture order counts (Rec. ITU-T H.264 §8.2.1), of frames that are
// coded whole.
type avcCounter struct {
	frame int // PrevRefFrameNum: frame_num of the last picture that others refer to

	// Of type 0.
	high, low int64 // prevPicOrderCntMsb and Lsb

	// Of types 1 and 2.
	last   int   // prevFrameNum
	offset int64 // prevFrameNumOffset

	shown int64 // of type 2: pictures since one that Begins
}

// next is the picture order count of the picture that is decoded next. Where frame_num
// says that one is missing, none after it is certain.
func (c *avcCounter) next(s *avcSequence, p *avcSlice) (int64, error) {
	if p.keyed {
		*c = avcCounter{}
	} else if p.frame != (c.frame+1)&(1<<s.frameBits-1) {
		return 0, problem.Errorf(ErrUnsupported, "a picture is missing")
	}
	var top, bottom int64
	switch s.orderType {
	case 0:
		top, bottom = c.byBits(s, p)
	case 1:
		top, bottom = c.byCycle(s, p)
	case 2: // pictures are shown as they are decoded
		top, bottom = 2*c.shown, 2*c.shown
	default:
		return 0, problem.Errorf(ErrUnsupported, "pictures are counted in a way that is not known")
	}
	count := min(top, bottom)
	c.shown++
	if p.reference {
		c.frame = p.frame
	}
	if p.marking.afresh { // as if it had been an IDR picture (§8.2.1)
		*c = avcCounter{low: top - count, shown: 1}
		return 0, nil
	}
	return count, nil
}

// byBits is §8.2.1.1.
func (c *avcCounter) byBits(s *avcSequence, p *avcSlice) (top, bottom int64) {
	low, size := int64(p.order), int64(1)<<s.orderBits
	high := c.high
	switch {
	case low < c.low && c.low-low >= size/2:
		high += size
	case low > c.low && low-c.low > size/2:
		high -= size
	}
	if p.reference {
		c.high, c.low = high, low
	}
	top = high + low
	return top, top + int64(p.delta[0])
}

// byCycle is §8.2.1.2.
func (c *avcCounter) byCycle(s *avcSequence, p *avcSlice) (top, bottom int64) {
	if c.last > p.frame {
		c.offset += 1 << s.frameBits
	}
	c.last = p.frame
	n := int64(len(s.orderCycle))
	number := int64(0)
	if n > 0 {
		number = c.offset + int64(p.frame)
	}
	if !p.reference && number > 0 {
		number--
	}
	expected := int64(0)
	if number > 0 {
		whole, rest := (number-1)/n, (number-1)%n
		for i, delta := range s.orderCycle {
			expected += whole * int64(delta)
			if int64(i) <= rest {
				expected += int64(delta)
			}
		}
	}
	if !p.reference {
		expected += int64(s.orderOther)
	}
	top = expected + int64(p.delta[0])
	return top, top + int64(s.orderBottom) + int64(p.delta[1])
}

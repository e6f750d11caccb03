package media

import "encoding/binary"

// stretched gives a picture the shape that its track header says (ISO/IEC 14496-12
// §8.3.2), where nothing else says what its pixels look like. Players differ in
// what they look at: it is written as the aspect ratio of a pixel, too.
func (e *entry) stretched(size [2]uint32) {
	w, h := int64(size[0]), int64(size[1])
	if e.told || w == 0 || h == 0 || e.width == 0 || e.height == 0 {
		return
	}
	across, down := w*int64(e.height), h*int64(e.width)
	if differ := across - down; differ*100 <= down && -differ*100 <= down { // what is rounded is not stretched
		return
	}
	d := gcd(across, down)
	if across/d > 1<<31 || down/d > 1<<31 {
		return
	}
	before := [2]int{e.width, e.height}
	if e.aspect(uint32(across/d), uint32(down/d)); before != [2]int{e.width, e.height} {
		b := binary.BigEndian.AppendUint32(nil, uint32(across/d))
		pasp := makeBox("pasp", binary.BigEndian.AppendUint32(b, uint32(down/d)))
		e.box = makeBox(string(e.box[4:8]), e.box[8:], pasp)
	}
}

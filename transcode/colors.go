package transcode

import "strings"

// highDefinition is from how many lines on players take the colors of a picture for those
// of BT.709 where nothing tells them: below it is BT.601.
const highDefinition = 720

// colors says which colors a rung has where its source does not: those that players take
// the source for. Else a small rung of a large source would be taken for another, and
// be greener. Of RGB it says which to make of it. The matrix is "" where the source tells.
func (v *Video) colors() (matrix, params string) {
	switch {
	case v.Matrix != "" && v.Matrix != "gbr":
		return "", ""
	case min(v.Width, v.Height) >= highDefinition:
		matrix = "bt709"
	default:
		matrix = "smpte170m"
	}
	return matrix, "setparams=colorspace=" + matrix + ":color_primaries=" + matrix + ":color_trc=" + matrix
}

// isRGB reports whether the pixels are coded as red, green and blue, or, of gray that one
// can see through, become so when they are laid on white.
func (v *Video) isRGB() bool {
	for _, begin := range []string{"rgb", "bgr", "gbr", "argb", "abgr", "0rgb", "0bgr", "pal8", "ya8", "ya16", "x2rgb", "x2bgr"} {
		if strings.HasPrefix(v.PixelFormat, begin) {
			return true
		}
	}
	return false
}

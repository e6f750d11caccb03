package transcode

import "slices"

// everywhere reports whether what is coded so plays wherever the profile's own
// codec does: no rung has to repeat it.
func (v *Video) everywhere(p *Profile) bool {
	if v.Range != SDR && v.Range != "" && !p.HDR {
		return false
	}
	switch p.Video {
	case H264:
		return v.Codec == "h264" && v.PixelFormat == "yuv420p" && !v.Interlaced
	case HEVC:
		return (v.Codec == "hevc" || v.Codec == "h264") && slices.Contains([]string{"yuv420p", "yuv420p10le"}, v.PixelFormat) && !v.Interlaced
	case AV1:
		return slices.Contains([]string{"av1", "hevc", "h264"}, v.Codec) && slices.Contains([]string{"yuv420p", "yuv420p10le"}, v.PixelFormat) && !v.Interlaced
	}
	return false
}

// unordered are containers that do not say when a picture shows, only in which
// order they are decoded.
var unordered = []string{"avi", "h264", "hevc", "obu"}

// carried are the codecs of pictures that the packager carries, in the formats of pixels
// that most of their decoders know.
var carried = map[string][]string{
	"h264": {"yuv420p"}, "hevc": {"yuv420p", "yuv420p10le"}, "vp9": {"yuv420p", "yuv420p10le"}, "av1": {"yuv420p", "yuv420p10le"},
}

// copies reports whether the picture can be put into another container as it is. Where
// it plays here and there alone it is what such a file is that comes as MP4: the ladder
// beside it is whole.
func (v *Video) copies(format string) bool {
	switch {
	case !slices.Contains(carried[v.Codec], v.PixelFormat), v.Interlaced:
		return false
	case v.Reordered && !v.Timed && slices.Contains(unordered, format):
		return false
	}
	return true
}

// everywhere reports whether sound plays, as it lies in a file that does, wherever the
// profile's own codec plays. AC-3, E-AC-3 and ALAC are not decoded by most browsers,
// FLAC and Opus not by older players of HLS.
func (a *Audio) everywhere(p *Profile) bool {
	switch a.Codec {
	case "aac":
		return slices.Contains([]string{"LC", "HE-AAC", "HE-AACv2"}, a.Profile)
	case "mp3":
		return true
	}
	return a.Codec == string(p.Audio)
}

// copies reports whether a stream of sound can be put into another container as it
// is, and plays everywhere then.
func (a *Audio) copies() bool {
	return a.Codec == "aac" && a.Profile == "LC" && a.Channels <= 6 && a.Channels > 0
}

package ffmpeg

import "github.com/streamgate/streamgate/media"

// demuxers has the one demuxer that reads a type. What is not here is read by none:
// above all playlists and scripts, whose demuxers open other files.
var demuxers = map[media.Type]string{
	media.TypeMP4:       "mov",
	media.TypeM4A:       "mov",
	media.TypeQuickTime: "mov",
	media.TypeThreeGPP:  "mov",
	media.TypeThreeGPP2: "mov",
	media.TypeMatroska:  "matroska",
	media.TypeWebM:      "matroska",
	media.TypeMPEGTS:    "mpegts",
	media.TypeMPEGPS:    "mpeg",
	media.TypeAVI:       "avi",
	media.TypeFLV:       "flv",
	media.TypeOggVideo:  "ogg",
	media.TypeOggAudio:  "ogg",
	media.TypeMP3:       "mp3",
	media.TypeAAC:       "aac",
	media.TypeFLAC:      "flac",
	media.TypeWAV:       "wav",
	media.TypeASF:       "asf",
	media.TypeMXF:       "mxf",
	media.TypeReal:      "rm",
	media.TypeDV:        "dv",
	media.TypeAIFF:      "aiff",
	media.TypeCAF:       "caf",
	media.TypeAMR:       "amr",
	media.TypeGIF:       "gif",
	media.TypeAPNG:      "apng",
}

// demuxerOptions are what a demuxer is told beside. Pictures of an animation that show
// for less than 11 ms show for 100 ms, as in browsers; the demuxer of GIF has it so.
var demuxerOptions = map[string][]string{
	"apng": {"-max_fps", "90", "-default_fps", "10"},
}

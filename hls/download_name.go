package hls

import (
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/streamgate/streamgate/media"
)

// extensions are what the names of files of a type may end with; the first is
// what they are given otherwise.
var extensions = map[media.Type][]string{
	media.TypeMP4:       {".mp4", ".m4v", ".mp4v", ".mov", ".m4a"},
	media.TypeM4A:       {".m4a", ".m4b", ".mp4"},
	media.TypeQuickTime: {".mov", ".qt", ".mp4", ".m4v"},
	media.TypeThreeGPP:  {".3gp", ".3gpp", ".mp4"},
	media.TypeThreeGPP2: {".3g2", ".3gp2", ".mp4"},
	media.TypeMatroska:  {".mkv", ".mka", ".mk3d"},
	media.TypeWebM:      {".webm", ".weba"},
	media.TypeMPEGTS:    {".ts", ".m2ts", ".mts"},
	media.TypeMPEGPS:    {".mpg", ".mpeg", ".vob"},
	media.TypeAVI:       {".avi"},
	media.TypeFLV:       {".flv"},
	media.TypeOggVideo:  {".ogv", ".ogg"},
	media.TypeOggAudio:  {".oga", ".ogg", ".opus"},
	media.TypeMP3:       {".mp3"},
	media.TypeAAC:       {".aac"},
	media.TypeFLAC:      {".flac"},
	media.TypeWAV:       {".wav"},
	media.TypeASF:       {".wmv", ".wma", ".asf"},
	media.TypeMXF:       {".mxf"},
	media.TypeReal:      {".rm", ".rmvb", ".ra"},
	media.TypeDV:        {".dv", ".dif"},
	media.TypeAIFF:      {".aiff", ".aif", ".aifc"},
	media.TypeCAF:       {".caf"},
	media.TypeAMR:       {".amr", ".awb"},
	media.TypeGIF:       {".gif"},
	media.TypeAPNG:      {".png", ".apng"},
}

// fileNameFor makes of a hostile name one that a file of that type can be kept
// under: without what does not print or leads to another folder, and with an
// extension that opens it as media. A file that is media and a program at the
// same time must not be kept as a program.
func fileNameFor(name string, kind media.Type) string {
	name = strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '/' || r == '\\':
			return '_'
		case r == utf8.RuneError || !unicode.IsPrint(r):
			return -1
		}
		return r
	}, name))
	name = strings.TrimLeft(name, ".")
	if name == "" {
		name = "media"
	}
	known := extensions[kind]
	if known == nil {
		known = []string{".bin"}
	}
	if !slices.Contains(known, strings.ToLower(path.Ext(name))) {
		name += known[0]
	}
	return name
}

// attachment is the Content-Disposition of a file to be kept under that name
// (RFC 6266 §4): the name in ASCII for old clients, and where that is another
// one, as it is (RFC 8187 §3.2).
func attachment(name string) string {
	const token = "!#$&+-.^_`|~" // that need no escape, beside letters and digits
	plain, extended := make([]byte, 0, len(name)), make([]byte, 0, 3*len(name))
	for _, r := range name {
		switch {
		case r >= utf8.RuneSelf || r == '"' || r == '\\' || r == '%' || r < ' ' || r == 0x7f:
			plain = append(plain, '_')
		default:
			plain = append(plain, byte(r))
		}
	}
	for i := range len(name) {
		c := name[i]
		if c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || strings.IndexByte(token, c) >= 0 {
			extended = append(extended, c)
		} else {
			extended = append(extended, '%', "0123456789ABCDEF"[c>>4], "0123456789ABCDEF"[c&15])
		}
	}
	value := `attachment; filename="` + string(plain) + `"`
	if string(plain) != name {
		value += "; filename*=UTF-8''" + string(extended)
	}
	return value
}

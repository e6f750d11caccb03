package hls

import (
	"sync"
	"sync/atomic"

	"github.com/streamgate/streamgate/media"
)

// A presentation is what plays together, prepared for playback: one file, or
// several that are renditions of the first. It does not change and is used
// concurrently; what is derived from the indexes is made when first wanted.
type presentation struct {
	files    []*mediaFile // the first decides how long a segment may be, and where all are cut
	master   document
	manifest document
	tracks   []prepared    // of all files, in their order
	shared   func() shared // what its playlists say alike
	texts    func() *texts // subtitles within a file

	spoken []document // of a composition, the media playlists of its subtitles: t1, t2, …

	isLadder  bool              // its videos are to be put in order, though they are of one file
	transport func() *transport // the same as MPEG-2 transport streams
}

// A mediaFile is one of the files of a presentation. The URIs of what is cut from
// it begin with its revision, so that they stay the same when other files come
// and go; and a track of it needs no other name than it has in the file.
type mediaFile struct {
	index    *media.Index
	source   string // what it is sent from: a storage key, or a path below a Folder
	revision string
	blocks   string // storage key that the index's blocks are read from; "" when it holds them
	key      string // of the file that it was made of; "" for a blob, which does not change
	name     string // of the rendition; "" for the first
	isLocal  bool   // a file of the operating system

	came *mediaFile // of a rendition that was settled: the file as it came
	gone bool       // and it is not kept

	protection *protection // how it is encrypted, or nil

	grown bool         // it played before it was all there
	known *media.Index // of one that is not all there yet: what is known, of which index is what is there
}

// prepared is a track with its documents.
type prepared struct {
	*media.Track
	file     *mediaFile
	at       int    // in the file's index
	folder   string // what its URIs begin with, as seen from the multivariant playlist
	playlist document
	init     document
	etags    string // begins the ETags of the segments

	iframes   *prepared // the first picture of each segment; nil where they are not known to decode alone
	isIFrames bool      // this is such a track

	// Of a piece that is cut out: the number of its first segment, and the ticks by
	// which it begins later.
	first    int
	offset   uint64
	captions *media.ClosedCaptions // in its pictures; nil where nobody looked

	sizes []atomic.Int64 // of segments whose slices had to be found for it; 0 is not known yet

	repeated *repeated // nil where samples are whole
}

// newPresentation prepares files, of which there is at least one.
func newPresentation(files ...*mediaFile) *presentation {
	p := &presentation{files: files}
	p.shared = sync.OnceValue(func() shared { return files[0].shared() })
	p.transport = sync.OnceValue(func() *transport { return newTransport(p) })
	p.master = newDocument(playlistType, func() []byte { return p.multivariant(nil) })
	p.texts = sync.OnceValue(func() *texts { return newTexts(p) })
	p.manifest = newDocument(manifestType, func() []byte { return manifest(p) })
	for _, f := range files {
		for i, t := range f.index.Tracks {
			p.tracks = append(p.tracks, p.prepare(f, i, t))
		}
	}
	return p
}

func (p *presentation) prepare(f *mediaFile, i int, t *media.Track) prepared {
	var stripped *repeated
	if t.Prefix.Size > 0 {
		stripped = new(repeated)
	}
	return prepared{
		repeated: stripped,

		sizes: f.protection.sizesOf(t),
		Track: t, file: f, at: i, folder: f.revision + "/" + trackName(t) + "/",
		playlist: newDocument(playlistType, func() []byte {
			return appendMediaPlaylist(make([]byte, 0, mediaPlaylistSize(t)+f.protection.tagsSize()), t, f.protection, p.shared())
		}),
		init:  newDocument(mediaType(t), func() []byte { return f.protection.initSegment(t, 0) }),
		etags: `"` + f.revision + "-" + trackName(t) + "-",
	}
}

// source is the first file, of which the others are renditions.
func (p *presentation) source() *mediaFile { return p.files[0] }

// of returns the tracks of a kind.
func (p *presentation) of(kind media.Kind) []*prepared {
	var list []*prepared
	for i := range p.tracks {
		if t := &p.tracks[i]; t.Kind == kind {
			list = append(list, t)
		}
	}
	return list
}

// revisions are those of its files.
func (p *presentation) revisions() (list []string) {
	for _, f := range p.files {
		list = append(list, f.revision)
	}
	return list
}

// file returns the file of a revision, or nil.
func (p *presentation) file(revision string) *mediaFile {
	for _, f := range p.files {
		if f.revision == revision {
			return f
		}
	}
	return nil
}

// find returns a track by what its URIs begin with, or nil.
func (p *presentation) find(revision string, kind media.Kind, id int) *prepared {
	for i := range p.tracks {
		if t := &p.tracks[i]; t.ID == id && t.Kind == kind && t.file.revision == revision {
			return t
		}
	}
	return nil
}

// memory is about how many bytes the presentation takes once all of it was
// asked for: playlists as they are and compressed, init segments; and transport
// streams, where there are any.
func (p *presentation) memory(transport bool) int64 {
	total := int64(4096)
	for _, f := range p.files {
		total += f.index.Memory() + f.protection.memory()
		if len(f.index.Texts) > 0 { // one playlist for all, cut as a track is
			total += int64(len(f.index.Texts))*512 + mediaPlaylistSize(f.index.Tracks[0])*2
		}
	}
	if len(p.spoken) > 0 {
		total += int64(len(p.spoken)) * (1024 + 3*mediaPlaylistSize(p.leading()))
	}
	for i := range p.tracks {
		t := &p.tracks[i]
		if t.iframes != nil {
			total += int64(len(t.Segments))*segmentMemory + mediaPlaylistSize(t.Track)*5/4
		}
		if transport {
			total += int64(len(t.Segments)) * transportMemory
		}
		total += (mediaPlaylistSize(t.Track)+manifestSize(t.Track))*5/4 + 4096 + int64(len(t.sizes))*8
	}
	return total
}

const playlistType = "application/vnd.apple.mpegurl"

// mediaType is the type of a track's init segment and segments: that of a whole
// MP4 file. video/iso.segment says it better and is worse supported: players
// and proxies that go by the type know only the old ones.
func mediaType(t *media.Track) string {
	if t.Kind == media.Video {
		return "video/mp4"
	}
	return "audio/mp4"
}

package hls

import (
	"sync"

	"github.com/streamgate/streamgate/media"
)

// A presentation is a file prepared for playback. It does not change and is
// used concurrently; what is derived from the index is made when first wanted.
type presentation struct {
	index    *media.Index
	source   string // what it is sent from: a storage key, or a path below a Folder
	revision string
	blocks   string // storage key that the index's blocks are read from; "" when it holds them
	key      string // of the file that it was made of; "" for a blob, which does not change
	master   document
	manifest document
	tracks   []prepared    // parallel to index.Tracks
	shared   func() shared // what its playlists say alike
	texts    func() *texts // subtitles within the file
	isLocal  bool          // the source is a file of the operating system
}

// prepared is a track with its documents.
type prepared struct {
	*media.Track
	at       int // in the index
	playlist document
	init     document
	etags    string // begins the ETags of the segments

	iframes   *prepared // the first picture of each segment; nil where they are not known to decode alone
	isIFrames bool      // this is such a track
	closed    bool      // nothing that a segment shows comes before its first picture
}

func newPresentation(index *media.Index, source, revision, blocks string) *presentation {
	p := &presentation{index: index, source: source, revision: revision, blocks: blocks}
	p.shared = sync.OnceValue(func() shared { return sharedBy(index.Tracks) })
	p.master = newDocument(playlistType, func() []byte { return p.multivariant(nil) })
	p.texts = sync.OnceValue(func() *texts { return newTexts(p) })
	p.manifest = newDocument(manifestType, func() []byte { return manifest(p) })
	p.tracks = make([]prepared, len(index.Tracks))
	for i, t := range index.Tracks {
		p.tracks[i] = prepared{
			Track: t,
			at:    i,
			playlist: newDocument(playlistType, func() []byte {
				return appendMediaPlaylist(make([]byte, 0, mediaPlaylistSize(t)), t, p.shared())
			}),
			init:  newDocument(mediaType(t), func() []byte { return initSegment(t) }),
			etags: `"` + revision + "-" + trackName(t) + "-",
		}
	}
	return p
}

// multivariant is the multivariant playlist with these subtitles beside the file.
func (p *presentation) multivariant(subtitles []*subtitle) []byte {
	return p.appendIFrameStreams(multivariantPlaylist(p.index.Tracks, p.revision, p.texts().with(subtitles)...))
}

// find returns where a track is in the index, or -1.
func (p *presentation) find(kind media.Kind, id int) int {
	for i, t := range p.index.Tracks {
		if t.ID == id && t.Kind == kind {
			return i
		}
	}
	return -1
}

// memory is about how many bytes the presentation takes once all of it was
// asked for: playlists as they are and compressed, init segments.
func (p *presentation) memory() int64 {
	total := p.index.Memory() + 4096
	for i, t := range p.index.Tracks {
		if p.tracks[i].iframes != nil {
			total += int64(len(t.Segments))*segmentMemory + mediaPlaylistSize(t)*5/4
		}
		total += (mediaPlaylistSize(t)+manifestSize(t))*5/4 + 4096
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

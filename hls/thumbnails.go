package hls

import (
	"fmt"
	"math"
	"net/http"
	"strconv"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
)

// imageKind is that of thumbnails, which are in no media.Index.
const imageKind media.Kind = "image"

const (
	imageType = "image/jpeg"
	imageName = "p1" // of their track in paths

	// thumbnailVersion stands for how their playlists are written.
	thumbnailVersion = "1"
)

// thumbnails is what a presentation has besides by those of its asset.
type thumbnails struct {
	metadata.Thumbnails

	revision string
	playlist document
}

// newThumbnails returns nil for none.
func newThumbnails(t *metadata.Thumbnails) *thumbnails {
	if t == nil || t.Images() == 0 || t.Interval <= 0 {
		return nil
	}
	n := &thumbnails{Thumbnails: *t, revision: digest(fmt.Sprintf("thumbnails %s %+v", thumbnailVersion, *t))}
	n.playlist = newDocument(playlistType, n.write)
	return n
}

// lasts is how long an image is shown, in microseconds.
func (t *thumbnails) lasts(image int) int64 {
	tiles := min(t.Columns*t.Rows, t.Count-image*t.Columns*t.Rows)
	return int64(math.Round(float64(tiles) * t.Interval * micro))
}

// rate is what they take of the network at most, in bits a second.
func (t *thumbnails) rate() int64 {
	return int64(math.Ceil(float64(t.Largest) * 8 * micro / float64(max(t.lasts(0), 1))))
}

// appendStream appends EXT-X-IMAGE-STREAM-INF, an extension of HLS that Roku and
// others published ("HLS Image Media Playlist", version 0.4). Who does not know it
// passes over it.
func (t *thumbnails) appendStream(dst []byte) []byte {
	var a attributes
	a.integer("BANDWIDTH", t.rate())
	a.quoted("CODECS", "jpeg")
	a.enumerated("RESOLUTION", fmt.Sprintf("%dx%d", t.Width, t.Height))
	a.quoted("URI", t.revision+"/"+imageName+"/index.m3u8")
	dst = append(dst, "#EXT-X-IMAGE-STREAM-INF:"...)
	return append(append(dst, a.text...), '\n')
}

// write writes the playlist of the images.
func (t *thumbnails) write() []byte {
	longest := int64(0)
	for n := range t.Images() {
		longest = max(longest, (t.lasts(n)+micro-1)/micro)
	}
	dst := []byte(playlistHead + "#EXT-X-TARGETDURATION:" + strconv.FormatInt(longest, 10) +
		"\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-IMAGES-ONLY\n")
	for n := range t.Images() {
		dst = append(appendSeconds(append(dst, "#EXTINF:"...), t.lasts(n)), ",\n"...)
		dst = fmt.Appendf(dst, "#EXT-X-TILES:RESOLUTION=%dx%d,LAYOUT=%dx%d,DURATION=%s\n%d.jpg\n",
			t.Width, t.Height, t.Columns, t.Rows, strconv.FormatFloat(t.Interval, 'f', -1, 64), n)
	}
	return append(dst, "#EXT-X-ENDLIST\n"...)
}

// tileScheme is that of DASH-IF IOP §6.2.6.
const tileScheme = "http://dashif.org/guidelines/thumbnail_tile"

// set is the AdaptationSet of the images.
func (t *thumbnails) set(id int) adaptationSet {
	at := t.revision + "/" + imageName + "/"
	return adaptationSet{
		ID: id, ContentType: "image", MimeType: imageType, Aligned: true,
		Representations: []representation{{
			ID: imageName, Bandwidth: max(t.rate(), 1), Width: t.Columns * t.Width, Height: t.Rows * t.Height,
			Essential: &descriptor{tileScheme, fmt.Sprintf("%dx%d", t.Columns, t.Rows)},
			Template:  &segmentTemplate{Timescale: micro, StartNumber: "0", Media: at + "$Number$.jpg", Timeline: t.spans()},
		}},
	}
}

func (t *thumbnails) spans() []timelineSpan {
	list := []timelineSpan{{Time: new(uint64), Duration: uint64(t.lasts(0)), Repeat: t.Images() - 1}}
	if last := t.lasts(t.Images() - 1); t.Images() > 1 && last != t.lasts(0) {
		list[0].Repeat--
		list = append(list, timelineSpan{Duration: uint64(last)})
	}
	return list
}

func (s *Server) serveThumbnails(w http.ResponseWriter, r *http.Request, t *thumbnails, want target) error {
	switch {
	case t == nil || want.revision != t.revision || want.track != 1:
		return problem.Errorf(ErrNotFound, "there is no revision %q, or no more; load %s again", want.revision, multivariantName)
	case want.what == mediaPlaylist:
		return s.sendDocument(w, r, &t.playlist, true)
	case want.what != tiledImage:
		return errPath
	case want.segment >= t.Images():
		return problem.Errorf(ErrNotFound, "there is no image %d; the last one is %d", want.segment, t.Images()-1)
	}
	return s.sendImage(w, r, t, want.segment)
}

// sendImage sends an image.
func (s *Server) sendImage(w http.ResponseWriter, r *http.Request, t *thumbnails, n int) error {
	return s.sendPicture(w, r, t.Key(n), imageType, t.revision+"-"+strconv.Itoa(n))
}

// sendPicture sends the picture at a key, or a range of it; tag is its ETag, without
// the quotes.
func (s *Server) sendPicture(w http.ResponseWriter, r *http.Request, key, contentType, tag string) error {
	src, err := openBlob(r.Context(), s.files, key)
	if err != nil {
		return err
	}
	defer src.Close() //nolint:errcheck // it was only read
	etag := `"` + tag + `"`
	s.describe(w.Header(), []string{contentType}, []string{etag}, true)
	if notModified(w, r, etag) {
		return nil
	}
	wanted, partial, err := limit(w, r, etag, src.size)
	if err != nil {
		return err
	}
	if !partial {
		w.Header()["Content-Length"] = []string{strconv.FormatInt(src.size, 10)}
	}
	if r.Method == http.MethodHead {
		return nil
	}
	b := newBody()
	defer b.release()
	b.from(r.Context(), src)
	b.room = append(b.room[:0], run{0, src.size})
	b.runs = b.room
	if partial {
		b.cut(wanted)
		w.WriteHeader(http.StatusPartialContent)
	}
	s.sendBody(w, r, b, "picture "+tag)
	return nil
}

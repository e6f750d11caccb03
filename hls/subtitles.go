package hls

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/streamgate/streamgate/captions"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
)

// subtitleVersion stands for how subtitles are cut and written. Whatever changes
// a byte of them changes it.
const subtitleVersion = "1"

// subtitles is what a presentation has besides by the captions of its asset, and by
// its thumbnails. It
// does not change, and is apart from the presentation: video and sound keep
// their URIs, and their place in the cache, when captions change.
type subtitles struct {
	master   document
	manifest document
	playlist document // the same for all

	transport document // the multivariant playlist of transport streams
	timing    timing
	tracks    []*subtitle
	images    *thumbnails // nil for none
}

// subtitle is one of an asset's captions.
type subtitle struct {
	metadata.Caption

	name     string     // of its track in paths
	revision string     // of what is cut from its file
	rate     int64      // bits a second that it takes at most, or about that
	file     *mediaFile // that it is within; nil, where it has a file of its own
	text     int        // there: where it is in the index
}

// captionsID names what playlists say of captions and thumbnails.
func captionsID(list []metadata.Caption, images *metadata.Thumbnails) string {
	if len(list) == 0 && images == nil {
		return ""
	}
	return digest(fmt.Sprintf("%#v %+v", list, images))
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:12])
}

func newSubtitles(of *presentation, list []metadata.Caption, images *metadata.Thumbnails) *subtitles {
	s := &subtitles{timing: newTiming(of.leading()), images: newThumbnails(images)}
	for i, c := range list {
		s.tracks = append(s.tracks, &subtitle{
			Caption: c, name: subtitleName(i), rate: textRate,
			revision: digest(fmt.Sprintf("%s %s %q", subtitleVersion, of.source().revision, c.Key)),
		})
	}
	master, dash := of.multivariant(s.tracks), of.mpd(s.tracks)
	if s.images != nil {
		master = s.images.appendStream(master)
		dash.Period[0].Sets = append(dash.Period[0].Sets, s.images.set(len(dash.Period[0].Sets)+1))
	}
	manifest := dash.text()
	s.master = newDocument(playlistType, func() []byte { return master })
	s.transport = newDocument(playlistType, func() []byte { return of.transport().multivariant(s.tracks) })
	s.manifest = newDocument(manifestType, func() []byte { return manifest })
	s.playlist = newDocument(playlistType, func() []byte { return subtitlePlaylist(s.timing.times, of.shared()) })
	return s
}

// leading is the track at whose cuts subtitles are cut: the picture, else what
// sounds first.
func (p *presentation) leading() *media.Track {
	if videos := p.of(media.Video); len(videos) > 0 {
		return videos[0].Track
	}
	if groups := audioGroups(p.of(media.Audio), 1); len(groups) > 0 {
		return groups[0].members[groups[0].preferred].Track
	}
	return new(media.Track)
}

// memory is about how many bytes it takes once all of it was asked for.
func (s *subtitles) memory() int64 {
	return 8192 + int64(len(s.timing.times))*(8+(28+30)*5/4) + int64(len(s.tracks))*2048
}

// answer is serve with what the captions of an asset add to it, and its keys.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, a *row, of *presentation, t target) error {
	switch t.what {
	case contentKey:
		return s.sendKey(w, r, a, of, t)
	case keyLicense:
		if r.Method != http.MethodPost {
			return errPath // where there are none
		}
		return s.sendLicense(w, r, a, of)
	case dashManifest:
		if err := s.encryption.manifest(); err != nil {
			return err
		}
	}
	document := t.what == multivariant || t.what == dashManifest || t.what == transportMultivariant
	if a.cap == "" || of.open() || !document && t.kind != subtitleKind && t.kind != imageKind {
		return s.serve(w, r, of, t)
	}
	subs := s.subtitles(a, of)
	switch t.what {
	case multivariant:
		return s.sendDocument(w, r, &subs.master, false)
	case transportMultivariant:
		return s.sendTransport(w, r, of, &subs.transport)
	case dashManifest:
		return s.sendDocument(w, r, &subs.manifest, false)
	}
	if t.kind == imageKind {
		return s.serveThumbnails(w, r, subs.images, t)
	}
	return s.serveSubtitle(w, r, subs, t)
}

func (s *Server) subtitles(a *row, of *presentation) *subtitles {
	key := a.key + "/" + of.source().revision + "/" + a.cap
	if v, ok := s.cache.Get(key); ok {
		if subs, ok := v.(*subtitles); ok {
			return subs
		}
	}
	subs := newSubtitles(of, a.Captions, a.Thumbnails)
	s.cache.Set(key, subs, subs.memory())
	return subs
}

func (s *Server) serveSubtitle(w http.ResponseWriter, r *http.Request, subs *subtitles, t target) error {
	if t.track < 1 || t.track > len(subs.tracks) || subs.tracks[t.track-1].revision != t.revision {
		return problem.Errorf(ErrNotFound, "there is no revision %q, or no more; load %s again", t.revision, multivariantName)
	}
	switch t.what {
	case mediaPlaylist:
		return s.sendDocument(w, r, &subs.playlist, true)
	case subtitleSegment:
		if last := len(subs.timing.times) - 2; t.segment > last {
			return problem.Errorf(ErrNotFound, "there is no segment %d; the last one is %d", t.segment, last)
		}
		cues, err := s.cues(r.Context(), subs.tracks[t.track-1].Key)
		if err != nil {
			return err
		}
		d := newDocument(subtitleType, func() []byte { return cues.segment(&subs.timing, t.segment) })
		return s.sendDocument(w, r, &d, true)
	case subtitleFile:
		return s.sendCaptions(w, r, subs.tracks[t.track-1].Key)
	}
	return errPath
}

// sendCaptions sends a file of captions as a whole, from the cache where it is
// there: compressing it takes longer than sending it.
func (s *Server) sendCaptions(w http.ResponseWriter, r *http.Request, key string) error {
	cached := "captions\x00" + key + "\x00file"
	if v, ok := s.cache.Get(cached); ok {
		if d, ok := v.(*document); ok {
			return s.sendDocument(w, r, d, true)
		}
	}
	cues, err := s.cues(r.Context(), key)
	if err != nil {
		return err
	}
	file := captions.Format(cues.cues)
	d := newDocument(subtitleType, func() []byte { return file })
	s.cache.Set(cached, &d, 2*int64(len(file)))
	return s.sendDocument(w, r, &d, true)
}

// cues returns what a file of captions has, from the cache where it is there.
func (s *Server) cues(ctx context.Context, key string) (*cueList, error) {
	cached := "captions\x00" + key
	if v, ok := s.cache.Get(cached); ok {
		if list, ok := v.(*cueList); ok {
			return list, nil
		}
	}
	return s.reading.do(ctx, key, func(ctx context.Context) (*cueList, error) {
		if err := s.enter(ctx); err != nil {
			return nil, err
		}
		defer s.leave()
		file, err := s.readCaptions(ctx, key)
		if err != nil {
			return nil, err
		}
		list, err := captions.Parse(file)
		if err != nil {
			return nil, problem.Because(ErrMissing, err, "the captions are damaged")
		}
		cues := newCueList(list)
		s.cache.Set(cached, cues, cues.memory())
		return cues, nil
	})
}

func (s *Server) readCaptions(ctx context.Context, key string) (file []byte, err error) {
	blob, err := s.files.Open(ctx, key)
	if err != nil {
		return nil, err
	}
	defer blob.Close() //nolint:errcheck // it was only read
	file = make([]byte, min(blob.Info().Size, captions.MaxBytes+1))
	if _, err := blob.ReadAt(file, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, problem.Because(storage.ErrUnavailable, err, "the captions cannot be read now")
	}
	return file, nil
}

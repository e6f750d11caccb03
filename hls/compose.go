package hls

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/storage"
)

// A Composition is what plays under an id instead of an asset as it is: parts of
// assets one after another, and what is said of them. Parts are cut where segments
// begin: a part plays from the segment in which it begins. In HLS the first one has
// an EXT-X-START at the very moment, and each plays to the end of the segment in
// which it ends; the Periods of DASH end at the very moment.
//
// Whoever asks has to be allowed to Play every part.
type Composition struct {
	Parts   []Part        // one at least, MaxParts at most
	Start   time.Duration // where players begin, from the beginning; default: at the beginning
	Session []SessionData // for the player's application; EXT-X-SESSION-DATA
}

// A Part is an asset or a piece of one.
type Part struct {
	Asset    string
	From, To time.Duration // of the asset; To 0 is its end

	// Began is when the asset's first picture was taken, for EXT-X-PROGRAM-DATE-TIME.
	// Files often know that; it is told to viewers where it stands here alone.
	// Default: zero, and nothing is said.
	Began time.Time
}

// SessionData is a value for the player's application (RFC 8216bis §4.4.6.4). What
// a quoted string cannot hold, quotes and line breaks, is left out.
type SessionData struct {
	ID       string // such as "com.example.title"
	Value    string
	Language string // BCP 47; "" for none
}

// MaxParts is how many parts a Composition may have.
const MaxParts = 100

// composeVersion stands for how compositions are written. Whatever changes a byte
// of them changes it.
const composeVersion = "2"

// clipBytes bounds the clips that are kept, with what they are cut from. They have a
// cache of their own, so that they push out nothing but each other.
const clipBytes = 8 << 20

// clipPart is between the id of an asset and what is cut out of it, in milliseconds.
const clipPart = "/clip/"

// clipOf reads "{asset}/clip/{from}-{to}", of which there is one spelling.
func clipOf(name string) (Part, bool) {
	id, moments, ok := strings.Cut(name, clipPart)
	if !ok || !isAssetID(id) {
		return Part{}, false
	}
	first, second, _ := strings.Cut(moments, "-")
	from, ok := parseNumber(first)
	to, also := parseNumber(second)
	if !ok || !also || from >= to {
		return Part{}, false
	}
	return Part{Asset: id, From: time.Duration(from) * time.Millisecond, To: time.Duration(to) * time.Millisecond}, true
}

// composed plays what is under a name where that is a composition. It reports
// whether that was so.
func (s *Server) composed(w http.ResponseWriter, r *http.Request, name string, t target) (done bool, err error) {
	switch t.what {
	case multivariant, dashManifest, mediaPlaylist, iframePlaylist, noSubtitles:
	default:
		return false, nil // of which compositions have none of their own
	}
	var c *Composition
	part, isClip := clipOf(name)
	switch {
	case isClip:
		c = &Composition{Parts: []Part{part}}
	case s.compose == nil || !isAssetID(name):
		return false, nil
	default:
		if c, err = s.compose(r.Context(), name); err != nil || c == nil {
			return err != nil, err
		}
		if len(c.Parts) == 1 && c.Parts[0] == (Part{Asset: name}) {
			return s.annotated(w, r, name, c, t)
		}
	}
	p, err := s.composition(r.Context(), name, c)
	if errors.Is(err, storage.ErrNotFound) { // a file moved since its row was read
		for i := range c.Parts {
			s.Forget(c.Parts[i].Asset)
		}
		p, err = s.composition(r.Context(), name, c)
	}
	switch {
	case err != nil:
		return true, err
	case t.revision != "" && t.revision != p.source().revision && !isClip:
		return false, nil // of the asset itself
	}
	if t.what == dashManifest {
		if err := s.encryption.manifest(); err != nil {
			return true, err
		}
	}
	if t.kind == embeddedKind && t.revision == p.source().revision {
		return true, s.serveTexts(w, r, p, t)
	}
	return true, s.serve(w, r, p, t)
}

// annotated plays an asset as it is, subtitles included, with more said of it.
func (s *Server) annotated(w http.ResponseWriter, r *http.Request, name string, c *Composition, t target) (done bool, err error) {
	if t.what != multivariant {
		return false, nil
	}
	a, err := s.asset(r.Context(), name, auth.Play)
	if err != nil {
		return true, err
	}
	p, err := s.presentation(r.Context(), a)
	if err != nil || p.open() {
		return err != nil, err
	}
	master := &p.master
	if a.cap != "" {
		master = &s.subtitles(a, p).master
	}
	return true, s.sendDocument(w, r, s.annotation(master.identity(), c.tags(new(piece))), false)
}

// annotation is a playlist with more lines, from the cache where it is there:
// compressing it takes longer than sending it.
func (s *Server) annotation(master *encoded, tags []byte) *document {
	key := "annotated\x00" + master.etag[0] + digest(string(tags))
	if v, ok := s.cache.Get(key); ok {
		if d, ok := v.(*document); ok {
			return d
		}
	}
	body := slices.Concat(master.body, tags)
	d := newDocument(playlistType, func() []byte { return body })
	s.cache.Set(key, &d, 2*int64(len(body)))
	return &d
}

// composition returns what plays of a composition, from the cache where it is there.
func (s *Server) composition(ctx context.Context, name string, c *Composition) (*presentation, error) {
	if len(c.Parts) == 0 || len(c.Parts) > MaxParts {
		return nil, fmt.Errorf("hls: the composition %q has %d parts; 1 to %d are possible", name, len(c.Parts), MaxParts)
	}
	pieces := make([]*piece, len(c.Parts))
	var id, key strings.Builder // of what plays, and of where it lies besides
	at, cache := name, s.cache
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		at, cache = name[:i], s.clips // of a clip; its moments are those of its part
	}
	fmt.Fprintf(&id, "composed %s %q %d %q", composeVersion, at, c.Start, c.Session)
	for i := range c.Parts {
		part := &c.Parts[i]
		a, err := s.asset(ctx, part.Asset, auth.Play) // asks the Authorizer
		if err != nil {
			return nil, err
		}
		p, err := s.presentation(ctx, a)
		if err != nil {
			return nil, err
		}
		if p.open() {
			return nil, notReady("it is still being uploaded")
		}
		if pieces[i], err = newPiece(p, part); err != nil {
			return nil, err
		}
		pieces[i].spoken = p.texts().tracks
		if a.cap != "" {
			pieces[i].spoken = p.texts().with(s.subtitles(a, p).tracks)
		}
		fmt.Fprintf(&id, "\x00%s %q %s %d %d %d", part.Asset, p.revisions(), captionsID(a.Captions, nil), pieces[i].from, pieces[i].to, part.Began.UnixMicro())
		fmt.Fprintf(&key, "\x00%s %s", a.key, a.cap)
	}
	revision := digest(id.String())
	cached := s.encryption.mark() + "composed\x00" + revision + digest(key.String())
	if v, ok := cache.Get(cached); ok {
		if p, ok := v.(*presentation); ok {
			return p, nil
		}
	}
	p, err := compose(pieces, c, revision, strings.Repeat("../", strings.Count(name, "/")+1))
	if err == nil {
		cost := p.memory(false)
		for _, part := range pieces { // which it keeps in memory
			cost += part.memory(false)
		}
		cache.Set(cached, p, cost)
	}
	return p, err
}

// compose makes a presentation of pieces. Where it is, up leads out of its
// folder, to those of the assets.
func compose(pieces []*piece, c *Composition, revision, up string) (*presentation, error) {
	lanes, err := lanesOf(pieces)
	if err != nil {
		return nil, err
	}
	p := newPresentation(&mediaFile{index: lanes.index(), revision: revision})
	p.isLadder = true
	for i := range p.tracks {
		lane, t := lanes[i], &p.tracks[i]
		t.playlist = newDocument(playlistType, func() []byte { return lane.playlist(p.shared(), t.Track, up) })
		if frames, ok := lane.iframes(); ok {
			track := frames.track(t.ID)
			t.iframes = &prepared{
				Track: track, file: t.file, folder: t.folder, isIFrames: true,
				playlist: newDocument(playlistType, func() []byte { return frames.playlist(p.shared(), track, up) }),
			}
		}
	}
	var spoken []*subtitle
	for i, l := range textLanes(pieces) {
		spoken = append(spoken, l.subtitle(i, revision))
		p.spoken = append(p.spoken, newDocument(playlistType, func() []byte { return l.playlist(pieces, p.shared(), up) }))
	}
	p.master = newDocument(playlistType, func() []byte { return append(p.multivariant(spoken), c.tags(pieces[0])...) })
	p.manifest = newDocument(manifestType, func() []byte { return composedManifest(pieces, up) })
	return p, nil
}

// tags are what a multivariant playlist says of a composition beyond its variants.
func (c *Composition) tags(first *piece) []byte {
	var dst []byte
	if at := first.from - first.begins + c.Start.Microseconds(); at > 0 {
		dst = append(dst, "#EXT-X-START:TIME-OFFSET="...)
		dst = append(appendSeconds(dst, at), ",PRECISE=YES\n"...)
	}
	for _, d := range c.Session {
		var a attributes
		a.quoted("DATA-ID", d.ID)
		a.quoted("VALUE", d.Value)
		if language := languageTag(d.Language); language != "" {
			a.quoted("LANGUAGE", language)
		}
		dst = append(dst, "#EXT-X-SESSION-DATA:"...)
		dst = append(append(dst, a.text...), '\n')
	}
	return dst
}

// errApart is the answer for parts that no player could play on from one to the next.
func errApart(n int, what string) error {
	return problem.Errorf(ErrUnplayable, "part %d of it cannot follow part 1: it has no %s", n+1, what)
}

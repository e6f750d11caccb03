package transcode_test

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/hls"
	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/sqlite"
	"github.com/streamgate/streamgate/rendition"
	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/storage/disk"
	"github.com/streamgate/streamgate/transcode"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// A stage is an asset that plays from a file which a transcoder writes.
type stage struct {
	t     *testing.T
	files *disk.Store
	meta  metadata.Store
	asset *metadata.Asset
	grows *metadata.Upload
	draft storage.Draft
	join  *transcode.Joiner
}

func newStage(t *testing.T) *stage {
	t.Helper()
	dir := t.TempDir()
	files, err := disk.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sqlite.Open(filepath.Join(dir, "x.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = db.Close(), files.Close() })
	s := &stage{t: t, files: files, meta: db.Metadata()}
	s.asset = &metadata.Asset{ID: metadata.NewID(), Owner: "ann", State: metadata.Processing, Waiting: metadata.WaitTranscoder}
	s.grows = &metadata.Upload{ID: metadata.NewID(), Asset: s.asset.ID, Owner: "ann", State: metadata.UploadOpen, Size: -1}
	s.grows.Key = "assets/" + s.asset.ID + "/transcoded/playing"
	if s.draft, err = files.Create(t.Context(), s.grows.Key); err != nil {
		t.Fatal(err)
	}
	s.change(func(tx metadata.Tx) error {
		return errors.Join(tx.InsertAsset(t.Context(), s.asset), tx.InsertUpload(t.Context(), s.grows))
	})
	return s
}

func (s *stage) change(fn func(metadata.Tx) error) {
	s.t.Helper()
	if err := s.meta.Update(s.t.Context(), fn); err != nil {
		s.t.Fatal(err)
	}
}

// append appends a chunk, after which it is durable and plays.
func (s *stage) append(chunk transcode.Part, sound []transcode.Sound) {
	s.t.Helper()
	var err error
	if s.join == nil {
		s.join, err = transcode.NewJoiner(s.draft, &chunk, sound)
	}
	if err == nil {
		err = s.join.Append(s.t.Context(), chunk)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	s.durable()
}

func (s *stage) durable() {
	s.t.Helper()
	if err := s.draft.Sync(); err != nil {
		s.t.Fatal(err)
	}
	s.grows.Offset = s.draft.Size()
	s.asset.Growth, s.asset.Playable = s.grows.ID, true
	s.change(func(tx metadata.Tx) error {
		return errors.Join(tx.UpdateUpload(s.t.Context(), s.grows), tx.UpdateAsset(s.t.Context(), s.asset))
	})
}

// finish makes the file the asset's.
func (s *stage) finish() {
	s.t.Helper()
	if err := errors.Join(s.join.Finish(), s.draft.Commit(s.t.Context())); err != nil {
		s.t.Fatal(err)
	}
	blob, err := s.files.Open(s.t.Context(), s.grows.Key)
	if err != nil {
		s.t.Fatal(err)
	}
	defer blob.Close()
	size := blob.Info().Size
	index, err := media.Parse(s.t.Context(), blob, size, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	s.put(s.grows.Key+".index", func(d storage.Draft) error { _, err := index.WriteTo(d); return err })
	a := s.asset
	a.Source, a.Index, a.State, a.Waiting = s.grows.Key, s.grows.Key+".index", metadata.Ready, ""
	a.Size, a.Duration, a.Revision = size, index.Duration, index.Revision(a.SourceID())
	s.grows.State, s.grows.Size, s.grows.Offset = metadata.UploadComplete, size, size
	s.change(func(tx metadata.Tx) error {
		return errors.Join(tx.UpdateUpload(s.t.Context(), s.grows), tx.UpdateAsset(s.t.Context(), s.asset))
	})
}

func (s *stage) put(key string, write func(storage.Draft) error) {
	s.t.Helper()
	d, err := s.files.Create(s.t.Context(), key)
	if err == nil {
		err = errors.Join(write(d), d.Commit(s.t.Context()))
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// serve plays the asset by a server that knows nothing yet.
func (s *stage) serve() string {
	s.t.Helper()
	server, err := hls.New(s.files, s.meta, &hls.Options{Authorizer: auth.PublicPlay(auth.OwnerOnly())})
	if err != nil {
		s.t.Fatal(err)
	}
	web := httptest.NewServer(server)
	s.t.Cleanup(web.Close)
	return web.URL + "/" + s.asset.ID + "/"
}

func fetch(t testing.TB, url string) string {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(res.Body); err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v\n%s", url, res.Status, err, b.String())
	}
	return b.String()
}

var playlistURI = regexp.MustCompile(`(?m)^[^#\n]+\.m3u8$|URI="([^"]+\.m3u8)"`)

// playlists are the media playlists of picture and sound, by their URIs.
func playlists(t testing.TB, at string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	for line := range strings.Lines(fetch(t, at+"master.m3u8")) {
		if m := playlistURI.FindStringSubmatch(line); m != nil && !strings.Contains(line, "I-FRAME") {
			uri := m[1]
			if uri == "" {
				uri = strings.TrimSpace(line)
			}
			all[uri] = fetch(t, at+uri)
		}
	}
	return all
}

// TestAFilmPlaysWithItsFirstChunk transcodes a film that HLS cannot carry. It plays
// from the file of the smallest rung as chunks are appended to it, by an EVENT playlist
// that only grows, and under the same addresses when it is complete; then the other
// rungs join.
func TestAFilmPlaysWithItsFirstChunk(t *testing.T) {
	path := makeFilm(t, "film.avi", "-f lavfi -i testsrc2=s=320x240:r=25:d=49 -f lavfi -i sine=f=330:r=44100:d=49 -c:v mpeg4 -g 50 -q:v 4 -c:a mp3")
	keys, end := keyFrames(t, path)
	source := transcode.Source{
		Format: "avi", Duration: end,
		Video: &transcode.Video{Codec: "mpeg4", PixelFormat: "yuv420p", Width: 320, Height: 240, Rate: transcode.Ratio{Num: 25, Den: 1}, Constant: true},
		Audio: []transcode.Audio{{Stream: 1, Codec: "mp3", Channels: 1, SampleRate: 44100, Language: "deu"}},
	}
	profile := transcode.Profile{Preset: "ultrafast", Rungs: []transcode.Rung{{Height: 120, CRF: 30, MaxRate: 2e5}, {Height: 240, CRF: 30, MaxRate: 5e5}}}
	p, err := transcode.Ladder(source, profile)
	if err != nil {
		t.Fatal(err)
	}
	s := newStage(t)
	in := ffmpeg.Input{Path: path}
	heard := run(t, p.AudioCommand(in, p.Audio[0], nil))
	sound := []transcode.Sound{{Part: partOf(t, filepath.Join(heard, p.Audio[0].File())), Language: "deu"}}
	chunks := p.Chunks(p.Cuts(end), keys, end, 1)
	if len(chunks) < 3 {
		t.Fatalf("%d chunks", len(chunks))
	}
	var rest []transcode.Part
	var before map[string]string
	grown := func(ended bool) {
		t.Helper()
		now := playlists(t, s.serve())
		if len(now) != 2 {
			t.Fatalf("there are playlists %v, and picture and sound are wanted", now)
		}
		for uri, text := range before {
			if !strings.HasPrefix(now[uri], text) {
				t.Errorf("%s was\n%s\nand is\n%s", uri, text, now[uri])
			}
		}
		for uri, text := range now {
			if event := strings.Contains(text, "#EXT-X-PLAYLIST-TYPE:EVENT"); event == ended && before == nil || strings.Contains(text, "#EXT-X-ENDLIST") != ended {
				t.Errorf("%s, when there is all of it: %v\n%s", uri, ended, text)
			}
		}
		if before != nil && cmp.Equal(before, now) {
			t.Error("nothing was added")
		}
		before = now
	}
	for _, c := range chunks {
		dir := run(t, p.VideoCommand(in, c, p.Video))
		s.append(partOf(t, filepath.Join(dir, p.Video[0].File())), sound)
		rest = append(rest, partOf(t, filepath.Join(dir, p.Video[1].File())))
		grown(false)
	}
	s.finish()
	grown(true)
	s.joinRung(p.Video[1].Name, rest)
	at := s.serve() + "master.m3u8"
	if n := strings.Count(fetch(t, at), "#EXT-X-STREAM-INF"); n != 2 {
		t.Errorf("%d variants are offered, and there are 2 rungs", n)
	}
	for stream, want := range map[string]int{"0:v:0": 1225, "0:v:1": 1225} {
		text := call(t, "", "ffmpeg", "-v", "error", "-i", at, "-map", stream, "-fps_mode", "passthrough", "-f", "framemd5", "-")
		if n := strings.Count(text, "\n0,"); n != want {
			t.Errorf("ffmpeg plays %d pictures of %s, and the film has %d", n, stream, want)
		}
	}
}

// joinRung adds the other rung.
func (s *stage) joinRung(name string, parts []transcode.Part) {
	s.t.Helper()
	key := "assets/" + s.asset.ID + "/transcoded/" + name
	s.put(key, func(d storage.Draft) error {
		j, err := transcode.NewJoiner(d, &parts[0], nil)
		for _, p := range parts {
			err = errors.Join(err, j.Append(s.t.Context(), p))
		}
		return errors.Join(err, j.Finish())
	})
	if err := rendition.Add(s.t.Context(), s.files, s.meta, s.asset.ID, rendition.File{Name: name, Key: key, Index: key + ".index"}); err != nil {
		s.t.Fatal(err)
	}
}

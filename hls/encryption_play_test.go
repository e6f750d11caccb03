package hls_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/Eyevinn/mp4ff/mp4"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/hls"
	"github.com/streamgate/streamgate/internal/playcheck"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
)

// shelf is the stores of a Server: each file of a directory is an asset.
type shelf struct {
	metadata.Store
	dir string
}

func (s shelf) Asset(_ context.Context, id string) (*metadata.Asset, error) {
	if _, err := os.Stat(filepath.Join(s.dir, id)); err != nil {
		return nil, metadata.ErrNotFound
	}
	return &metadata.Asset{ID: id, Owner: "ann", State: metadata.Ready, Playable: true, Source: id, SHA256: "5ca1ab1e"}, nil
}

type shelfFiles struct {
	storage.Store
	dir string
}

func (s shelfFiles) OpenFile(_ context.Context, key string) (*os.File, error) {
	return os.Open(filepath.Join(s.dir, key))
}

// serveShelf serves a directory, encrypted, to ann.
func serveShelf(t testing.TB, dir string, e *hls.Encryption) *httptest.Server {
	t.Helper()
	s, err := hls.New(shelfFiles{dir: dir}, shelf{dir: dir}, &hls.Options{Encryption: e})
	if err != nil {
		t.Fatal(err)
	}
	ann := func(*http.Request) (auth.Principal, error) { return auth.Principal{ID: "ann"}, nil }
	server := httptest.NewServer(auth.Middleware(ann)(s))
	t.Cleanup(server.Close)
	return server
}

func derivedKeys(t testing.TB) hls.KeyProvider {
	t.Helper()
	keys, err := hls.NewDerivedKeys(hls.MasterSecret{ID: "1", Secret: bytes.Repeat([]byte{7}, 32)})
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// protectedShapes are the fixtures that are played encrypted: of every codec, and
// of every way to lay out slices.
var protectedShapes = []string{
	"H.264 with B-frames and AAC with priming", "H.264 with open GOPs", "H.264 interlaced", "H.264 with parameter sets in the stream",
	"Matroska with frames of H.264 without their first bytes", "Matroska with AC-3 without its first bytes",
	"H.264 baseline", "HEVC hvc1", "HEVC hev1 with open GOPs", "E-AC-3 5.1", "FLAC of 24 bits at 96 kHz", "two languages", "rotated by 90",
}

// asset makes a fixture an asset: its name is an id.
func (f fixture) asset(t *testing.T, dir, base string) string {
	t.Helper()
	name := f.make(t, dir, base)
	if err := os.Rename(filepath.Join(dir, name), filepath.Join(dir, "film")); err != nil {
		t.Fatal(err)
	}
	return "film"
}

// ffmpeg fetches the keys as any player does, and everything that Compare wants
// of a presentation in the clear holds.
func TestWhatAES128EncryptsPlays(t *testing.T) {
	playcheck.Require(t)
	base := filepath.Join(t.TempDir(), "base.mp4")
	encode(t, filepath.Dir(base), base, "$V $A "+x264+" -c:a aac -aac_pns 0 "+base)
	for i, f := range fixtures() {
		if !slices.Contains(append(protectedShapes, "AV1 by SVT-AV1"), f.name) || spared(t, i, 1, 3) {
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			dir := t.TempDir()
			at := serveShelf(t, dir, &hls.Encryption{Scheme: hls.AES128, Keys: derivedKeys(t), Period: 1 + i%3}).URL + "/" + f.asset(t, dir, base)
			got := playcheck.Compare(t, filepath.Join(dir, "film"), at+"/master.m3u8")
			for _, problem := range got.Problems {
				t.Error(problem)
			}
			if status, _, _ := read(t, at+"/manifest.mpd"); status != http.StatusNotFound {
				t.Errorf("the manifest is a %d", status)
			}
		})
	}
}

var keyLine = regexp.MustCompile(`#EXT-X-KEY:METHOD=SAMPLE-AES,URI="([^"]*)",IV=0x([0-9A-F]{32}),KEYFORMAT="identity"`)

// Every track decodes, by ffmpeg and by mp4ff, to what it decodes to where
// nothing is encrypted.
func TestWhatCBCSEncryptsPlays(t *testing.T) {
	playcheck.Require(t)
	base := filepath.Join(t.TempDir(), "base.mp4")
	encode(t, filepath.Dir(base), base, "$V $A "+x264+" -c:a aac -aac_pns 0 "+base)
	for i, f := range fixtures() {
		if !slices.Contains(protectedShapes, f.name) || spared(t, i, 1, 3) {
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			dir := t.TempDir()
			film := f.asset(t, dir, base)
			open := serveShelf(t, dir, nil).URL + "/" + film + "/"
			secret := serveShelf(t, dir, &hls.Encryption{Scheme: hls.SampleAES, Keys: derivedKeys(t), Period: i % 3}).URL + "/" + film + "/"
			there := mediaPlaylists(t, secret)
			for n, at := range mediaPlaylists(t, open) {
				segments, want := fetchTrack(t, there[n]), fetchTrack(t, at)
				for i, s := range segments { // each by itself: ffmpeg before 6 mixes up the fragments of one file
					file := filepath.Join(dir, strconv.Itoa(n)+"-"+strconv.Itoa(i))
					write(t, file+".mp4", s.init, s.data)
					write(t, file+".clear.mp4", want[i].init, want[i].data)
					if got, want := hashes(t, file+".mp4", "-decryption_key", hex.EncodeToString(s.key)), hashes(t, file+".clear.mp4"); got != want {
						t.Errorf("segment %d of %s decrypts to other pictures or sound", i, there[n])
					}
					decryptedBy(t, s, want[i].data)
				}
			}
		})
	}
}

func write(t *testing.T, path string, parts ...[]byte) {
	t.Helper()
	if err := os.WriteFile(path, bytes.Join(parts, nil), 0o600); err != nil {
		t.Fatal(err)
	}
}

// mediaPlaylists are the URLs of all media playlists of a presentation.
func mediaPlaylists(t *testing.T, at string) (list []string) {
	t.Helper()
	_, master, _ := read(t, at+"master.m3u8")
	for field := range strings.FieldsFuncSeq(string(master), func(r rune) bool { return r == '\n' || r == '"' }) {
		if strings.HasSuffix(field, ".m3u8") && !strings.HasPrefix(field, "#") && !slices.Contains(list, at+field) {
			list = append(list, at+field)
		}
	}
	if len(list) == 0 {
		t.Fatalf("nothing plays:\n%s", master)
	}
	return list
}

// fetched is a segment with what its playlist says for it.
type fetched struct{ key, init, data []byte }

var mapLine = regexp.MustCompile(`^#EXT-X-MAP:URI="([^"]*)"`)

// fetchTrack reads all of a track.
func fetchTrack(t *testing.T, playlist string) (segments []fetched) {
	t.Helper()
	folder := playlist[:strings.LastIndexByte(playlist, '/')+1]
	_, text, _ := read(t, playlist)
	var now fetched
	for line := range strings.Lines(string(text)) {
		if m := keyLine.FindStringSubmatch(line); m != nil {
			at, err := url.JoinPath(folder, m[1])
			if err != nil {
				t.Fatal(err)
			}
			if _, now.key, _ = read(t, at); len(now.key) != 16 {
				t.Fatalf("the key is %q", now.key)
			}
		}
		if m := mapLine.FindStringSubmatch(line); m != nil {
			_, now.init, _ = read(t, folder+m[1])
		}
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			status, segment, header := read(t, folder+line)
			if status != http.StatusOK || header.Get("Content-Length") != strconv.Itoa(len(segment)) {
				t.Fatalf("%s: %d, %d bytes, announced %s", folder+line, status, len(segment), header.Get("Content-Length"))
			}
			now.data = segment
			segments = append(segments, now)
		}
	}
	return segments
}

// hashes is what ffmpeg decodes a file to.
func hashes(t *testing.T, file string, options ...string) string {
	t.Helper()
	args := append([]string{"-v", "error"}, options...)
	c := exec.CommandContext(t.Context(), "ffmpeg", append(args, "-i", file, "-f", "framemd5", "-")...)
	var errs bytes.Buffer
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil || strings.Contains(errs.String(), "rror") || len(out) < 200 {
		t.Errorf("ffmpeg of %s: %v\n%s%s", file, err, errs.String(), out[:min(len(out), 500)])
	}
	return string(out)
}

// decryptedBy has another reader of boxes decrypt a segment, and holds the bytes of
// the samples against those in the clear.
func decryptedBy(t *testing.T, s fetched, want []byte) {
	t.Helper()
	file, err := mp4.DecodeFile(bytes.NewReader(append(bytes.Clone(s.init), s.data...)))
	if err != nil {
		t.Fatal(err)
	}
	info, err := mp4.DecryptInit(file.Init)
	if err != nil {
		t.Fatal(err)
	}
	for _, fragment := range file.Segments[0].Fragments {
		if err := mp4.DecryptFragment(fragment, info, s.key); err != nil {
			t.Fatal(err)
		}
		mdat := fragment.Mdat.Data
		if !bytes.Equal(mdat, want[len(want)-len(mdat):]) {
			t.Errorf("a segment decrypts to other samples")
		}
	}
}

// What the draft says of keys, and of all else, holds of what is encrypted.
func TestEncryptedPresentationsKeepTheRules(t *testing.T) {
	playcheck.Require(t)
	dir := t.TempDir()
	encode(t, dir, "", "$V $A "+x264+" -c:a aac -aac_pns 0 -t 12 film.mp4")
	if err := os.Rename(filepath.Join(dir, "film.mp4"), filepath.Join(dir, "film")); err != nil {
		t.Fatal(err)
	}
	for name, e := range map[string]*hls.Encryption{
		"AES-128":                  {Scheme: hls.AES128, Keys: derivedKeys(t)},
		"AES-128 by periods":       {Scheme: hls.AES128, Keys: derivedKeys(t), Period: 1},
		"SAMPLE-AES":               {Scheme: hls.SampleAES, Keys: derivedKeys(t)},
		"SAMPLE-AES with licences": {Scheme: hls.SampleAES, Keys: derivedKeys(t), ClearKey: true},
		"SAMPLE-AES by periods":    {Scheme: hls.SampleAES, Keys: derivedKeys(t), Period: 1},
	} {
		t.Run(name, func(t *testing.T) { keepsRules(t, serveShelf(t, dir, e).Config.Handler, "film", nil) })
	}
}

package streamgate_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Eyevinn/mp4ff/mp4"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/hls"
	"github.com/streamgate/streamgate/internal/testclip"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/ratelimit"
)

// secrecies are the ways in which segments are encrypted.
var secrecies = []struct {
	scheme hls.Scheme
	period int
}{{hls.AES128, 0}, {hls.AES128, 2}, {hls.SampleAES, 0}, {hls.SampleAES, 2}}

// eachSecrecy runs a test with each of them.
func eachSecrecy(t *testing.T, run func(t *testing.T, with streamgate.Option)) {
	t.Helper()
	for _, s := range secrecies {
		t.Run(fmt.Sprintf("%s in periods of %d", s.scheme, s.period), func(t *testing.T) {
			keys, err := hls.NewDerivedKeys(hls.MasterSecret{ID: "1", Secret: []byte("any secret of at least 32 bytes!")})
			if err != nil {
				t.Fatal(err)
			}
			run(t, streamgate.WithEncryption(&hls.Encryption{Scheme: s.scheme, Keys: keys, Period: s.period}))
		})
	}
}

// open plays the assets of a Gate in the clear.
func open(t *testing.T, g *streamgate.Gate) *client {
	t.Helper()
	s, err := hls.New(g.Files(), g.Metadata(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, http.StripPrefix("/play", auth.Middleware(byHeader)(s)), "")
}

var (
	lockLine = regexp.MustCompile(`^#EXT-X-KEY:METHOD=([A-Z0-9-]+),URI="([^"]+)"`)
	initLine = regexp.MustCompile(`^#EXT-X-MAP:URI="([^"]+)"`)
)

// opened are the segments of a media playlist as whoever has the keys reads them: of
// AES-128 all of each, of SAMPLE-AES what is in its mdat.
func (c *client) opened(playlist string) (list [][]byte) {
	c.t.Helper()
	text := c.at(playlist).want(c.t, http.StatusOK)
	get := func(uri string) []byte {
		c.t.Helper()
		at, err := text.Request.URL.Parse(uri)
		if err != nil {
			c.t.Fatal(err)
		}
		return c.at(at.String()).want(c.t, http.StatusOK).body
	}
	var key, init []byte
	method := ""
	for line := range strings.Lines(string(text.body)) {
		if m := lockLine.FindStringSubmatch(line); m != nil {
			method, key = m[1], get(m[2])
		}
		if m := initLine.FindStringSubmatch(line); m != nil {
			init = get(m[1])
		}
		if line[0] == '#' {
			continue
		}
		data := get(strings.TrimSpace(line))
		switch method {
		case string(hls.AES128):
			data = openWhole(c.t, key, len(list), data)
		case string(hls.SampleAES):
			data = openSamples(c.t, key, init, data)
		}
		list = append(list, data)
	}
	return list
}

func openWhole(t *testing.T, key []byte, n int, data []byte) []byte {
	t.Helper()
	block, err := aes.NewCipher(key)
	if err != nil || len(data)%aes.BlockSize != 0 {
		t.Fatalf("%d bytes: %v", len(data), err)
	}
	cipher.NewCBCDecrypter(block, binary.BigEndian.AppendUint64(make([]byte, 8), uint64(n))).CryptBlocks(data, data)
	return data[:len(data)-int(data[len(data)-1])]
}

func openSamples(t *testing.T, key, init, data []byte) []byte {
	t.Helper()
	file, err := mp4.DecodeFile(bytes.NewReader(append(bytes.Clone(init), data...)))
	if err != nil {
		t.Fatal(err)
	}
	info, err := mp4.DecryptInit(file.Init)
	if err != nil {
		t.Fatal(err)
	}
	fragment := file.Segments[0].Fragments[0]
	if err := mp4.DecryptFragment(fragment, info, key); err != nil {
		t.Fatal(err)
	}
	return fragment.Mdat.Data
}

// opensTo holds all that plays of an asset against the same in the clear, and wants
// so many media playlists of it.
func (c *client) opensTo(plain *client, asset string, playlists int) {
	c.t.Helper()
	lists := func(c *client) []string {
		list := references(c.t, c, c.base+"/play/"+asset+"/master.m3u8")
		return slices.DeleteFunc(list, func(uri string) bool { return !strings.HasSuffix(uri, "/index.m3u8") })
	}
	secret, inClear := lists(c), lists(plain)
	if len(secret) != playlists || len(inClear) != playlists {
		c.t.Fatalf("%d playlists, %d in the clear, want %d", len(secret), len(inClear), playlists)
	}
	for i := range secret {
		got, want := c.opened(secret[i]), plain.opened(inClear[i])
		if len(got) != len(want) || len(got) == 0 {
			c.t.Errorf("%s has %d segments, and in the clear %d", secret[i], len(got), len(want))
		}
		for n := range min(len(got), len(want)) {
			if len(got[n]) < 100 || !bytes.HasSuffix(want[n], got[n]) {
				c.t.Errorf("segment %d of %s opens to %d other bytes", n, secret[i], len(got[n]))
			}
		}
	}
}

// What arrives plays encrypted, too: playlists only grow, no segment, key or init
// segment changes, and all of it opens to what plays in the clear.
func TestWhatIsEncryptedPlaysWhileItArrives(t *testing.T) {
	for name, shape := range growingFiles {
		t.Run(name, func(t *testing.T) {
			file := testclip.Film(t, shape)
			eachSecrecy(t, func(t *testing.T, with streamgate.Option) {
				t.Parallel()
				g := startGate(t, t.TempDir(), with, streamgate.WithRateLimit("streaming", ratelimit.Limit{Burst: 1e6, Rate: 1e6}))
				c, plain := serve(t, g, ""), open(t, g)
				up := c.begin(file)
				var f *follower
				for step := 4; step <= 8; step += 2 {
					up.send(len(file) * step / 10)
					want := up.expected()
					eventually(t, fmt.Sprintf("%v segments play", want), func() bool {
						if c.at(up.master()).StatusCode != http.StatusOK {
							return false
						}
						if f == nil {
							f = &follower{client: c, playlists: playlistsOf(t, c, up.master()), seen: map[string]string{}, bytes: map[string][]byte{}}
						}
						f.read()
						var got []int
						for _, text := range f.seen {
							got = append(got, strings.Count(text, "#EXTINF:"))
						}
						slices.Sort(got)
						return fmt.Sprint(got) == fmt.Sprint(want)
					})
				}
				before := f.bytes
				up.send(len(file))
				eventually(t, "the playlists end", func() bool { _, ended := f.read(); return ended })
				f.bytes = map[string][]byte{}
				f.read()
				for uri, data := range before {
					if !bytes.Equal(data, f.bytes[uri]) {
						t.Errorf("%s is another once the upload is complete", uri)
					}
				}
				c.opensTo(plain, up.asset, len(f.playlists))
			})
		})
	}
}

// playlistsOf are the media playlists of video and audio, each once.
func playlistsOf(t *testing.T, c *client, master string) []string {
	t.Helper()
	list := references(t, c, master)
	return slices.DeleteFunc(list, func(uri string) bool { return !strings.HasSuffix(uri, "/index.m3u8") })
}

// A file that is settled lies otherwise, and is sent encrypted to the same bytes
// under the same addresses.
func TestSettlingChangesNothingOfWhatIsEncrypted(t *testing.T) {
	film := testclip.Film(t, testclip.MoovFirst)
	eachSecrecy(t, func(t *testing.T, with streamgate.Option) {
		t.Parallel()
		dir := t.TempDir()
		g := startGate(t, dir, with)
		id := uploaded(t, g, film)
		c := serve(t, g, "").as("ann")
		read := func(c *client) map[string]string {
			all := map[string]string{}
			for _, playlist := range playlistsOf(t, c, c.base+"/play/"+id+"/master.m3u8") {
				all[strings.TrimPrefix(playlist, c.base)] = string(c.at(playlist).want(t, http.StatusOK).body)
				for _, uri := range references(t, c, playlist) {
					all[strings.TrimPrefix(uri, c.base)] = string(c.at(uri).want(t, http.StatusOK).body)
				}
			}
			return all
		}
		before := read(c)
		stopGate(t, g)
		g = startGate(t, dir, with, streamgate.WithSettling(nil))
		if a := settledIn(t, g, id); a.Settling.State != metadata.Settled || a.Settling.Original == "" {
			t.Fatalf("it is not settled: %+v", a.Settling)
		}
		time.Sleep(hlsRowLife) // what a node has read may be believed so long
		c = serve(t, g, "").as("ann")
		after := read(c)
		for uri, was := range before {
			if after[uri] != was {
				t.Errorf("%s is another: %d bytes, it had %d", uri, len(after[uri]), len(was))
			}
		}
		c.opensTo(open(t, g).as("ann"), id, 2)
	})
}

// hlsRowLife is how long hls believes what it has read of an asset.
const hlsRowLife = time.Second

// Each rendition has the key of its size, and opens by it.
func TestRenditionsAreEncryptedBesideTheirSource(t *testing.T) {
	source, file := ladder(t)
	small := file("-s 320x180 -b:v 300k -an -force_key_frames source")
	large := file("-s 1280x720 -b:v 900k -an -force_key_frames source")
	eachSecrecy(t, func(t *testing.T, with streamgate.Option) {
		t.Parallel()
		g := startGate(t, t.TempDir(), with)
		c := serve(t, g, "")
		id, _ := c.do(http.MethodPost, "/v1/uploads", bytes.NewReader(source)).want(t, http.StatusCreated).json(t)["asset_id"].(string)
		c.send("body", id, "180p", small).want(t, http.StatusCreated)
		c.send("body", id, "720p", large).want(t, http.StatusCreated)
		eventually(t, "all of them play", func() bool { return len(variants(t, c, id)) == 3 })
		c.opensTo(open(t, g), id, 4)
	})
}

package hls

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/Eyevinn/mp4ff/mp4"

	"github.com/streamgate/streamgate/media"
)

var masterSecret = MasterSecret{ID: "first", Secret: []byte("canary-7d1b-of-32-bytes-at-least")}

func derived(t testing.TB, secrets ...MasterSecret) *DerivedKeys {
	t.Helper()
	if len(secrets) == 0 {
		secrets = []MasterSecret{masterSecret}
	}
	keys, err := NewDerivedKeys(secrets...)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// openAES128 is RFC 8216bis §5.2, read by the standard library.
func openAES128(t testing.TB, key, segment []byte, n int) []byte {
	t.Helper()
	block, err := aes.NewCipher(key)
	if err != nil || len(segment) == 0 || len(segment)%aes.BlockSize != 0 {
		t.Fatalf("%d bytes: %v", len(segment), err)
	}
	open := make([]byte, len(segment))
	cipher.NewCBCDecrypter(block, binary.BigEndian.AppendUint64(make([]byte, 8), uint64(n))).CryptBlocks(open, segment)
	padding := int(open[len(open)-1])
	if padding == 0 || padding > aes.BlockSize || !bytes.Equal(open[len(open)-padding:], bytes.Repeat([]byte{byte(padding)}, padding)) {
		t.Fatalf("the padding is %x", open[len(open)-aes.BlockSize:])
	}
	return open[:len(open)-padding]
}

// keysOf are the keys of a playlist, one for each of its segments.
func keysOf(t testing.TB, h http.Handler, at, playlist string) (keys [][]byte) {
	t.Helper()
	var key []byte
	for line := range strings.Lines(string(content(t, ask(h, "GET", at+playlist)))) {
		if rest, ok := strings.CutPrefix(line, `#EXT-X-KEY:METHOD=`); ok && !strings.Contains(line, clearKeyFormat) {
			_, rest, _ = strings.Cut(rest, `URI="../../`)
			uri, _, _ := strings.Cut(rest, `"`)
			path := "/film/" + uri
			answer := ask(h, "GET", path)
			if key = content(t, answer); answer.StatusCode != http.StatusOK || len(key) != 16 {
				t.Fatalf("%s: %s, %d bytes", path, answer.Status, len(key))
			}
		}
		if !strings.HasPrefix(line, "#") {
			keys = append(keys, key)
		}
	}
	return keys
}

func TestAES128SegmentsDecryptToThoseInTheClear(t *testing.T) {
	l := newLibrary(t, clip{frames: 40 * clipRate, frameSize: 2000, gop: clipRate, audio: 1}, &Options{Encryption: &Encryption{Scheme: AES128, Keys: derived(t), Period: 2}})
	h := by(ann, l)
	seen := map[string]bool{}
	for i, track := range []string{"v1", "a2"} {
		at := base(t, h, "/film", track)
		if init := content(t, ask(h, "GET", at+"init.mp4")); !bytes.Equal(init, initSegment(l.index.Tracks[i])) {
			t.Errorf("%s: another init segment", track)
		}
		keys := keysOf(t, h, at, "index.m3u8")
		for n := range l.index.Tracks[i].Segments {
			want := segment(t, l.index, i, n, l.files.blobs["film/source"])
			got := ask(h, "GET", at+segmentName(n))
			sent := content(t, got)
			if !bytes.Equal(openAES128(t, keys[n], sent, n), want) {
				t.Errorf("%s: segment %d differs", track, n)
			}
			if got.ContentLength != int64(len(sent)) || ask(h, "HEAD", at+segmentName(n)).ContentLength != int64(len(sent)) {
				t.Errorf("%s: segment %d has %d bytes, and is announced with %d", track, n, len(sent), got.ContentLength)
			}
			if n > 0 && bytes.Equal(keys[n], keys[n-1]) != (n%2 == 1) {
				t.Errorf("%s: the key does not change with each second segment: %d", track, n)
			}
			seen[string(keys[n])] = true
		}
	}
	if want := 2 * (len(l.index.Tracks[0].Segments) + 1) / 2; len(seen) != want {
		t.Errorf("%d keys, want %d", len(seen), want)
	}
}

// A range of an encrypted segment is a range of its encrypted bytes, on every
// connection and of every scheme.
func TestRangesOfEncryptedSegments(t *testing.T) {
	for _, scheme := range []Scheme{AES128, SampleAES} {
		l := newLibrary(t, clip{frames: 12 * clipRate, frameSize: 20_000, gop: 60, audio: 1}, &Options{Encryption: &Encryption{Scheme: scheme, Keys: derived(t)}})
		h := by(ann, l)
		at := base(t, h, "/film", "v1")
		whole := content(t, ask(h, "GET", at+"0.m4s"))
		size := len(whole)
		for way, get := range ways(t, copying(h)) {
			if got := content(t, get(at+"0.m4s")); !bytes.Equal(got, whole) {
				t.Errorf("%s, %s: %d bytes differ", scheme, way, len(got))
			}
			for _, r := range [][2]int{{0, 0}, {0, size - 1}, {1, 15}, {15, 16}, {16, 4711}, {blockSize - 1, blockSize + 17}, {size - 1, size - 1}, {size / 2, size - 1}} {
				got := get(at+"0.m4s", "Range", fmt.Sprintf("bytes=%d-%d", r[0], r[1]))
				if b := content(t, got); got.StatusCode != http.StatusPartialContent || !bytes.Equal(b, whole[r[0]:r[1]+1]) ||
					got.Header.Get("Content-Range") != fmt.Sprintf("bytes %d-%d/%d", r[0], r[1], size) {
					t.Errorf("%s, %s: range %v: %s, %d bytes, %s", scheme, way, r, got.Status, len(b), got.Header.Get("Content-Range"))
				}
			}
			if got := get(at+"0.m4s", "Range", fmt.Sprintf("bytes=%d-", size)); got.StatusCode != http.StatusRequestedRangeNotSatisfiable {
				t.Errorf("%s, %s: behind the end: %s", scheme, way, got.Status)
			}
		}
		etag := ask(h, "HEAD", at+"0.m4s").Header.Get("ETag")
		if again := ask(h, "GET", at+"0.m4s", "If-None-Match", etag); etag == "" || again.StatusCode != http.StatusNotModified {
			t.Errorf("%s: with the ETag %s it is %s", scheme, etag, again.Status)
		}
		if n := l.files.open.Load(); n != 0 {
			t.Errorf("%s: %d blobs are still open", scheme, n)
		}
	}
}

// Where no source tells slices, all of a sample behind its first kilobyte counts
// as slice data; mp4ff decrypts what comes out.
func TestSampleAESSegmentsDecryptToThoseInTheClear(t *testing.T) {
	l := newLibrary(t, clip{frames: 12 * clipRate, frameSize: 20_000, gop: 60, audio: 1}, &Options{Encryption: &Encryption{Scheme: SampleAES, Keys: derived(t)}})
	h := by(ann, l)
	for i, track := range []string{"v1", "a2"} {
		at := base(t, h, "/film", track)
		init := content(t, ask(h, "GET", at+"init.mp4"))
		keys := keysOf(t, h, at, "index.m3u8")
		for n := range l.index.Tracks[i].Segments {
			sent := content(t, ask(h, "GET", at+segmentName(n)))
			if size := ask(h, "HEAD", at+segmentName(n)).ContentLength; size != int64(len(sent)) {
				t.Errorf("%s: HEAD of segment %d says %d, it has %d", track, n, size, len(sent))
			}
			want := segment(t, l.index, i, n, l.files.blobs["film/source"])
			file, err := mp4.DecodeFile(bytes.NewReader(append(bytes.Clone(init), sent...)))
			if err != nil {
				t.Fatal(err)
			}
			info, err := mp4.DecryptInit(file.Init)
			if err != nil {
				t.Fatal(err)
			}
			fragment := file.Segments[0].Fragments[0]
			secret := bytes.Clone(fragment.Mdat.Data)
			if err := mp4.DecryptFragment(fragment, info, keys[n]); err != nil {
				t.Fatal(err)
			}
			open := fragment.Mdat.Data
			if !bytes.Equal(open, want[len(want)-len(open):]) {
				t.Errorf("%s: segment %d differs", track, n)
			}
			changed := 0
			for k := range open {
				if open[k] != secret[k] {
					changed++
				}
			}
			if share := float64(changed) / float64(len(open)); track == "v1" && (share < 0.08 || share > 0.11) || track == "a2" && share < 0.9 {
				t.Errorf("%s: %.1f%% of segment %d is encrypted", track, 100*share, n)
			}
		}
	}
}

// NIST SP 800-38A, F.2.1: CBC-AES128.Encrypt.
func TestCiphersByPublishedVectors(t *testing.T) {
	plain := decode(t, "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710")
	want := decode(t, "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b273bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7")
	key := &ContentKey{Key: Key(decode(t, "2b7e151628aed2a6abf7158809cf4f3c")), IV: decode(t, "000102030405060708090a0b0c0d0e0f")}
	if got := encrypted(newWholeCipher(key, 5), plain, 64); !bytes.Equal(got[:64], want) || len(got) != 80 {
		t.Errorf("AES-128: %x", got)
	}
	sound := newSampleCipher(key, media.Audio, 3, []media.Subsample{{Protected: 64}, {Clear: 2, Protected: 71}})
	stream := append(append(append(append([]byte("abc"), plain...), "de"...), plain...), "behind!"...)
	wanted := append(append(append(append([]byte("abc"), want...), "de"...), want...), "behind!"...)
	for _, piece := range []int{16, 17, 31, 64, 200} {
		if got := encrypted(newSampleCipher(key, media.Audio, 3, sound.subsamples), stream, piece); !bytes.Equal(got, wanted) {
			t.Errorf("sound in pieces of %d: %x", piece, got)
		}
	}
	// Of a picture, blocks 0 and 10 of each subsample are a chain of their own.
	picture := append(append(bytes.Clone(plain[:16]), bytes.Repeat([]byte("x"), 144)...), plain[16:32]...)
	wanted = append(append(bytes.Clone(want[:16]), bytes.Repeat([]byte("x"), 144)...), want[16:32]...)
	for _, piece := range []int{16, 30, 500} {
		got := encrypted(newSampleCipher(key, media.Video, 0, []media.Subsample{{Protected: 176}, {Protected: 176}}), append(bytes.Clone(picture), picture...), piece)
		if !bytes.Equal(got, append(bytes.Clone(wanted), wanted...)) {
			t.Errorf("a picture in pieces of %d: %x", piece, got)
		}
	}
}

func decode(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// encrypted has a cipher encrypt a stream that comes in pieces of at most size.
func encrypted(c segmentCipher, stream []byte, size int) (out []byte) {
	b := &body{head: bytes.Clone(stream)}
	var kept []byte
	for {
		piece := make([]byte, size)
		n, err := b.Read(piece)
		piece = append(kept, piece[:n]...)
		done := c.encrypt(piece, err == io.EOF) //nolint:errorlint // a body's Read returns it bare
		out = append(out, piece[:done]...)
		if err != nil {
			return append(out, c.padding()...)
		}
		kept = bytes.Clone(piece[done:])
	}
}

func TestRevisionsNameHowItIsEncrypted(t *testing.T) {
	at := func(e *Encryption) string {
		return base(t, by(ann, newLibrary(t, shortClip, &Options{Encryption: e})), "/film", "a2")
	}
	other := derived(t, MasterSecret{ID: "other", Secret: bytes.Repeat([]byte{1}, 32)})
	seen := map[string]string{}
	for name, e := range map[string]*Encryption{
		"in the clear": nil, "AES-128": {Scheme: AES128, Keys: derived(t)}, "another secret": {Scheme: AES128, Keys: other},
		"another period": {Scheme: AES128, Keys: derived(t), Period: 1}, "cbcs": {Scheme: SampleAES, Keys: derived(t)},
		"cbcs by periods":  {Scheme: SampleAES, Keys: derived(t), Period: 1},
		"by ClearKey":      {Scheme: SampleAES, Keys: derived(t), ClearKey: true},
		"by systems alone": {Scheme: SampleAES, Keys: derived(t), NoDelivery: true},
	} {
		now := at(e)
		if was, there := seen[now]; there {
			t.Errorf("%s has the revision of %s", name, was)
		}
		seen[now] = name
		if again := at(e); again != now {
			t.Errorf("%s: first %s, then %s", name, now, again)
		}
	}
}

func TestServersWithOtherKeysShareACache(t *testing.T) {
	cache := NewCache(DefaultCacheBytes)
	plain := newLibrary(t, shortClip, &Options{Cache: cache})
	secret, err := New(plain.files, plain.meta, &Options{Cache: cache, Encryption: &Encryption{Scheme: AES128, Keys: derived(t)}})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for want, s := range map[bool]*Server{false: plain.Server, true: secret} {
			h := by(ann, s)
			at := base(t, h, "/film", "v1")
			if got := strings.Contains(string(content(t, ask(h, "GET", at+"index.m3u8"))), "#EXT-X-KEY"); got != want {
				t.Errorf("encrypted: %v, want %v", got, want)
			}
		}
	}
}

func TestEncryptionThatCannotWorkIsRefused(t *testing.T) {
	keys := derived(t)
	for name, o := range map[string]*Options{
		"no scheme":                      {Encryption: &Encryption{Keys: keys}},
		"another scheme":                 {Encryption: &Encryption{Scheme: "AES-256", Keys: keys}},
		"no keys":                        {Encryption: &Encryption{Scheme: AES128}},
		"a negative period":              {Encryption: &Encryption{Scheme: AES128, Keys: keys, Period: -1}},
		"AES-128 without its keys":       {Encryption: &Encryption{Scheme: AES128, Keys: keys, NoDelivery: true}},
		"ClearKey with AES-128":          {Encryption: &Encryption{Scheme: AES128, Keys: keys, ClearKey: true}},
		"ClearKey without delivery":      {Encryption: &Encryption{Scheme: SampleAES, Keys: keys, ClearKey: true, NoDelivery: true}},
		"transport streams in the clear": {Encryption: &Encryption{Scheme: AES128, Keys: keys}, MPEGTS: true},
		"the same in the clear, besides": {Encryption: &Encryption{Scheme: AES128, Keys: keys}, Downloads: true},
	} {
		if _, err := New(new(memoryStore), new(memoryMeta), o); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestASourceThatFailsBreaksAnEncryptedSegment(t *testing.T) {
	l := newLibrary(t, clip{frames: 12 * clipRate, frameSize: 20_000, gop: 60, audio: 1}, &Options{Encryption: &Encryption{Scheme: AES128, Keys: derived(t)}})
	h := by(ann, l)
	at := base(t, h, "/film", "v1")
	server := httptest.NewServer(h)
	defer server.Close()
	whole := content(t, ask(h, "GET", at+"0.m4s"))
	l.files.fail = func(key string, offset int64) error {
		if key == "film/source" && offset > 1_000_000 {
			return io.ErrUnexpectedEOF
		}
		return nil
	}
	for _, path := range []string{"0.m4s", "1.m4s"} {
		answer, err := http.Get(server.URL + at + path) //nolint:noctx // the server is this test's own
		if err != nil {
			continue // broken before the headers left
		}
		n, err := io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		if err == nil && answer.StatusCode == http.StatusOK && strconv.FormatInt(n, 10) == answer.Header.Get("Content-Length") && n != int64(len(whole)) {
			t.Errorf("%s looks whole: %s, %d bytes", path, answer.Status, n)
		}
	}
	if n := l.files.open.Load(); n != 0 {
		t.Errorf("%d blobs are still open", n)
	}
}

// How long a segment of pictures is has to be found out once: who asks again, or for
// no bytes, has no file read for it.
func TestTheSizeOfAnEncryptedSegmentIsRemembered(t *testing.T) {
	l := newLibrary(t, shortClip, &Options{Encryption: &Encryption{Scheme: SampleAES, Keys: derived(t)}})
	h := by(ann, l)
	at := base(t, h, "/film", "v1")
	size := ask(h, "HEAD", at+"0.m4s").ContentLength
	opened := l.files.opened("film/source")
	for range 3 {
		if again := ask(h, "HEAD", at+"0.m4s"); again.ContentLength != size || again.StatusCode != http.StatusOK {
			t.Errorf("%s, %d bytes, it had %d", again.Status, again.ContentLength, size)
		}
		if a := ask(h, "GET", at+"0.m4s", "Range", fmt.Sprintf("bytes=%d-", size)); a.StatusCode != http.StatusRequestedRangeNotSatisfiable {
			t.Errorf("behind the end: %s", a.Status)
		}
	}
	if now := l.files.opened("film/source"); now != opened {
		t.Errorf("the file was opened %d times for that", now-opened)
	}
	if whole := content(t, ask(h, "GET", at+"0.m4s")); int64(len(whole)) != size {
		t.Errorf("%d bytes are sent, and %d announced", len(whole), size)
	}
}

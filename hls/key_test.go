package hls

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/media"
)

// somebody may play what is ann's, but has no keys.
var publicPlay = auth.PublicPlay(auth.OwnerOnly())

// keyPath is where the first key of the film is.
func keyPath(t *testing.T, h http.Handler) string {
	t.Helper()
	master := string(content(t, ask(h, "GET", "/film/master.m3u8")))
	_, rest, ok := strings.Cut(master, `#EXT-X-SESSION-KEY:METHOD=`)
	_, rest, cut := strings.Cut(rest, `URI="`)
	uri, _, _ := strings.Cut(rest, `"`)
	if !ok || !cut {
		t.Fatalf("no session key:\n%s", master)
	}
	return "/film/" + uri
}

func post(h http.Handler, path, body string, headers ...string) *http.Response {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func licenseFor(t *testing.T, h http.Handler) string {
	t.Helper()
	path := keyPath(t, h)
	id := decode(t, path[strings.LastIndexByte(path, '/')+1:])
	return `{"kids":["` + base64.RawURLEncoding.EncodeToString(id) + `"],"type":"temporary"}`
}

// Attack 8: who may play may not therefore have the keys.
func TestAttackKeysHaveAGateOfTheirOwn(t *testing.T) {
	for _, scheme := range []Scheme{AES128, SampleAES} {
		var told []events.Event
		l := newLibrary(t, shortClip, &Options{
			Authorizer: publicPlay, Public: true, Encryption: &Encryption{Scheme: scheme, Keys: derived(t)},
			Recorder: events.RecorderFunc(func(_ context.Context, e events.Event) error {
				told = append(told, e)
				return nil
			}),
		})
		key, at, want := keyPath(t, by(ann, l)), base(t, by(ann, l), "/film", "v1"), licenseFor(t, by(ann, l))
		for _, c := range []struct {
			who  auth.Principal
			want int
		}{
			{ann, http.StatusOK},
			{auth.Principal{ID: "root", Admin: true}, http.StatusOK},
			{auth.Principal{ID: "bob"}, http.StatusNotFound},
			{auth.Principal{}, http.StatusUnauthorized},
		} {
			h := by(c.who, l)
			if got := ask(h, "GET", at+"0.m4s"); got.StatusCode != http.StatusOK || !strings.HasPrefix(got.Header.Get("Cache-Control"), "public") {
				t.Errorf("%s: %q gets a segment as %s, %s", scheme, c.who.ID, got.Status, got.Header.Get("Cache-Control"))
			}
			told = nil
			got, licensed := ask(h, "GET", key), post(h, "/film/license", want)
			if got.StatusCode != c.want || licensed.StatusCode != c.want {
				t.Errorf("%s: %q gets the key as %s and a licence as %s, want %d", scheme, c.who.ID, got.Status, licensed.Status, c.want)
			}
			for _, answer := range []*http.Response{got, licensed} {
				if cached := answer.Header.Get("Cache-Control"); !strings.Contains(cached, "no-store") || strings.Contains(cached, "public") {
					t.Errorf("%s: Cache-Control of a key is %q", scheme, cached)
				}
				if answer.Header.Get("Access-Control-Allow-Origin") != "*" {
					t.Errorf("%s: pages of other origins cannot read it", scheme)
				}
			}
			if c.want != http.StatusOK {
				if len(told) > 0 {
					t.Errorf("%s: %v is told of a refusal", scheme, told)
				}
				continue
			}
			if b := content(t, got); len(b) != 16 || got.Header.Get("Content-Type") != "application/octet-stream" || got.Header.Get("ETag") != "" {
				t.Errorf("%s: the key is %d bytes, %v", scheme, len(b), got.Header)
			}
			if len(told) != 2 || told[0].Type != events.KeyServed || told[0].Owner != "ann" || told[0].Actor != c.who.ID || told[0].Asset != "film" ||
				fmt.Sprint(told[0].Data["key_ids"]) != "["+key[strings.LastIndexByte(key, '/')+1:]+"]" {
				t.Errorf("%s: told of %+v", scheme, told)
			}
		}
	}
}

func TestWhereThereIsNoKey(t *testing.T) {
	e := &Encryption{Scheme: AES128, Keys: derived(t)}
	l := newLibrary(t, shortClip, &Options{Encryption: e})
	h := by(ann, l)
	key := keyPath(t, h)
	folder, name := key[:strings.LastIndexByte(key, '/')+1], key[strings.LastIndexByte(key, '/')+1:]
	for _, path := range []string{
		folder + strings.ToUpper(name), folder + name[1:], folder + "0" + name, folder + strings.Repeat("0", 32), folder, folder + "index.m3u8",
		"/film/0123456789abcdef/keys/" + name, "/film/keys/" + name, "/other/" + strings.SplitN(key, "/", 3)[2], key + "/", "/film/" + l.asset.Revision + "/keys/" + name,
	} {
		if got := ask(h, "GET", path); got.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, got.Status)
		}
	}
	if got := ask(h, "HEAD", key); got.StatusCode != http.StatusOK || got.ContentLength != 16 || len(content(t, got)) != 0 {
		t.Errorf("HEAD: %s, %d", got.Status, got.ContentLength)
	}
	if got := post(h, key, ""); got.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %s", got.Status)
	}
	plain := by(ann, newLibrary(t, shortClip, nil))
	silent := by(ann, newLibrary(t, shortClip, &Options{Encryption: &Encryption{Scheme: SampleAES, Keys: derived(t), NoDelivery: true}}))
	for _, h := range []http.Handler{plain, silent} {
		if got := ask(h, "GET", key); got.StatusCode != http.StatusNotFound {
			t.Errorf("a key of another: %s", got.Status)
		}
		if got := post(h, "/film/license", `{"kids":["AAAAAAAAAAAAAAAAAAAAAA"]}`); got.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("a licence where there are none: %s", got.Status)
		}
		if got := ask(h, "GET", "/film/license"); got.StatusCode != http.StatusNotFound {
			t.Errorf("a licence where there are none: %s", got.Status)
		}
	}
	if master := string(content(t, ask(silent, "GET", "/film/master.m3u8"))); strings.Contains(master, "keys/") {
		t.Errorf("NoDelivery leads to keys:\n%s", master)
	}
}

func TestLicences(t *testing.T) {
	l := newLibrary(t, shortClip, &Options{Encryption: &Encryption{Scheme: SampleAES, Keys: derived(t)}})
	h := by(ann, l)
	good := licenseFor(t, h)
	answer := post(h, "/film/license", good, "Origin", "https://player.example")
	var got license
	if err := json.Unmarshal(content(t, answer), &got); err != nil || answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("%s: %v %v", answer.Status, answer.Header, err)
	}
	key := content(t, ask(h, "GET", keyPath(t, h)))
	want := license{Keys: []jsonWebKey{{"oct", good[10:32], base64.RawURLEncoding.EncodeToString(key)}}, Type: "temporary"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	id := good[10:32]
	for _, c := range []struct {
		name, body string
		want       int
	}{
		{"one key twice", `{"kids":["` + id + `","` + id + `"]}`, http.StatusOK},
		{"with one that is not of the asset", `{"kids":["AAAAAAAAAAAAAAAAAAAAAA","` + id + `"],"type":"temporary"}`, http.StatusOK},
		{"another's keys", `{"kids":["AAAAAAAAAAAAAAAAAAAAAA"],"type":"temporary"}`, http.StatusNotFound},
		{"with padding", `{"kids":["` + id + `=="]}`, http.StatusNotFound},
		{"none", `{"kids":[]}`, http.StatusBadRequest},
		{"to keep", `{"kids":["` + id + `"],"type":"persistent-license"}`, http.StatusBadRequest},
		{"no JSON", `kids`, http.StatusBadRequest},
		{"nothing", ``, http.StatusBadRequest},
		{"another type", `{"kids":[7]}`, http.StatusBadRequest},
		{"too much", `{"kids":["` + strings.Repeat("A", maxLicenseRequest) + `"]}`, http.StatusRequestEntityTooLarge},
	} {
		answer := post(h, "/film/license", c.body)
		if b := content(t, answer); answer.StatusCode != c.want || c.want == http.StatusOK && strings.Count(string(b), `"k"`) != 1 {
			t.Errorf("%s: %s\n%s", c.name, answer.Status, b)
		}
	}
	for _, method := range []string{"GET", "HEAD", "PUT"} {
		if got := ask(h, method, "/film/license"); got.StatusCode != http.StatusMethodNotAllowed || got.Header.Get("Allow") != "POST, OPTIONS" {
			t.Errorf("%s: %s, Allow: %s", method, got.Status, got.Header.Get("Allow"))
		}
	}
	preflight := ask(by(auth.Principal{}, l), "OPTIONS", "/film/license", "Origin", "https://player.example", "Access-Control-Request-Method", "POST")
	if preflight.StatusCode != http.StatusNoContent || !strings.Contains(preflight.Header.Get("Access-Control-Allow-Methods"), "POST") {
		t.Errorf("the preflight: %s %v", preflight.Status, preflight.Header)
	}
}

func TestARecorderThatRefusesKeepsTheKey(t *testing.T) {
	full := errors.New("the audit log is full")
	l := newLibrary(t, shortClip, &Options{
		Encryption: &Encryption{Scheme: SampleAES, Keys: derived(t)},
		Recorder:   events.RecorderFunc(func(context.Context, events.Event) error { return full }),
	})
	h := by(ann, l)
	for _, answer := range []*http.Response{ask(h, "GET", keyPath(t, h)), post(h, "/film/license", licenseFor(t, h))} {
		if b := content(t, answer); answer.StatusCode != http.StatusInternalServerError || len(b) == 16 || strings.Contains(string(b), `"k"`) {
			t.Errorf("%s: %s", answer.Status, b)
		}
	}
}

// providerFunc is a KeyProvider.
type providerFunc func(r *KeyRequest) ([]ContentKey, error)

func (f providerFunc) ContentKeys(_ context.Context, r *KeyRequest) ([]ContentKey, error) {
	return f(r)
}

func TestNothingIsSentInTheClearWithoutKeys(t *testing.T) {
	a, b := ContentKey{ID: KeyID{1}, Key: Key{1}}, ContentKey{ID: KeyID{1}, Key: Key{2}}
	for name, keys := range map[string]providerFunc{
		"an error":                func(*KeyRequest) ([]ContentKey, error) { return nil, errors.New("the key server is away") },
		"too few":                 func(*KeyRequest) ([]ContentKey, error) { return []ContentKey{a}, nil },
		"one without an id":       func(r *KeyRequest) ([]ContentKey, error) { return make([]ContentKey, len(r.Uses)), nil },
		"two with one id":         func(*KeyRequest) ([]ContentKey, error) { return []ContentKey{a, b}, nil },
		"an IV of another length": func(*KeyRequest) ([]ContentKey, error) { return []ContentKey{{ID: KeyID{1}, IV: []byte{1}}, a}, nil },
	} {
		l := newLibrary(t, shortClip, &Options{Encryption: &Encryption{Scheme: SampleAES, Keys: keys}})
		for _, path := range []string{"/film/master.m3u8", "/film/manifest.mpd", "/film/" + l.asset.Revision + "/v1/0.m4s"} {
			if got := ask(by(ann, l), "GET", path); got.StatusCode != http.StatusServiceUnavailable {
				t.Errorf("%s: %s is %s", name, path, got.Status)
			}
		}
	}
}

func TestWhatAKeyProviderIsAskedAndSays(t *testing.T) {
	aBox := (&protection{keys: []*ContentKey{{ID: KeyID{0xaa}}}}).commonBox()
	var asked KeyRequest
	keys := providerFunc(func(r *KeyRequest) ([]ContentKey, error) {
		asked = *r
		list := make([]ContentKey, len(r.Uses))
		for i := range list {
			id := KeyID{byte(i + 1)}
			list[i] = ContentKey{ID: id, Key: Key{9}, Systems: []KeySystem{
				{ID: KeyID{0xed, 0xef}, Name: "Widevine", PSSH: aBox, KeyFormat: "urn:uuid:edef", KeyFormatVersions: "1", URI: "data:text/plain;base64,AAAA", LicenseURL: "https://wv.example/"},
				{ID: KeyID{0x94, 0xce}, KeyFormat: "com.apple.streamingkeydelivery", URI: "skd://" + id.String() + "\"\n#EXT"},
			}}
		}
		return list, nil
	})
	l := newLibrary(t, shortClip, &Options{Encryption: &Encryption{
		Scheme: SampleAES, Keys: keys, NoDelivery: true, LicenseURL: func(string) string { return "https://clear.example/" },
	}})
	h := by(ann, l)
	at := base(t, h, "/film", "v1")
	want := KeyRequest{Asset: "film", Content: l.asset.Revision, Scheme: SampleAES, Uses: []KeyUse{{KeyHD, 0}, {KeyAudio, 0}}}
	if d := cmp.Diff(want, asked); d != "" {
		t.Error(d)
	}
	playlist := string(content(t, ask(h, "GET", at+"index.m3u8")))
	for _, line := range []string{
		`#EXT-X-KEY:METHOD=SAMPLE-AES,URI="data:text/plain;base64,AAAA",KEYFORMAT="urn:uuid:edef",KEYFORMATVERSIONS="1"` + "\n",
		`#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://01000000000000000000000000000000#EXT",KEYFORMAT="com.apple.streamingkeydelivery"` + "\n",
	} {
		if !strings.Contains(playlist, line) {
			t.Errorf("there is no %s in\n%s", line, playlist)
		}
	}
	manifest := string(content(t, ask(h, "GET", "/film/manifest.mpd")))
	for _, part := range []string{
		`<ContentProtection schemeIdUri="urn:mpeg:dash:mp4protection:2011" value="cbcs" cenc:default_KID="01000000-0000-0000-0000-000000000000">`,
		`<ContentProtection schemeIdUri="urn:uuid:edef0000-0000-0000-0000-000000000000" value="Widevine">`, `<dashif:Laurl>https://wv.example/</dashif:Laurl>`,
		`<cenc:pssh>` + base64.StdEncoding.EncodeToString(aBox) + `</cenc:pssh>`, `xmlns:cenc="urn:mpeg:cenc:2013"`,
	} {
		if !strings.Contains(manifest, part) {
			t.Errorf("there is no %s in\n%s", part, manifest)
		}
	}
	if strings.Contains(manifest, clearKeySystem) || !bytes.Contains(content(t, ask(h, "GET", at+"init.mp4")), aBox) {
		t.Errorf("ClearKey is offered, or the init segment lacks a pssh box:\n%s", manifest)
	}
}

func TestWhatCBCSCannotEncryptIsRefused(t *testing.T) {
	e := &Encryption{Scheme: SampleAES, Keys: derived(t)}
	entry := append([]byte("\x00\x00\x00\x5eav01"), make([]byte, 78)...)
	tracks := []*media.Track{{Kind: media.Audio, Codec: "Opus"}, {Kind: media.Video, Codec: "av01.0.04M.08", Entries: [][]byte{append(entry, "\x00\x00\x00\x08av1C"...)}}}
	if err := e.canProtect(tracks); !errors.Is(err, media.ErrUnsupported) || !strings.Contains(err.Error(), "AES-128") {
		t.Errorf("%v", err)
	}
	if err := e.canProtect(tracks[:1]); err != nil {
		t.Error(err)
	}
}

func TestUsages(t *testing.T) {
	for want, size := range map[KeyUsage][2]int{KeySD: {1024, 576}, KeyHD: {1920, 1080}, KeyUHD1: {3840, 2160}, KeyUHD2: {7680, 4320}} {
		if got := usageOf(&media.Track{Kind: media.Video, Width: size[0], Height: size[1]}); got != want {
			t.Errorf("%v is %s, want %s", size, got, want)
		}
	}
}

func TestALongFilmHasALongLastPeriod(t *testing.T) {
	for scheme, most := range map[Scheme]int{AES128: maxPeriods, SampleAES: maxSamplePeriods} {
		e := &Encryption{Scheme: scheme, Period: 2}
		long := &media.Track{Kind: media.Audio, Segments: make([]media.Segment, 10*most+1)}
		uses := e.uses([]*mediaFile{{index: &media.Index{Tracks: []*media.Track{long, {Kind: media.Audio}}}}})
		if len(uses) != most || e.periodOf(2*most-1) != most-1 || e.periodOf(10*most) != most-1 || e.periodOf(3) != 1 {
			t.Errorf("%s: %d keys", scheme, len(uses))
		}
	}
}

func TestDerivedKeysAreHKDF(t *testing.T) {
	r := &KeyRequest{Asset: "film", Content: "c0", Scheme: SampleAES, Uses: []KeyUse{{KeySD, 300}}}
	keys, err := derived(t).ContentKeys(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	// RFC 5869, written out: one block of output.
	expand := func(purpose string) []byte {
		extract := hmac.New(sha256.New, []byte("streamgate content keys 1"))
		extract.Write(masterSecret.Secret)
		mac := hmac.New(sha256.New, extract.Sum(nil))
		for _, part := range []string{purpose, "first", "SAMPLE-AES", "film", "c0", "SD"} {
			mac.Write(append([]byte{byte(len(part))}, part...))
		}
		mac.Write([]byte{0xac, 0x02, 1})
		return mac.Sum(nil)[:16]
	}
	if k := keys[0]; !bytes.Equal(k.Key[:], expand("key")) || !bytes.Equal(k.ID[:], expand("id")) || !bytes.Equal(k.IV, expand("iv")) {
		t.Errorf("%x %x %x", [16]byte(k.Key), k.ID, k.IV)
	}
}

func TestKeysDifferWhereverSomethingDoes(t *testing.T) {
	seen := map[Key]string{}
	ids := map[KeyID]string{}
	for name, r := range map[string]KeyRequest{
		"base": {Asset: "a", Content: "c", Scheme: AES128}, "asset": {Asset: "b", Content: "c", Scheme: AES128}, "content": {Asset: "a", Content: "d", Scheme: AES128},
		"scheme": {Asset: "a", Content: "c", Scheme: SampleAES}, "moved": {Asset: "ac", Content: "", Scheme: AES128},
	} {
		r.Uses = []KeyUse{{KeyAudio, 0}, {KeyAudio, 1}, {KeySD, 0}, {KeyHD, 0}}
		keys, err := derived(t).ContentKeys(t.Context(), &r)
		if err != nil {
			t.Fatal(err)
		}
		for i, k := range keys {
			at := fmt.Sprint(name, r.Uses[i])
			if seen[k.Key] != "" || ids[k.ID] != "" || bytes.Equal(k.Key[:], k.ID[:]) {
				t.Errorf("%s has what %s%s has", at, seen[k.Key], ids[k.ID])
			}
			seen[k.Key], ids[k.ID] = at, at
		}
	}
}

func TestSecretsAreRotated(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }
	first, second := masterSecret, MasterSecret{ID: "second", Secret: bytes.Repeat([]byte{2}, 32), From: day(10)}
	id := func(d *DerivedKeys, created time.Time) KeyID {
		keys, err := d.ContentKeys(t.Context(), &KeyRequest{Asset: "a", Created: created, Uses: []KeyUse{{KeySD, 0}}})
		if err != nil {
			t.Fatal(err)
		}
		return keys[0].ID
	}
	before, both, after := derived(t, first), derived(t, second, first), derived(t, second)
	if id(both, day(9)) != id(before, day(9)) {
		t.Error("what was there has other keys")
	}
	if id(both, day(10)) != id(after, day(10)) || id(both, day(11)) == id(before, day(11)) {
		t.Error("what is new has the old secret")
	}
	if id(after, day(9)) != id(after, day(11)) {
		t.Error("what is older than all secrets has none")
	}
	for _, secrets := range [][]MasterSecret{nil, {first, first}, {{ID: "short", Secret: make([]byte, 31)}}, {{Secret: make([]byte, 32)}}} {
		if _, err := NewDerivedKeys(secrets...); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%v: %v", secrets, err)
		}
	}
}

// Attack 27: keys and secrets are in nothing that is printed, logged or encoded.
func TestAttackCanaryKeys(t *testing.T) {
	key := Key([]byte("canary-7d1b-key!"))
	var b bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&b, nil))
	content := ContentKey{ID: KeyID{1}, Key: key}
	for _, v := range []any{key, &key, content, &content, []ContentKey{content}, masterSecret, &masterSecret, []MasterSecret{masterSecret}, *derived(t)} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&b, verb+"\n", v)
		}
		log.Info("it happened", "v", v)
		text, err := json.Marshal(v)
		fmt.Fprintln(&b, string(text), err)
	}
	for _, form := range []string{"canary", "63616e617279", "99 97 110 97 114 121", "0x63, 0x61, 0x6e", "Y2FuYXJ5"} {
		if strings.Contains(strings.ToLower(b.String()), strings.ToLower(form)) {
			t.Errorf("there is %q in\n%s", form, b.String())
		}
	}
}

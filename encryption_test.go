package streamgate_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/hls"
)

func encryption(t *testing.T, scheme hls.Scheme) streamgate.Option {
	t.Helper()
	keys, err := hls.NewDerivedKeys(hls.MasterSecret{ID: "1", Secret: []byte("canary-8c41 of at least 32 bytes")})
	if err != nil {
		t.Fatal(err)
	}
	return streamgate.WithEncryption(&hls.Encryption{Scheme: scheme, Keys: keys})
}

var (
	sessionKey  = regexp.MustCompile(`#EXT-X-SESSION-KEY:METHOD=[^,]*,URI="([^":]*/keys/([0-9a-f]{32}))"`)
	variantLine = regexp.MustCompile(`(?m)^[^#].*/index\.m3u8$`)
)

// Anybody may fetch segments, as a CDN does for them; keys are the owner's. What
// is done is in the audit log, and no secret anywhere but in the keys' answers.
func TestKeysAreGatedWhileSegmentsFlow(t *testing.T) {
	var log bytes.Buffer
	g, file := auditing(t, encryption(t, hls.SampleAES), streamgate.WithAuthorizer(auth.PublicPlay(auth.OwnerOnly())),
		streamgate.WithLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))),
		streamgate.WithPlayback(func(o *hls.Options) { o.Public = true }), streamgate.WithPublicURL("https://video.example"))
	ann := serve(t, g, "").as("ann")
	id := ann.upload()
	nobody := ann.as("")
	master := string(nobody.get("/play/"+id+"/master.m3u8").want(t, http.StatusOK).body)
	uri, playlist := sessionKey.FindStringSubmatch(master), variantLine.FindString(master)
	if uri == nil || playlist == "" {
		t.Fatalf("no key, or nothing to play:\n%s", master)
	}
	nobody.get("/play/"+id+"/"+strings.TrimSuffix(playlist, "index.m3u8")+"0.m4s").want(t, http.StatusOK)
	key := "/play/" + id + "/" + uri[1]
	wantProblem(t, nobody.get(key), http.StatusUnauthorized)
	wantProblem(t, ann.as("bob").get(key), http.StatusNotFound)
	secret := ann.get(key).want(t, http.StatusOK).body

	raw, err := hex.DecodeString(uri[2])
	if err != nil || len(secret) != 16 {
		t.Fatal(err, len(secret))
	}
	request := `{"kids":["` + base64.RawURLEncoding.EncodeToString(raw) + `"],"type":"temporary"}`
	license := func(c *client, headers ...string) answer {
		return c.do(http.MethodPost, "/play/"+id+"/license", strings.NewReader(request), headers...)
	}
	wantProblem(t, license(nobody), http.StatusUnauthorized)
	wantProblem(t, license(ann.as("bob")), http.StatusNotFound)
	// A player's page is on another origin as a rule.
	far := license(ann, "Origin", "https://player.example", "Sec-Fetch-Site", "cross-site", "Content-Type", "application/json").want(t, http.StatusOK)
	if !bytes.Contains(far.body, []byte(base64.RawURLEncoding.EncodeToString(secret))) || far.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("the licence: %s %v", far.body, far.Header)
	}
	manifest := string(nobody.get("/play/"+id+"/manifest.mpd").want(t, http.StatusOK).body)
	if !strings.Contains(manifest, "<dashif:Laurl>https://video.example/play/"+id+"/license</dashif:Laurl>") {
		t.Errorf("no licence is named in\n%s", manifest)
	}
	if err := g.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	list, entries := told(t, file)
	var trail bytes.Buffer
	served := 0
	for i, e := range entries {
		trail.Write(e.Event.AppendJSON(nil))
		if e.Action == "key.served" {
			served++
			if e.Actor != "ann" || list[i] != "key.served asset/"+id+" success" || !strings.Contains(string(e.Event.AppendJSON(nil)), uri[2]) {
				t.Errorf("%s by %q: %s", list[i], e.Actor, e.Event.AppendJSON(nil))
			}
		}
	}
	if d := cmp.Diff(2, served); d != "" {
		t.Errorf("keys served: %s", d)
	}
	var metrics bytes.Buffer
	if _, err := g.Metrics().WriteTo(&metrics); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(metrics.String(), "streamgate_keys_served_total 2") {
		t.Error("the keys are not counted")
	}
	for where, text := range map[string]string{"the log": log.String(), "the audit log": trail.String(), "the metrics": metrics.String(), "a playlist": master + manifest} {
		for _, form := range []string{"canary", string(secret), hex.EncodeToString(secret), base64.StdEncoding.EncodeToString(secret), base64.RawURLEncoding.EncodeToString(secret)} {
			if strings.Contains(text, form) {
				t.Errorf("%s has a secret", where)
			}
		}
	}
}

func TestAES128HasNoManifest(t *testing.T) {
	g := startGate(t, t.TempDir(), encryption(t, hls.AES128))
	c := serve(t, g, "").as("ann")
	id := c.upload()
	wantProblem(t, c.get("/play/"+id+"/manifest.mpd"), http.StatusNotFound)
	master := string(c.get("/play/"+id+"/master.m3u8").want(t, http.StatusOK).body)
	if !strings.Contains(master, "#EXT-X-SESSION-KEY:METHOD=AES-128,") {
		t.Errorf("no key:\n%s", master)
	}
	wantProblem(t, c.do(http.MethodPost, "/play/"+id+"/license", io.MultiReader()), http.StatusBadRequest)
}

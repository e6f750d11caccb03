package nginx_test

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/hls"
)

// get sends a request by a viewer with a key, "" being nobody.
func get(t *testing.T, method, url, key string, headers ...string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	r.Header.Set("Accept-Encoding", "identity") // net/http would unpack what is packed
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res, string(body)}
}

var (
	variant = regexp.MustCompile(`(?m)^([0-9a-f]+)/v1/index\.m3u8$`)
	asked   = regexp.MustCompile(`^(GET|HEAD) /play/`)
)

// revision finds the asset's in its playlist.
func revision(t *testing.T, master answer) string {
	t.Helper()
	m := variant.FindStringSubmatch(master.body)
	if m == nil {
		t.Fatalf("%s: %s", master.Status, master.body)
	}
	return m[1]
}

func TestTheEdgeKeepsOneCopyForAllViewers(t *testing.T) {
	o := startOrigin(t, true)
	edge := startEdge(t, o.Server)
	master := get(t, "GET", edge+"/play/"+o.asset+"/master.m3u8", "ada-s-key")
	rev := revision(t, master)
	below := "/" + o.asset + "/" + rev
	for _, path := range []string{below + "/v1/index.m3u8", below + "/v1/init.mp4", below + "/v1/0.m4s", below + "/a2/index.m3u8", below + "/a2/0.m4s", "/" + o.asset + "/manifest.mpd"} {
		t.Run(path[strings.LastIndexByte(path, '/')+1:], func(t *testing.T) {
			direct := get(t, "GET", o.URL+"/play"+path, "ada-s-key")
			o.told()
			first := get(t, "GET", edge+"/play"+path+"?x=1", "ada-s-key")
			others := []answer{
				get(t, "GET", edge+"/play"+path, "grace-s-key", "Cookie", "session=1"),
				get(t, "GET", edge+"/play"+path+"?x=2", "grace-s-key", "Accept-Encoding", "identity;q=1, *;q=0", "Cache-Control", "no-cache"),
				get(t, "GET", edge+"/play/t/token.of.grace"+path, "", "Origin", "https://elsewhere.example"),
			}
			if diff := cmp.Diff([]string{"GET /play" + path}, o.told()); diff != "" {
				t.Errorf("the origin was asked: %s", diff)
			}
			if first.cache() != "MISS" || first.body != direct.body {
				t.Errorf("the first: %s, %d bytes, want %d", first.cache(), len(first.body), len(direct.body))
			}
			for i, other := range others {
				if other.cache() != "HIT" || other.body != first.body || other.StatusCode != http.StatusOK {
					t.Errorf("other %d: %s, %s, %d bytes, want %d", i, other.Status, other.cache(), len(other.body), len(first.body))
				}
				for _, name := range []string{"Etag", "Cache-Control", "Content-Type", "Access-Control-Allow-Origin", "Access-Control-Expose-Headers"} {
					if diff := cmp.Diff(first.Header.Values(name), other.Header.Values(name)); diff != "" || len(first.Header.Values(name)) != 1 {
						t.Errorf("other %d: %s: %q, %s", i, name, first.Header.Values(name), diff)
					}
				}
				if id := other.Header.Get("X-Request-Id"); id != "" {
					t.Errorf("other %d has the id of somebody else's request", i)
				}
			}
			packed := get(t, "GET", edge+"/play"+path, "grace-s-key", "Accept-Encoding", "gzip")
			if want := strings.HasSuffix(path, ".m4s") || strings.HasSuffix(path, ".mp4"); want != (packed.body == first.body) || packed.cache() != "HIT" {
				t.Errorf("for who takes gzip: %s, %d bytes", packed.cache(), len(packed.body))
			}
		})
	}
}

func TestTheEdgeLetsInOnlyWhoMayPlay(t *testing.T) {
	o := startOrigin(t, true)
	edge := startEdge(t, o.Server)
	rev := revision(t, get(t, "GET", edge+"/play/"+o.asset+"/master.m3u8", "ada-s-key"))
	segment := "/" + o.asset + "/" + rev + "/v1/0.m4s"
	warm := get(t, "GET", edge+"/play"+segment, "ada-s-key")
	o.told()
	for _, path := range []string{segment, "/" + o.asset + "/master.m3u8", "/" + o.asset + "/" + rev + "/v1/index.m3u8", "/" + o.asset + "/" + rev + "/source"} {
		for _, c := range []struct {
			name, under, key string
			headers          []string
			want             int
		}{
			{name: "nobody", want: 401},
			{name: "a wrong key", key: "no-key", want: 401},
			{name: "another's", key: "mallory-s-key", want: 403},
			{name: "another's, who has it already", key: "mallory-s-key", headers: []string{"If-None-Match", warm.Header.Get("Etag")}, want: 403},
			{name: "another's, by a range", key: "mallory-s-key", headers: []string{"Range", "bytes=0-9"}, want: 403},
			{name: "who says to be the edge", headers: []string{"StreamGate-Edge", edgeKey}, want: 401},
			{name: "a token of another", under: "/t/token.of.mallory", want: 403},
			{name: "a token that is none", under: "/t/token", want: 403},
			{name: "a token that is none, with a key that is good for nothing", under: "/t/token", key: "mallory-s-key", want: 403},
		} {
			for _, method := range []string{"GET", "HEAD"} {
				got := get(t, method, edge+"/play"+c.under+path, c.key, c.headers...)
				if got.StatusCode != c.want || strings.Contains(got.body, "EXT") || got.Header.Get("Etag") != "" || got.Header.Get("Access-Control-Allow-Origin") != "*" {
					t.Errorf("%s, %s %s: %s, %v", c.name, method, path, got.Status, got.Header)
				}
			}
		}
	}
	for _, path := range []string{"/nothing/master.m3u8", "/" + o.asset + "/../x/master.m3u8", "/t/token.of.grace/nothing/" + rev + "/v1/0.m4s"} {
		if got := get(t, "GET", edge+"/play"+path, "ada-s-key"); got.StatusCode < 400 {
			t.Errorf("%s: %s", path, got.Status)
		}
	}
	for _, line := range o.told() {
		if asked.MatchString(line) {
			t.Errorf("the edge asked for %s", line)
		}
	}
}

func TestTheEdgeAnswersRangesAndConditions(t *testing.T) {
	o := startOrigin(t, true)
	edge := startEdge(t, o.Server)
	rev := revision(t, get(t, "GET", edge+"/play/"+o.asset+"/master.m3u8", "ada-s-key"))
	below := edge + "/play/" + o.asset + "/" + rev
	for _, path := range []string{"/v1/0.m4s", "/source"} {
		whole := get(t, "GET", below+path, "ada-s-key")
		o.told()
		n := len(whole.body)
		part := get(t, "GET", below+path, "grace-s-key", "Range", "bytes=100-1099")
		if part.StatusCode != http.StatusPartialContent || part.body != whole.body[100:1100] || !strings.HasPrefix(part.Header.Get("Content-Range"), "bytes 100-1099/") {
			t.Errorf("%s: a range is %s, %d bytes, %v", path, part.Status, len(part.body), part.Header)
		}
		head := get(t, "HEAD", below+path, "grace-s-key")
		if head.StatusCode != http.StatusOK || head.ContentLength != int64(n) || head.Header.Get("Etag") != whole.Header.Get("Etag") {
			t.Errorf("%s: HEAD is %s, %v", path, head.Status, head.Header)
		}
		same := get(t, "GET", below+path, "grace-s-key", "If-None-Match", whole.Header.Get("Etag"))
		if same.StatusCode != http.StatusNotModified || same.body != "" {
			t.Errorf("%s: what is the same is %s", path, same.Status)
		}
		whatever := get(t, "GET", below+path, "grace-s-key", "If-None-Match", "*")
		if whatever.StatusCode != http.StatusNotModified {
			t.Errorf("%s: whatever it is, it is %s", path, whatever.Status)
		}
		beyond := get(t, "GET", below+path, "grace-s-key", "Range", "bytes=999999999-")
		if beyond.StatusCode != http.StatusRequestedRangeNotSatisfiable {
			t.Errorf("%s: a range beyond the end is %s", path, beyond.Status)
		}
		other := get(t, "GET", below+path, "grace-s-key", "Range", "bytes=0-9", "If-Range", `"another"`)
		if other.StatusCode != http.StatusOK || len(other.body) != n {
			t.Errorf("%s: a range of another file is %s, %d bytes", path, other.Status, len(other.body))
		}
		if asked := o.told(); len(asked) > 1 || path != "/source" && len(asked) > 0 {
			t.Errorf("%s: the origin was asked again: %q", path, asked)
		}
	}
	preflight := get(t, "OPTIONS", below+"/v1/0.m4s", "", "Origin", "https://elsewhere.example", "Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "authorization")
	if preflight.StatusCode != http.StatusNoContent || !strings.Contains(preflight.Header.Get("Access-Control-Allow-Headers"), "Authorization") {
		t.Errorf("a preflight is %s, %v", preflight.Status, preflight.Header)
	}
}

func TestManyViewersAtOnceAreOneRequest(t *testing.T) {
	o := startOrigin(t, true)
	edge := startEdge(t, o.Server)
	rev := revision(t, get(t, "GET", edge+"/play/"+o.asset+"/master.m3u8", "ada-s-key"))
	o.told()
	var all sync.WaitGroup
	for range 32 {
		all.Go(func() {
			if got := get(t, "GET", edge+"/play/"+o.asset+"/"+rev+"/v1/0.m4s", "grace-s-key"); got.StatusCode != http.StatusOK {
				t.Errorf("%s", got.Status)
			}
		})
	}
	all.Wait()
	if asked := o.told(); len(asked) != 1 {
		t.Errorf("the origin was asked %d times: %q", len(asked), asked)
	}
}

// Where the application has not said that there is such an edge, nothing is kept.
func TestWhatIsPrivateIsNotKept(t *testing.T) {
	o := startOrigin(t, false)
	edge := startEdge(t, o.Server)
	master := edge + "/play/" + o.asset + "/master.m3u8"
	rev := revision(t, get(t, "GET", master, "ada-s-key"))
	for _, url := range []string{master, edge + "/play/" + o.asset + "/" + rev + "/v1/index.m3u8", edge + "/play/" + o.asset + "/" + rev + "/v1/0.m4s", edge + "/play/" + o.asset + "/" + rev + "/source"} {
		o.told()
		for _, key := range []string{"ada-s-key", "grace-s-key", "ada-s-key"} {
			got := get(t, "GET", url, key)
			if got.StatusCode != http.StatusOK || got.cache() == "HIT" || !strings.HasPrefix(got.Header.Get("Cache-Control"), "private") {
				t.Errorf("%s: %s, %s, %q", url, got.Status, got.cache(), got.Header.Get("Cache-Control"))
			}
		}
		if asked := o.told(); len(asked) < 3 {
			t.Errorf("%s: the origin was asked %q", url, asked)
		}
	}
}

var keyURI = regexp.MustCompile(`#EXT-X-KEY:METHOD=AES-128,URI="../../([0-9a-f/]+keys/[0-9a-f]{32})"`)

// Segments that are encrypted are one copy for all; their keys are between the
// viewer and the Gate, which decides about each.
func TestTheEdgeHandsKeysThrough(t *testing.T) {
	secret, err := hls.NewDerivedKeys(hls.MasterSecret{ID: "1", Secret: make([]byte, hls.MinMasterSecret)})
	if err != nil {
		t.Fatal(err)
	}
	o := startOrigin(t, true,
		streamgate.WithPlayback(func(o *hls.Options) { o.Downloads = false }),
		streamgate.WithEncryption(&hls.Encryption{Scheme: hls.AES128, Keys: secret}))
	edge := startEdge(t, o.Server)
	below := "/" + o.asset + "/" + revision(t, get(t, "GET", edge+"/play/"+o.asset+"/master.m3u8", "ada-s-key")) + "/v1/"
	list := get(t, "GET", edge+"/play"+below+"index.m3u8", "ada-s-key")
	m := keyURI.FindStringSubmatch(list.body)
	if m == nil {
		t.Fatalf("%s: %s", list.Status, list.body)
	}
	for range 2 {
		get(t, "GET", edge+"/play"+below+"0.m4s", "grace-s-key")
	}
	if a := get(t, "GET", edge+"/play"+below+"0.m4s", "ada-s-key"); a.cache() != "HIT" {
		t.Errorf("a segment: %s, %s", a.Status, a.cache())
	}
	o.told()
	key := "/" + o.asset + "/" + m[1]
	for _, c := range []struct {
		name, under, key string
		want             int
	}{
		{name: "the owner", key: "ada-s-key", want: 200},
		{name: "who may play, and have no key", key: "grace-s-key", want: 404},
		{name: "another", key: "mallory-s-key", want: 404},
		{name: "nobody", want: 401},
		{name: "a token", under: "/t/token.of.mallory", want: 404},
	} {
		a := get(t, "GET", edge+"/play"+c.under+key, c.key)
		if a.StatusCode != c.want || c.want == 200 && len(a.body) != 16 || strings.Contains(a.cache(), "HIT") || !strings.Contains(a.Header.Get("Cache-Control"), "no-store") {
			t.Errorf("%s: %s, %d bytes, %s, %v", c.name, a.Status, len(a.body), a.cache(), a.Header)
		}
	}
	if asked := o.told(); len(asked) > 0 {
		t.Errorf("the edge asked for itself: %v", asked)
	}
}

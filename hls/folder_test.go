package hls

import (
	"bytes"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/media"
)

// folder is a directory with a clip of each of those names in it.
func folder(t testing.TB, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		shortClip.writeFile(t, path)
	}
	return dir
}

// escape is the path of a file as a browser sends it.
func escape(name string) string {
	parts := strings.Split(name, "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return "/" + strings.Join(parts, "/")
}

func TestFilesOfEveryNamePlay(t *testing.T) {
	names := []string{
		"clip.mp4", "no extension", "sub/deeper/clip.mp4", "with space.mp4", "100%.mp4", "%41.mp4", "a#b.mp4", "a?b=c&d.mp4",
		"dots...mp4", "latin1-\xfc.mp4", "ünïcödé 日本語 🎬.mov", "a+b;c,d=e@f:g.mp4", "'quote\".mp4", "master.m3u8", "index.m3u8", "v1/a2/0.m4s", "~tilde",
	}
	if runtime.GOOS != "linux" {
		t.Skip("not all of these names are possible on every system; they are on Linux")
	}
	h := http.StripPrefix("/videos", Dir(folder(t, names...)))
	server := httptest.NewServer(h)
	defer server.Close()
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			start := server.URL + "/videos" + escape(name) + "/master.m3u8"
			for _, track := range []string{"v1", "a2"} {
				playlist := follow(t, start, "/"+track+"/index.m3u8")
				p := parseMedia(t, fetch(t, playlist.String()))
				for _, uri := range []string{p.Map.URI, p.Segments[0].URI, p.Segments[p.Count()-1].URI} {
					part, err := playlist.Parse(uri)
					if err != nil || len(fetch(t, part.String())) == 0 {
						t.Errorf("%s: %v", uri, err)
					}
				}
			}
		})
	}
}

// follow resolves the URI with that end in a playlist, as a player does.
func follow(t *testing.T, playlist, end string) *url.URL {
	t.Helper()
	text := string(fetch(t, playlist))
	for field := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '"' }) {
		if strings.HasSuffix(field, end) {
			from, err := url.Parse(playlist)
			if err != nil {
				t.Fatal(err)
			}
			to, err := from.Parse(field)
			if err != nil {
				t.Fatal(err)
			}
			return to
		}
	}
	t.Fatalf("no %s in %s", end, text)
	return nil
}

func fetch(t testing.TB, uri string) []byte {
	t.Helper()
	answer, err := http.Get(uri) //nolint:gosec // our own server
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	b := content(t, answer)
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s: %s", uri, answer.Status, b)
	}
	return b
}

func TestFolderSegmentsAreTheFilesSamples(t *testing.T) {
	dir := folder(t, "clip.mp4")
	source := readFile(t, filepath.Join(dir, "clip.mp4"))
	index, err := media.Parse(t.Context(), bytes.NewReader(source), int64(len(source)), nil)
	if err != nil {
		t.Fatal(err)
	}
	h := Dir(dir)
	for i, track := range []string{"v1", "a2"} {
		at := base(t, h, "/clip.mp4", track)
		for n := range index.Tracks[i].Segments {
			if !bytes.Equal(content(t, ask(h, "GET", at+segmentName(n))), segment(t, index, i, n, source)) {
				t.Errorf("%s: segment %d differs", track, n)
			}
		}
	}
}

func TestWhatIsNoFileIs404(t *testing.T) {
	dir := folder(t, "clip.mp4", ".hidden.mp4", ".git/clip.mp4", "sub/.hidden.mp4")
	h := Dir(dir)
	for _, path := range []string{
		"/clip.mp4", "/clip.mp4/", "/", "/master.m3u8", "/none.mp4/master.m3u8", "/sub/master.m3u8", "/sub//master.m3u8",
		"/.hidden.mp4/master.m3u8", "/%2ehidden.mp4/master.m3u8", "/.git/clip.mp4/master.m3u8", "/sub/.hidden.mp4/master.m3u8",
		"/clip.mp4/clip.mp4/master.m3u8", "/" + strings.Repeat("a", 300) + "/master.m3u8", "/" + strings.Repeat("a/", 5000) + "master.m3u8",
		"/CLIP.MP4x/master.m3u8", "/clip.mp4/r/v1/index.m3u8",
	} {
		got := ask(h, "GET", path)
		if got.StatusCode != http.StatusNotFound || got.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%.40s: %s", path, got.Status)
		}
		if text := string(content(t, got)); strings.Contains(text, dir) {
			t.Errorf("%.40s shows where the folder is: %s", path, text)
		}
	}
}

// Attack 1: no path and no symbolic link leads out of the folder.
func TestAttackFolderTraversal(t *testing.T) {
	outside := folder(t, "secret.mp4")
	dir := folder(t, "in/clip.mp4")
	for link, target := range map[string]string{
		"absolute.mp4": filepath.Join(outside, "secret.mp4"),
		"relative.mp4": "../" + filepath.Base(outside) + "/secret.mp4",
		"folder":       outside,
		"inside.mp4":   "in/clip.mp4",
		"loop.mp4":     "loop.mp4",
	} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Skipf("no symbolic links here: %v", err)
		}
	}
	h := Dir(dir)
	up := "/.." + outside
	for _, path := range []string{
		"/absolute.mp4", "/relative.mp4", "/folder/secret.mp4", "/loop.mp4",
		up + "/secret.mp4", "/in/../../" + filepath.Base(outside) + "/secret.mp4", "/%2e%2e" + outside + "/secret.mp4",
		"/in%2f..%2f..%2f" + filepath.Base(outside) + "%2fsecret.mp4", "/..%5c" + filepath.Base(outside) + "%5csecret.mp4",
		"/in/./clip.mp4", "/in/../in/clip.mp4", "/in//clip.mp4", "//in/clip.mp4", "/in/clip.mp4%00", "/in/clip.mp4%00.txt",
		"/in%2Fclip.mp4", "/in%252Fclip.mp4", "/in/%63lip%252emp4", "/%69n%2Fclip.mp4", "/C:/in/clip.mp4", "/in\\clip.mp4",
	} {
		if got := ask(h, "GET", path+"/master.m3u8"); got.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, got.Status)
		}
	}
	if got := ask(h, "GET", "/inside.mp4/master.m3u8"); got.StatusCode != http.StatusOK {
		t.Errorf("a link that stays inside: %s", got.Status)
	}
}

func TestFilesThatAreNoMediaSayWhy(t *testing.T) {
	dir := t.TempDir()
	var whole bytes.Buffer
	if err := shortClip.writeTo(&whole); err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"empty.mp4": nil,
		"text.mp4":  []byte(strings.Repeat("this is no film ", 100)),
		"page.mp4":  []byte("<html><script>alert(1)</script></html>"),
		"half.mp4":  whole.Bytes()[:whole.Len()/2],
	} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
		h := Dir(dir)
		for range 2 { // the second time from the cache
			got := ask(h, "GET", "/"+name+"/master.m3u8")
			if got.StatusCode != http.StatusUnprocessableEntity && got.StatusCode != http.StatusUnsupportedMediaType {
				t.Errorf("%s: %s", name, got.Status)
			}
			if text := string(content(t, got)); got.Header.Get("Content-Type") != "application/problem+json" || !strings.Contains(text, `"detail"`) {
				t.Errorf("%s: %s", name, text)
			}
		}
	}
}

// Attack 28: what a browser would run never gets a type by which it does.
func TestAttackPolyglot(t *testing.T) {
	dir := folder(t, "clip.mp4")
	path := filepath.Join(dir, "clip.mp4")
	b := readFile(t, path)
	page := []byte("<html><script>alert(1)</script></html>")
	copy(b[60:], page) // within the first sample
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "page.svg"), append([]byte("<svg>"), page...), 0o600); err != nil {
		t.Fatal(err)
	}
	h := Dir(dir)
	at := base(t, h, "/clip.mp4", "v1")
	for path, want := range map[string]string{
		"/clip.mp4/master.m3u8": playlistType,
		at + "index.m3u8":       playlistType,
		at + "init.mp4":         "video/mp4",
		at + "0.m4s":            "video/mp4",
		"/page.svg/master.m3u8": "application/problem+json",
		"/clip.mp4":             "application/problem+json",
	} {
		got := ask(h, "GET", path, "Accept", "text/html")
		if got.Header.Get("Content-Type") != want || got.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", path, got.Header)
		}
	}
}

// Attack 3: only what routing knows is served, whatever lies in the folder.
func TestAttackSidecarsAndOtherFiles(t *testing.T) {
	dir := folder(t, "clip.mp4")
	for _, name := range []string{"clip.mp4.index", "notes.txt", "upload.part", "streamgate.db"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("secret"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h := Dir(dir)
	for _, name := range []string{"clip.mp4.index", "notes.txt", "upload.part", "streamgate.db"} {
		for _, end := range []string{"", "/", "/master.m3u8", "/r/v1/0.m4s"} {
			got := ask(h, "GET", "/"+name+end)
			if text := string(content(t, got)); got.StatusCode < 400 || got.StatusCode >= 500 || strings.Contains(text, "secret") {
				t.Errorf("%s%s: %s: %s", name, end, got.Status, text)
			}
		}
	}
	l := newLibrary(t, shortClip, nil)
	for _, path := range []string{"/film/index", "/film/source", "/film/source/master.m3u8", "/film%2Findex/master.m3u8", "/film/" + l.asset.Revision + "/v1/index"} {
		if got := ask(by(ann, l), "GET", path); got.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, got.Status)
		}
	}
}

// Attack 9: a path has one spelling.
func TestAttackUncleanAndDoublyEncodedPaths(t *testing.T) {
	l := newLibrary(t, shortClip, nil)
	h := by(ann, l)
	for _, path := range []string{
		"//film/master.m3u8", "/./film/master.m3u8", "/x/../film/master.m3u8", "/film//master.m3u8", "/film/./master.m3u8",
		"/film/x/../master.m3u8", "/film/master.m3u8/", "/film/master.m3u8/.", "/fil%6d/master.m3u8", "/fil%256d/master.m3u8",
		"/film%2Fmaster.m3u8", "/film%252Fmaster.m3u8", "/film/master%2em3u8", "/film\\master.m3u8", "/film%5Cmaster.m3u8",
		"/film%00/master.m3u8", "/film;a=b/master.m3u8", "/..%2ffilm/master.m3u8", "/%2e%2e/film/master.m3u8", "/FILM/master.m3u8",
		"/film/" + l.asset.Revision + "/v%31/0.m4s", "/film/" + l.asset.Revision + "%2Fv1/0.m4s", "/film/" + l.asset.Revision + "/v1/%30.m4s",
		"/film/" + l.asset.Revision + "/../" + l.asset.Revision + "/v1/0.m4s",
	} {
		if got := ask(h, "GET", path); got.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, got.Status)
		}
	}
}

func TestAReplacedFilePlaysUnderANewRevision(t *testing.T) {
	dir := folder(t, "clip.mp4")
	path := filepath.Join(dir, "clip.mp4")
	h := Dir(dir)
	old := base(t, h, "/clip.mp4", "v1")
	c := shortClip
	c.frameSize = 3000
	c.writeFile(t, path+".new")
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	for _, end := range []string{"index.m3u8", "init.mp4", "0.m4s"} {
		if got := ask(h, "GET", old+end); got.StatusCode != http.StatusNotFound {
			t.Errorf("%s of the old revision: %s", end, got.Status)
		}
	}
	now := base(t, h, "/clip.mp4", "v1")
	if now == old {
		t.Error("the revision is the same")
	}
	if got := ask(h, "GET", now+"0.m4s"); got.StatusCode != http.StatusOK {
		t.Errorf("the new revision: %s", got.Status)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if got := ask(h, "GET", now+"0.m4s"); got.StatusCode != http.StatusNotFound {
		t.Errorf("the removed file: %s", got.Status)
	}
}

func TestTheRevisionIsOfTheContentNotOfThePath(t *testing.T) {
	dir := folder(t, "clip.mp4", "sub/other.mp4")
	then := time.Unix(1_700_000_000, 0)
	for _, name := range []string{"clip.mp4", "sub/other.mp4"} {
		if err := os.Chtimes(filepath.Join(dir, name), then, then); err != nil {
			t.Fatal(err)
		}
	}
	h := Dir(dir)
	a, b := base(t, h, "/clip.mp4", "v1"), base(t, h, "/sub/other.mp4", "v1")
	if strings.TrimPrefix(a, "/clip.mp4") != strings.TrimPrefix(b, "/sub/other.mp4") {
		t.Errorf("%s and %s", a, b)
	}
}

func TestTheFolderIsNotWrittenTo(t *testing.T) {
	dir := folder(t, "clip.mp4", "sub/other.mp4")
	before := listing(t, dir)
	h := Dir(dir)
	for _, name := range []string{"/clip.mp4", "/sub/other.mp4"} {
		ask(h, "GET", base(t, h, name, "v1")+"0.m4s")
	}
	if d := cmp.Diff(before, listing(t, dir)); d != "" {
		t.Error(d)
	}
}

func listing(t *testing.T, dir string) (all []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		all = append(all, path+" "+info.ModTime().String())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestAFolderThatIsNotThere(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "later")
	if _, err := NewDir(dir, nil); err == nil {
		t.Error("NewDir opens it")
	}
	h := Dir(dir)
	got := ask(h, "GET", "/clip.mp4/master.m3u8")
	if text := string(content(t, got)); got.StatusCode != http.StatusInternalServerError || strings.Contains(text, dir) {
		t.Errorf("%s: %s", got.Status, text)
	}
	if err := os.Rename(folder(t, "clip.mp4"), dir); err != nil {
		t.Fatal(err)
	}
	if got := ask(h, "GET", "/clip.mp4/master.m3u8"); got.StatusCode != http.StatusOK {
		t.Errorf("once it is there: %s", got.Status)
	}
	if err := h.Close(); err != nil {
		t.Error(err)
	}
	if err := h.Close(); err != nil {
		t.Error(err)
	}
}

func FuzzFileName(f *testing.F) {
	f.Add("a/b%20c.mp4")
	f.Add("%2e%2e/x")
	f.Add("..")
	f.Fuzz(func(t *testing.T, escaped string) {
		name, ok := fileName(escaped)
		if !ok {
			return
		}
		for part := range strings.SplitSeq(name, "/") {
			if part == "" || part[0] == '.' || strings.ContainsAny(part, "\\\x00") {
				t.Fatalf("fileName(%q) = %q", escaped, name)
			}
		}
	})
}

func TestFoldersThatShareACacheStayApart(t *testing.T) {
	then := time.Unix(1_700_000_000, 0)
	cache := NewCache(1 << 20)
	var revisions []string
	for _, seed := range []byte{1, 2} {
		dir := folder(t, "clip.mp4")
		path := filepath.Join(dir, "clip.mp4")
		b := readFile(t, path)
		b[100] = seed // another file of the same name, size and time
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, then, then); err != nil {
			t.Fatal(err)
		}
		h, err := NewDir(dir, &DirOptions{Cache: cache})
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		revisions = append(revisions, base(t, h, "/clip.mp4", "v1"))
	}
	if revisions[0] == revisions[1] {
		t.Error("one folder plays the other's file")
	}
}

func TestANamedPipeIsNoFile(t *testing.T) {
	dir := t.TempDir()
	if err := mkfifo(filepath.Join(dir, "pipe.mp4")); err != nil {
		t.Skipf("no named pipes here: %v", err)
	}
	if got := ask(Dir(dir), "GET", "/pipe.mp4/master.m3u8"); got.StatusCode != http.StatusNotFound {
		t.Errorf("%s", got.Status)
	}
}

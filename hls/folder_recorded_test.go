package hls_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/streamgate/streamgate/hls"
	"github.com/streamgate/streamgate/internal/testclip"
)

var mediaURI = regexp.MustCompile(`(?m)^[0-9a-f]+/v[0-9]+/index\.m3u8$`)

// A recording is a file that is written while it plays.
type recording struct {
	t    *testing.T
	name string
	at   string
	file []byte
}

func record(t *testing.T, shape string) *recording {
	t.Helper()
	dir := t.TempDir()
	folder, err := hls.NewDir(dir, &hls.DirOptions{Recording: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(folder)
	t.Cleanup(func() { server.Close(); _ = folder.Close() })
	return &recording{t, filepath.Join(dir, "live.mp4"), server.URL + "/live.mp4/", testclip.Film(t, shape)}
}

// write appends what is missing of the first n bytes.
func (r *recording) write(n int) {
	r.t.Helper()
	f, err := os.OpenFile(r.name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		r.t.Fatal(err)
	}
	info, err := f.Stat()
	if err == nil {
		_, err = f.Write(r.file[info.Size():n])
	}
	if err := f.Close(); err != nil {
		r.t.Fatal(err)
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// rest lets it be two hours ago that it was written.
func (r *recording) rest() {
	r.t.Helper()
	at := time.Now().Add(-2 * time.Hour)
	if err := os.Chtimes(r.name, at, at); err != nil {
		r.t.Fatal(err)
	}
}

// playlist is the URI of its video.
func (r *recording) playlist() string {
	r.t.Helper()
	status, master, _ := read(r.t, r.at+"master.m3u8")
	if status != http.StatusOK {
		r.t.Fatalf("master.m3u8: %d %s", status, master)
	}
	return r.at + string(mediaURI.Find(master))
}

func (r *recording) until(what, uri string, happened func(text string) bool) string {
	r.t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if status, text, _ := read(r.t, uri); status == http.StatusOK && happened(string(text)) {
			return string(text)
		}
	}
	r.t.Fatalf("it did not happen that %s", what)
	return ""
}

func TestAFolderPlaysWhatIsBeingRecorded(t *testing.T) {
	for name, shape := range map[string]string{"in fragments": testclip.InFragments, "copied, moov first": testclip.MoovFirst} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := record(t, shape)
			r.write(len(r.file) / 3)
			uri := r.playlist()
			first := r.until("it plays", uri, func(string) bool { return true })
			if !strings.Contains(first, "TYPE:EVENT\n") || strings.Contains(first, "ENDLIST") {
				t.Errorf("while it is recorded:\n%s", first)
			}
			_, segment, _ := read(t, strings.Replace(uri, "index.m3u8", "0.m4s", 1))
			r.write(len(r.file) * 2 / 3)
			second := r.until("it grows", uri, func(text string) bool { return len(text) > len(first) })
			r.write(len(r.file))
			r.rest()
			last := r.until("it ends", uri, func(text string) bool { return strings.HasSuffix(text, "#EXT-X-ENDLIST\n") })
			if !strings.HasPrefix(second, first) || !strings.HasPrefix(last, second) {
				t.Errorf("it does not only grow:\n%s\n%s\n%s", first, second, last)
			}
			if _, again, _ := read(t, strings.Replace(uri, "index.m3u8", "0.m4s", 1)); !bytes.Equal(again, segment) {
				t.Error("its first segment is another")
			}
			if now := r.playlist(); now != uri {
				t.Errorf("new viewers get %s, others %s", now, uri)
			}
			if status, _, _ := read(t, r.at+"manifest.mpd"); status != http.StatusOK {
				t.Errorf("its manifest is a %d", status)
			}
		})
	}
}

// A recording that broke off ends with its last whole segment.
func TestAFileThatEndedAndGrowsIsAnother(t *testing.T) {
	r := record(t, testclip.InFragments)
	r.write(len(r.file) / 3)
	uri := r.playlist()
	r.write(len(r.file) / 2)
	r.rest()
	r.until("it ends", uri, func(text string) bool { return strings.HasSuffix(text, "#EXT-X-ENDLIST\n") })
	r.write(len(r.file))
	if status, _, _ := read(t, uri); status != http.StatusNotFound {
		t.Errorf("what has ended is a %d", status)
	}
	if again := r.playlist(); again == uri {
		t.Error("it goes on under the same revision")
	}
}

func TestAFileThatIsWrittenAnewIsAnother(t *testing.T) {
	r := record(t, testclip.InFragments)
	r.write(len(r.file) / 2)
	uri := r.playlist()
	r.file = bytes.Clone(r.file)
	r.file[15]++ // of the ftyp box
	if err := os.Remove(r.name); err != nil {
		t.Fatal(err)
	}
	r.write(len(r.file) * 3 / 4)
	r.until("it is another", r.at+"master.m3u8", func(string) bool { return r.playlist() != uri })
	if status, _, _ := read(t, uri); status != http.StatusNotFound {
		t.Errorf("the old one is a %d", status)
	}
}

func TestAFileThatIsThereIsNoRecording(t *testing.T) {
	for name, shape := range map[string]string{"moov first": testclip.MoovFirst, "moov last": testclip.MoovLast, "in fragments, and old": testclip.InFragments} {
		r := record(t, shape)
		r.write(len(r.file))
		if shape == testclip.InFragments {
			r.rest()
		}
		r.until(name+": it is a VOD", r.playlist(), func(text string) bool { return strings.Contains(text, "TYPE:VOD\n") })
	}
}

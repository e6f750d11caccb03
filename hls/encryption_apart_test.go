package hls

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/media"
)

// What is played of two nodes with the same secret has the same addresses; of what
// AES-128 encrypts a clip has no manifest, as the asset has none.
func TestClipsOfWhatIsEncryptedAreTheSameEverywhere(t *testing.T) {
	for _, scheme := range []Scheme{AES128, SampleAES} {
		node := func() http.Handler {
			return by(ann, newLibrary(t, shortClip, &Options{Encryption: &Encryption{Scheme: scheme, Keys: derived(t)}}))
		}
		one, other := node(), node()
		if a, b := textOf(t, one, "/film/clip/1000-2000/master.m3u8"), textOf(t, other, "/film/clip/1000-2000/master.m3u8"); a != b {
			t.Errorf("%s: one says\n%s\nthe other\n%s", scheme, a, b)
		}
		want := map[Scheme]int{AES128: http.StatusNotFound, SampleAES: http.StatusOK}[scheme]
		if a := ask(one, "GET", "/film/clip/1000-2000/manifest.mpd"); a.StatusCode != want {
			t.Errorf("%s: the manifest of a clip is a %s, want %d", scheme, a.Status, want)
		}
	}
}

func TestEndsOfClipsBeyondTheAssetAreOneClip(t *testing.T) {
	h := by(ann, newLibrary(t, shortClip, nil))
	if a, b := textOf(t, h, "/film/clip/1000-999999999/master.m3u8"), textOf(t, h, "/film/clip/1000-999999998/master.m3u8"); a != b {
		t.Errorf("%s\nand\n%s", a, b)
	}
}

// The keys of a rendition are no matter of the source's addresses.
func TestARenditionMovesNoAddressOfWhatIsEncrypted(t *testing.T) {
	l := newLibrary(t, shortClip, &Options{Encryption: &Encryption{Scheme: AES128, Keys: derived(t)}})
	before := base(t, by(ann, l), "/film", "a2")
	l.addRendition(t, "small", smaller)
	if after := base(t, by(ann, l), "/film", "a2"); after != before {
		t.Errorf("%s was %s", after, before)
	}
	p := &protection{Encryption: &Encryption{Scheme: AES128}, byUse: map[KeyUse]*ContentKey{}}
	hd, sd := &ContentKey{ID: KeyID{1}}, &ContentKey{ID: KeyID{2}}
	p.byUse[KeyUse{Usage: KeyHD}], p.byUse[KeyUse{Usage: KeySD}] = hd, sd
	source := &mediaFile{revision: "r", index: &media.Index{Tracks: []*media.Track{{Kind: media.Video, Width: 1920, Height: 1080}}}}
	p.keys = []*ContentKey{hd}
	alone := p.revision(source)
	if p.keys = append(p.keys, sd); p.revision(source) != alone {
		t.Error("the key of a smaller picture names the larger one, too")
	}
}

// What somebody appends to a file that is being recorded is no reason to break off
// what is sent of its beginning; to write into a file that is whole is one.
func TestARecordingMayGrowWhileItIsSent(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "live.mp4")
	if err := os.WriteFile(name, []byte("beginning"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := newFolder(dir, nil)
	defer f.Close()
	root, err := f.open()
	if err != nil {
		t.Fatal(err)
	}
	src, info, err := openFile(root, "live.mp4")
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	for what, of := range map[string]*mediaFile{
		"a recording":        {source: "live.mp4", index: &media.Index{Size: 9}, known: new(media.Index)},
		"a file that is all": {source: "live.mp4", index: &media.Index{Size: 9}, key: f.key("live.mp4", info)},
	} {
		src, err := fileOpener{f}.openSource(t.Context(), of)
		if err != nil {
			t.Fatal(err)
		}
		defer src.Close()
		b := newBody()
		b.from(t.Context(), src)
		if err := os.WriteFile(name, []byte("beginning"+strings.Repeat(" and more", len(what))), 0o600); err != nil {
			t.Fatal(err)
		}
		if changed := b.unchanged() != nil; changed != (of.known == nil) {
			t.Errorf("%s: changed: %v", what, changed)
		}
		b.release()
		if err := os.WriteFile(name, []byte("beginning"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, info.ModTime(), info.ModTime()); err != nil {
			t.Fatal(err)
		}
	}
}

// While a file arrives there is none of its forms that is to be kept.
func TestWhatIsThereOnceAFileIsComplete(t *testing.T) {
	for what, whole := range map[resource]bool{
		original: true, settledSource: true, download: true, dashManifest: true,
		multivariant: false, mediaPlaylist: false, mediaSegment: false, initialization: false,
	} {
		p := &player{downloads: true}
		if got := p.needsWhole(what); got != whole {
			t.Errorf("%d: %v, want %v", what, got, whole)
		}
	}
}

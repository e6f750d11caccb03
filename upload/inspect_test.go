package upload_test

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/upload"
)

// corpusFile reads a file of the media corpus, or skips.
func corpusFile(t *testing.T, name string) []byte {
	t.Helper()
	dir := os.Getenv("STREAMGATE_CORPUS")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "media")
	}
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		missing(t, "the media corpus is not here; set STREAMGATE_CORPUS to its folder: %v", err)
	}
	return b
}

// missing skips a test that lacks something, and fails it where nothing may lack.
func missing(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

const (
	goodFilm  = "eyevinn_mp4_testdata_bbb_prog_10s.mp4"
	otherFilm = "androidx_mp4_sample_portrait.mp4"
	foreign   = "androidx_mkv_sample_with_vorbis_audio.mkv"
)

func (h *house) post(body []byte, path string) *metadata.Asset {
	h.t.Helper()
	a := h.want(h.do("POST", path, bytes.NewReader(body)), 201)
	return h.asset(a.json(h.t)["asset_id"].(string))
}

func TestInspectMakesAFilmReady(t *testing.T) {
	h := newHouse(t, &upload.Options{OnComplete: upload.Inspect})
	file := corpusFile(t, goodFilm)
	a := h.post(file, "?filename=film.mp4")
	if a.State != metadata.Ready || !a.Playable || a.Error != "" || a.Revision == "" {
		t.Fatalf("asset is %+v", a)
	}
	if math.Abs(a.Duration-10) > 0.5 || len(a.Tracks) != 2 || len(a.Renditions) != 1 {
		t.Errorf("duration %v, tracks %+v, renditions %+v", a.Duration, a.Tracks, a.Renditions)
	}
	video := a.Tracks[0]
	if video.Kind != "video" || !strings.HasPrefix(video.Codec, "avc1.") || video.Width == 0 || video.Bitrate == 0 || video.Duration == 0 {
		t.Errorf("video is %+v", video)
	}
	index := h.read(a.Index)
	ix, err := media.Read(bytes.NewReader(index), int64(len(index)))
	if err != nil || ix.Size != int64(len(file)) || ix.Revision(a.SHA256) != a.Revision {
		t.Errorf("the stored index: %v", err)
	}
}

func TestInspectSaysWhyAFileDoesNotPlay(t *testing.T) {
	t.Run("when it is broken", func(t *testing.T) {
		h := newHouse(t, &upload.Options{OnComplete: upload.Inspect})
		file := corpusFile(t, goodFilm)
		a := h.post(file[:len(file)/3], "")
		if a.State != metadata.Failed || a.Playable || a.Error == "" {
			t.Errorf("asset is %+v", a)
		}
	})
	t.Run("when there is no transcoder", func(t *testing.T) {
		h := newHouse(t, &upload.Options{OnComplete: upload.Inspect})
		a := h.post(corpusFile(t, foreign), "")
		if a.State != metadata.Failed || a.Playable || a.Error == "" || a.Waiting != "" {
			t.Errorf("asset is %+v", a)
		}
	})
	t.Run("when the transcoder will see to it", func(t *testing.T) {
		h := newHouse(t, &upload.Options{OnComplete: upload.Inspect, Transcoder: true})
		a := h.post(corpusFile(t, foreign), "")
		if a.State != metadata.Processing || a.Playable || a.Waiting != metadata.WaitTranscoder || a.Reason == "" || a.Source != "" || a.Kept() == "" {
			t.Errorf("asset is %+v", a)
		}
		if err := h.up.Recover(t.Context()); err != nil {
			t.Fatal(err)
		}
		if b := h.asset(a.ID); b.Version != a.Version {
			t.Error("Recover touched an asset that waits")
		}
	})
}

func TestReplacementPlaysOrLeavesWhatPlaysAlone(t *testing.T) {
	h := newHouse(t, &upload.Options{OnComplete: upload.Inspect})
	first := h.post(corpusFile(t, goodFilm), "")

	h.want(h.do("POST", "?asset_id="+first.ID, strings.NewReader("a text")), 415)
	if a := h.asset(first.ID); a.State != metadata.Ready || a.Source != first.Source || a.Error != "" {
		t.Errorf("a refused replacement made of the asset %+v", a)
	}
	good := corpusFile(t, goodFilm)
	broken := h.want(h.do("POST", "?asset_id="+first.ID, bytes.NewReader(good[:len(good)/3])), 422).json(t)
	if broken["type"] != "urn:streamgate:problem:upload-refused" || broken["state"] != "ready" || broken["detail"] == "" || broken["asset_id"] != first.ID {
		t.Errorf("the broken replacement is answered %v", broken)
	}
	a := h.asset(first.ID)
	if a.State != metadata.Ready || !a.Playable || a.Source != first.Source || a.Revision != first.Revision {
		t.Errorf("a broken replacement made of the asset %+v", a)
	}
	if u := h.upload(broken["upload_id"].(string)); u.State != metadata.UploadFailed || u.Error == "" {
		t.Errorf("the broken upload is %s with %q", u.State, u.Error)
	}

	second := h.post(corpusFile(t, otherFilm), "?asset_id="+first.ID+"&title=New")
	if second.ID != first.ID || second.State != metadata.Ready || second.Revision == first.Revision || second.Title != "New" || second.SHA256 == first.SHA256 {
		t.Errorf("the replaced asset is %+v", second)
	}
	h.carry()
	if blobs, drafts := h.blobs(); blobs != 2 || drafts != 0 { // the new source and its index
		t.Errorf("%d blobs and %d drafts are left", blobs, drafts)
	}
}

func TestInspectTellsTheOutbox(t *testing.T) {
	h := newHouse(t, &upload.Options{OnComplete: upload.Inspect})
	good := corpusFile(t, goodFilm)
	h.post(good, "")
	h.post(good[:len(good)/3], "")
	pending, err := h.meta.Events().Pending(t.Context(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	count := map[events.Type]int{}
	for _, e := range pending {
		count[e.Type]++
	}
	if count[events.AssetReady] != 1 || count[events.AssetFailed] != 1 {
		t.Errorf("events are %v", count)
	}
}

// Row 28 of the list of attacks: a file that is film and page at once has the
// type of a film, whatever it is named and declared as.
func TestPolyglotNeverGetsATypeThatABrowserRuns(t *testing.T) {
	h := newHouse(t, nil)
	page := "<html><body><script>alert(document.domain)</script>"
	mp4 := append([]byte("\x00\x00\x00\x80ftypisom\x00\x00\x02\x00"), page...)
	mp4 = append(mp4, make([]byte, 8000)...)
	ts := bytes.Repeat(append([]byte("G"+page), make([]byte, 188-1-len(page))...), 50)
	for name, file := range map[string][]byte{"MP4": mp4, "a transport stream": ts} {
		a := h.post(file, "?filename=x.html")
		if !strings.HasPrefix(a.Type, "video/") {
			t.Errorf("%s has the type %q", name, a.Type)
		}
	}
	for name, file := range map[string]string{
		"HTML with a film after it": page + string(film(8000)),
		"SVG":                       `<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>`,
		"SVG after a BOM":           "\ufeff<?xml version='1.0'?><svg></svg>" + strings.Repeat(" ", 9000),
	} {
		a := h.do("POST", "?filename=x.mp4", strings.NewReader(file), "Content-Type", "video/mp4")
		if a.status != 415 {
			t.Errorf("%s is answered %d", name, a.status)
		}
	}
}

func TestInspectMakesMatroskaReady(t *testing.T) {
	h := newHouse(t, &upload.Options{OnComplete: upload.Inspect})
	a := h.post(corpusFile(t, "androidx_mkv_sample_last_cluster.mkv"), "?filename=film.mkv")
	if a.State != metadata.Ready || !a.Playable || a.Type != string(media.TypeMatroska) || len(a.Tracks) != 2 || math.Abs(a.Duration-1.07) > 0.05 {
		t.Errorf("asset is %+v", a)
	}
	refused := h.post(corpusFile(t, foreign), "")
	if refused.State != metadata.Failed || !strings.Contains(refused.Error, "A_VORBIS") {
		t.Errorf("asset is %+v", refused)
	}
}

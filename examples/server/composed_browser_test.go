package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"io/fs"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/hls"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/metadata/sqlite"
	"github.com/streamgate/streamgate/rendition"
	"github.com/streamgate/streamgate/storage/disk"
)

// cinema is a Gate that composes "evening" of two films: 7 to 9 s of the clip, and
// then all of the long film, whose segments and clocks are others; and "night", which
// is 5 s of the long film, the clip from its second segment on, and all of it. The
// clip has thumbnails, and subtitles within it. It returns where it is, and the id of
// the clip.
func cinema(t *testing.T, files fstest.MapFS) (base, id string) {
	t.Helper()
	dir := t.TempDir()
	blobs, err := disk.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sqlite.Open(filepath.Join(dir, "x.db"))
	if err != nil {
		t.Fatal(err)
	}
	var second string
	gate, err := streamgate.New("", streamgate.WithStorage(blobs), streamgate.WithMetadata(db.Metadata()),
		streamgate.WithAuthenticator(auth.Everybody("ada")),
		streamgate.WithPlayback(func(o *hls.Options) {
			o.Compose = func(_ context.Context, name string) (*hls.Composition, error) {
				switch name {
				case "night":
					return &hls.Composition{Parts: []hls.Part{{Asset: second, To: 5 * time.Second}, {Asset: id, From: 6 * time.Second}, {Asset: id}}}, nil
				case "evening":
				default:
					return nil, nil //nolint:nilnil // it plays as it is
				}
				return &hls.Composition{Parts: []hls.Part{{Asset: id, From: 7 * time.Second, To: 9 * time.Second}, {Asset: second}}}, nil
			}
		}))
	if err != nil {
		t.Fatal(err)
	}
	if err := gate.Start(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _, _ = gate.Stop(context.Background()), db.Close(), blobs.Close() })
	mux := http.NewServeMux()
	mux.Handle("/assets/", http.FileServerFS(fs.FS(files)))
	mux.Handle("/", gate)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	base = server.URL + "/"
	id, second = uploadFile(t, base, spokenClip(t), "").ID, uploadFile(t, base, longFilm(t), "").ID
	layout := metadata.Thumbnails{Columns: 2, Rows: 2, Width: 64, Height: 36, Interval: 2, Count: 6}
	err = rendition.SetThumbnails(t.Context(), blobs, db.Metadata(), id, layout, func(int) ([]byte, error) {
		var b bytes.Buffer
		err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 128, 72)), nil)
		return b.Bytes(), err
	})
	if err != nil {
		t.Fatal(err)
	}
	return base, id
}

func TestPlayersPlayPartsOneAfterAnother(t *testing.T) {
	beside(t)
	files := withHLSJS(t)
	maps.Copy(files, withShaka(t))
	base, _ := cinema(t, files)
	for _, c := range []struct {
		page, address string
		length        float64
	}{
		{"hlsjs", "master.m3u8", 6 + 20},
		{"shaka", "manifest.mpd", 3 + 20},
	} {
		t.Run(c.page, func(t *testing.T) {
			b := openTab(t, base+"assets/"+c.page+".html")
			b.until("the player is there", `window.play`)
			evaluate[any](b, fmt.Sprintf(`play(%q).then(() => null)`, base+"play/evening/"+c.address))
			b.until("it plays on after the first part", fmt.Sprintf(`%s.currentTime > %v || seen.errors.length`, videoNow, c.length-18))
			evaluate[any](b, fmt.Sprintf(`%s.currentTime = %v, %s.play().then(() => null)`, videoNow, c.length-2, videoNow))
			b.until("it has come to its end", videoNow+`.ended || seen.errors.length`)
			if d := evaluate[float64](b, videoNow+`.duration`); math.Abs(d-c.length) > 0.2 {
				t.Errorf("it lasts %v s, want %v", d, c.length)
			}
			if said := evaluate[string](b, `JSON.stringify([seen.errors, gaps().filter((s) => s > 0.1)])`); said != "[[],[]]" {
				t.Errorf("errors and gaps: %s", said)
			}
		})
	}
}

// The clip's cues are at 2 to 3.5 s and 5.5 to 7 s, and its segments begin at 0 and
// 6 s: what is over the boundary shows for a second in the part that begins there, but
// in Shaka Player, which drops cues that begin before their Period.
func TestPlayersShowSubtitlesOfParts(t *testing.T) {
	beside(t)
	files := withHLSJS(t)
	maps.Copy(files, withShaka(t))
	base, _ := cinema(t, files)
	for _, c := range []struct{ page, address, choose, show string }{
		{"hlsjs", "master.m3u8", `hls.subtitleTrack = hls.subtitleTracks.findIndex((t) => t.lang === 'en' || t.lang === 'eng')`, shownAt},
		{"shaka", "manifest.mpd", `player.selectTextTrack(player.getTextTracks().find((t) => t.language === 'en')), Promise.resolve(player.setTextTrackVisibility?.(true)).then(() => null)`, shakaShows},
	} {
		t.Run(c.page, func(t *testing.T) {
			b := openTab(t, base+"assets/"+c.page+".html")
			b.until("the player is there", `window.play`)
			evaluate[any](b, fmt.Sprintf(`play(%q).then(() => null)`, base+"play/night/"+c.address))
			b.until("it plays", videoNow+`.currentTime > 0.5 || seen.errors.length`)
			begins := evaluate[float64](b, videoNow+`.duration`) - 6 - clipSeconds // of the second part
			if c.page == "hlsjs" && begins < 5 || c.page == "shaka" && math.Abs(begins-5) > 0.1 {
				t.Fatalf("the second part begins at %v s", begins)
			}
			evaluate[any](b, c.choose)
			for at, want := range map[float64]string{0.7: "over a boundary", 4: "", 6 + 2.5: "Hello & goodbye", 6 + 5.7: "over a boundary", 6 + 6.8: "over a boundary", 6 + 9: ""} {
				_, got, _ := strings.Cut(evaluate[string](b, fmt.Sprintf(c.show, begins+at)), " ")
				if got != want && (c.page != "shaka" || at > 1) {
					t.Errorf("%v s after the second part began it shows %q, want %q", at, got, want)
				}
			}
			if got := evaluate[string](b, fmt.Sprintf(c.show, 3)); got != "" {
				t.Errorf("in the first part it shows %q", got)
			}
			// hls.js says so of what it was loading when somebody seeks.
			if said := evaluate[string](b, `JSON.stringify(seen.errors.filter((e) => e !== 'aborted: Aborted'))`); said != "[]" {
				t.Errorf("errors: %s", said)
			}
		})
	}
}

func TestShakaShowsThumbnails(t *testing.T) {
	beside(t)
	base, id := cinema(t, withShaka(t))
	b := openTab(t, base+"assets/shaka.html")
	b.until("the player is there", `window.play`)
	evaluate[any](b, fmt.Sprintf(`play(%q).then(() => null)`, base+"play/"+id+"/manifest.mpd"))
	evaluate[any](b, `player.getThumbnails(player.getImageTracks()[0].id, 7).then((t) => { window.tile = t; return null; })`)
	got := evaluate[string](b, `[tile.positionX, tile.positionY, tile.width, tile.height, tile.startTime, tile.duration, tile.uris[0].split('/').slice(-2).join('/')].join()`)
	if want := "64,36,64,36,6,2,p1/0.jpg"; got != want {
		t.Errorf("at 7 s: %s, want %s", got, want)
	}
	if status := evaluate[float64](b, `fetch(tile.uris[0]).then((r) => r.status)`); status != http.StatusOK {
		t.Errorf("the image is a %v", status)
	}
}

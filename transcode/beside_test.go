package transcode_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/internal/hlsrules"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/settle"
	"github.com/streamgate/streamgate/transcode"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// beeps sound at each odd second, for a fifth of one.
const beeps = `-f lavfi -i aevalsrc=if(between(mod(t\,2)\,1\,1.2)\,sin(880*2*PI*t)/2\,0):s=48000:d=%s `

// TestSoundThatPlaysHereAndThereGetsSoundBeside sends films whose sound plays as it
// came, and has them transcoded: sound in AAC joins, which is heard when the other is.
func TestSoundThatPlaysHereAndThereGetsSoundBeside(t *testing.T) {
	lengthy(t)
	for _, c := range []struct {
		name, file, line string
		want             []string // groups of audio with their members, and how many variants name each
		made             int      // renditions beside the source
	}{
		{
			"AC-3 in Matroska", "film.mkv", movingPicture + beeps + "-c:v libx264 -preset ultrafast -g 50 -c:a ac3",
			[]string{"audio-ac-3: a2 ×2", "audio-aac: a2 ×2"},
			2,
		},
		{
			"E-AC-3 in two languages", "film.mp4", movingPicture + beeps + beeps + "-map 0 -map 1 -map 2 -c:v libx264 -preset ultrafast -g 50 -c:a eac3 -metadata:s:a:0 language=eng -metadata:s:a:1 language=ger",
			[]string{"audio-ec-3: en a2, de a3 ×2", "audio-aac: en a2, de a3 ×2"},
			2,
		},
		{
			"AC-3 whose picture sets in later", "film.mp4", "-itsoffset 0.7 " + movingPicture + beeps + "-c:v libx264 -preset ultrafast -g 50 -c:a ac3",
			[]string{"audio-ac-3: a2 ×2", "audio-aac: a2 ×2"},
			2,
		},
		{
			"AC-3 that sets in later than the picture", "film.mkv", movingPicture + "-itsoffset 0.7 " + beeps + "-map 0 -map 1 -c:v libx264 -preset ultrafast -g 50 -c:a ac3",
			[]string{"audio-ac-3: a2 ×2", "audio-aac: a2 ×2"},
			2,
		},
		{
			"ALAC alone", "sound.m4a", beeps + "-c:a alac",
			[]string{"audio-alac: a1 ×1", "audio-aac: a1 ×1"},
			1,
		},
		{
			"AC-3 in two languages, of which one is there in AAC", "film.mp4",
			movingPicture + beeps + beeps + beeps + "-map 0 -map 1 -map 2 -map 3 -c:v libx264 -preset ultrafast -g 50 -c:a:0 ac3 -c:a:1 ac3 -c:a:2 aac -metadata:s:a:0 language=eng -metadata:s:a:1 language=ger -metadata:s:a:2 language=eng",
			[]string{"audio-ac-3: en a2, de a3 ×2", "audio-aac: en a4, de a3 ×2"},
			2,
		},
		{
			"AC-3 that is there in AAC", "film.mp4", movingPicture + beeps + beeps + "-map 0 -map 1 -map 2 -c:v libx264 -preset ultrafast -g 50 -c:a:0 ac3 -c:a:1 aac",
			[]string{"audio-ac-3: a2 ×2", "audio-aac: a3 ×2"},
			1,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t, t.TempDir(), smallOptions())
			sent := h.send(makeFilm(t, c.file, lasting(c.line, "20")), "")
			if sent.State != metadata.Ready {
				t.Fatalf("%+v", sent)
			}
			id, err := h.coder.Submit(t.Context(), sent.ID, "")
			if err != nil {
				t.Fatal(err)
			}
			a := h.over(sent.ID)
			s, err := h.coder.Status(t.Context(), id)
			if err != nil || s.State != transcode.Done || s.Percent != 100 || len(a.Renditions) != 1+c.made || a.Source != sent.Source {
				t.Fatalf("%+v, %v\n%+v", s, err, a)
			}
			master := string(h.get("/play/" + a.ID + "/master.m3u8"))
			groups, uris := groupsOf(master)
			if diff := cmp.Diff(c.want, groups); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, master)
			}
			first := h.beepsOf(t, a, uris[0])
			if len(first) < 9 {
				t.Fatalf("beeps of the source at %.3f", first)
			}
			for _, uri := range uris[1:] {
				if diff := cmp.Diff(first, h.beepsOf(t, a, uri), cmp.Comparer(func(x, y float64) bool { return math.Abs(x-y) < 0.012 })); diff != "" {
					t.Errorf("beeps of %s (-source +it):\n%s", uri, diff)
				}
			}
			for _, v := range hlsrules.Check(h.fetch, "/play/"+a.ID+"/master.m3u8") {
				// Of what all playlists say, of images, and of sound that is late in the source, too.
				if !slices.Contains([]string{"version-low", "known-tag", "same-start"}, v.Rule) {
					t.Errorf("a rule of HLS: %v", v)
				}
			}
			h.until("all tasks end", h.idle)
			h.carry()
			h.onlyWhatIsUsed(a)
			h.settles(t, a, master, uris)
		})
	}
}

// settles rewrites the files of an asset for playback: addresses and sound stay.
func (h *house) settles(t *testing.T, a *metadata.Asset, master string, uris []string) {
	t.Helper()
	s, err := settle.New(h.files, h.meta, &settle.Options{Reserve: -1, Needed: h.coder.Needs})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Settle(t.Context(), a.ID); err != nil {
		t.Fatal(err)
	}
	a = h.asset(a.ID)
	for _, r := range a.Renditions[1:] {
		if r.Settling.State != metadata.Settled {
			t.Errorf("%s: %+v", r.Name, r.Settling)
		}
	}
	before := h.beepsOf(t, a, uris[len(uris)-1])
	h.player.Forget(a.ID)
	if now := string(h.get("/play/" + a.ID + "/master.m3u8")); now != master {
		t.Errorf("settled it is another playlist:\n%s", now)
	}
	if diff := cmp.Diff(before, h.beepsOf(t, a, uris[len(uris)-1])); diff != "" {
		t.Errorf("settled its beeps are elsewhere (-before +now):\n%s", diff)
	}
}

// fetch is get for whom a body that is not there is an error.
func (h *house) fetch(path string) ([]byte, error) {
	if body := h.get(path); body != nil {
		return body, nil
	}
	return nil, errors.New("it is not there")
}

// TestSoundThatFewBrowsersDecodeGetsSoundByItself has an asset's sound looked at, as a
// Gate does when it is ready.
func TestSoundThatFewBrowsersDecodeGetsSoundByItself(t *testing.T) {
	lengthy(t)
	for _, c := range []struct {
		name, file, line string
		change           func(o *houseOptions)
		made             []string // renditions beside the source
	}{
		{"AC-3", "film.mkv", movingPicture + beeps + "-c:v libx264 -preset ultrafast -c:a ac3", nil, []string{"aac"}},
		{"E-AC-3 alone", "sound.m4a", beeps + "-c:a eac3 -f mp4", nil, []string{"aac"}},
		{"AC-3, and AAC of the same language", "film.mp4", movingPicture + beeps + beeps + "-map 0 -map 1 -map 2 -c:v libx264 -preset ultrafast -c:a:0 ac3 -c:a:1 aac", nil, nil},
		{
			"AC-3, and AAC of another language", "film.mp4", movingPicture + beeps + beeps +
				"-map 0 -map 1 -map 2 -c:v libx264 -preset ultrafast -c:a:0 ac3 -c:a:1 aac -metadata:s:a:0 language=eng -metadata:s:a:1 language=fra", nil, []string{"aac"},
		},
		{"Opus", "film.mp4", movingPicture + beeps + "-c:v libx264 -preset ultrafast -c:a libopus", nil, nil},
		{"no sound", "film.mp4", movingPicture + "-c:v libx264 -preset ultrafast", nil, nil},
		{"AC-3 that is to be left alone", "film.mkv", movingPicture + beeps + "-c:v libx264 -preset ultrafast -c:a ac3", func(o *houseOptions) { o.NoSoundBeside = true }, nil},
		{
			"AC-3 without ffmpeg", "film.mkv", movingPicture + beeps + "-c:v libx264 -preset ultrafast -c:a ac3",
			func(o *houseOptions) { o.programs = missing{} }, nil,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := smallOptions()
			if c.change != nil {
				c.change(&o)
			}
			h := newHouse(t, t.TempDir(), o)
			sent := h.send(makeFilm(t, c.file, lasting(c.line, "3")), "")
			if sent.State != metadata.Ready {
				t.Fatalf("%+v", sent)
			}
			for range 2 { // it may be asked for again
				if err := h.coder.Sound(t.Context(), sent.ID); err != nil {
					t.Fatal(err)
				}
				a := h.over(sent.ID)
				var made []string
				for _, r := range a.Renditions {
					if r.Name != metadata.SourceRendition {
						made = append(made, r.Name)
					}
				}
				if diff := cmp.Diff(c.made, made); diff != "" || a.State != metadata.Ready || a.Thumbnails != nil {
					t.Errorf("%s, thumbnails %v, beside the source (-want +got):\n%s", a.State, a.Thumbnails, diff)
				}
			}
			if n := len(h.transcodes(sent.ID)); n != len(c.made) {
				t.Errorf("%d transcodes", n)
			}
			h.until("all tasks end", h.idle)
			h.carry()
			h.onlyWhatIsUsed(h.asset(sent.ID))
		})
	}
}

// TestALadderMakesTheSoundThatIsBeingMade asks for a ladder while there is a transcode of
// nothing but sound.
func TestALadderMakesTheSoundThatIsBeingMade(t *testing.T) {
	o := smallOptions()
	o.idle = true
	h := newHouse(t, t.TempDir(), o)
	sent := h.send(makeFilm(t, "film.mkv", lasting(movingPicture+beeps, "3")+"-c:v libx264 -preset ultrafast -c:a ac3"), "")
	if err := h.coder.Sound(t.Context(), sent.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := h.coder.Submit(t.Context(), sent.ID, ""); err != nil {
		t.Fatal(err)
	}
	if err := h.coder.Sound(t.Context(), sent.ID); err != nil { // a ladder is made
		t.Fatal(err)
	}
	var states []transcode.State
	for _, u := range h.transcodes(sent.ID) {
		s, err := h.coder.Status(t.Context(), u.ID)
		if err != nil {
			t.Fatal(err)
		}
		states = append(states, s.State)
	}
	if diff := cmp.Diff([]transcode.State{transcode.Canceled, transcode.Waiting}, states); diff != "" {
		t.Errorf("transcodes (-want +got):\n%s", diff)
	}
	if err := h.queue.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a := h.over(sent.ID); a.Rendition("aac") < 0 || a.Rendition("64p") < 0 {
		t.Errorf("%+v", a)
	}
}

var (
	members  = regexp.MustCompile(`TYPE=AUDIO,GROUP-ID="([^"]+)"(?:.*?LANGUAGE="([^"]+)")?.*URI="([^"]+/(a\d+)/index.m3u8)"`)
	variants = regexp.MustCompile(`#EXT-X-STREAM-INF:.*CODECS="([^"]+)".*AUDIO="([^"]+)"`)
	lone     = regexp.MustCompile(`#EXT-X-STREAM-INF:.*CODECS="([^"]+)"\n(.+/(a\d+)/index.m3u8)`)
)

// groupsOf are the groups of audio in a multivariant playlist, and the URIs of all members.
func groupsOf(master string) (groups, uris []string) {
	for _, m := range members.FindAllStringSubmatch(master, -1) {
		entry := strings.TrimSpace(m[2] + " " + m[4])
		uris = append(uris, m[3])
		if n := len(groups); n > 0 && strings.HasPrefix(groups[n-1], m[1]+":") {
			groups[n-1] += ", " + entry
			continue
		}
		groups = append(groups, m[1]+": "+entry)
	}
	if len(groups) == 0 {
		for _, m := range lone.FindAllStringSubmatch(master, -1) {
			codec := map[string]string{"mp4a.40.2": "aac"}[m[1]]
			if codec == "" {
				codec = m[1]
			}
			groups, uris = append(groups, "audio-"+codec+": "+m[3]+" ×1"), append(uris, m[2])
		}
		return groups, uris
	}
	count := map[string]int{}
	for _, m := range variants.FindAllStringSubmatch(master, -1) {
		count[m[2]]++
		if codec := strings.TrimPrefix(m[2], "audio-"); !strings.Contains(m[1], strings.Replace(codec, "aac", "mp4a.40.2", 1)) {
			groups = append(groups, "a variant of "+m[2]+" says "+m[1])
		}
	}
	for i, g := range groups {
		id, _, _ := strings.Cut(g, ":")
		groups[i] += fmt.Sprintf(" ×%d", count[id])
	}
	return groups, uris
}

var beep = regexp.MustCompile(`silence_end: ([0-9.]+)`)

// beepsOf are when the beeps of a playlist begin, by its clock.
func (h *house) beepsOf(t *testing.T, a *metadata.Asset, uri string) (at []float64) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "ffmpeg", "-nostdin", "-copyts", "-i", h.http.URL+"/play/"+a.ID+"/"+uri, "-af", "silencedetect=n=-20dB:d=0.5", "-f", "null", "-").CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", uri, err, out)
	}
	for _, m := range beep.FindAllStringSubmatch(string(out), -1) {
		if s, _ := strconv.ParseFloat(m[1], 64); s < 19.9 { // and no end of the film
			at = append(at, s)
		}
	}
	slices.Sort(at)
	return at
}

// soundless are programs that cannot encode sound.
type soundless struct{ transcode.Programs }

func (p soundless) Run(ctx context.Context, c *ffmpeg.Command) (*ffmpeg.Result, error) {
	for _, o := range c.Outputs {
		if slices.Contains(o.Args, "-c:a") {
			return nil, fmt.Errorf("no sound: %w", transcode.ErrOutput)
		}
	}
	return p.Programs.Run(ctx, c)
}

// TestSoundBesideFailsAlone has rungs made of a film whose sound cannot be encoded.
func TestSoundBesideFailsAlone(t *testing.T) {
	o := smallOptions()
	o.programs = soundless{newHeld(t).Programs}
	h := newHouse(t, t.TempDir(), o)
	sent := h.send(makeFilm(t, "film.mp4", lasting(movingPicture+beeps+beeps, "3")+"-map 0 -map 1 -map 2 -c:v libx264 -preset ultrafast -c:a ac3 -metadata:s:a:0 language=eng -metadata:s:a:1 language=ger"), "")
	id, err := h.coder.Submit(t.Context(), sent.ID, "")
	if err != nil {
		t.Fatal(err)
	}
	a := h.over(sent.ID)
	s, err := h.coder.Status(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range s.Rungs {
		got = append(got, fmt.Sprintf("%s %s %v", r.Name, r.State, r.Error != ""))
	}
	if diff := cmp.Diff([]string{"64p ready false", "aac failed true"}, got); diff != "" || s.State != transcode.Done || a.State != metadata.Ready || a.Rendition("aac") >= 0 {
		t.Errorf("%s, %+v, rungs (-want +got):\n%s", s.State, a, diff)
	}
}

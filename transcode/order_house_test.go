package transcode_test

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/transcode"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// noted are programs that note the outputs of what is run, and with which encoder.
type noted struct {
	transcode.Programs

	mu   sync.Mutex
	list []string
}

func (p *noted) Run(ctx context.Context, c *ffmpeg.Command) (*ffmpeg.Result, error) {
	p.mu.Lock()
	for _, o := range c.Outputs {
		name := o.Name
		if slices.Contains(o.Args, "libx264") {
			name = "encoded " + name
		}
		p.list = append(p.list, name)
	}
	p.mu.Unlock()
	return p.Programs.Run(ctx, c)
}

func (p *noted) names() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.list)
}

// TestAVIWithBFramesPlaysWithoutBeingEncoded copies films from MP4 into AVI and sends
// them: what plays is the picture as it was, at the times of the MP4, in step with the
// sound as it was there, and rungs join it.
func TestAVIWithBFramesPlaysWithoutBeingEncoded(t *testing.T) {
	lengthy(t)
	const dawn = "-f lavfi -i testsrc2=s=228x128:r=25:d=%s,drawbox=color=black:t=fill:enable='lt(t\\,2)' -f lavfi -i sine=d=%s,volume=0:enable='lt(t\\,2)' "
	const x264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -b_strategy 0 "
	cases := []struct {
		name, film, make string
	}{
		{"a minute with MP3", lasting(dawn, "60"), x264 + "-bf 3 -g 75 -x264-params b-pyramid=strict:rc-lookahead=10 -c:a mp3"},
		{"29.97 without sound", strings.ReplaceAll(lasting(movingPicture, "14"), "r=25", "r=30000/1001"), x264 + "-bf 2 -g 60"},
		{"open groups, with PCM", lasting(dawn, "14"), x264 + "-bf 3 -g 50 -x264-params open-gop=1 -c:a pcm_s16le"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			o := smallOptions()
			programs := &noted{Programs: runner(t)}
			o.programs = programs
			h := newHouse(t, t.TempDir(), o)
			mp4 := makeFilm(t, "film.mov", c.film+c.make)
			avi := makeFilm(t, "film.avi", "-i "+mp4+" -c copy")
			a := h.over(h.send(avi, "").ID)
			s, err := h.coder.Status(t.Context(), h.transcodes(a.ID)[0].ID)
			if err != nil {
				t.Fatal(err)
			}
			if a.State != metadata.Ready || s.Carriage != transcode.Remuxed {
				t.Fatalf("%s %q: %+v", a.State, a.Error, s)
			}
			copied := false
			names := programs.names()
			at := slices.Index(names, transcode.RemuxFile)
			if early := slices.IndexFunc(names, func(n string) bool { return strings.HasPrefix(n, "encoded") }); at < 0 || early >= 0 && early < at {
				t.Errorf("these ran: %q", names)
			}
			if len(a.Renditions) != 2 {
				t.Errorf("renditions: %+v, %+v", a.Renditions, s.Rungs)
			}
			want := framesOf(t, mp4)
			for _, uri := range h.variants(a) {
				got := framesOf(t, uri)
				same := 0
				if n := min(len(got), len(want)); n > 0 {
					off := got[n-1].at - want[n-1].at // the first picture is held until sound begins
					for i := range got[:n] {
						if got[i].hash == want[i].hash {
							same++
						}
						got[i] = frame{got[i].at - off, want[i].hash}
					}
					got[0].at = 0
				}
				if diff := differ(want, got, 0.0005); diff != "" || same != 0 && same != len(want) {
					t.Errorf("%s: %d pictures of %d are those of the film; %s", uri, same, len(want), diff)
				}
				copied = copied || same == len(want)
			}
			if !copied {
				t.Error("nothing that plays is the picture as it was")
			}
			if len(a.Tracks) > 1 {
				off := onset(t, h.http.URL+"/play/"+a.ID+"/master.m3u8") - onset(t, mp4)
				if math.Abs(off) > 0.03 { // what encoders of sound begin with, which AVI does not tell
					t.Errorf("the picture is %.3f s late", off)
				}
			}
		})
	}
}

// variants are the addresses of the media playlists of an asset's picture.
func (h *house) variants(a *metadata.Asset) (list []string) {
	h.t.Helper()
	folder := h.http.URL + "/play/" + a.ID + "/"
	next := false
	for line := range strings.Lines(string(h.get("/play/" + a.ID + "/master.m3u8"))) {
		if line = strings.TrimSpace(line); next && line != "" {
			list = append(list, folder+line)
		}
		next = strings.HasPrefix(line, "#EXT-X-STREAM-INF")
	}
	return list
}

// onset is by how much later the picture stops being black than the sound being silent,
// in seconds.
func onset(t *testing.T, path string) float64 {
	t.Helper()
	log := call(t, "", "ffmpeg", "-hide_banner", "-nostdin", "-copyts", "-i", path,
		"-vf", "blackdetect=d=0.5,metadata=print:key=lavfi.black_end:file=-", "-af", "silencedetect=n=-40dB:d=0.5,ametadata=print:key=lavfi.silence_end:file=-", "-f", "null", "-")
	at := map[string]float64{}
	for line := range strings.Lines(log) {
		if name, text, ok := strings.Cut(strings.TrimSpace(line), "="); ok && at[name] == 0 {
			at[name], _ = strconv.ParseFloat(text, 64)
		}
	}
	picture, sound := at["lavfi.black_end"], at["lavfi.silence_end"]
	if picture == 0 || sound == 0 {
		t.Fatalf("no onset in %s: %s", path, log)
	}
	return picture - sound
}

// TestAVIWhoseOrderIsUncertainIsEncoded has a film go on in another way: it is encoded,
// as it was before, and the transcode says why.
func TestAVIWhoseOrderIsUncertainIsEncoded(t *testing.T) {
	lengthy(t)
	dir := t.TempDir()
	both := filepath.Join(dir, "both.h264")
	var all []byte
	for _, quality := range []string{"20", "40"} {
		part, err := os.ReadFile(makeFilm(t, "film.h264", lasting(movingPicture, "4")+"-c:v libx264 -preset ultrafast -pix_fmt yuv420p -bf 2 -g 50 -qp "+quality))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, part...)
	}
	if err := os.WriteFile(both, all, 0o600); err != nil {
		t.Fatal(err)
	}
	h := newHouse(t, t.TempDir(), smallOptions())
	a := h.over(h.send(makeFilm(t, "film.avi", "-r 25 -f h264 -i "+both+" -c copy"), "").ID)
	s, err := h.coder.Status(t.Context(), h.transcodes(a.ID)[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	if a.State != metadata.Ready || s.Carriage != transcode.Encoded || !strings.Contains(strings.Join(s.LeftOut, "; "), "coded in another way further on") {
		t.Errorf("%s %q: %+v", a.State, a.Error, s)
	}
}

// TestALadderOfAVIFitsWhatPlays asks for rungs of an AVI with B-frames when it plays.
func TestALadderOfAVIFitsWhatPlays(t *testing.T) {
	lengthy(t)
	later := smallProfile()
	later.Name = "later"
	h := newHouse(t, t.TempDir(), houseOptions{Options: transcode.Options{Profiles: []transcode.Profile{{}, later}}})
	path := makeFilm(t, "film.avi", lasting(movingPicture+tone, "20")+"-c:v libx264 -preset ultrafast -pix_fmt yuv420p -bf 3 -b_strategy 0 -g 40 -c:a mp3")
	a := h.over(h.send(path, "").ID)
	if a.State != metadata.Ready || len(a.Renditions) != 1 {
		t.Fatalf("%+v", a)
	}
	id, err := h.coder.Submit(t.Context(), a.ID, "later")
	if err != nil {
		t.Fatal(err)
	}
	a = h.over(a.ID)
	s, err := h.coder.Status(t.Context(), id)
	if err != nil || s.State != transcode.Done || s.Carriage != transcode.AsItCame || len(a.Renditions) != 2 {
		t.Errorf("%+v, %v: %+v", s, err, a.Renditions)
	}
	for _, key := range h.stored() {
		if strings.Contains(key, "/parts/") {
			t.Errorf("%s is left", key)
		}
	}
}

// blind are programs that take no picture of AVI to be reordered, as where those at the
// beginning are not.
type blind struct{ transcode.Programs }

func (p *blind) Probe(ctx context.Context, in ffmpeg.Input) (*ffmpeg.Source, error) {
	s, err := p.Programs.Probe(ctx, in)
	if err == nil && s.Format == "avi" {
		s.Video[0].BFrames = 0
	}
	return s, err
}

// TestPicturesThatAreReorderedUnseenShowInOrder sends such a film, and one of which that
// is true.
func TestPicturesThatAreReorderedUnseenShowInOrder(t *testing.T) {
	lengthy(t)
	for _, options := range []string{"-bf 2 -b_strategy 0", "-bf 0"} {
		t.Run(options, func(t *testing.T) {
			h := newHouse(t, t.TempDir(), houseOptions{Options: transcode.Options{Profiles: []transcode.Profile{{}}}, programs: &blind{runner(t)}})
			mp4 := makeFilm(t, "film.mp4", lasting(movingPicture, "8")+"-c:v libx264 -preset superfast -pix_fmt yuv420p -g 50 "+options)
			a := h.over(h.send(makeFilm(t, "film.avi", "-i "+mp4+" -c copy"), "").ID)
			if a.State != metadata.Ready {
				t.Fatalf("%s: %s", a.State, a.Error)
			}
			if diff := differ(framesOf(t, mp4), framesOf(t, h.variants(a)[0]), 0.0005); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestAVIThatLiesFarAwayIsCopiedToo sends one to a house whose storage has no files.
func TestAVIThatLiesFarAwayIsCopiedToo(t *testing.T) {
	lengthy(t)
	dir := t.TempDir()
	h, _ := remoteHouse(t, dir, true, smallOptions())
	sent := h.send(makeFilm(t, "film.avi", lasting(movingPicture+tone, "8")+"-c:v libx264 -preset ultrafast -pix_fmt yuv420p -bf 2 -b_strategy 0 -g 50 -c:a mp3"), "")
	h.recover()
	a := h.over(sent.ID)
	s, err := h.coder.Status(t.Context(), h.transcodes(a.ID)[0].ID)
	if err != nil || a.State != metadata.Ready || s.Carriage != transcode.Remuxed || len(a.Renditions) != 2 {
		t.Errorf("%s %q, %v: %+v", a.State, a.Error, err, s)
	}
	h.stop()
	wantNoCopies(t, dir)
}

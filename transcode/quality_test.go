package transcode_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/streamgate/streamgate/transcode"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// bars are the SSIM that each rung of the default profile has at least, beside its
// source in the size of the rung: of a moving picture with fine structure everywhere,
// which is more than films have. All of them had 0.98 to 0.99 when this was
// written (x264 veryfast).
var bars = map[string]float64{"240p": 0.96, "360p": 0.965, "480p": 0.97, "720p": 0.97, "1080p": 0.975}

// rungQuality encodes a film by the default profile and compares each rung with it.
func rungQuality(t *testing.T, width, height, seconds int) map[string]float64 {
	t.Helper()
	path := makeFilm(t, "film.mkv", fmt.Sprintf("-f lavfi -i mandelbrot=s=%dx%d:r=25:end_scale=0.02:end_pts=250 -t %d -pix_fmt yuv420p -c:v ffv1", width, height, seconds))
	length := time.Duration(seconds) * time.Second
	p := ladder(t, transcode.Source{Format: "matroska,webm", Duration: length, Video: &transcode.Video{
		Codec: "ffv1", PixelFormat: "yuv420p", Width: width, Height: height, Constant: true, Rate: transcode.Ratio{Num: 25, Den: 1},
	}}, transcode.DefaultProfile())
	in := ffmpeg.Input{Path: path}
	dir := run(t, p.VideoCommand(in, p.Chunks(p.Cuts(length), nil, length, 1)[0], p.Video))
	all := map[string]float64{}
	for _, o := range p.Video {
		all[o.Name] = ssim(t, filepath.Join(dir, o.File()), path, o.Width, o.Height)
	}
	return all
}

var ssimOf = regexp.MustCompile(`lavfi\.ssim\.All=([0-9.]+)`)

// ssim is how much alike two pictures are, the second in the size of the first: the
// mean of all frames; 1 is the same.
func ssim(t *testing.T, path, beside string, width, height int) float64 {
	t.Helper()
	graph := fmt.Sprintf("[0:v]setpts=PTS-STARTPTS[a];[1:v]setpts=PTS-STARTPTS,scale=%d:%d:flags=bicubic[b];[a][b]ssim,metadata=print:key=lavfi.ssim.All:file=-", width, height)
	text := call(t, "", "ffmpeg", "-v", "error", "-nostdin", "-i", path, "-i", beside, "-lavfi", graph, "-f", "null", "-")
	sum, n := 0.0, 0
	for line := range strings.Lines(text) {
		m := ssimOf.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		v, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		sum, n = sum+v, n+1
	}
	if n == 0 {
		t.Fatalf("ffmpeg compared no frames:\n%s", text)
	}
	return sum / float64(n)
}

func TestRungsAreAsGoodAsTheyAreToBe(t *testing.T) {
	for name, got := range rungQuality(t, 854, 480, 3) {
		if bar, ok := bars[name]; !ok || got < bar {
			t.Errorf("%s has an SSIM of %.4f, want %.3f", name, got, bar)
		} else {
			t.Logf("%s has an SSIM of %.4f", name, got)
		}
	}
}

// quality compares all rungs of 1080p.
func (f *figures) quality() {
	all := rungQuality(f.t, 1920, 1080, of(f, 4, 2))
	for _, name := range []string{"240p", "360p", "480p", "720p", "1080p"} {
		f.alone(name+", beside its source in that size: SSIM", "", all[name], "≥", bars[name])
	}
	f.note("no VMAF: it takes libvmaf, which builds of ffmpeg in distributions seldom have")
}

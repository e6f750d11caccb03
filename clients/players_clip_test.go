package clients_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The films that players are held against: the number of each picture is burned
// in, and a beep sounds with each flash. Both are known to the sample.
const (
	filmSeconds = 12
	filmWidth   = 320
	filmHeight  = 192
	codeBits    = 16
	beepRate    = 48000
	beepSeconds = 0.1
)

// A film is one file.
type film struct {
	name   string
	file   string
	rate   [2]int // pictures in so many seconds
	encode string // what ffmpeg is told after its inputs
	then   string // of a second run over the first file
	short  bool   // is one of the short form

	picture float64 // when its picture 0 would be shown, in seconds of the presentation
	sound   float64 // when its sound begins, likewise
	lasts   float64 // seconds; 0 is as long as that makes it
	turned  bool    // its pictures lie on their side, and the track says so
	sparse  int     // up to so many pictures stand for one, where the rate varies; 0 is 1

	known map[string]string // by player, what it is known to do that cannot be helped here
}

func (f *film) fps() float64 { return float64(f.rate[0]) / float64(f.rate[1]) }

// seconds is how long the presentation lasts.
func (f *film) seconds() float64 {
	if f.lasts > 0 {
		return f.lasts
	}
	return filmSeconds + max(f.picture, f.sound)
}

// beeps are the pictures that flash, and with which it beeps.
func (f *film) beeps() (list []int) {
	for second := 1; second < filmSeconds; second += 2 {
		list = append(list, int(math.Round(float64(second)*f.fps())))
	}
	return list
}

// make makes the file in dir.
func (f *film) make(t *testing.T, dir string) {
	t.Helper()
	wav := filepath.Join(t.TempDir(), "beeps.wav")
	if err := os.WriteFile(wav, f.wav(), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, f.file)
	first := out
	if f.then != "" {
		first = filepath.Join(filepath.Dir(wav), "first-"+f.file)
	}
	args := []string{"-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", "320x192", "-framerate", strings.Join([]string{itoa(f.rate[0]), itoa(f.rate[1])}, "/"), "-i", "pipe:0", "-i", wav}
	ffmpeg(t, f.pictures(), append(append(args, strings.Fields(f.encode)...), first)...)
	if f.then != "" {
		ffmpeg(t, nil, append(strings.Fields(strings.ReplaceAll(f.then, "$IN", first)), out)...)
	}
	if f.turned {
		turn(t, out)
	}
}

// turn has the first track of a file shown a quarter turn clockwise, by the matrix of
// its tkhd box (ISO/IEC 14496-12 §8.3.2): ffmpeg writes none before version 6.
func turn(t *testing.T, path string) {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(file, []byte("tkhd"))
	if at < 0 {
		t.Fatalf("%s has no track", path)
	}
	matrix := file[at+4+40:][:36]
	for i, v := range []uint32{0, 1 << 16, 0, -1 << 16 & 0xffffffff, 0, 0, filmHeight << 16, 0, 1 << 30} {
		binary.BigEndian.PutUint32(matrix[4*i:], v)
	}
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
}

func ffmpeg(t *testing.T, input []byte, args ...string) []byte {
	t.Helper()
	program, err := exec.LookPath("ffmpeg")
	if err != nil {
		missing(t, "ffmpeg is not here: install it, or run make need")
	}
	cmd := exec.CommandContext(t.Context(), program, append([]string{"-nostdin", "-v", "error", "-y", "-threads", "2"}, args...)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(input), &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("ffmpeg %s: %v\n%s", strings.Join(args, " "), err, &stderr)
	}
	return stdout.Bytes()
}

// pictures are all pictures, one after the other.
func (f *film) pictures() []byte {
	n := int(filmSeconds * f.fps())
	flashes := map[int]bool{}
	for _, first := range f.beeps() {
		for i := range int(math.Ceil(beepSeconds * f.fps())) {
			flashes[first+i] = true
		}
	}
	size := filmWidth * filmHeight * 3 / 2
	all := make([]byte, n*size)
	for i := range n {
		paint(all[i*size:][:size], i, flashes[i])
	}
	return all
}

// paint draws picture n: its number in two rows of blocks, of which the second is
// the negative of the first, and below something that moves.
func paint(p []byte, n int, flash bool) {
	luma, chroma := p[:filmWidth*filmHeight], p[filmWidth*filmHeight:]
	for i := range chroma {
		chroma[i] = 128
	}
	for y := range filmHeight {
		for x := range filmWidth {
			v := byte(40 + (x+3*n+y)%160)
			switch bit := n>>(codeBits-1-x*codeBits/filmWidth)&1 == 1; {
			case y < 32 && bit, y >= 32 && y < 64 && !bit, y >= 64 && flash:
				v = 235
			case y < 64:
				v = 16
			}
			luma[y*filmWidth+x] = v
		}
	}
}

// wav is the sound: silence, and beeps of 1 kHz.
func (f *film) wav() []byte {
	samples := make([]int16, filmSeconds*beepRate)
	for _, picture := range f.beeps() {
		at := int(math.Round(float64(picture) / f.fps() * beepRate))
		for i := range int(beepSeconds * beepRate) {
			if at+i < len(samples) {
				samples[at+i] = int16(24000 * math.Cos(2*math.Pi*1000*float64(i)/beepRate)) // loud from its first sample on
			}
		}
	}
	b := append([]byte("RIFF"), 0, 0, 0, 0)
	b = append(b, "WAVEfmt "...)
	b = append(b, 16, 0, 0, 0, 1, 0, 1, 0)
	b = binary.LittleEndian.AppendUint32(b, beepRate)
	b = binary.LittleEndian.AppendUint32(b, 2*beepRate)
	b = append(b, 2, 0, 16, 0)
	b = append(b, "data"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(2*len(samples)))
	for _, s := range samples {
		b = binary.LittleEndian.AppendUint16(b, uint16(s))
	}
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-8))
	return b
}

package hls

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// A clip is an MP4 file that a test makes: H.264 and AAC, interleaved frame by
// frame, as cameras and encoders write them. Its samples are random bytes, behind a head
// that says of each sync sample that it is an IDR picture, and of others that they
// are not.
type clip struct {
	frames    int // of video, 30 a second
	frameSize int // about so many bytes each
	gop       int // frames between sync samples
	audio     int // audio tracks, each as long as the video
	noVideo   bool
	names     []string // of the audio tracks' handlers
	language  string   // of the audio tracks
}

const (
	clipRate    = 30
	audioRate   = 48000
	audioFrame  = 1024
	audioSize   = 340
	videoScale  = 15360
	videoSample = videoScale / clipRate
)

// shortClip is a clip of 12 seconds, which is two segments.
var shortClip = clip{frames: 12 * clipRate, frameSize: 2000, gop: clipRate, audio: 1}

// bigClip has 6-second segments of 3 MB in 1080p.
func bigClip(minutes int) clip {
	return clip{frames: minutes * 60 * clipRate, frameSize: 3_000_000 / (6 * clipRate), gop: 2 * clipRate, audio: 1}
}

// write makes a file of c in a folder of the test.
func (c clip) write(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	c.writeFile(t, path)
	return path
}

func (c clip) writeFile(t testing.TB, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	if err := c.writeTo(w); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
}

// made is a track while its file is made.
type made struct {
	video   bool
	sizes   []uint32
	offsets []uint64
	name    string
}

func (c clip) writeTo(w io.Writer) error {
	tracks, total := c.plan()
	ftyp := mp4box("ftyp", "isom", uint32(512), "isomiso2avc1mp41")
	head := append(ftyp, mp4box("mdat")...)
	binary.BigEndian.PutUint32(head[len(ftyp):], uint32(total+8))
	if _, err := w.Write(head); err != nil {
		return err
	}
	if err := c.writeSamples(w, tracks, uint64(len(head))); err != nil {
		return err
	}
	_, err := w.Write(c.moov(tracks))
	return err
}

// plan decides how large each sample is.
func (c clip) plan() (tracks []*made, total uint64) {
	random := rand.New(rand.NewPCG(1, 2))
	if !c.noVideo {
		v := &made{video: true}
		for i := range c.frames {
			size := c.frameSize*3/4 + random.IntN(c.frameSize/4+1)
			if i%c.gop == 0 {
				size += c.frameSize * c.gop / 8
			}
			v.sizes = append(v.sizes, uint32(size))
			total += uint64(size)
		}
		tracks = append(tracks, v)
	}
	for i := range c.audio {
		a := &made{name: "SoundHandler"}
		if i < len(c.names) {
			a.name = c.names[i]
		}
		for range c.frames * audioRate / clipRate / audioFrame {
			a.sizes = append(a.sizes, audioSize)
			total += audioSize
		}
		tracks = append(tracks, a)
	}
	return tracks, total
}

// writeSamples writes the samples in the order of their times.
func (c clip) writeSamples(w io.Writer, tracks []*made, offset uint64) error {
	noise := make([]byte, 4<<20)
	chacha := rand.NewChaCha8([32]byte{1})
	_, _ = chacha.Read(noise)
	for {
		next, at := -1, 0.0
		for i, t := range tracks {
			if len(t.offsets) == len(t.sizes) {
				continue
			}
			time := float64(len(t.offsets)) * audioFrame / audioRate
			if t.video {
				time = float64(len(t.offsets)) / clipRate
			}
			if next < 0 || time < at {
				next, at = i, time
			}
		}
		if next < 0 {
			return nil
		}
		t := tracks[next]
		size := t.sizes[len(t.offsets)]
		t.offsets = append(t.offsets, offset)
		start := int(offset*31) % (len(noise) - int(size))
		sample := noise[start : start+int(size)]
		if t.video {
			head := pictureHead(size, (len(t.offsets)-1)%c.gop == 0)
			if _, err := w.Write(head); err != nil {
				return err
			}
			sample = sample[len(head):]
		}
		if _, err := w.Write(sample); err != nil {
			return err
		}
		offset += uint64(size)
	}
}

// pictureHead begins a sample of size bytes: the length of its only NAL unit, and
// the head of a slice.
func pictureHead(size uint32, idr bool) []byte {
	head := binary.BigEndian.AppendUint32(nil, size-4)
	if idr {
		return append(head, 0x65, 0x88)
	}
	return append(head, 0x41, 0x9a) // a P slice
}

func (c clip) moov(tracks []*made) []byte {
	duration := uint32(c.frames * 1000 / clipRate)
	matrix := mp4fields(uint32(0x10000), uint32(0), uint32(0), uint32(0), uint32(0x10000), uint32(0), uint32(0), uint32(0), uint32(0x40000000))
	parts := []any{mp4box("mvhd", uint32(0), uint32(0), uint32(0), uint32(1000), duration, uint32(0x10000), uint16(0x100), make([]byte, 10), matrix, make([]byte, 24), uint32(len(tracks)+1))}
	for i, t := range tracks {
		volume, width, height := uint16(0x100), uint32(0), uint32(0)
		if t.video {
			volume, width, height = 0, 1920<<16, 1080<<16
		}
		tkhd := mp4box("tkhd", uint32(3), uint32(0), uint32(0), uint32(i+1), uint32(0), duration, make([]byte, 12), volume, uint16(0), matrix, width, height)
		parts = append(parts, mp4box("trak", tkhd, c.mdia(t)))
	}
	return mp4box("moov", parts...)
}

func (c clip) mdia(t *made) []byte {
	scale, length, handler, header := uint32(audioRate), uint32(audioFrame*len(t.sizes)), "soun", mp4box("smhd", uint32(0), uint32(0))
	if t.video {
		scale, length, handler, header = videoScale, uint32(videoSample*len(t.sizes)), "vide", mp4box("vmhd", uint32(1), uint32(0), uint32(0))
	}
	return mp4box("mdia",
		mp4box("mdhd", uint32(0), uint32(0), uint32(0), scale, length, c.packedLanguage(), uint16(0)),
		mp4box("hdlr", uint32(0), uint32(0), handler, make([]byte, 12), t.name, byte(0)),
		mp4box("minf", header,
			mp4box("dinf", mp4box("dref", uint32(0), uint32(1), mp4box("url ", uint32(1)))),
			c.stbl(t)))
}

func (c clip) packedLanguage() uint16 {
	if len(c.language) != 3 {
		return 0x55c4 // und
	}
	l := c.language
	return uint16(l[0]-0x60)<<10 | uint16(l[1]-0x60)<<5 | uint16(l[2]-0x60)
}

func (c clip) stbl(t *made) []byte {
	delta, entry := uint32(audioFrame), audioEntry()
	if t.video {
		delta, entry = videoSample, videoEntry()
	}
	n := uint32(len(t.sizes))
	parts := []any{
		mp4box("stsd", uint32(0), uint32(1), entry),
		mp4box("stts", uint32(0), uint32(1), n, delta),
		mp4box("stsc", uint32(0), uint32(1), uint32(1), uint32(1), uint32(1)),
	}
	sizes, offsets := []any{uint32(0), uint32(0), n}, []any{uint32(0), n}
	for i := range t.sizes {
		sizes, offsets = append(sizes, t.sizes[i]), append(offsets, t.offsets[i])
	}
	parts = append(parts, mp4box("stsz", sizes...), mp4box("co64", offsets...))
	if t.video {
		sync := []any{uint32(0), (n + uint32(c.gop) - 1) / uint32(c.gop)}
		for i := uint32(0); i < n; i += uint32(c.gop) {
			sync = append(sync, i+1)
		}
		parts = append(parts, mp4box("stss", sync...))
	}
	return mp4box("stbl", parts...)
}

func videoEntry() []byte {
	// High profile, level 4.0, 1920×1080.
	avcC, _ := hex.DecodeString("01640028ffe1001b67640028acd940780227e5c044000003000400000300f03c60c65801000668ebe3cb22c0fdf8f800")
	return mp4box("avc1", make([]byte, 6), uint16(1), make([]byte, 16), uint16(1920), uint16(1080), uint32(72<<16), uint32(72<<16),
		uint32(0), uint16(1), make([]byte, 32), uint16(24), uint16(0xffff), mp4box("avcC", avcC))
}

func audioEntry() []byte {
	config := []byte{0x11, 0x90} // AAC LC, 48 kHz, stereo
	decoder := append(mp4fields(byte(0x40), byte(0x15), make([]byte, 3), uint32(128000), uint32(128000)), append([]byte{5, byte(len(config))}, config...)...)
	es := append(mp4fields(uint16(1), byte(0)), append([]byte{4, byte(len(decoder))}, decoder...)...)
	es = append(es, 6, 1, 2)
	esds := append([]byte{3, byte(len(es))}, es...)
	return mp4box("mp4a", make([]byte, 6), uint16(1), make([]byte, 8), uint16(2), uint16(16), uint32(0), uint32(audioRate<<16), mp4box("esds", uint32(0), esds))
}

// mp4box is a box of those fields.
func mp4box(kind string, fields ...any) []byte {
	b := append(make([]byte, 4), kind...)
	b = append(b, mp4fields(fields...)...)
	binary.BigEndian.PutUint32(b, uint32(len(b)))
	return b
}

func mp4fields(fields ...any) []byte {
	var b []byte
	for _, f := range fields {
		switch f := f.(type) {
		case byte:
			b = append(b, f)
		case uint16:
			b = binary.BigEndian.AppendUint16(b, f)
		case uint32:
			b = binary.BigEndian.AppendUint32(b, f)
		case uint64:
			b = binary.BigEndian.AppendUint64(b, f)
		case string:
			b = append(b, f...)
		case []byte:
			b = append(b, f...)
		}
	}
	return b
}

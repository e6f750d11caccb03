package mpegts

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/internal/tsread"
	"github.com/streamgate/streamgate/media"
)

// film is samples of a track, and where they lie.
type film struct {
	source  []byte
	samples []media.Sample
}

func (f *film) add(sample []byte, lasts uint32, shift int32, sync bool) {
	f.samples = append(f.samples, media.Sample{Offset: int64(len(f.source)), Size: uint32(len(sample)), Duration: lasts, Shift: shift, Sync: sync})
	f.source = append(f.source, sample...)
}

func (f *film) input(s *Stream, decode, origin uint64) *Input {
	return &Input{
		Stream: s, Source: bytes.NewReader(f.source), Samples: f.samples, Decode: decode, Origin: origin,
		Runs: []Run{{Samples: len(f.samples)}},
	}
}

// units is a sample of NAL units, each after its length.
func units(nalBytes int, list ...[]byte) (sample []byte) {
	for _, u := range list {
		var n [4]byte
		binary.BigEndian.PutUint32(n[:], uint32(len(u)))
		sample = append(append(sample, n[4-nalBytes:]...), u...)
	}
	return sample
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var (
	sps = []byte{0x67, 0x64, 0, 0x28, 0xac, 0xd9, 0x40, 0x78}
	pps = []byte{0x68, 0xeb, 0xe3, 0xcb}
)

// avcTrack is H.264 whose NAL units have lengths of so many bytes.
func avcTrack(nalBytes byte) *media.Track {
	config := append([]byte{1, 0x64, 0, 0x28, 0xfc | nalBytes - 1, 0xe1, 0, byte(len(sps))}, sps...)
	config = append(append(config, 1, 0, byte(len(pps))), pps...)
	return &media.Track{Kind: media.Video, Codec: "avc1.640028", Timescale: 25, Entries: [][]byte{box("avc1", make([]byte, 78), box("avcC", config))}}
}

func hevcTrack() *media.Track {
	config := append(make([]byte, 21), 3, 4)
	for _, kind := range []byte{32, 33, 34, 39} {
		config = append(config, kind, 0, 1, 0, 3, kind<<1, 1, 0xaa)
	}
	return &media.Track{Kind: media.Video, Codec: "hvc1.1.6.L93.B0", Timescale: 25, Entries: [][]byte{box("hvc1", make([]byte, 78), box("hvcC", config))}}
}

// aacTrack is AAC with an AudioSpecificConfig.
func aacTrack(config ...byte) *media.Track {
	decoder := append([]byte{5, byte(len(config))}, config...)
	decoder = append([]byte{4, byte(13 + len(decoder)), 0x40, 0x15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, decoder...)
	es := append([]byte{3, byte(3 + len(decoder)), 0, 1, 0}, decoder...)
	return soundTrack("mp4a", box("esds", make([]byte, 4), es))
}

func soundTrack(kind string, config []byte) *media.Track {
	t := &media.Track{Kind: media.Audio, Codec: kind, Timescale: 48000, SampleRate: 48000, Entries: [][]byte{box(kind, make([]byte, 28), config)}}
	t.Layout.Duration = 1024
	return t
}

func box(kind string, parts ...[]byte) []byte {
	b := append(make([]byte, 4), kind...)
	for _, p := range parts {
		b = append(b, p...)
	}
	binary.BigEndian.PutUint32(b, uint32(len(b)))
	return b
}

func stream(t testing.TB, of *media.Track) *Stream {
	t.Helper()
	s, err := NewStream(of)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// written is a segment as it is written, which has to be as long as it said.
func written(t testing.TB, s *Segment) *tsread.Segment {
	t.Helper()
	size, err := s.Size()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if n, err := s.WriteTo(&b); err != nil || n != size || int64(b.Len()) != size {
		t.Fatalf("%d bytes of %d, %v", n, size, err)
	}
	read, err := tsread.Read(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return read
}

func TestAPictureBecomesAnAccessUnit(t *testing.T) {
	const code = "00000001"
	idr, slice, sei, delimiter := []byte{0x65, 1, 2, 3}, []byte{0x41, 4, 5}, []byte{0x06, 5, 1}, []byte{9, 0x10}
	sets := code + hex.EncodeToString(sps) + code + hex.EncodeToString(pps)
	for name, c := range map[string]struct {
		track  *media.Track
		sample []byte
		sync   bool
		want   string
	}{
		"a sync sample gets the parameter sets of the entry":      {avcTrack(4), units(4, sei, idr), true, code + "09f0" + sets + code + "060501" + code + "65010203"},
		"so does the first of a segment, whatever it is":          {avcTrack(4), units(4, slice), false, code + "09f0" + sets + code + "410405"},
		"lengths of two bytes":                                    {avcTrack(2), units(2, idr), true, code + "09f0" + sets + code + "65010203"},
		"lengths of one byte":                                     {avcTrack(1), units(1, idr), true, code + "09f0" + sets + code + "65010203"},
		"parameter sets of its own stay alone":                    {avcTrack(4), units(4, sps, pps, idr), true, code + "09f0" + sets + code + "65010203"},
		"parameter sets after the picture are for the next":       {avcTrack(4), units(4, idr, sps), true, code + "09f0" + sets + code + "65010203" + code + hex.EncodeToString(sps)},
		"there is one delimiter":                                  {avcTrack(4), units(4, delimiter, idr), true, code + "09f0" + sets + code + "65010203"},
		"units of no bytes are left out":                          {avcTrack(4), units(4, nil, idr, nil), true, code + "09f0" + sets + code + "65010203"},
		"a sample without a picture":                              {avcTrack(4), units(4, sei), false, code + "09f0" + sets + code + "060501"},
		"HEVC gets VPS, SPS and PPS, and no SEI of the entry":     {hevcTrack(), units(4, []byte{0x26, 1, 7}), true, code + "460150" + code + "4001aa" + code + "4201aa" + code + "4401aa" + code + "260107"},
		"HEVC loses its delimiter, other layers, and half a unit": {hevcTrack(), units(4, []byte{0x46, 1, 0x10}, []byte{0x26, 9, 7}, []byte{0x26}, []byte{0x27, 1, 7}, []byte{0x26, 1, 7}), true, code + "460150" + code + "4001aa" + code + "4201aa" + code + "4401aa" + code + "260107"},
	} {
		t.Run(name, func(t *testing.T) {
			var f film
			f.add(c.sample, 1, 0, c.sync)
			s := written(t, &Segment{Video: f.input(stream(t, c.track), 0, 0)})
			if len(s.Units) != 1 {
				t.Fatalf("%d units", len(s.Units))
			}
			if diff := cmp.Diff(c.want, hex.EncodeToString(s.Units[0].Payload)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestSegmentsFollowOnEachOther writes segments of pictures and frames of all
// sizes: what is read has to be what was written, at its time, and the counters
// go on from one to the next.
func TestSegmentsFollowOnEachOther(t *testing.T) {
	video, audio := stream(t, avcTrack(4)), stream(t, aacTrack(0x11, 0x90))
	counters := map[uint16]byte{}
	for n := range 40 {
		var pictures, sound film
		var want [][]byte
		for i := range n + 1 {
			unit := append([]byte{0x41, 1}, bytes.Repeat([]byte{byte(n), 9}, (n*37+i*i*113)%700)...)
			pictures.add(units(4, unit), 1, int32(i%3), i == 0)
			pictures.source = append(pictures.source, bytes.Repeat([]byte{0xee}, (i%2)*20000)...) // of another track
			want = append(want, append([]byte{0, 0, 0, 1}, unit...))
		}
		for i := range 2 * n {
			sound.add(bytes.Repeat([]byte{byte(i)}, 1+(i*n*7)%600), 1024, 0, true)
		}
		s := &Segment{Number: n, Zero: 9000, Video: pictures.input(video, uint64(100+n), 2), Audio: sound.input(audio, uint64(48000*n), 480)}
		got := written(t, s)
		for pid, c := range got.Counters {
			if before, known := counters[pid]; known && c.First != before {
				t.Fatalf("segment %d: PID %#x begins with %d, the one before ended before %d", n, pid, c.First, before)
			}
			counters[pid] = c.Next
		}
		seen, heard := 0, []byte(nil)
		for _, u := range got.Units {
			if u.PID == audioPID {
				at := 9000 + (48000*int64(n)+int64(len(frames(t, heard)))*1024-480)*90/48
				if u.PTS != (9000+(int64(48000*n)-480)*90000/48000)+int64(len(frames(t, heard)))*1920 || u.DTS != u.PTS {
					t.Fatalf("segment %d: sound at %d, want %d", n, u.PTS, at)
				}
				heard = append(heard, u.Payload...)
				continue
			}
			dts := 9000 + int64(100+n+seen-2)*3600
			if u.DTS != dts || u.PTS != dts+int64(seen%3)*3600 || u.Random != (seen == 0) || !bytes.HasSuffix(u.Payload, want[seen]) {
				t.Fatalf("segment %d, picture %d: %d and %d, want %d; random %v", n, seen, u.PTS, u.DTS, dts, u.Random)
			}
			seen++
		}
		if seen != len(want) || len(got.Clocks) != seen {
			t.Fatalf("segment %d: %d pictures and %d clocks, want %d", n, seen, len(got.Clocks), len(want))
		}
		all := frames(t, heard)
		if len(all) != 2*n {
			t.Fatalf("segment %d: %d frames, want %d", n, len(all), 2*n)
		}
		for i, f := range all {
			if !bytes.Equal(f, bytes.Repeat([]byte{byte(i)}, 1+(i*n*7)%600)) {
				t.Fatalf("segment %d: frame %d is another", n, i)
			}
		}
	}
}

// frames splits ADTS.
func frames(t testing.TB, b []byte) (all [][]byte) {
	t.Helper()
	for len(b) > 0 {
		if len(b) < 7 || b[0] != 0xff || b[1] != 0xf1 {
			t.Fatalf("no ADTS header: % x", b[:min(7, len(b))])
		}
		n := int(b[3]&3)<<11 | int(b[4])<<3 | int(b[5]>>5)
		all = append(all, b[7:n])
		b = b[n:]
	}
	return all
}

func TestTheTimeBeforeTheClockBegins(t *testing.T) {
	var f film
	for i := range 8 {
		f.add(units(4, []byte{0x65, 1}), 1, 0, i == 0)
	}
	s := written(t, &Segment{Video: f.input(stream(t, avcTrack(4)), 0, 0)})
	want := []int64{0, 0, 0, 1800 * 300, 5400 * 300, 9000 * 300, 12600 * 300, 16200 * 300}
	if diff := cmp.Diff(want, s.Clocks); diff != "" {
		t.Error(diff)
	}
}

// TestPicturesAreDecodedBeforeTheyAreShown has composition offsets below 0, as
// renditions may.
func TestPicturesAreDecodedBeforeTheyAreShown(t *testing.T) {
	var f film
	for i, shift := range []int32{0, 2, -1, -1, 2, -1, -1} {
		f.add(units(4, []byte{0x65, 1}), 1, shift, i == 0)
	}
	s := written(t, &Segment{Zero: 90000, Video: f.input(stream(t, avcTrack(4)), 0, 0)})
	var pts, dts []int64
	for _, u := range s.Units {
		pts, dts = append(pts, (u.PTS-90000)/3600), append(dts, (u.DTS-90000)/3600)
	}
	if diff := cmp.Diff([][]int64{{0, 3, 1, 2, 6, 4, 5}, {0, 1, 1, 2, 4, 4, 5}}, [][]int64{pts, dts}); diff != "" {
		t.Error(diff)
	}
}

func TestTimesGoRoundAtThirtyThreeBits(t *testing.T) {
	var f film
	f.add(units(4, []byte{0x65, 1}), 1, 1, true)
	const day = 25 * 24 * 3600 * 2 // in ticks of the track: more than 2^33 of the stream
	s := written(t, &Segment{Video: f.input(stream(t, avcTrack(4)), day, 0)})
	const at = int64(day) * 3600 % (1 << 33)
	if u := s.Units[0]; u.DTS != at || u.PTS != at+3600 || s.Clocks[0] != (at-ahead)*300 {
		t.Errorf("%d, %d and %d, want %d", u.PTS, u.DTS, s.Clocks[0], at)
	}
}

func TestSamplesThatCannotBeRewrittenAreRefused(t *testing.T) {
	long := units(4, []byte{0x65, 1, 2})
	long[3]++
	for name, c := range map[string]struct {
		track  *media.Track
		sample []byte
	}{
		"a unit that is longer than its sample": {avcTrack(4), long},
		"a length that is as long as can be":    {avcTrack(4), []byte{0xff, 0xff, 0xff, 0xff, 0x65}},
		"a sample that ends within a length":    {avcTrack(4), append(units(4, []byte{0x65}), 0, 0)},
		"a frame of AAC that is too long":       {aacTrack(0x11, 0x90), make([]byte, maxADTS-adtsHeader+1)},
		"a frame of AC-3 that is too long":      {soundTrack("ac-3", nil), make([]byte, 1<<16)},
	} {
		t.Run(name, func(t *testing.T) {
			var f film
			f.add(c.sample, 1, 0, true)
			s := &Segment{Video: f.input(stream(t, c.track), 0, 0)}
			if c.track.Kind == media.Audio {
				s.Video, s.Audio = nil, s.Video
			}
			if n, err := s.Size(); !errors.Is(err, media.ErrInvalid) {
				t.Errorf("%d bytes, %v", n, err)
			}
			if n, err := s.WriteTo(io.Discard); !errors.Is(err, media.ErrInvalid) {
				t.Errorf("%d bytes were written, %v", n, err)
			}
		})
	}
}

func TestASourceThatIsCutOff(t *testing.T) {
	var f film
	f.add(units(4, append([]byte{0x65}, make([]byte, 600_000)...)), 1, 0, true)
	f.source = f.source[:500_000]
	s := &Segment{Video: f.input(stream(t, avcTrack(4)), 0, 0)}
	if size, err := s.Size(); err != nil || size < 600_000 {
		t.Errorf("%d bytes, %v: only heads are looked at", size, err)
	}
	if _, err := s.WriteTo(io.Discard); !errors.As(err, new(*ReadError)) || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
}

// TestASourceThatChanges has other samples at the second look.
func TestASourceThatChanges(t *testing.T) {
	var f film
	f.add(units(4, []byte{0x65, 1, 2, 3, 4, 5, 6, 7}), 1, 0, true)
	s := &Segment{Video: f.input(stream(t, avcTrack(4)), 0, 0)}
	if _, err := s.Size(); err != nil {
		t.Fatal(err)
	}
	f.source[3] = 200
	if _, err := s.WriteTo(io.Discard); !errors.Is(err, media.ErrInvalid) {
		t.Error(err)
	}
}

func TestSizesAreGuessedWithoutTheSource(t *testing.T) {
	var f film
	for i := range 100 {
		f.add(units(4, append([]byte{0x41}, make([]byte, 50*i)...)), 1, 0, i%50 == 0)
	}
	in := f.input(stream(t, avcTrack(4)), 0, 0)
	s := &Segment{Video: in}
	want, err := s.Size()
	if err != nil {
		t.Fatal(err)
	}
	in.Source = nil
	if got, err := s.Size(); err != nil || got != want {
		t.Errorf("guessed %d, %v; it is %d", got, err, want)
	}
}

func TestWhatIsCarried(t *testing.T) {
	for name, c := range map[string]struct {
		track *media.Track
		kind  byte // 0 is refused
	}{
		"H.264":                      {avcTrack(4), typeAVC},
		"HEVC":                       {hevcTrack(), typeHEVC},
		"AAC LC":                     {aacTrack(0x11, 0x90), typeADTS},
		"HE-AAC by its core":         {aacTrack(0x2b, 0x11, 0x88, 0), typeADTS},
		"AAC at a rate of its own":   {aacTrack(0x17, 0x80, 0x5d, 0xc0, 0x10), typeADTS}, // 48000, spelled out
		"AAC at 47 kHz":              {aacTrack(0x17, 0x80, 0x5b, 0xcc, 0x10), 0},
		"AAC with a layout":          {aacTrack(0x11, 0x80), 0},
		"AAC with 960 samples":       {aacTrack(0x11, 0x94), 0},
		"AAC ELD":                    {aacTrack(0xf8, 0xe8, 0x50, 0), 0},
		"AAC without a config":       {aacTrack(), 0},
		"AC-3":                       {soundTrack("ac-3", nil), typeAC3},
		"E-AC-3":                     {soundTrack("ec-3", nil), typeEAC3},
		"Opus":                       {soundTrack("Opus", nil), 0},
		"AV1":                        {&media.Track{Kind: media.Video, Entries: [][]byte{box("av01", make([]byte, 78))}}, 0},
		"Dolby Vision alone":         {&media.Track{Kind: media.Video, Entries: [][]byte{box("dvh1", make([]byte, 78), box("hvcC", make([]byte, 23)))}}, 0},
		"H.264 without a config":     {&media.Track{Kind: media.Video, Entries: [][]byte{box("avc1", make([]byte, 78))}}, 0},
		"no entry":                   {&media.Track{Kind: media.Video}, 0},
		"one codec and then another": {&media.Track{Kind: media.Video, Entries: [][]byte{avcTrack(4).Entries[0], hevcTrack().Entries[0]}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := NewStream(c.track)
			switch {
			case err == nil && s.kind != c.kind:
				t.Errorf("stream type %#x, want %#x", s.kind, c.kind)
			case err != nil && c.kind != 0:
				t.Error(err)
			}
		})
	}
}

func TestHeadersOfAAC(t *testing.T) {
	a, err := newADTS(unhex(t, "1190"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("fff14c802cfffc", hex.EncodeToString(a.append(nil, 352))); diff != "" {
		t.Error(diff)
	}
}

func FuzzPictures(f *testing.F) {
	f.Add(units(4, []byte{0x65, 1, 2, 3}), byte(3), 10)
	f.Add(units(2, []byte{0x65, 1}, []byte{9, 1}), byte(1), 3)
	f.Add([]byte{0, 0, 0, 0, 0xff, 0xff}, byte(0), 1)
	f.Fuzz(func(t *testing.T, data []byte, nalBytes byte, cut int) {
		track := avcTrack(nalBytes&3 + 1)
		if nalBytes&4 != 0 {
			track = hevcTrack()
		}
		video, err := NewStream(track)
		if err != nil {
			t.Fatal(err)
		}
		var fm film
		for cut = max(cut&0xfff, 1); len(data) > 0; data = data[min(cut, len(data)):] {
			fm.add(data[:min(cut, len(data))], 1, 0, len(data)&1 == 0)
		}
		s := &Segment{Video: fm.input(video, 0, 0)}
		size, sizeErr := s.Size()
		var b bytes.Buffer
		n, err := s.WriteTo(&b)
		if (err == nil) != (sizeErr == nil) || err == nil && (n != size || int64(b.Len()) != n) {
			t.Fatalf("%d bytes, %v; %d, %v", size, sizeErr, n, err)
		}
		if err != nil {
			return
		}
		read, err := tsread.Read(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		for pid, c := range read.Counters {
			if pid == videoPID && (c.First != 0 || c.Next != 0) {
				t.Fatalf("counters %+v", c)
			}
		}
	})
}

func FuzzConfigs(f *testing.F) {
	f.Add([]byte{0x11, 0x90}, byte(0))
	f.Add(hevcTrack().Entries[0][94:], byte(2))
	f.Add(avcTrack(4).Entries[0][94:], byte(1))
	f.Fuzz(func(t *testing.T, config []byte, kind byte) {
		switch kind % 3 {
		case 0:
			if a, err := newADTS(config); err == nil && len(a.append(nil, 9)) != adtsHeader {
				t.Fatal(a)
			}
		case 1:
			_, _, _ = avcSets(config)
		case 2:
			_, _, _ = hevcSets(config)
		}
	})
}

package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// headWriter writes the payload of a NAL unit.
type headWriter struct{ bitWriter }

func head(bytes ...byte) *headWriter { return &headWriter{bitWriter{bytes, 8 * len(bytes)}} }

func (w *headWriter) put(n, v int) { w.bitWriter.put(v, n) }

func (w *headWriter) golombs(values ...int) {
	for _, v := range values {
		n := 0
		for (v+1)>>(n+1) > 0 {
			n++
		}
		w.put(2*n+1, v+1)
	}
}

// signed is a value as se(v) counts it.
func signed(v int) int {
	if v > 0 {
		return 2*v - 1
	}
	return -2 * v
}

// unit ends a NAL unit, whose payload must not look like a start code.
func (w *headWriter) unit() []byte {
	w.put(1, 1)
	if bytes.Contains(w.b, []byte{0, 0, 0}) || bytes.Contains(w.b, []byte{0, 0, 3}) {
		panic("bytes that would have to be escaped")
	}
	return w.b
}

// counted is how pictures of a stream are counted: frame_num and pic_order_cnt_lsb have
// four bits.
type counted struct {
	kind   int   // pic_order_cnt_type
	other  int   // offset_for_non_ref_pic
	cycle  []int // offset_for_ref_frame
	fields bool  // there may be fields
}

func (c *counted) sequence() []byte {
	w := head(0x67, 77, 0, 30)
	w.golombs(0, 0, c.kind)
	switch c.kind {
	case 0:
		w.golombs(0)
	case 1:
		w.put(1, 1)
		w.golombs(signed(c.other), 0, len(c.cycle))
		for _, v := range c.cycle {
			w.golombs(signed(v))
		}
	}
	w.golombs(2)
	w.put(1, 0)
	w.golombs(7, 7)
	if c.fields {
		w.put(2, 0)
	} else {
		w.put(1, 1)
	}
	w.put(3, 0)
	return w.unit()
}

func pictureSet() []byte {
	w := head(0x68)
	w.golombs(0, 0)
	w.put(2, 0)
	w.golombs(0, 0, 0)
	w.put(3, 0)
	w.golombs(0, 0, 0)
	w.put(3, 0)
	return w.unit()
}

// entry is a sample entry of such a stream.
func (c *counted) entry() []byte {
	sps, pps := c.sequence(), pictureSet()
	avcC := append(binary.BigEndian.AppendUint16([]byte{1, 77, 0, 30, 0xff, 0xe1}, uint16(len(sps))), sps...)
	avcC = append(binary.BigEndian.AppendUint16(append(avcC, 1), uint16(len(pps))), pps...)
	return makeBox("avc1", make([]byte, visualHeader), makeBox("avcC", avcC))
}

// codedPicture is a picture, or a slice of it.
type codedPicture struct {
	letter byte // I, P, B: an upper-case one is referred to; K is an IDR picture
	frame  int  // frame_num
	low    int  // pic_order_cnt_lsb
	afresh bool // memory_management_control_operation 5
	field  bool
	drops  bool // no_output_of_prior_pics_flag
	block  int  // first_mb_in_slice
}

func (c *counted) slice(p codedPicture) []byte {
	kind := map[byte]int{'K': 7, 'I': 7, 'P': 5, 'B': 6, 'p': 5, 'b': 6}[p.letter]
	header := byte(0x41)
	switch {
	case p.letter == 'K':
		header = 0x65
	case p.letter > 'Z':
		header = 0x01
	}
	w := head(header)
	w.golombs(p.block, kind, 0)
	w.put(4, p.frame)
	if c.fields {
		w.put(1, map[bool]int{true: 1}[p.field])
		if p.field {
			w.put(1, 0)
		}
	}
	if p.letter == 'K' {
		w.golombs(0)
	}
	if c.kind == 0 {
		w.put(4, p.low)
	}
	if kind == 6 {
		w.put(1, 1) // direct_spatial_mv_pred_flag
	}
	if kind != 7 {
		w.put(1, 0) // num_ref_idx_active_override_flag
		w.put(kind-4, 0)
	}
	switch {
	case p.letter == 'K':
		w.put(2, map[bool]int{true: 2}[p.drops])
	case header == 0x41 && p.afresh:
		w.put(1, 1)
		w.golombs(5, 0)
	case header == 0x41:
		w.put(1, 0)
	}
	w.golombs(0)
	w.put(16, 0xaaaa)
	return w.unit()
}

// sample has units after their lengths.
func sample(units ...[]byte) (b []byte) {
	for _, u := range units {
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(u))), u...)
	}
	return b
}

// codedPictures reads pictures such as K0/0: a letter, frame_num and pic_order_cnt_lsb; *
// is an operation 5.
func codedPictures(text string) (list []codedPicture) {
	for word := range strings.FieldsSeq(text) {
		p := codedPicture{letter: word[0], afresh: strings.HasSuffix(word, "*")}
		_, _ = fmt.Sscanf(word[1:], "%d/%d", &p.frame, &p.low)
		list = append(list, p)
	}
	return list
}

// counts is what a PictureOrder says of pictures: | stands before one that Begins.
func counts(entry []byte, samples [][]byte) (string, error) {
	o, err := NewPictureOrder(entry)
	if err != nil {
		return "", err
	}
	var said []string
	for _, s := range samples {
		p, err := o.Next(bytes.NewReader(s), Sample{Size: uint32(len(s))})
		if err != nil {
			return strings.Join(said, " "), err
		}
		begins := ""
		if p.Begins {
			begins = "|"
		}
		said = append(said, fmt.Sprint(begins, p.Count))
	}
	return strings.Join(said, " "), nil
}

func TestPictureOrderCounts(t *testing.T) {
	cases := []struct {
		name  string
		how   counted
		coded string
		want  string
		fails string
	}{
		{"by bits", counted{}, "K0/0 P1/4 b2/2 P2/8 b3/6", "|0 4 2 8 6", ""},
		{"by bits that run over", counted{}, "K0/0 P1/8 b2/4 P2/0 b3/12 P3/8 b4/4", "|0 8 4 16 12 24 20", ""},
		{"an open group", counted{}, "K0/0 P1/4 b2/2 I2/8 b3/6 P3/12 b4/10", "|0 4 2 8 6 12 10", ""},
		{"another IDR picture", counted{}, "K0/0 P1/4 b2/2 K0/0 P1/4 b2/2", "|0 4 2 |0 4 2", ""},
		{"an operation that counts afresh", counted{}, "K0/0 P1/4 b2/2 P2/8* b1/14 P1/4 b2/2", "|0 4 2 |0 -2 4 2", ""},
		{"frame_num runs over", counted{}, "K0/0 P1/2 P2/4 P3/6 P4/8 P5/10 P6/12 P7/14 P8/0 P9/2 P10/4 P11/6 P12/8 P13/10 P14/12 P15/14 P0/0 P1/2", "|0 2 4 6 8 10 12 14 16 18 20 22 24 26 28 30 32 34", ""},
		{"by a cycle", counted{kind: 1, other: -2, cycle: []int{4}}, "K0/0 P1/0 b2/0 P2/0 b3/0", "|0 4 2 8 6", ""},
		{"by a cycle of two", counted{kind: 1, other: -2, cycle: []int{4, 2}}, "K0/0 P1/0 b2/0 P2/0 P3/0 b4/0", "|0 4 2 6 10 8", ""},
		{"by a cycle in which frame_num runs over", counted{kind: 1, cycle: []int{2}}, "K0/0 P1/0 P2/0 P3/0 P4/0 P5/0 P6/0 P7/0 P8/0 P9/0 P10/0 P11/0 P12/0 P13/0 P14/0 P15/0 P0/0 P1/0", "|0 2 4 6 8 10 12 14 16 18 20 22 24 26 28 30 32 34", ""},
		{"as they are decoded", counted{kind: 2}, "K0/0 P1/0 p2/0 P2/0 K0/0 P1/0", "|0 2 4 6 |0 2", ""},
		{"fields that are none", counted{fields: true}, "K0/0 P1/4 b2/2", "|0 4 2", ""},

		{"a picture that others need is missing", counted{}, "K0/0 P1/4 b2/2 P3/12", "|0 4 2", "a picture is missing"},
		{"the first picture needs others", counted{}, "I0/0 P1/4", "", "the first picture needs others"},
		{"a way to count that nobody knows", counted{kind: 3}, "K0/0", "", "in a way that is not known"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var samples [][]byte
			for _, p := range codedPictures(c.coded) {
				samples = append(samples, sample(c.how.slice(p)))
			}
			got, err := counts(c.how.entry(), samples)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("counts (-want +got):\n%s", diff)
			}
			refused(t, err, c.fails)
		})
	}
}

func refused(t *testing.T, err error, says string) {
	t.Helper()
	switch {
	case says == "" && err != nil:
		t.Error(err)
	case says != "" && (!errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), says)):
		t.Errorf("got %v, want that %s", err, says)
	}
}

func TestPictureOrderIsSureOrSaysWhyNot(t *testing.T) {
	how, halves := counted{}, counted{fields: true}
	key := how.slice(codedPicture{letter: 'K'})
	second := codedPicture{letter: 'P', frame: 1, low: 4}
	later := second
	later.block = 20
	other := codedPicture{letter: 'P', frame: 2, low: 8, block: 20}
	cases := []struct {
		name    string
		entry   []byte
		samples [][]byte
		fails   string
	}{
		{"slices, messages and the sets again", how.entry(), [][]byte{sample([]byte{9, 0x10}, how.sequence(), append(pictureSet(), 0), []byte{6, 5, 1, 1, 0x80}, key), sample(how.slice(second), how.slice(later))}, ""},
		{"fields", halves.entry(), [][]byte{sample(halves.slice(codedPicture{letter: 'K', field: true}))}, "in two fields"},
		{"two pictures", how.entry(), [][]byte{sample(key), sample(how.slice(second), how.slice(other))}, "two pictures"},
		{"no picture", how.entry(), [][]byte{sample(key), sample([]byte{9, 0x10})}, "a picture is missing"},
		{"nothing", how.entry(), [][]byte{sample(key), nil}, "a picture is missing"},
		{"the end of a picture", how.entry(), [][]byte{sample(key), sample(how.slice(later))}, "the beginning of a picture is missing"},
		{"another sequence", how.entry(), [][]byte{sample(key), sample(halves.sequence(), how.slice(second))}, "coded in another way"},
		{"pictures that are not to be shown", how.entry(), [][]byte{sample(key), sample(how.slice(codedPicture{letter: 'K', drops: true}))}, "not shown yet"},
		{"partitions", how.entry(), [][]byte{sample(key), sample([]byte{0x42, 0x80})}, "in partitions"},
		{"a header that is cut off", how.entry(), [][]byte{sample(key), sample(how.slice(second)[:2])}, "damaged"},
		{"a unit that is cut off", how.entry(), [][]byte{sample(key), sample(how.slice(second))[:6]}, "damaged"},
		{"a length that is cut off", how.entry(), [][]byte{sample(key), {0, 0, 0}}, "damaged"},
		{"another codec", makeBox("hvc1", make([]byte, visualHeader), makeBox("hvcC", make([]byte, 40))), nil, "of H.264 alone"},
		{"no entry", []byte("avc1"), nil, "not known"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := counts(c.entry, c.samples)
			refused(t, err, c.fails)
		})
	}
}

// FuzzPictureOrder looks at anything: what it cannot tell of is ErrUnsupported.
func FuzzPictureOrder(f *testing.F) {
	for _, c := range []counted{{}, {kind: 1, other: -2, cycle: []int{4}}, {kind: 2}, {fields: true}} {
		f.Add(c.entry(), sample(c.slice(codedPicture{letter: 'K'})), sample(c.slice(codedPicture{letter: 'P', frame: 1, low: 4, afresh: true})))
	}
	f.Fuzz(func(t *testing.T, entry, first, second []byte) {
		if _, err := counts(entry, [][]byte{first, second, second}); err != nil && !errors.Is(err, ErrUnsupported) {
			t.Errorf("got %v, want ErrUnsupported", err)
		}
	})
}

package hls

import (
	"encoding/binary"
	"io"
	"os"
	"testing"
)

// writeSparse makes a file of c that is as long as its samples are and takes
// little of the disk: of these only what tells of sync samples is there.
func (c clip) writeSparse(t testing.TB, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tracks, total := c.plan()
	head := append(mp4box("ftyp", "isom", uint32(512), "isomiso2avc1mp41"), 0, 0, 0, 1)
	head = append(head, "mdat"...)
	head = binary.BigEndian.AppendUint64(head, total+16)
	w := &hollow{to: f, at: int64(len(head))}
	if _, err := f.WriteAt(head, 0); err != nil {
		t.Fatal(err)
	}
	if err := c.writeSamples(w, tracks, uint64(len(head))); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(c.moov(tracks), w.at); err != nil {
		t.Fatal(err)
	}
}

// hollow keeps of what is written only the heads of IDR pictures.
type hollow struct {
	to io.WriterAt
	at int64
}

func (h *hollow) Write(p []byte) (int, error) {
	if len(p) == len(pictureHead(0, true)) && p[4] == 0x65 {
		if _, err := h.to.WriteAt(p, h.at); err != nil {
			return 0, err
		}
	}
	h.at += int64(len(p))
	return len(p), nil
}

package hls

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/streamgate/streamgate/metadata"
)

// nowhere is a ResponseWriter that counts.
type nowhere struct {
	header http.Header
	sent   int64
}

func (n *nowhere) Header() http.Header { return n.header }
func (n *nowhere) WriteHeader(int)     {}
func (n *nowhere) Write(b []byte) (int, error) {
	n.sent += int64(len(b))
	return len(b), nil
}

// BenchmarkEncryption is what a segment of 3 MB costs until it is written: in
// blocks, as it leaves by TLS, in the clear and encrypted.
func BenchmarkEncryption(b *testing.B) {
	dir := b.TempDir()
	bigClip(1).writeFile(b, filepath.Join(dir, "film"))
	meta := new(memoryMeta)
	meta.put(metadata.Asset{ID: "film", Owner: "ann", Playable: true, Source: "film"})
	for name, e := range map[string]*Encryption{
		"clear": nil, "AES-128": {Scheme: AES128, Keys: derived(b)}, "SAMPLE-AES": {Scheme: SampleAES, Keys: derived(b)},
	} {
		b.Run(name, func(b *testing.B) {
			s, err := New(folderStore{dir: dir}, meta, &Options{Encryption: e})
			if err != nil {
				b.Fatal(err)
			}
			h := by(ann, s)
			r := httptest.NewRequest(http.MethodGet, base(b, h, "/film", "v1")+"1.m4s", nil)
			b.ReportAllocs()
			for b.Loop() {
				w := &nowhere{header: http.Header{}}
				h.ServeHTTP(w, r)
				b.SetBytes(w.sent)
			}
		})
	}
}

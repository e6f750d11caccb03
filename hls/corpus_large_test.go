package hls_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/streamgate/streamgate/hls"
	"github.com/streamgate/streamgate/internal/playcheck"
)

// hole is how much of nothing lies in the files of TestFilesOver4GiB.
const hole = 5 << 30

// TestFilesOver4GiB plays files whose media lies behind 5 GiB of nothing. They
// take no room on file systems that know holes.
func TestFilesOver4GiB(t *testing.T) {
	playcheck.Require(t)
	for _, c := range []struct {
		name, line string
		split      func(t *testing.T, data []byte) (before, after []byte)
	}{
		{"progressive.mp4", "$V $A -t 4 " + x264 + " -c:a aac", farMdat},
		{"fragments.mp4", "$V $A -t 4 " + x264 + " -c:a aac -movflags frag_keyframe+empty_moov+default_base_moof", farFragments},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, c.name)
			encode(t, dir, path, c.line+" "+c.name)
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			before, after := c.split(t, data)
			f, err := os.Create(path)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			for _, part := range []struct {
				at   int64
				data []byte
			}{{0, before}, {hole + int64(len(before)), after}} {
				if _, err := f.WriteAt(part.data, part.at); err != nil {
					t.Fatal(err)
				}
			}
			examine(t, serve(t, dir), dir, film{name: c.name, class: classHLS})
		})
	}
}

// wideHead is the head of a box that has a hole before its content of n bytes.
func wideHead(kind string, n int) []byte {
	head := append([]byte{0, 0, 0, 1}, kind...)
	return binary.BigEndian.AppendUint64(head, uint64(16+hole+n))
}

// farMdat gives a file whose moov stands last chunk offsets of 64 bits.
func farMdat(t *testing.T, data []byte) (before, after []byte) {
	mdat := bytes.Index(data, []byte("mdat")) - 4
	moov := bytes.LastIndex(data, []byte("moov")) - 4
	before = append(bytes.Clone(data[:mdat]), wideHead("mdat", moov-mdat-8)...)
	further := uint64(hole + len(before) - mdat - 8)
	tail := retable("stco", "co64", func(stco []byte) []byte {
		out := bytes.Clone(stco[:8])
		for i := 8; i < len(stco); i += 4 {
			out = binary.BigEndian.AppendUint64(out, uint64(binary.BigEndian.Uint32(stco[i:]))+further)
		}
		return out
	})(t, "", data[moov:])
	return before, append(bytes.Clone(data[mdat+8:moov]), tail...)
}

// farFragments puts a free box with the hole before the first fragment, and
// leaves out the box at the end that says where fragments are.
func farFragments(_ *testing.T, data []byte) (before, after []byte) {
	moof := bytes.Index(data, []byte("moof")) - 4
	mfra := bytes.LastIndex(data, []byte("mfra")) - 4
	return append(bytes.Clone(data[:moof]), wideHead("free", 0)...), data[moof:mfra]
}

// TestMatroskaOver4GiB has the same packets behind 5 GiB of nothing and without.
// ffmpeg looks for something in the hole, byte by byte, and is no help.
func TestMatroskaOver4GiB(t *testing.T) {
	playcheck.Require(t)
	dir := t.TempDir()
	encode(t, dir, "", "$V $A -t 4 "+x264+" -c:a aac -f matroska -live 1 small.mkv")
	data, err := os.ReadFile(filepath.Join(dir, "small.mkv"))
	if err != nil {
		t.Fatal(err)
	}
	before, after := farClusters(data)
	f, err := os.Create(filepath.Join(dir, "large.mkv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	_, err = f.WriteAt(before, 0)
	if _, behind := f.WriteAt(after, hole+int64(len(before))); err != nil || behind != nil {
		t.Fatal(err, behind)
	}
	fetch := fetcher(hls.Dir(dir))
	for _, track := range []string{"v1", "a2"} {
		var segments [2][]byte
		for i, name := range []string{"small", "large"} {
			master, err := fetch("/" + name + ".mkv/master.m3u8")
			if err != nil {
				t.Fatal(err)
			}
			revision := regexp.MustCompile(`[0-9a-f]{16}`).FindString(string(master))
			if segments[i], err = fetch("/" + name + ".mkv/" + revision + "/" + track + "/0.m4s"); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(segments[0], segments[1]) {
			t.Errorf("%s: the first segment has %d bytes behind the hole, %d without", track, len(segments[1]), len(segments[0]))
		}
	}
}

// farClusters puts an element that is void before the first cluster.
func farClusters(data []byte) (before, after []byte) {
	_, _, segment := ebmlNext(data)
	_, rest, _ := ebmlNext(segment)
	at := len(data) - len(rest)
	for {
		id, _, next := ebmlNext(rest)
		if id == ebmlCluster {
			break
		}
		at, rest = len(data)-len(next), next
	}
	void := binary.BigEndian.AppendUint64([]byte{ebmlVoid}, 1<<56|hole)
	return append(bytes.Clone(data[:at]), void...), data[at:]
}

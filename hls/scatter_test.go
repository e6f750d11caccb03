package hls

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

func TestRunsComeTogetherWhateverLiesBetweenThem(t *testing.T) {
	content := make([]byte, 1<<20)
	random := rand.NewChaCha8([32]byte{1})
	_, _ = random.Read(content)
	path := filepath.Join(t.TempDir(), "source")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	pick := rand.New(random)
	for range 200 {
		runs, want := someRuns(pick, content)
		for name, file := range map[string]*os.File{"from a file": f, "from a reader": nil} {
			b := &body{source: bytes.NewReader(content), file: file, runs: append([]run(nil), runs...)}
			if file != nil {
				b.source = file
			}
			var got bytes.Buffer
			if _, err := b.gather(&got); err != nil || !bytes.Equal(got.Bytes(), want) {
				t.Fatalf("%s: %d bytes of %v, want %d: %v", name, got.Len(), runs, len(want), err)
			}
		}
	}
}

// someRuns returns runs in and out of order, near and far, and their bytes.
func someRuns(pick *rand.Rand, content []byte) (runs []run, want []byte) {
	at := int64(0)
	for range 1 + pick.IntN(300) {
		switch pick.IntN(10) {
		case 0:
			at = pick.Int64N(int64(len(content)))
		case 1:
			at += pick.Int64N(4 * maxGap)
		default:
			at += pick.Int64N(600)
		}
		length := min(1+pick.Int64N(5000), int64(len(content))-at)
		if length <= 0 {
			at = 0
			continue
		}
		runs = append(runs, run{at, length})
		want = append(want, content[at:at+length]...)
		at += length
	}
	return runs, want
}

func TestASourceThatGotShorterIsAnError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "source")
	if err := os.WriteFile(path, make([]byte, 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := &body{source: f, file: f, runs: []run{{0, 500}, {600, 500}}}
	if _, err := b.gather(new(bytes.Buffer)); err == nil || b.readErr == nil {
		t.Error("no error")
	}
}

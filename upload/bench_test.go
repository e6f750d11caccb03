//go:build unix

package upload_test

import (
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/streamgate/streamgate/upload"
)

var benchMiB = flag.Int("upload.mib", 128, "size of the file that the benchmark uploads, in MiB")

// zeros is a reader of n bytes that begin as an MP4 file does.
type zeros struct {
	head []byte
	left int64
}

func newZeros(n int64) *zeros { return &zeros{film(64), n} }

func (z *zeros) Read(p []byte) (int, error) {
	if z.left == 0 {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), z.left))
	c := copy(p[:n], z.head)
	z.head = z.head[c:]
	z.left -= int64(n)
	return n, nil
}

func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// bare is the least that a handler can do: the body into a file, synced.
func bare(dir string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, err := os.Create(filepath.Join(dir, "bare"))
		if err == nil {
			_, err = io.Copy(f, r.Body)
		}
		if err == nil {
			err = f.Sync()
		}
		if err == nil {
			err = f.Close()
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
}

// BenchmarkPatch sends one file by one PATCH, in turn to a bare handler, to an
// Uploader that does not hash and to one that does, and reports the CPU of
// each as a multiple of the bare handler's: medians of the paired runs. Client
// and server share the process, so the client's part, which is the same for
// all, makes the ratios look better than the handlers' own.
func BenchmarkPatch(b *testing.B) {
	size := int64(*benchMiB) << 20
	dir := b.TempDir()
	none := httptest.NewServer(bare(dir))
	defer none.Close()
	kinds := []struct {
		name string
		send func() time.Duration
	}{
		{"bare", func() time.Duration { return sendTo(b, none.URL, size) }},
		{"nohash", uploadTo(b, &upload.Options{NoHash: true}, size)},
		{"hash", uploadTo(b, nil, size)},
	}
	used, wall := map[string][]float64{}, map[string][]float64{}
	for b.Loop() {
		for _, k := range kinds {
			before, start := cpu(b), time.Now()
			k.send()
			used[k.name] = append(used[k.name], (cpu(b) - before).Seconds())
			wall[k.name] = append(wall[k.name], time.Since(start).Seconds())
		}
	}
	gb := float64(size) / 1e9
	for _, k := range kinds {
		b.ReportMetric(median(used[k.name])/gb, k.name+"-cpu-s/GB")
		b.ReportMetric(gb*1e3/median(wall[k.name]), k.name+"-MB/s")
	}
	b.ReportMetric(ratio(used["nohash"], used["bare"]), "nohash/bare")
	b.ReportMetric(ratio(used["hash"], used["bare"]), "hash/bare")
}

// ratio is the median of the ratios of paired runs.
func ratio(a, b []float64) float64 {
	r := make([]float64, len(a))
	for i := range a {
		r[i] = a[i] / b[i]
	}
	return median(r)
}

func median(s []float64) float64 {
	s = slices.Sorted(slices.Values(s))
	return s[len(s)/2]
}

func sendTo(b *testing.B, url string, size int64, headers ...string) time.Duration {
	b.Helper()
	req, err := http.NewRequest(http.MethodPatch, url, newZeros(size))
	if err != nil {
		b.Fatal(err)
	}
	req.ContentLength = size
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	start := time.Now()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode >= 300 {
		b.Fatalf("answered %s", res.Status)
	}
	return time.Since(start)
}

// uploadTo returns a function that uploads a file and removes it again.
func uploadTo(b *testing.B, o *upload.Options, size int64) func() time.Duration {
	b.Helper()
	h := newHouse(b, o)
	return func() time.Duration {
		url := h.tusCreate(int(size))
		d := sendTo(b, url, size, "Tus-Resumable", "1.0.0", "Upload-Offset", "0", "Content-Type", "application/offset+octet-stream")
		u := h.upload(idOf(url))
		if u.Offset != size {
			b.Fatal("the upload is not whole: " + strconv.FormatInt(u.Offset, 10))
		}
		if err := h.files.Delete(b.Context(), u.Key); err != nil {
			b.Fatal(err)
		}
		return d
	}
}

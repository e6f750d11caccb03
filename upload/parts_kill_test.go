package upload_test

import (
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/streamgate/streamgate/metadata/sqlite"
	"github.com/streamgate/streamgate/storage/disk"
)

// Row 30 of the list of attacks: a server that is killed at any moment of a
// concatenation makes one asset in the end, and leaves nothing.
func TestKilledServerJoinsPartsOnce(t *testing.T) {
	trials := 5
	if testing.Short() {
		t.Attr("short", "few kills")
		trials = 2
	}
	file := film(16 << 20)
	for range trials {
		dir := t.TempDir()
		ids := partsOfChild(t, dir, file)
		for round := 0; ; round++ {
			url, kill := startChild(t, dir)
			if round < 3 {
				time.AfterFunc(time.Duration(rand.IntN(200))*time.Millisecond, kill)
			}
			res, err := askToJoin(url, ids)
			kill()
			if err == nil && res.StatusCode == http.StatusCreated {
				t.Logf("joined after %d kills", round)
				checkJoined(t, dir, answer{res.StatusCode, res.Header, "", url}, file)
				break
			}
			if round >= 3 {
				t.Fatalf("answered %v, %v", res, err)
			}
		}
	}
}

// partsOfChild sends a file in three parts to a server that is killed then.
func partsOfChild(t *testing.T, dir string, file []byte) (ids []string) {
	t.Helper()
	url, kill := startChild(t, dir)
	defer kill()
	for part := range 3 {
		b := file[part*len(file)/3 : (part+1)*len(file)/3]
		created := tusRaw(t, "POST", url, nil, "Upload-Length", strconv.Itoa(len(b)), "Upload-Concat", "partial")
		id := idOf(created.Header.Get("Location"))
		if sent := sendUntilKilled(url+"/"+id, b, 0, len(b)); sent != len(b) {
			t.Fatalf("%d bytes of a part arrived", sent)
		}
		ids = append(ids, id)
	}
	return ids
}

func askToJoin(url string, ids []string) (*http.Response, error) {
	req, err := http.NewRequest(http.MethodPost, url, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Tus-Resumable", "1.0.0")
	req.Header.Set("Upload-Concat", "final;"+strings.Join(ids, " "))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	return res, res.Body.Close()
}

// checkJoined looks at what the killed servers left.
func checkJoined(t *testing.T, dir string, a answer, file []byte) {
	t.Helper()
	files, err := disk.Open(filepath.Join(dir, "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	db, err := sqlite.Open(filepath.Join(dir, "db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	h := &house{t: t, files: files, meta: db.Metadata()}
	h.isJoined(a, file)
}

package upload_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/upload"
)

// Row 22 of the list of attacks, for those who mount the handler by itself
// behind sessions that are cookies.
func TestPagesOfOtherOriginsMayNotUpload(t *testing.T) {
	evil := []string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}
	h := newHouse(t, nil)
	if a := h.do("POST", "", strings.NewReader("x"), evil...); a.status != http.StatusForbidden || !strings.Contains(a.body, "cross-origin") {
		t.Errorf("%d: %s", a.status, a.body)
	}
	if blobs, drafts := h.blobs(); blobs+drafts != 0 {
		t.Errorf("%d blobs and %d drafts are left", blobs, drafts)
	}
	trusting := http.NewCrossOriginProtection()
	if err := trusting.AddTrustedOrigin("https://evil.example"); err != nil {
		t.Fatal(err)
	}
	h = newHouse(t, &upload.Options{CrossOrigin: trusting})
	h.want(h.tus("POST", "", nil, append(evil, "Upload-Length", "10")...), http.StatusCreated)
}

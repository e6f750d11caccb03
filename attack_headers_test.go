package streamgate_test

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/internal/testclip"
)

// Row 5 of the list of attacks: what people call their files is never part of a
// header. No answer has a Content-Disposition, but for downloads where they are
// switched on, and nothing that was told of a file adds a line.
func TestAttackHeaderInjectionThroughTitleAndFileName(t *testing.T) {
	c := serve(t, startGate(t, t.TempDir()), "")
	name := "x\r\nX-Evil: 1\r\n\r\n<script>\"; filename=evil.html"
	query := url.Values{"filename": {name + ".mp4"}, "title": {"x\r\nX-Evil: 1"}}
	created := c.do(http.MethodPost, "/v1/uploads?"+query.Encode(), bytes.NewReader(testclip.MP4(t))).want(t, http.StatusCreated)
	id, _ := created.json(t)["asset_id"].(string)
	asset := c.get("/v1/assets/"+id).want(t, http.StatusOK)
	answers := []answer{created, asset, c.get("/v1/assets"), c.get("/play/" + id + "/master.m3u8"), c.get("/play/" + url.PathEscape(name) + "/master.m3u8")}
	for _, uri := range references(t, c, c.base+"/play/"+id+"/master.m3u8") {
		answers = append(answers, c.at(uri))
	}
	for _, a := range answers {
		for header, values := range a.Header {
			text := header + ": " + strings.Join(values, ",")
			if strings.ContainsAny(text, "\r\n") || strings.Contains(text, "Evil") || strings.Contains(text, "script") || header == "Content-Disposition" {
				t.Errorf("%s has the header %q", a.Request.URL.Path, text)
			}
		}
	}
	if title := asset.json(t)["title"]; title != "x  X-Evil: 1" {
		t.Errorf("the title is %q", title)
	}
}

package upload_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/upload"
)

// A field of a form; one with a file name is a file.
type field struct{ name, filename, value string }

func formOf(t *testing.T, fields ...field) (body []byte, contentType string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, f := range fields {
		var part io.Writer
		var err error
		if f.filename != "" {
			part, err = w.CreateFormFile(f.name, f.filename)
		} else {
			part, err = w.CreateFormField(f.name)
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(part, f.value); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), w.FormDataContentType()
}

func TestFormBecomesAnAsset(t *testing.T) {
	h := newHouse(t, nil)
	file := film(700_001)
	clip := field{"file", "clip.mp4", string(file)}
	tests := map[string]struct {
		fields []field
		want   metadata.Asset
	}{
		"as curl -F file=@clip.mp4 sends it": {[]field{clip}, metadata.Asset{Filename: "clip.mp4", Title: "clip"}},
		"with fields before the file": {
			[]field{{"title", "", "A film"}, {"description", "", "two\r\nlines"}, {"tags", "", "x, y"}, {"unknown", "", "z"}, clip},
			metadata.Asset{Filename: "clip.mp4", Title: "A film", Description: "two\nlines", Tags: []string{"x", "y"}},
		},
		"with fields after the file": {
			[]field{clip, {"title", "", "Later"}, {"tags", "", "z"}},
			metadata.Asset{Filename: "clip.mp4", Title: "Later", Tags: []string{"z"}},
		},
		"with other tags after the file": {
			[]field{{"tags", "", "a,b"}, clip, {"tags", "", "c,d"}},
			metadata.Asset{Filename: "clip.mp4", Title: "clip", Tags: []string{"c", "d"}},
		},
		"with a path for a name": {
			[]field{{"file", `..\..\etc/evil.mp4`, string(file)}},
			metadata.Asset{Filename: "evil.mp4", Title: "evil"},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			h.t = t
			body, ct := formOf(t, tc.fields...)
			a := h.want(h.do("POST", "/", bytes.NewReader(body), "Content-Type", ct), 201)
			got := h.asset(a.json(t)["asset_id"].(string))
			if !bytes.Equal(h.read(got.Source), file) || got.SHA256 != sumOf(file) {
				t.Error("the stored bytes are others")
			}
			known := metadata.Asset{Filename: got.Filename, Title: got.Title, Description: got.Description, Tags: got.Tags}
			if diff := cmp.Diff(tc.want, known); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFieldsAfterTheFileAreTold(t *testing.T) {
	h := newHouse(t, nil)
	updates := func(fields ...field) (n int) {
		body, ct := formOf(t, fields...)
		h.want(h.do("POST", "/", bytes.NewReader(body), "Content-Type", ct), 201)
		pending, err := h.meta.Events().Pending(t.Context(), 0, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range pending {
			if e.Type == events.AssetUpdated && e.Owner == "alice" {
				n++
			}
		}
		return n
	}
	clip := field{"file", "clip.mp4", string(film(1000))}
	if n := updates(field{"tags", "", "a,b"}, clip, field{"tags", "", "a, b"}); n != 0 {
		t.Errorf("what changed nothing was told %d times", n)
	}
	if n := updates(field{"tags", "", "a,b"}, clip, field{"tags", "", "a,c"}); n != 1 {
		t.Errorf("a change was told %d times", n)
	}
}

func TestFormIsRefused(t *testing.T) {
	h := newHouse(t, &upload.Options{MaxSize: 1 << 20})
	whole, ct := formOf(t, field{"file", "a.mp4", string(film(10_000))})
	build := func(fields ...field) []byte {
		b, c := formOf(t, fields...)
		return bytes.ReplaceAll(b, []byte(c[len("multipart/form-data; boundary="):]), []byte(ct[len("multipart/form-data; boundary="):]))
	}
	afterFile := build(field{"file", "a.mp4", string(film(10_000))}, field{"title", "", strings.Repeat("x", 100)})
	many := make([]field, 65)
	for i := range many {
		many[i] = field{fmt.Sprint("f", i), "", "x"}
	}
	tests := map[string]struct {
		body   []byte
		ct     string
		status int
		says   string
		open   bool // an upload stays that can be resumed
	}{
		"without a file":                     {build(field{"title", "", "x"}), ct, 400, `no part named "file"`, false},
		"without a boundary":                 {whole, "multipart/form-data", 400, "boundary", false},
		"with its file in another field":     {build(field{"video", "a.mp4", string(film(1 << 20))}), ct, 400, `it has to be in the field "file"`, false},
		"with fields without end":            {build(field{"title", "", strings.Repeat("x", 300<<10)}), ct, 413, "fields", false},
		"with too many fields":               {build(many...), ct, 400, "64 fields", false},
		"with a title that is too long":      {build(field{"title", "", strings.Repeat("x", 201)}, field{"file", "a.mp4", "x"}), ct, 422, "title", false},
		"with two files":                     {build(field{"file", "a.mp4", string(film(10_000))}, field{"file", "b.mp4", string(film(10_000))}), ct, 400, "more than one file", false},
		"with a file beyond the limit":       {build(field{"file", "a.mp4", string(film(1<<20 + 1))}), ct, 413, "1048576", false},
		"with a form beyond the limit":       {build(field{"file", "a.mp4", string(film(2 << 20))}), ct, 413, "1048576", false},
		"with asset_id after the file":       {build(field{"file", "a.mp4", string(film(10_000))}, field{"asset_id", "", metadata.NewID()}), ct, 400, "before the file", false},
		"with a bad field after the file":    {build(field{"file", "a.mp4", string(film(10_000))}, field{"title", "", strings.Repeat("x", 201)}), ct, 422, "title", false},
		"with fields without end after it":   {build(field{"file", "a.mp4", string(film(10_000))}, field{"x", "", strings.Repeat("x", 300<<10)}), ct, 413, "fields", false},
		"with another's file field after it": {build(field{"file", "a.mp4", string(film(10_000))}, field{"video", "b.mp4", "x"}), ct, 400, "in the field", false},
		"cut in a field after the file":      {afterFile[:len(afterFile)-80], ct, 400, "", true},
		"with an empty file":                 {build(field{"file", "a.mp4", ""}), ct, 400, "empty", false},
		"with a text":                        {build(field{"file", "a.mp4", strings.Repeat("a text, ", 1000)}), ct, 415, "content", false},
		"cut in its file":                    {whole[:5000], ct, 400, "boundary", true},
		"cut before its last boundary":       {whole[:len(whole)-10], ct, 400, "", true},
		"that is none":                       {[]byte("hello"), ct, 400, "", false},
		"of another's asset":                 {build(field{"asset_id", "", metadata.NewID()}, field{"file", "a.mp4", "x"}), ct, 404, "asset", false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			h.t = t
			a := h.want(h.do("POST", "/", bytes.NewReader(tc.body), "Content-Type", tc.ct), tc.status)
			if detail, _ := a.json(t)["detail"].(string); !strings.Contains(detail, tc.says) {
				t.Errorf("says %q", detail)
			}
			id := ""
			if a.header.Get("Location") != "" {
				id = idOf(a.location(t))
			}
			if open := id != "" && h.upload(id).State == metadata.UploadOpen; open != tc.open {
				t.Errorf("open: %t, want %t", open, tc.open)
			}
			if tc.open {
				h.want(h.tus("DELETE", "/"+id, nil), 204)
			}
			if blobs, drafts := h.blobs(); blobs+drafts != 0 {
				t.Errorf("%d blobs and %d drafts are left", blobs, drafts)
			}
		})
	}
}

// FuzzForm throws bodies at the form handler: it answers, and keeps nothing of
// what it refuses for good.
func FuzzForm(f *testing.F) {
	good := "--b\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nx\r\n" +
		"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.mp4\"\r\n\r\n" + string(film(64)) + "\r\n--b--\r\n"
	for _, seed := range []string{
		good, good[:len(good)-6], "", "--b--", "--b\r\n\r\n\r\n--b--", strings.ReplaceAll(good, "\r\n", "\n"),
		strings.Replace(good, "form-data", "attachment", 1), strings.Replace(good, "x\r\n", "\xff\xfe\r\n", 1), good + good,
	} {
		f.Add(seed)
	}
	h := newFuzzHouse(f)
	f.Fuzz(func(t *testing.T, body string) {
		a := h.serve("POST", "/", strings.NewReader(body), "Content-Type", "multipart/form-data; boundary=b")
		if a.Code != 201 && (a.Code < 400 || a.Code > 422) {
			t.Fatalf("answered %d %s", a.Code, a.Body)
		}
	})
}

// Who may send nothing is not listened to: a form is long, and may be slow.
func TestFormOfNobodyIsRefusedBeforeItIsRead(t *testing.T) {
	h := newHouse(t, nil)
	conn := h.raw(strings.Replace(formHead, "\r\n", "\r\nX-User: nobody\r\n", 1)+unfinishedForms["within the value of a part"], nil)
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.HasPrefix(line, "HTTP/1.1 401 ") {
		t.Errorf("answered %q, %v", line, err)
	}
}

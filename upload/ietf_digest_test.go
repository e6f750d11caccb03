package upload_test

import (
	"crypto/sha256"
	"crypto/sha512"
	"testing"

	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/upload"
)

func sha256Field(b []byte) string {
	s := sha256.Sum256(b)
	return "sha-256=:" + b64(string(s[:])) + ":"
}

func sha512Field(b []byte) string {
	s := sha512.Sum512(b)
	return "sha-512=:" + b64(string(s[:])) + ":"
}

func TestIETFContentHasItsDigest(t *testing.T) {
	file := film(50_000)
	first, second := file[:20_000], file[20_000:]
	for name, tc := range map[string]struct{ right, wrong string }{
		"sha-256":                     {sha256Field(first), sha256Field(second)},
		"sha-512":                     {sha512Field(first), sha512Field(second)},
		"two, of which one is wrong":  {sha256Field(first) + ", " + sha512Field(first), sha256Field(first) + ", " + sha512Field(second)},
		"beside one that nobody here": {"md5=:AAAA:, a=(1 2);b, " + sha256Field(first) + ";x=1", `md5="", ` + sha256Field(second)},
	} {
		t.Run(name, func(t *testing.T) {
			c := &ietfClient{h: newHouse(t, nil), version: 6}
			url := c.h.want(c.create(nil, false), 201).location(t)
			a := c.h.want(c.append(url, 0, first, false, "Content-Digest", tc.wrong), 400)
			if a.json(t)["type"] != "urn:streamgate:problem:content-digest" || a.header.Get("Upload-Offset") != "0" || c.completes(a.header) != "?0" {
				t.Errorf("answered %v %s", a.header, a.body)
			}
			c.h.want(c.chunked("PATCH", url, 0, first, false, "Content-Digest", tc.wrong), 400)
			c.h.want(c.chunked("PATCH", url, 0, first, false, "Content-Digest", tc.right), 201)
			c.h.want(c.append(url, 20_000, second, true, "Content-Digest", sha256Field(second)), 201)
			if u := c.h.upload(idOf(url)); u.SHA256 != sumOf(file) {
				t.Errorf("the upload is %s with %s", u.State, u.SHA256)
			}
		})
	}
}

func TestIETFContentDigestOfACreation(t *testing.T) {
	file := film(50_000)
	eachDraft(t, nil, func(t *testing.T, c *ietfClient) {
		a := c.h.want(c.create(file, true, "Content-Digest", sha256Field(file[1:])), 400)
		if c.completes(a.header) != "?0" || a.header.Get("Upload-Offset") != "0" {
			t.Errorf("answered %v", a.header)
		}
		c.h.want(c.append(a.location(t), 0, file, true, "Content-Digest", sha256Field(file)), 201)
		c.h.want(c.create(file, true, "Content-Digest", sha512Field(file)), 201)
		c.h.want(c.create(nil, false, "Content-Digest", sha256Field(nil)), 201)
		c.h.want(c.create(nil, false, "Content-Digest", sha256Field(file)), 400)
	})
}

func TestIETFDigestsThatAreNone(t *testing.T) {
	c := &ietfClient{h: newHouse(t, nil), version: 8}
	for name, value := range map[string]string{
		"a sum in hexadecimal":       "sha-256=" + sumOf(nil),
		"a sum of another length":    "sha-256=:AAAA:",
		"a sum of another type":      `sha-256="` + sumOf(nil) + `"`,
		"an algorithm alone":         "sha-256",
		"what is no dictionary":      "sha-256=:",
		"the form of another header": "sha-256 AAAA",
	} {
		for _, field := range []string{"Content-Digest", "Repr-Digest"} {
			if a := c.create(film(1000), true, field, value); a.status != 400 {
				t.Errorf("%s in %s: answered %d %s", name, field, a.status, a.body)
			}
		}
	}
	c.h.want(c.create(film(1000), true, "Repr-Digest", "md5=:AAAA:", "Content-Digest", "unixsum=:AAAA:"), 201)
}

func TestIETFFileHasItsDigest(t *testing.T) {
	file := film(50_000)
	eachDraft(t, nil, func(t *testing.T, c *ietfClient) {
		url := c.h.want(c.create(file[:20_000], false, "Repr-Digest", sha256Field(file)), 201).location(t)
		c.h.want(c.append(url, 20_000, file[20_000:], true), 201)

		a := c.h.want(c.create(file, true, "Repr-Digest", sha256Field(file[1:])), 400)
		if a.json(t)["type"] != "urn:streamgate:problem:repr-digest" || c.completes(a.header) != "?1" {
			t.Errorf("answered %v %s", a.header, a.body)
		}
		u := c.h.upload(idOf(a.location(t)))
		if as := c.h.asset(u.Asset); u.State != metadata.UploadFailed || as.State != metadata.Failed || u.Error == "" {
			t.Errorf("the upload is %+v, the asset %s", u, as.State)
		}
		c.h.want(c.head(a.location(t)), 410)

		url = c.h.want(c.create(file, false, "Repr-Digest", sha256Field(file[1:])), 201).location(t)
		c.h.want(c.h.do("POST", url+"/complete", nil), 400) // by whichever way it ends
	})
}

func TestIETFPromiseSurvivesARestart(t *testing.T) {
	file := film(50_000)
	h := newHouse(t, nil)
	c := &ietfClient{h: h, version: 8}
	url := h.want(c.create(file[:20_000], false, "Repr-Digest", sha256Field(file[1:])), 201).location(t)
	up, err := upload.New(h.files, h.meta, &upload.Options{OnComplete: takeAsItIs}) // another process
	if err != nil {
		t.Fatal(err)
	}
	h.http.Config.Handler = mount(up)
	h.want(c.append(url, 20_000, file[20_000:], true), 400)
	h.want(c.head(url), 410)
}

func TestIETFNoDigestIsPromisedWhereNoneIsComputed(t *testing.T) {
	c := &ietfClient{h: newHouse(t, &upload.Options{NoHash: true}), version: 8}
	c.h.want(c.create(film(1000), true, "Repr-Digest", sha256Field(nil)), 201)
	c.h.want(c.create(film(1000), true, "Content-Digest", sha256Field(nil)), 400)
}

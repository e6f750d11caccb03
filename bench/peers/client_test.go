package peers

import (
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// A client sends files by tus, to one server.
type client struct {
	origin string // "http://127.0.0.1:…"
	http   *http.Client
}

func newClient(origin string) *client {
	return &client{origin, &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, ExpectContinueTimeout: time.Minute}}}
}

// A sent is an upload that this client created.
type sent struct {
	c        *client
	url      string
	asset    string // "" where the server has none
	received int64
}

const chunkType = "application/offset+octet-stream"

// create begins an upload of size bytes, of which the first come along.
func (c *client) create(size, first int64) (*sent, error) {
	header := []string{"Upload-Length", fmt.Sprint(size)}
	if first > 0 {
		header = append(header, "Content-Type", chunkType)
	}
	answer, err := c.do(http.MethodPost, c.origin+base, newFilm(size, 0, first), first, header...)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusCreated {
		return nil, fmt.Errorf("creating: %s", answer.Status)
	}
	at, err := answer.Location()
	if err != nil {
		return nil, err
	}
	return &sent{c, at.String(), answer.Header.Get("StreamGate-Asset"), first}, nil
}

// patch sends the next n bytes of a file of size.
func (s *sent) patch(size, n int64) error {
	answer, err := s.c.do(http.MethodPatch, s.url, newFilm(size, s.received, n), n,
		"Content-Type", chunkType, "Upload-Offset", fmt.Sprint(s.received))
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusNoContent {
		return &refused{answer.StatusCode}
	}
	s.received += n
	return nil
}

// refused is the status of a PATCH that was not taken.
type refused struct{ status int }

func (r *refused) Error() string { return fmt.Sprintf("sending: %d", r.status) }

// upload sends a file of size bytes, in chunks.
func (c *client) upload(size, chunk int64) (*sent, error) {
	s, err := c.create(size, 0)
	for err == nil && s.received < size {
		err = s.patch(size, min(chunk, size-s.received))
	}
	return s, err
}

// remove deletes what was sent.
func (s *sent) remove() error {
	at := s.url
	if s.asset != "" {
		at = s.c.origin + "/v1/assets/" + s.asset
	}
	answer, err := s.c.do(http.MethodDelete, at, nil, 0)
	if err == nil && answer.StatusCode >= 300 {
		err = fmt.Errorf("removing: %s", answer.Status)
	}
	return err
}

// offset asks where to go on.
func (s *sent) offset() (int64, error) {
	answer, err := s.c.do(http.MethodHead, s.url, nil, 0)
	if err != nil {
		return 0, err
	}
	if answer.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("asking: %s", answer.Status)
	}
	return strconv.ParseInt(answer.Header.Get("Upload-Offset"), 10, 64)
}

// do sends a request and reads the answer's body to its end.
func (c *client) do(method, at string, body io.Reader, n int64, header ...string) (*http.Response, error) {
	if n == 0 {
		body = nil
	}
	req, err := http.NewRequest(method, at, body)
	if err != nil {
		return nil, err
	}
	req.ContentLength = n
	req.Header.Set("Tus-Resumable", "1.0.0")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	answer, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return answer, err
}

// host is what to dial.
func (c *client) host() string {
	u, err := url.Parse(c.origin)
	if err != nil {
		return ""
	}
	return u.Host
}

// film reads a part of a file that looks like an MP4 and has no picture: a file
// type box, and a box of media data for the rest. Servers that look at content
// take it for media, and look into it once it is whole.
type film struct {
	head []byte // what is left of the boxes' beginnings
	left int64
}

// newFilm returns n bytes from off on, of a film of size.
func newFilm(size, off, n int64) *film {
	head := filmHead(size)
	return &film{head[min(off, int64(len(head))):], n}
}

// filmHead is where a film has something else than zeros.
func filmHead(size int64) []byte {
	head := []byte("\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41\x00\x00\x00\x01mdat")
	return binary.BigEndian.AppendUint64(head, uint64(size-24))
}

func (f *film) Read(p []byte) (int, error) {
	if f.left == 0 {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), f.left))
	c := copy(p[:n], f.head)
	clear(p[c:n])
	f.head = f.head[c:]
	f.left -= int64(n)
	return n, nil
}

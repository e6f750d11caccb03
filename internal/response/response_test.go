package response_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/internal/response"
)

// writer is what net/http/httptest has, with sendfile.
type writer struct{ *httptest.ResponseRecorder }

func (w writer) ReadFrom(r io.Reader) (int64, error) { return io.Copy(w.ResponseRecorder, r) }

// foreign is a wrapper of somebody else.
type foreign struct{ http.ResponseWriter }

func (w foreign) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func TestAnAnswerIsCountedWhicheverWayItIsWritten(t *testing.T) {
	type counts struct {
		Status int
		Bytes  int64
	}
	for name, tt := range map[string]struct {
		write func(w http.ResponseWriter)
		want  counts
	}{
		"nothing":            {func(http.ResponseWriter) {}, counts{}},
		"a status":           {func(w http.ResponseWriter) { w.WriteHeader(404) }, counts{404, 0}},
		"the first status":   {func(w http.ResponseWriter) { w.WriteHeader(201); w.WriteHeader(500) }, counts{201, 0}},
		"1xx is no status":   {func(w http.ResponseWriter) { w.WriteHeader(103) }, counts{}},
		"but 101 is":         {func(w http.ResponseWriter) { w.WriteHeader(101) }, counts{101, 0}},
		"Write":              {func(w http.ResponseWriter) { _, _ = w.Write(make([]byte, 3)) }, counts{200, 3}},
		"WriteString":        {func(w http.ResponseWriter) { _, _ = io.WriteString(w, "1234") }, counts{200, 4}},
		"ReadFrom":           {func(w http.ResponseWriter) { _, _ = w.(io.ReaderFrom).ReadFrom(strings.NewReader("12345")) }, counts{200, 5}},
		"Flush":              {func(w http.ResponseWriter) { w.(http.Flusher).Flush() }, counts{200, 0}},
		"ResponseController": {func(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() }, counts{200, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			rec, w := response.Record(writer{httptest.NewRecorder()})
			defer rec.Release()
			tt.write(w)
			if diff := cmp.Diff(tt.want, counts{rec.Status(), rec.Bytes()}); diff != "" || rec.Begun() != (tt.want.Status != 0) {
				t.Errorf("begun: %t, -want +got:\n%s", rec.Begun(), diff)
			}
		})
	}
}

func TestTheWriterPromisesNoMoreThanTheOneBelow(t *testing.T) {
	rec, w := response.Record(httptest.NewRecorder())
	defer rec.Release()
	if _, ok := w.(io.ReaderFrom); ok {
		t.Error("there is sendfile where there is none")
	}
}

func TestLayersShareOneRecorder(t *testing.T) {
	for name, below := range map[string]http.ResponseWriter{"plain": httptest.NewRecorder(), "with sendfile": writer{httptest.NewRecorder()}} {
		t.Run(name, func(t *testing.T) {
			outer, w := response.Record(below)
			inner, again := response.Record(w)
			if inner != outer || again != w {
				t.Error("right below there is another")
			}
			deeper, kept := response.Record(foreign{w})
			if _, ok := kept.(foreign); deeper != outer || !ok {
				t.Error("below a foreign writer there is another, or that writer is gone")
			}
			_, _ = kept.Write([]byte("123"))
			deeper.Release()
			inner.Release()
			if _, err := w.Write([]byte("45")); err != nil {
				t.Errorf("the writer is of no use before the last release: %v", err)
			}
			if outer.Bytes() != 5 || outer.Status() != 200 {
				t.Error("what was counted is gone before the last release")
			}
			outer.Release()
		})
	}
}

func TestAWriterIsOfNoUseAfterItsRequest(t *testing.T) {
	below := httptest.NewRecorder()
	rec, w := response.Record(writer{below})
	rec.Release()
	w.WriteHeader(500)
	w.Header().Set("A", "b")
	_, one := w.Write([]byte("x"))
	_, two := io.WriteString(w, "x")
	_, three := w.(io.ReaderFrom).ReadFrom(strings.NewReader("x"))
	if below.Body.Len() > 0 || len(below.Header()) > 0 || one == nil || two == nil || three == nil {
		t.Errorf("%q, %v", below.Body, errors.Join(one, two, three))
	}
}

func TestARecorderBeginsAnew(t *testing.T) {
	for range 100 {
		rec, w := response.Record(httptest.NewRecorder())
		if rec.Begun() || rec.Bytes() != 0 {
			t.Fatalf("status %d, %d bytes of a request before", rec.Status(), rec.Bytes())
		}
		_, _ = io.WriteString(w, "x")
		rec.Release()
	}
}

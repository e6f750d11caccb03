package peers

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
)

// bare is the least that can be done with a body. It answers as a tus server
// does, as far as the benchmarks look, and checks nothing.
type bare struct {
	dir  string
	sync bool
	last atomic.Int64
}

func openBare(dir string, sync bool) *contestant {
	b := &bare{dir: dir, sync: sync}
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+base, b.create)
	mux.HandleFunc("PATCH "+base+"/{id}", func(w http.ResponseWriter, r *http.Request) {
		b.answer(w, http.StatusNoContent, b.write(r.PathValue("id"), r.Body))
	})
	mux.HandleFunc("DELETE "+base+"/{id}", func(w http.ResponseWriter, r *http.Request) {
		b.answer(w, http.StatusNoContent, os.Remove(filepath.Join(dir, r.PathValue("id"))))
	})
	return &contestant{handler: mux, close: func() {}}
}

func (b *bare) create(w http.ResponseWriter, r *http.Request) {
	id := fmt.Sprint(b.last.Add(1))
	w.Header().Set("Location", base+"/"+id)
	b.answer(w, http.StatusCreated, b.write(id, r.Body))
}

func (b *bare) write(id string, body io.Reader) error {
	f, err := os.OpenFile(filepath.Join(b.dir, id), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, body)
	if err == nil && b.sync {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return err
}

func (b *bare) answer(w http.ResponseWriter, status int, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.WriteHeader(status)
}

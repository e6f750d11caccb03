package cache

import (
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/events"
	"github.com/streamgate/streamgate/internal/endpoint"
	"github.com/streamgate/streamgate/internal/problem"
)

const (
	headerTTL   = "StreamGate-TTL"
	headerCache = "StreamGate-Cache"
)

func (h *handler) get(w http.ResponseWriter, r *http.Request, key string) error {
	if err := h.authorize(r, auth.Read, key); err != nil {
		return err
	}
	hash := h.cache.hash(key)
	e := h.cache.lookup(hash, key)
	h.tell(w, e)
	if e == nil {
		h.cache.counts.add(hash, misses)
		return problem.Errorf(problem.ErrNotFound, "there is nothing under this key")
	}
	h.cache.counts.add(hash, hits)
	to := w.Header()
	to.Set("Content-Type", e.value.ContentType)
	to.Set("Content-Length", strconv.Itoa(len(e.value.Body)))
	to.Set("X-Content-Type-Options", "nosniff")
	to.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(e.value.Body) // a client that is gone needs no answer
	}
	return nil
}

// tell says of e, which may be nil, whether it is there and for how long.
func (h *handler) tell(w http.ResponseWriter, e *entry[string, Value]) {
	if e == nil {
		w.Header().Set(headerCache, "miss")
		return
	}
	w.Header().Set(headerCache, "hit")
	if e.expires != 0 {
		left := time.Duration(e.expires - h.cache.now())
		w.Header().Set(headerTTL, strconv.Itoa(int(math.Ceil(max(left, 0).Seconds()))))
	}
}

func (h *handler) put(w http.ResponseWriter, r *http.Request, key string) error {
	if err := h.authorize(r, auth.Update, key); err != nil {
		return err
	}
	it, err := h.item(w, r, key)
	if err != nil {
		return err
	}
	data := map[string]any{"key": key, "size": len(it.Value.Body)}
	if it.TTL > 0 {
		data["ttl"] = it.TTL.Seconds()
	}
	if err := h.record(r, events.CacheSet, data); err != nil {
		return err
	}
	status := http.StatusCreated
	if h.cache.peek(h.cache.hash(key), key) != nil {
		status = http.StatusNoContent
	}
	h.cache.SetItem(it)
	w.WriteHeader(status)
	return nil
}

// item returns what a PUT wants to be kept.
func (h *handler) item(w http.ResponseWriter, r *http.Request, key string) (Item[string, Value], error) {
	it := Item[string, Value]{Key: key}
	p, err := parameters(r, "ttl", "tag")
	if err != nil {
		return it, err
	}
	if it.TTL, err = timeToLive(p["ttl"], r.Header.Values(headerTTL)); err != nil {
		return it, err
	}
	if it.Tags, err = h.tags(p["tag"]); err != nil {
		return it, err
	}
	if it.Value.ContentType, err = contentType(r.Header); err != nil {
		return it, err
	}
	if it.Value.Body, err = h.body(w, r); err != nil {
		return it, err
	}
	it.Cost = h.cache.costOf(&it)
	for _, tag := range it.Tags {
		it.Cost += int64(len(tag)) + tagBytes
	}
	if cost := it.Cost; cost > h.cache.max {
		return it, &problem.Error{
			Kind:   problem.KindOf(problem.ErrTooLarge),
			Detail: "the value is larger than the cache",
			Fields: map[string]any{"limit": h.cache.max},
		}
	}
	return it, nil
}

func (h *handler) body(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := endpoint.Body(w, r, h.o.MaxValue)
	if err != nil {
		return nil, err
	}
	return append(make([]byte, 0, len(body)), body...), nil // no larger than it is
}

func (h *handler) delete(w http.ResponseWriter, r *http.Request, key string) error {
	if err := h.authorize(r, auth.Delete, key); err != nil {
		return err
	}
	if err := h.record(r, events.CacheDeleted, map[string]any{"key": key}); err != nil {
		return err
	}
	w.Header().Set(headerCache, "miss")
	if h.cache.Delete(key) {
		w.Header().Set(headerCache, "hit")
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

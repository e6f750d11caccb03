package cache

// window is the queue of the entries that were set last. They are kept whatever
// they are worth, so that what was set is there, and get the time to show
// whether they are used. It is guarded by Cache.mu.
type window[K comparable, V any] struct {
	max   int64 // cost
	cost  int64
	count int            // entries that are still in it
	queue []*entry[K, V] // oldest first, with some that have left
}

func (w *window[K, V]) push(e *entry[K, V]) {
	if len(w.queue) > 2*w.count+minQueue {
		w.compact()
	}
	w.queue = append(w.queue, e)
	w.cost += e.cost()
	w.count++
	e.place = inWindow
}

// minQueue is below which length a queue is not worth compacting.
const minQueue = 16

// overflow takes out the oldest entry if there is more than there should be.
// The one set last stays, however much it costs.
func (w *window[K, V]) overflow() *entry[K, V] {
	if w.cost <= w.max || w.count < 2 {
		return nil
	}
	for {
		e := w.queue[0]
		w.queue[0] = nil
		w.queue = w.queue[1:]
		if e.place == inWindow {
			w.left(e)
			return e
		}
	}
}

// left is to be told of each entry that leaves.
func (w *window[K, V]) left(e *entry[K, V]) {
	e.place = gone
	w.cost -= e.cost()
	w.count--
}

// compact forgets those that left. It makes another slice, which is as small as
// the queue then is.
func (w *window[K, V]) compact() {
	queue := make([]*entry[K, V], 0, 2*w.count+minQueue+1)
	for _, e := range w.queue {
		if e.place == inWindow {
			queue = append(queue, e)
		}
	}
	w.queue = queue
}

func (w *window[K, V]) clear() {
	w.cost, w.count, w.queue = 0, 0, nil
}

package events

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// eventWriter writes an event stream, each piece flushed and under a deadline.
type eventWriter struct {
	w       http.ResponseWriter
	rc      *http.ResponseController
	timeout time.Duration
	buf     bytes.Buffer
}

func newEventWriter(w http.ResponseWriter, timeout time.Duration) *eventWriter {
	return &eventWriter{w: w, rc: http.NewResponseController(w), timeout: timeout}
}

func (w *eventWriter) retry(d time.Duration) error {
	w.buf.Reset()
	fmt.Fprintf(&w.buf, "retry: %d\n\n", d.Milliseconds())
	return w.flush()
}

func (w *eventWriter) comment(text string) error {
	w.buf.Reset()
	fmt.Fprintf(&w.buf, ": %s\n\n", text)
	return w.flush()
}

// event writes e. JSON has no line ends, so that one data line is enough.
func (w *eventWriter) event(e Event) error {
	data, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encoding event %d: %w", e.ID, err)
	}
	w.buf.Reset()
	if e.ID > 0 {
		w.buf.WriteString("id: " + strconv.FormatInt(e.ID, 10) + "\n")
	}
	w.buf.WriteString("event: " + string(e.Type) + "\ndata: ")
	w.buf.Write(data)
	w.buf.WriteString("\n\n")
	return w.flush()
}

func (w *eventWriter) flush() error {
	if err := w.rc.SetWriteDeadline(time.Now().Add(w.timeout)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := w.w.Write(w.buf.Bytes()); err != nil {
		return err
	}
	return w.rc.Flush()
}

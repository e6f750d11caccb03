// Package audit holds StreamGate's encoding of audit events against log/slog's
// JSON handler and zerolog, with the same members in the line.
package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/streamgate/streamgate/audit"
)

var moment = time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)

// event is what all of them write, of about 1 KiB.
func event() audit.Event {
	return audit.Event{
		Time: moment, Actor: "user-4711", Address: "192.0.2.17", Action: "asset.updated", Resource: "asset/0190b5c2-8c1e-7d3a",
		Outcome: audit.Success, RequestID: "q3b7n2v5x8k1m4p7", TraceID: "4bf92f3577b34da6a3ce929d0e0e4736",
		Details: []slog.Attr{
			slog.String("title", "A film about a dog that walks from the sea to the mountains"),
			slog.String("description", text[:500]), slog.Int64("size", 123456789), slog.Bool("public", false), slog.Float64("duration", 5400.25),
		},
	}
}

const text = "The dog begins at the sea, where nobody has waited for it, and walks. It meets a baker, a lighthouse keeper and " +
	"two children with a kite, and each of them gives it something to carry: a loaf, a lamp, a string. On the third day it rains, " +
	"and the lamp goes out. On the fourth it finds the road again, which is not the one that it had lost. The mountains are blue, " +
	"then green, then stone. What it has carried it lays down before a door, and the door opens. It is a quiet film without " +
	"words, shot on one lens, and the dog was never asked to do what it would not have done by itself, as its makers say."

// discard is a sink that keeps nothing.
type discard struct{}

func (discard) Append(context.Context, *audit.Event, []byte) error { return nil }

// contestants write the event to a writer, or nowhere.
var contestants = []struct {
	name string
	to   func(w io.Writer) func()
}{
	{"streamgate", func(w io.Writer) func() {
		var buf []byte
		return func() {
			e := event()
			buf = append(e.AppendJSON(buf[:0]), '\n')
			_, _ = w.Write(buf)
		}
	}},
	{"slog", func(w io.Writer) func() {
		h := slog.NewJSONHandler(w, &slog.HandlerOptions{ReplaceAttr: nil})
		return func() {
			e := event()
			r := slog.NewRecord(e.Time, slog.LevelInfo, e.Action, 0)
			r.AddAttrs(
				slog.String("actor", e.Actor), slog.String("address", e.Address), slog.String("resource", e.Resource),
				slog.String("outcome", string(e.Outcome)), slog.String("request_id", e.RequestID), slog.String("trace_id", e.TraceID),
				slog.Attr{Key: "details", Value: slog.GroupValue(e.Details...)},
			)
			_ = h.Handle(context.Background(), r)
		}
	}},
	{"zerolog", func(w io.Writer) func() {
		l := zerolog.New(w)
		return func() {
			e := event()
			l.Log().Time("time", e.Time).Str("actor", e.Actor).Str("address", e.Address).Str("action", e.Action).
				Str("resource", e.Resource).Str("outcome", string(e.Outcome)).Str("request_id", e.RequestID).Str("trace_id", e.TraceID).
				Dict("details", zerolog.Dict().
					Str("title", e.Details[0].Value.String()).Str("description", e.Details[1].Value.String()).
					Int64("size", e.Details[2].Value.Int64()).Bool("public", e.Details[3].Value.Bool()).
					Float64("duration", e.Details[4].Value.Float64())).Send()
		}
	}},
}

// TestAllWriteTheSame holds the comparison to be one.
func TestAllWriteTheSame(t *testing.T) {
	var lines []map[string]any
	for _, c := range contestants {
		var out bytes.Buffer
		c.to(&out)()
		var line map[string]any
		if err := json.Unmarshal(out.Bytes(), &line); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if c.name == "slog" {
			line["action"] = line["msg"]
			delete(line, "msg")
			delete(line, "level")
		}
		delete(line, "time") // zerolog's has seconds
		lines = append(lines, line)
	}
	for i := range lines {
		if diff := cmp.Diff(lines[0], lines[i]); diff != "" {
			t.Errorf("%s -want +got:\n%s", contestants[i].name, diff)
		}
	}
}

// TestNoMoreAllocationsThanThePeers is about what the path of a request pays.
func TestNoMoreAllocationsThanThePeers(t *testing.T) {
	var allocs []float64
	for _, c := range contestants {
		write := c.to(io.Discard)
		allocs = append(allocs, testing.AllocsPerRun(100, write))
	}
	if allocs[0] > slices.Min(allocs[1:])+1 { // the details of the event
		t.Errorf("%v allocations", allocs)
	}
}

// BenchmarkEncode writes by all in turn, and reports the medians of the ratios.
func BenchmarkEncode(b *testing.B) {
	const rounds, each = 200, 200
	e := event()
	size := len(e.AppendJSON(nil))
	took := make([][]float64, len(contestants))
	for b.Loop() {
		for range rounds {
			for i, c := range contestants {
				write := c.to(io.Discard)
				begin := time.Now()
				for range each {
					write()
				}
				took[i] = append(took[i], float64(time.Since(begin).Nanoseconds())/each)
			}
		}
	}
	for i, c := range contestants {
		b.ReportMetric(median(took[i])*1024/float64(size), c.name+"-ns/KB")
		if i > 0 {
			ratios := make([]float64, len(took[i]))
			for n := range ratios {
				ratios[n] = took[0][n] / took[i][n]
			}
			b.ReportMetric(median(ratios), "of-"+c.name)
		}
	}
}

// BenchmarkHandler logs by slog to the audit log's handler and to slog's own.
func BenchmarkHandler(b *testing.B) {
	l, err := audit.New([]audit.Sink{discard{}}, nil)
	if err != nil {
		b.Fatal(err)
	}
	loggers := []*slog.Logger{slog.New(l.Handler()), slog.New(slog.NewJSONHandler(new(nowhere), nil))}
	took := make([][]float64, len(loggers))
	for b.Loop() {
		for range 200 {
			for i, logger := range loggers {
				begin := time.Now()
				for range 200 {
					logger.LogAttrs(context.Background(), slog.LevelInfo, "asset.updated", slog.String("actor", "user-4711"),
						slog.String("resource", "asset/film"), slog.String("description", text[:500]), slog.Int("size", 17))
				}
				took[i] = append(took[i], float64(time.Since(begin).Nanoseconds())/200)
			}
		}
	}
	b.ReportMetric(median(took[0]), "streamgate-ns")
	b.ReportMetric(median(took[1]), "slog-ns")
	b.ReportMetric(median(took[0])/median(took[1]), "of-slog")
}

// nowhere is a writer that slog does not know to be one.
type nowhere struct{}

func (*nowhere) Write(p []byte) (int, error) { return len(p), nil }

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}

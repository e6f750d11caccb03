package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
)

const canary = "canary-7f3a"

// holder has secrets where methods are not called.
type holder struct {
	hidden Secret
	ptr    *Secret
	Shown  Secret
	list   []Secret
	byName map[string]Secret
	any    any
}

func newHolder() holder {
	s := NewSecret(canary)
	return holder{s, &s, s, []Secret{s}, map[string]Secret{"k": s}, s}
}

func TestSecretShowsInNoFormatting(t *testing.T) {
	s, h := NewSecret(canary), newHolder()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%p", "%T", "%U", "%c", "%10.3s", "%!"} {
		for _, value := range []any{s, &s, h, &h, []Secret{s}, map[string]any{"a": s, "b": h}, struct{ S Secret }{s}, error(wrapped{s})} {
			text := fmt.Sprintf(verb, value)
			if strings.Contains(text, canary) || strings.Contains(text, fmt.Sprintf("%x", canary)) || strings.Contains(text, fmt.Sprintf("%X", canary)) {
				t.Errorf("%s of a %T shows it: %s", verb, value, text)
			}
		}
	}
	if got := fmt.Sprintf("%v %+v %#v %s", s, s, s, s); got != strings.TrimSpace(strings.Repeat("[redacted] ", 4)) {
		t.Errorf("it looks like %s", got)
	}
	if s.Reveal() != canary || (Secret{}).Reveal() != "" || s.String() != redacted || s.GoString() != redacted {
		t.Error("it is not what was hidden")
	}
}

type wrapped struct{ s Secret }

func (w wrapped) Error() string { return fmt.Sprint("wrong key: ", w.s) }

func TestSecretShowsInNoJSONAndNoLog(t *testing.T) {
	s, h := NewSecret(canary), newHolder()
	for _, value := range []any{s, &s, h, []any{s, h}, map[string]any{"a": s}, map[string]Secret{"b": s}, struct{ S any }{&s}} {
		text, err := json.Marshal(value)
		must(t, err)
		out := string(text)
		var log bytes.Buffer
		for _, handler := range []slog.Handler{slog.NewJSONHandler(&log, nil), slog.NewTextHandler(&log, nil)} {
			logger := slog.New(handler).With("with", value).WithGroup("g")
			logger.Info("a", "value", value, slog.Group("g", "in", value))
		}
		e := Event{Details: []slog.Attr{slog.Any("value", value), slog.Group("g", slog.Any("in", value))}}
		out += log.String() + string(e.AppendJSON(nil))
		if strings.Contains(out, canary) {
			t.Errorf("a %T shows it: %s", value, out)
		}
	}
}

// Row 27 of the list of attacks, for what gets into the log and its other sinks.
func TestCredentialsAreInNoSink(t *testing.T) {
	var text, structured bytes.Buffer
	dir := t.TempDir()
	f := open(t, dir, FileOptions{})
	l, err := New([]Sink{f, ToHandler(slog.NewTextHandler(&text, nil)), ToHandler(slog.NewJSONHandler(&structured, nil))}, nil)
	must(t, err)
	header := http.Header{}
	for _, name := range []string{"Authorization", "Cookie", "Set-Cookie", "Proxy-Authorization", "X-API-Key"} {
		header.Set(name, canary)
	}
	header["authorization"] = []string{canary} // as no server would have it
	details := []slog.Attr{
		slog.Any("headers", header), slog.Any("header", map[string][]string(header)),
		slog.Any("within", map[string]any{"h": header, "list": []any{header, map[string]any{"PASSWORD": canary}}}),
		slog.String(http.CanonicalHeaderKey("authorization"), canary), slog.Any(strings.ToLower("Api-Key"), []string{canary}),
		slog.String("access_token", canary),
		slog.Group("cookie", slog.String("v", canary)), slog.Any("secret", NewSecret(canary)), slog.Any("holder", newHolder()),
		slog.Any("cookies", []*http.Cookie{{Name: "a", Value: canary}}),
	}
	must(t, l.Record(t.Context(), Event{Action: "a", Details: details}))
	must(t, l.Handler().WithAttrs(details).WithGroup("g").Handle(context.Background(), func() slog.Record {
		r := slog.NewRecord(typical().Time, slog.LevelInfo, "b", 0)
		r.AddAttrs(details...)
		return r
	}()))
	must(t, f.Close())
	all := text.String() + structured.String() + strings.Join(lines(t, dir), "")
	if strings.Contains(all, canary) {
		t.Errorf("it shows in\n%s", all)
	}
	if n := strings.Count(all, redacted); n < 30 {
		t.Errorf("only %d values are redacted in\n%s", n, all)
	}
}

// lines are those of all files.
func lines(t *testing.T, dir string) []string {
	t.Helper()
	files, err := Files(dir)
	must(t, err)
	var all []string
	for _, name := range files {
		content := read(t, name)
		for len(content) > 0 {
			var l []byte
			l, content = cutLine(content)
			all = append(all, string(l))
		}
	}
	return all
}

package audit

import "log/slog"

// clean returns s as a line shows it, without quotes: a handler may print it as
// it is, and a terminal or a second line must not be what comes out.
func clean(s string) string {
	var room [128]byte
	quoted := appendText(room[:0], s, maxField)
	if string(quoted[1:len(quoted)-1]) == s {
		return s
	}
	return string(quoted[1 : len(quoted)-1])
}

// cleanDetails takes the details by way of their JSON, so that a handler gets
// nothing that the line would not show: no value of a type whose formatting tells
// more, and no credential.
func cleanDetails(e *Event) ([]slog.Attr, error) {
	only := Event{Details: e.Details}
	line := append(only.AppendJSON(nil), '}')
	line = append([]byte(`{"seq":0,`), line[1:len(line)-1]...)
	entry, err := ParseEntry(line)
	if err != nil {
		return nil, err
	}
	return cleanAttrs(entry.Details), nil
}

func cleanAttrs(attrs []slog.Attr) []slog.Attr {
	for i, a := range attrs {
		attrs[i] = slog.Attr{Key: clean(a.Key), Value: cleanValue(a.Value)}
	}
	return attrs
}

func cleanValue(v slog.Value) slog.Value {
	switch v.Kind() {
	case slog.KindString:
		return slog.StringValue(clean(v.String()))
	case slog.KindGroup:
		return slog.GroupValue(cleanAttrs(v.Group())...)
	case slog.KindAny:
		if values, ok := v.Any().([]any); ok {
			for i := range values {
				values[i] = cleanValue(slog.AnyValue(values[i])).Any()
			}
		}
	}
	return v
}

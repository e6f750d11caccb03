package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
)

// foreign appends a value of any type by way of its own JSON, which is read
// again: only so are the names within it seen, and its strings escaped as ours are.
func (e *encoder) foreign(dst []byte, v any) []byte {
	own, err := marshal(v)
	if err != nil {
		return appendText(dst, "[no JSON: "+err.Error()+"]", maxString)
	}
	if len(own) > maxEncoded {
		e.full = true
		return append(dst, "null"...)
	}
	read := json.NewDecoder(bytes.NewReader(own))
	read.UseNumber()
	var parsed any
	if err := read.Decode(&parsed); err != nil {
		return appendText(dst, "[no JSON: "+err.Error()+"]", maxString)
	}
	return e.any(dst, numbers(parsed))
}

// marshal survives a panic in a method of v.
func marshal(v any) (own []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return json.Marshal(v)
}

// numbers replaces each json.Number by a value that has it exactly, where there is one.
func numbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		return number(string(v))
	case map[string]any:
		for name, member := range v {
			v[name] = numbers(member)
		}
	case []any:
		for i, member := range v {
			v[i] = numbers(member)
		}
	}
	return v
}

func number(text string) any {
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		return i
	}
	if u, err := strconv.ParseUint(text, 10, 64); err == nil {
		return u
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return text
	}
	return f
}

// numberValue is number as a slog.Value.
func numberValue(text string) slog.Value { return slog.AnyValue(number(text)) }

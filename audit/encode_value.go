package audit

import (
	"fmt"
	"log/slog"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// encoder appends the values of details. Nothing is appended any more once the
// event has reached its limit: what is too long is left out as a whole anyway.
type encoder struct {
	limit int
	depth int
	full  bool
}

// enough says whether to stop, since the event is too long or nested too deep.
func (e *encoder) enough(dst []byte) bool {
	if len(dst) >= e.limit {
		e.full = true
	}
	return e.full
}

// group appends attributes as an object.
func (e *encoder) group(dst []byte, attrs []slog.Attr) []byte {
	dst = append(dst, '{')
	dst, _ = e.attrs(dst, attrs, false)
	return append(dst, '}')
}

// attrs appends the members of an object. As slog's handlers do, it leaves out
// the zero Attr and empty groups and inlines groups without a name.
func (e *encoder) attrs(dst []byte, attrs []slog.Attr, more bool) ([]byte, bool) {
	for i := range attrs {
		if e.enough(dst) {
			return dst, more
		}
		a := &attrs[i]
		v := a.Value
		if v.Kind() == slog.KindLogValuer {
			v = v.Resolve()
		}
		if v.Kind() == slog.KindGroup {
			members := v.Group()
			if len(members) == 0 {
				continue
			}
			if a.Key == "" {
				dst, more = e.attrs(dst, members, more)
				continue
			}
		} else if a.Key == "" && v.Equal(slog.Value{}) {
			continue
		}
		dst, more = e.member(dst, a.Key, more), true
		dst = e.named(dst, a.Key, v)
	}
	return dst, more
}

func (e *encoder) member(dst []byte, name string, more bool) []byte {
	if more {
		dst = append(dst, ',')
	}
	return append(appendText(dst, name, maxString), ':')
}

// named appends a value unless its name is that of a credential.
func (e *encoder) named(dst []byte, name string, v slog.Value) []byte {
	if isSensitive(name) {
		return append(dst, `"`+redacted+`"`...)
	}
	return e.value(dst, v)
}

func (e *encoder) value(dst []byte, v slog.Value) []byte {
	switch v.Kind() {
	case slog.KindString:
		return appendText(dst, v.String(), maxString)
	case slog.KindInt64:
		return strconv.AppendInt(dst, v.Int64(), 10)
	case slog.KindUint64:
		return strconv.AppendUint(dst, v.Uint64(), 10)
	case slog.KindFloat64:
		return appendFloat(dst, v.Float64())
	case slog.KindBool:
		return strconv.AppendBool(dst, v.Bool())
	case slog.KindDuration:
		return appendText(dst, v.Duration().String(), maxString)
	case slog.KindTime:
		return append(appendTime(append(dst, '"'), v.Time()), '"')
	case slog.KindLogValuer:
		return e.value(dst, v.Resolve())
	case slog.KindGroup:
		return e.nested(dst, func(dst []byte) []byte { return e.group(dst, v.Group()) })
	}
	return e.any(dst, v.Any())
}

// nested appends what may have more of its kind within.
func (e *encoder) nested(dst []byte, appendTo func([]byte) []byte) []byte {
	if e.depth == maxDepth {
		return append(dst, `"[nested too deep]"`...)
	}
	e.depth++
	dst = appendTo(dst)
	e.depth--
	return dst
}

// appendFloat appends the shortest number that reads as f again. JSON has no
// others than finite ones: the rest are strings.
func appendFloat(dst []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(strconv.AppendFloat(append(dst, '"'), f, 'g', -1, 64), '"')
	}
	return strconv.AppendFloat(dst, f, 'g', -1, 64)
}

// any appends a value of a type that slog has no kind for.
func (e *encoder) any(dst []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...)
	case error:
		return appendText(dst, shield(v.Error), maxString)
	case slog.LogValuer:
		return e.value(dst, slog.AnyValue(v).Resolve())
	case []slog.Attr:
		return e.nested(dst, func(dst []byte) []byte { return e.group(dst, v) })
	case http.Cookie, *http.Cookie, []*http.Cookie:
		return append(dst, `"`+redacted+`"`...)
	case *url.URL:
		return appendText(dst, address(v), maxString)
	case http.Header:
		return object(e, dst, v)
	case map[string]any:
		return object(e, dst, v)
	case map[string]string:
		return object(e, dst, v)
	case []any:
		return list(e, dst, v)
	case []string:
		return list(e, dst, v)
	case string, bool, int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64, float32, float64, time.Time, time.Duration:
		return e.value(dst, slog.AnyValue(v))
	}
	return e.foreign(dst, v)
}

// address is a URL without what credentials travel in.
func address(u *url.URL) string {
	if u == nil {
		return ""
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}

// object appends a map, its names in order.
func object[V any](e *encoder, dst []byte, m map[string]V) []byte {
	return e.nested(dst, func(dst []byte) []byte {
		dst = append(dst, '{')
		for i, name := range slices.Sorted(maps.Keys(m)) {
			if e.enough(dst) {
				break
			}
			dst = e.named(e.member(dst, name, i > 0), name, slog.AnyValue(m[name]))
		}
		return append(dst, '}')
	})
}

func list[V any](e *encoder, dst []byte, values []V) []byte {
	return e.nested(dst, func(dst []byte) []byte {
		dst = append(dst, '[')
		for i, v := range values {
			if e.enough(dst) {
				break
			}
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = e.value(dst, slog.AnyValue(v))
		}
		return append(dst, ']')
	})
}

// shield returns what a method of somebody else's says, and survives a panic in it.
func shield(method func() string) (text string) {
	defer func() {
		if v := recover(); v != nil {
			text = fmt.Sprintf("[panic: %v]", v)
		}
	}()
	return method()
}

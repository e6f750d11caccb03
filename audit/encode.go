package audit

import (
	"log/slog"
	"strconv"
)

const (
	maxField   = 1024     // bytes of a field of an Event
	maxString  = 4096     // bytes of a string among the details
	maxDepth   = 16       // of groups, maps and lists within each other
	maxEncoded = 64 << 10 // bytes of an event
)

// AppendJSON appends e as a JSON object (RFC 8259) without a line end; it has
// none within either. What it writes is valid whatever e contains, and has no
// Secret in it, nor the value of a detail that is called like a credential
// (authorization, cookie, password, token, …). Fields that are empty are left out.
func (e *Event) AppendJSON(dst []byte) []byte {
	begin := len(dst)
	dst = append(dst, `{"time":"`...)
	dst = appendTime(dst, e.Time)
	dst = append(dst, '"')
	dst = appendField(dst, `,"actor":`, e.Actor)
	dst = appendField(dst, `,"address":`, e.Address)
	dst = appendField(dst, `,"action":`, e.Action)
	dst = appendField(dst, `,"resource":`, e.Resource)
	dst = appendField(dst, `,"outcome":`, string(e.Outcome))
	dst = appendField(dst, `,"request_id":`, e.RequestID)
	dst = appendField(dst, `,"trace_id":`, e.TraceID)
	if len(e.Details) > 0 {
		dst = appendDetails(dst, begin, e.Details)
	}
	return append(dst, '}')
}

func appendField(dst []byte, name, value string) []byte {
	if value == "" {
		return dst
	}
	return appendText(append(dst, name...), value, maxField)
}

// appendDetails appends the details unless the event, which begins at begin,
// becomes too long by them.
func appendDetails(dst []byte, begin int, details []slog.Attr) []byte {
	before := len(dst)
	dst = append(dst, `,"details":`...)
	e := encoder{limit: begin + maxEncoded}
	dst = e.group(dst, details)
	if size := len(dst) - before; e.full || len(dst) >= e.limit {
		dst = append(dst[:before], `,"details":{"audit_left_out_bytes":`...)
		dst = strconv.AppendInt(dst, int64(size), 10)
		dst = append(dst, '}')
	}
	return dst
}

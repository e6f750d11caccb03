package record

import (
	"encoding/json"
	"fmt"
	"math"
	"time"
)

// Column scans a column of JSON; NULL leaves what it is for as it is.
type Column struct{ decode func(text []byte) error }

// JSON scans into what dest points to.
func JSON(dest any) Column {
	return Column{func(text []byte) error { return json.Unmarshal(text, dest) }}
}

// Scan implements sql.Scanner.
func (c Column) Scan(src any) error {
	switch src := src.(type) {
	case nil:
		return nil
	case string:
		return c.decode([]byte(src))
	case []byte:
		return c.decode(src)
	}
	return fmt.Errorf("a JSON column holds %T", src)
}

func decode[T any](text []byte) (v T, err error) {
	err = json.Unmarshal(text, &v)
	return v, err
}

// Encode encodes each value as a string, nil as nil.
func Encode(values ...any) ([]any, error) {
	out := make([]any, len(values))
	for i, v := range values {
		b, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		if s := string(b); s != "null" {
			out[i] = s
		}
	}
	return out, nil
}

// Micro is t as it is kept: to the microsecond, in UTC.
func Micro(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// FromMicro is the time that is so many microseconds after 1970.
func FromMicro(us int64) time.Time { return time.UnixMicro(us).UTC() }

// FirstTime is t as it is kept, or now where t is zero.
func FirstTime(t, now time.Time) time.Time {
	if t.IsZero() {
		return now
	}
	return Micro(t)
}

// Before is t as the databases compare with it, or the end of time where t is zero.
func Before(t time.Time) int64 {
	if t.IsZero() {
		return math.MaxInt64
	}
	return t.UnixMicro()
}

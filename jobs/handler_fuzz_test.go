package jobs

import (
	"encoding/json"
	"testing"
	"time"
)

func FuzzParseJob(f *testing.F) {
	f.Add([]byte(`{"kind":"film","args":{"a":1},"owner":"ann","priority":1,"max_attempts":2,"run_at":"2026-01-01T00:00:00Z","unique":"a"}`))
	f.Add([]byte(`{"kind":"film","args":null}`))
	f.Add([]byte(`{"args":"\ud800"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		j, err := parseJob(body)
		if err != nil || check(&j) != nil {
			return
		}
		text, err := json.Marshal(j)
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		var back Job
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if back.Kind != j.Kind || !back.RunAt.Equal(j.RunAt.Round(0).Truncate(time.Nanosecond)) {
			t.Fatalf("%s became %s", body, text)
		}
	})
}

func FuzzParseQuery(f *testing.F) {
	f.Add("kind=film&kind=poster&state=done&owner=ann&cursor=7&limit=3")
	f.Add("kind=%00")
	f.Fuzz(func(t *testing.T, raw string) {
		q, err := parseQuery(raw)
		if err != nil {
			return
		}
		if p, limit, err := q.params(); err == nil && (limit < 1 || limit > maxLimit || len(p.WhereClause) == 0) {
			t.Fatalf("%q became %+v", raw, p)
		}
	})
}

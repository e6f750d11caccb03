package upload

import (
	"encoding/base64"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/streamgate/streamgate/internal/problem"
)

// maxMetadata bounds an Upload-Metadata header, in bytes.
const maxMetadata = 8 << 10

// parseMetadata reads Upload-Metadata (tus 1.0, Creation): pairs with commas
// between them, each a key and, after a space, its value in base64. A value may
// be missing. Keys are unique and visible ASCII, values UTF-8.
func parseMetadata(header string) (map[string]string, error) {
	if len(header) > maxMetadata {
		return nil, problem.Errorf(problem.ErrBadRequest, "Upload-Metadata is longer than %d bytes", maxMetadata)
	}
	if strings.TrimSpace(header) == "" {
		return nil, nil //nolint:nilnil // no header, no metadata
	}
	m := make(map[string]string)
	for pair := range strings.SplitSeq(header, ",") {
		key, encoded, _ := strings.Cut(strings.Trim(pair, " "), " ")
		if !isMetadataKey(key) {
			return nil, problem.Errorf(problem.ErrBadRequest, "Upload-Metadata has a pair without a valid key")
		}
		if _, twice := m[key]; twice {
			return nil, problem.Errorf(problem.ErrBadRequest, "Upload-Metadata has the key %q twice", key)
		}
		value, err := base64.StdEncoding.Strict().DecodeString(encoded)
		if err != nil || strings.ContainsAny(encoded, "\r\n") {
			return nil, problem.Errorf(problem.ErrBadRequest, "the value of %q in Upload-Metadata is not base64", key)
		}
		if !utf8.Valid(value) {
			return nil, problem.Errorf(problem.ErrBadRequest, "the value of %q in Upload-Metadata is not UTF-8 text", key)
		}
		m[key] = string(value)
	}
	return m, nil
}

func isMetadataKey(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' || s[i] == ',' {
			return false
		}
	}
	return s != ""
}

// formatMetadata is the inverse of parseMetadata, in the order of the keys.
func formatMetadata(m map[string]string) string {
	var b strings.Builder
	for i, key := range slices.Sorted(maps.Keys(m)) {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(key)
		if m[key] != "" {
			b.WriteByte(' ')
			b.WriteString(base64.StdEncoding.EncodeToString([]byte(m[key])))
		}
	}
	return b.String()
}

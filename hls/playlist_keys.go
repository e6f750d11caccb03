package hls

import (
	"encoding/base64"
	"fmt"
	"strconv"

	"github.com/streamgate/streamgate/media"
)

const (
	keysName = "keys" // below a revision

	// clearKeyFormat is how hls.js calls keys that come by a ClearKey licence; its
	// URI holds the key's id.
	clearKeyFormat = "org.w3.clearkey"
)

// A keyTag is what one EXT-X-KEY says, or one EXT-X-SESSION-KEY.
type keyTag struct {
	uri, format, versions string
	iv                    []byte
}

// tags are those of a key: one for each way to it. up leads to where the
// multivariant playlist is. All tracks have the same URI for a key, so that a player
// fetches it once.
func (p *protection) tags(k *ContentKey, up string) []keyTag {
	var list []keyTag
	if !p.NoDelivery {
		own := keyTag{uri: up + p.folder + k.ID.String(), iv: k.IV}
		switch {
		case p.ClearKey:
			own = keyTag{uri: "data:text/plain;base64," + base64.StdEncoding.EncodeToString(k.ID[:]), format: clearKeyFormat, versions: "1"}
		case p.Scheme == SampleAES:
			own.format, own.versions = "identity", "1"
		}
		list = append(list, own)
	}
	for _, s := range k.Systems {
		if s.KeyFormat != "" && s.URI != "" {
			list = append(list, keyTag{uri: s.URI, format: s.KeyFormat, versions: s.KeyFormatVersions})
		}
	}
	return list
}

// append appends a tag with the attributes of EXT-X-KEY (RFC 8216bis §4.4.4.4).
func (k *keyTag) append(dst []byte, name string, scheme Scheme) []byte {
	var a attributes
	a.enumerated("METHOD", string(scheme))
	a.quoted("URI", k.uri)
	if k.iv != nil {
		a.enumerated("IV", fmt.Sprintf("0x%X", k.iv))
	}
	if k.format != "" {
		a.quoted("KEYFORMAT", k.format)
	}
	if k.versions != "" {
		a.quoted("KEYFORMATVERSIONS", k.versions)
	}
	dst = append(append(append(dst, '#'), name...), ':')
	return append(append(dst, a.text...), '\n')
}

// initPrefix begins the name of an init segment of a key period that is not the
// first, which has init.mp4.
const initPrefix = "init-"

// appendMap appends EXT-X-MAP of a key period.
func appendMap(dst []byte, period int) []byte {
	name := "init"
	if period > 0 {
		name = initPrefix + strconv.Itoa(period)
	}
	return append(append(append(dst, "#EXT-X-MAP:URI=\""...), name...), ".mp4\"\n"...)
}

// appendMap begins the list of segments. EXT-X-MAP stands before the keys of AES128,
// which else would apply to it: the init segment is in the clear. What SampleAES
// encrypts it describes, and is described by the same keys: see appendKeys.
func (p *protection) appendMap(dst []byte) []byte {
	if p != nil && p.Scheme == SampleAES {
		return dst
	}
	return appendMap(dst, 0)
}

// appendKeys appends EXT-X-KEY where segment n of a track has another key than
// the one before, and with SampleAES the init segment that names it.
func (p *protection) appendKeys(dst []byte, t *media.Track, n int) []byte {
	if p == nil {
		return dst
	}
	key := p.keyOf(t, n)
	if n > 0 && key == p.keyOf(t, n-1) {
		return dst
	}
	for _, tag := range p.tags(key, "../../") {
		dst = tag.append(dst, "EXT-X-KEY", p.Scheme)
	}
	if p.Scheme == SampleAES {
		dst = appendMap(dst, p.periodOf(n))
	}
	return dst
}

// appendSessionKeys appends EXT-X-SESSION-KEY (RFC 8216bis §4.4.6.5) for the keys
// with which playback begins, so that a player can fetch them at once.
func (p *presentation) appendSessionKeys(dst []byte) []byte {
	keys := p.source().protection
	if keys == nil {
		return dst
	}
	for _, k := range keys.keys[:keys.first] {
		for _, tag := range keys.tags(k, "") {
			dst = tag.append(dst, "EXT-X-SESSION-KEY", keys.Scheme)
		}
	}
	return dst
}

// tagsSize is about how many bytes the keys of a track take in a playlist.
func (p *protection) tagsSize() int64 {
	if p == nil {
		return 0
	}
	return 512 + 128*int64(len(p.keys))
}

// memory is about how many bytes the keys take, and what playlists say of them.
func (p *protection) memory() int64 {
	if p == nil {
		return 0
	}
	return 4096 + int64(len(p.keys))*1024
}

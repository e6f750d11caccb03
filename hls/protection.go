package hls

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/media"
)

// How many key periods a presentation has at most: the last one lasts.
const (
	maxPeriods = 1000
	// By SampleAES one licence has all keys. Chromium takes 64 KiB of it, which is
	// some 800 keys; six usages at most have one in each period.
	maxSamplePeriods = 100
)

// protection is how the files of a presentation are encrypted. It does not change, and is used
// concurrently. A nil one is of a file that is not.
type protection struct {
	*Encryption

	asset  string
	folder string        // what the URIs of keys begin with, as seen from the multivariant playlist
	keys   []*ContentKey // each once, those of the first period first
	first  int           // how many of keys are of the first period
	byUse  map[KeyUse]*ContentKey
	byID   map[KeyID]*ContentKey
}

// protect asks for the keys of files that play together and has them encrypted,
// each under a revision of its own, before they are prepared. The first names the
// content. A nil Encryption leaves them as they are.
func (e *Encryption) protect(ctx context.Context, files []*mediaFile, r KeyRequest) error {
	if e == nil {
		return nil
	}
	for _, f := range files {
		if err := e.canProtect(f.index.Tracks); err != nil {
			return err
		}
	}
	p := &protection{Encryption: e, asset: r.Asset, byUse: map[KeyUse]*ContentKey{}, byID: map[KeyID]*ContentKey{}}
	r.Content, r.Scheme, r.Uses = files[0].revision, e.Scheme, e.uses(files)
	keys, err := e.Keys.ContentKeys(ctx, &r)
	if err == nil {
		err = p.take(r.Uses, keys)
	}
	if err != nil {
		return problem.Because(ErrKeys, err, "the keys of %q cannot be had now", r.Asset)
	}
	for _, f := range files {
		f.protection, f.revision = p, p.revision(f)
	}
	p.folder = files[0].revision + "/" + keysName + "/"
	return nil
}

// canProtect refuses what a scheme cannot encrypt.
func (e *Encryption) canProtect(tracks []*media.Track) error {
	if e.Scheme != SampleAES {
		return nil
	}
	for _, t := range tracks {
		if t.Kind != media.Video {
			continue
		}
		for _, entry := range t.Entries {
			if _, err := media.NewSubsampler(entry); err != nil {
				return problem.Because(media.ErrUnsupported, err, "video in %s cannot be encrypted by %s; %s can encrypt it", t.Codec, SampleAES, AES128)
			}
		}
	}
	return nil
}

// uses is what keys are wanted for: every usage of the tracks, in every period. Of a
// file that grows, or has grown, no one can tell how many there are: init segments
// name the keys of SampleAES, and must not change, so all that there can be are
// wanted.
func (e *Encryption) uses(files []*mediaFile) (uses []KeyUse) {
	segments := 1
	var usages []KeyUsage
	for _, f := range files {
		for _, t := range f.index.Tracks {
			segments = max(segments, len(t.Segments))
			if u := usageOf(t); !slices.Contains(usages, u) {
				usages = append(usages, u)
			}
		}
	}
	if e.Scheme == SampleAES && slices.ContainsFunc(files, func(f *mediaFile) bool { return f.grown }) {
		segments = max(segments, maxSamplePeriods*e.Period)
	}
	for n := range e.periodOf(segments-1) + 1 {
		for _, u := range usages {
			uses = append(uses, KeyUse{u, n})
		}
	}
	return uses
}

// periodOf is in which period segment n is.
func (e *Encryption) periodOf(n int) int {
	if e.Period == 0 {
		return 0
	}
	most := maxPeriods
	if e.Scheme == SampleAES {
		most = maxSamplePeriods
	}
	return min(n/e.Period, most-1)
}

// rotated is the key of segment n of a track where it is another than the init
// segment of a manifest names, which has that of the first period; else nil.
func (p *protection) rotated(t *media.Track, n int) *ContentKey {
	if p.Scheme != SampleAES || p.periodOf(n) == 0 {
		return nil
	}
	return p.keyOf(t, n)
}

// take keeps what a KeyProvider returned, and checks it.
func (p *protection) take(uses []KeyUse, keys []ContentKey) error {
	if len(keys) != len(uses) {
		return fmt.Errorf("the KeyProvider returned %d keys for %d uses", len(keys), len(uses))
	}
	for i := range keys {
		k := keys[i]
		if k.ID == (KeyID{}) || len(k.IV) != 0 && len(k.IV) != 16 {
			return fmt.Errorf("the KeyProvider returned a key with the ID %s and an IV of %d bytes", k.ID, len(k.IV))
		}
		if len(k.IV) == 0 && p.Scheme == SampleAES {
			sum := sha256.Sum256(append([]byte("streamgate iv "), k.ID[:]...))
			k.IV = sum[:16]
		}
		own := p.byID[k.ID]
		switch {
		case own == nil:
			own = &k
			p.keys, p.byID[k.ID] = append(p.keys, own), own
		case own.Key != k.Key || !bytes.Equal(own.IV, k.IV):
			return fmt.Errorf("the KeyProvider returned two keys with the ID %s", k.ID)
		}
		p.byUse[uses[i]] = own
		if uses[i].Period == 0 {
			p.first = len(p.keys)
		}
	}
	return nil
}

// keyOf is the key of segment n of a track.
func (p *protection) keyOf(t *media.Track, n int) *ContentKey {
	return p.byUse[KeyUse{usageOf(t), p.periodOf(n)}]
}

// opens reports whether a key is one of these tracks.
func (p *protection) opens(k *ContentKey, tracks []*media.Track) bool {
	for use, own := range p.byUse {
		if own == k && slices.ContainsFunc(tracks, func(t *media.Track) bool { return usageOf(t) == use.Usage }) {
			return true
		}
	}
	return false
}

// revision names a file that is encrypted so: another scheme, another key or
// another thing that playlists say of it is another. Of a key it holds no more
// than a MAC. Of a file that grows, or has grown, the keys of the first period have
// to speak for those that come.
func (p *protection) revision(f *mediaFile) string {
	keys := p.keys
	if f.grown {
		keys = keys[:p.first]
	}
	if p.Scheme == AES128 { // by SampleAES an init segment names all keys
		keys = slices.DeleteFunc(slices.Clone(keys), func(k *ContentKey) bool { return !p.opens(k, f.index.Tracks) })
	}
	h := sha256.New()
	fmt.Fprintf(h, "encryption 1 %q %s %d %v %v\n", f.revision, p.Scheme, p.Period, p.NoDelivery, p.ClearKey)
	for _, k := range keys {
		mac := hmac.New(sha256.New, k.Key[:])
		mac.Write(k.ID[:])
		fmt.Fprintf(h, "%x %x %x\n", k.ID, mac.Sum(nil), k.IV)
		for _, s := range k.Systems {
			fmt.Fprintf(h, "%q\n", []string{s.ID.String(), string(s.PSSH), s.KeyFormat, s.KeyFormatVersions, s.URI})
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

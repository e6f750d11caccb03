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

// maxPeriods is how many key periods a presentation has at most.
const maxPeriods = 1000

// protection is how a file is encrypted. It does not change, and is used
// concurrently. A nil one is of a file that is not.
type protection struct {
	*Encryption

	asset  string
	period int           // segments; 0 where one key is for all
	keys   []*ContentKey // each once, those of the first period first
	first  int           // how many of keys are of the first period
	byUse  map[KeyUse]*ContentKey
	byID   map[KeyID]*ContentKey
}

// protect asks for the keys of a file and has it encrypted, under a revision of
// its own, before it is prepared. A nil Encryption leaves it as it is.
func (e *Encryption) protect(ctx context.Context, f *mediaFile, r KeyRequest) error {
	if e == nil {
		return nil
	}
	if err := e.canProtect(f.index.Tracks); err != nil {
		return err
	}
	p := &protection{Encryption: e, asset: r.Asset, byUse: map[KeyUse]*ContentKey{}, byID: map[KeyID]*ContentKey{}}
	r.Content, r.Scheme = f.revision, e.Scheme
	p.period, r.Uses = e.uses(f.index.Tracks)
	keys, err := e.Keys.ContentKeys(ctx, &r)
	if err == nil {
		err = p.take(r.Uses, keys)
	}
	if err != nil {
		return problem.Because(ErrKeys, err, "the keys of %q cannot be had now", r.Asset)
	}
	f.protection, f.revision = p, p.revision(f.revision)
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

// uses is what keys are wanted for: every usage of the tracks, in every period.
func (e *Encryption) uses(tracks []*media.Track) (period int, uses []KeyUse) {
	segments := 1
	var usages []KeyUsage
	for _, t := range tracks {
		segments = max(segments, len(t.Segments))
		if u := usageOf(t); !slices.Contains(usages, u) {
			usages = append(usages, u)
		}
	}
	periods := 1
	if e.Period > 0 {
		period = max(e.Period, (segments+maxPeriods-1)/maxPeriods)
		periods = (segments + period - 1) / period
	}
	for n := range periods {
		for _, u := range usages {
			uses = append(uses, KeyUse{u, n})
		}
	}
	return period, uses
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
	period := 0
	if p.period > 0 {
		period = n / p.period
	}
	return p.byUse[KeyUse{usageOf(t), period}]
}

// revision names what is encrypted so: another scheme, another key or another
// thing that playlists say of it is another. Of a key it holds no more than a MAC.
func (p *protection) revision(of string) string {
	h := sha256.New()
	fmt.Fprintf(h, "encryption 1 %q %s %d %v\n", of, p.Scheme, p.period, p.NoDelivery)
	for _, k := range p.keys {
		mac := hmac.New(sha256.New, k.Key[:])
		mac.Write(k.ID[:])
		fmt.Fprintf(h, "%x %x %x\n", k.ID, mac.Sum(nil), k.IV)
		for _, s := range k.Systems {
			fmt.Fprintf(h, "%q\n", []string{s.ID.String(), string(s.PSSH), s.KeyFormat, s.KeyFormatVersions, s.URI})
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

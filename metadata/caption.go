package metadata

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/storage"
)

// Caption is a sidecar subtitle.
type Caption struct {
	Language string `json:"language"` // BCP 47
	Label    string `json:"label,omitempty"`
	Kind     string `json:"kind,omitempty"` // Spoken, SpokenAndSounds; "" is Spoken
	Default  bool   `json:"default"`        // shown unless the viewer chooses otherwise
	Forced   bool   `json:"forced"`         // only what has to be read by everybody, such as signs
	Key      string `json:"-"`              // storage key of a file as captions.Format writes it; another file has another key
	Size     int64  `json:"-"`              // of that file, in bytes, which counts for what the owner has stored
}

// The kinds of captions, as HTML names them.
const (
	Spoken          = "subtitles" // what is said
	SpokenAndSounds = "captions"  // and what else is to be heard, for who cannot hear it
)

// MaxCaptions is how many an asset may have.
const MaxCaptions = 64

// captionsOf begins the storage keys of an asset's captions.
func captionsOf(assetID string) string { return prefixOf(assetID) + "captions/" }

// caption returns where the caption in a language is, or -1. The case of a tag
// means nothing (RFC 5646 §2.1.1).
func (a *Asset) caption(language string) int {
	return slices.IndexFunc(a.Captions, func(c Caption) bool { return strings.EqualFold(c.Language, language) })
}

// setCaption adds c, or puts it in the place of the one in its language, whose
// key it returns.
func (a *Asset) setCaption(c Caption) (replaced string, err error) {
	if c.Default {
		for i := range a.Captions {
			a.Captions[i].Default = false // one alone can be shown by itself
		}
	}
	if at := a.caption(c.Language); at >= 0 {
		replaced, a.Captions[at] = a.Captions[at].Key, c
		return replaced, nil
	}
	if len(a.Captions) >= MaxCaptions {
		return "", problem.Errorf(ErrInvalid, "the asset has captions in %d languages; more are not possible", MaxCaptions)
	}
	a.Captions = append(a.Captions, c)
	return "", nil
}

// usualCase writes a tag as RFC 5646 §2.1.1 recommends, such as zh-Hant-TW.
func usualCase(tag string) string {
	parts := strings.Split(strings.ToLower(tag), "-")
	for i := 1; i < len(parts) && len(parts[i-1]) > 1; i++ { // what follows a single letter stays
		switch len(parts[i]) {
		case 2:
			parts[i] = strings.ToUpper(parts[i])
		case 4:
			parts[i] = strings.ToUpper(parts[i][:1]) + parts[i][1:]
		}
	}
	return strings.Join(parts, "-")
}

// store writes a file that nothing refers to yet, which its errors call what. They
// name no key.
func store(ctx context.Context, files storage.Store, key string, file []byte, what string) error {
	err := write(ctx, files, key, file)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, storage.ErrFull):
		err = problem.Because(storage.ErrFull, err, "there is no room left for %s; send it again once there is", what)
	case problem.KindOf(err) != nil:
		err = problem.Because(storage.ErrUnavailable, err, "storage does not answer as it should; send %s again in a moment", what)
	}
	return errors.Join(err, files.Delete(context.WithoutCancel(ctx), key))
}

func write(ctx context.Context, files storage.Store, key string, file []byte) (err error) {
	d, err := files.Create(ctx, key)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	if _, err := d.Write(file); err != nil {
		return err
	}
	return d.Commit(ctx)
}

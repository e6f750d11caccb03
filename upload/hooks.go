package upload

import (
	"context"
	"slices"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/internal/problem"
)

// A Creation is an upload that is about to be created, as BeforeCreate gets it.
type Creation struct {
	Principal auth.Principal    // who asks
	Owner     string            // whose it will be
	Protocol  string            // "tus", "ietf", "body" or "form"
	Size      int64             // in bytes; -1 while it is not known
	AssetID   string            // of the asset that it adds to, or ""
	Rendition string            // of that asset, by name; "" for its source
	Part      bool              // it is a part (tus 1.0, Concatenation) and becomes no asset by itself
	Parts     []string          // the ids of the parts that it is made of, or none; not to be changed
	Metadata  map[string]string // as the client sent it; not to be changed

	// These may be changed. They are held to the limits of metadata.Asset.
	Filename    string
	Title       string
	Description string
	Tags        []string
}

// Refuse is the error of a BeforeCreate that does not want an upload: a 403 with
// this sentence for the person who sent it.
func Refuse(sentence string) error {
	return problem.Errorf(ErrNotAllowed, "%s", sentence)
}

// consult asks BeforeCreate, and takes what it changed.
func (up *Uploader) consult(ctx context.Context, owner string, c *creation) error {
	asked := Creation{
		Principal: auth.FromContext(ctx), Owner: owner, Protocol: c.protocol, Size: c.size,
		AssetID: c.about.assetID, Rendition: c.about.rendition, Part: c.concat == concatPartial, Parts: c.parts, Metadata: c.metadata,
		Filename: c.about.filename, Title: c.about.title, Description: c.about.description, Tags: slices.Clone(c.about.tags),
	}
	if err := up.o.BeforeCreate(ctx, &asked); err != nil {
		return err
	}
	c.about.filename, c.about.title = asked.Filename, asked.Title
	c.about.description, c.about.tags = asked.Description, asked.Tags
	return c.about.check()
}

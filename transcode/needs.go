package transcode

import (
	"context"
	"slices"

	"github.com/streamgate/streamgate/metadata"
)

// Needs reports, in a transaction, whether the file that an asset came as is not to be
// removed: it is being transcoded, or what plays in its place is a small rung of it and
// none of the largest size has joined that. It is made for settle.Options.Needed.
func (t *Transcoder) Needs(ctx context.Context, tx metadata.Tx, a *metadata.Asset) (bool, error) {
	uploads, err := tx.UploadsOf(ctx, a.ID)
	if err != nil {
		return false, err
	}
	for _, u := range uploads {
		if u.Protocol != metadata.ProtocolTranscode {
			continue
		}
		r, err := recordOf(u)
		if err != nil {
			return false, err
		}
		if r.going(u) || r.Carry == Encoded && u.Key != "" && u.Key == a.Source && !r.full(a) {
			return true, nil
		}
	}
	return false, nil
}

// full reports whether the asset plays in the largest size that the file was to be
// made in.
func (r *record) full(a *metadata.Asset) bool {
	if len(r.Rungs) < 2 {
		return true // the one is what plays
	}
	largest := r.Rungs[len(r.Rungs)-1]
	return slices.ContainsFunc(a.Renditions, func(x metadata.Rendition) bool {
		return x.Plays() && min(x.Width, x.Height) >= min(largest.Width, largest.Height)
	})
}

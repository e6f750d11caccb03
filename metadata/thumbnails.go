package metadata

import "strconv"

// Thumbnails are small pictures of an asset, one for each interval, that players
// show while somebody seeks: tiles of JPEG images, row by row from the upper left.
type Thumbnails struct {
	Columns  int     `json:"columns"` // tiles of an image
	Rows     int     `json:"rows"`
	Width    int     `json:"width"` // of a tile, in pixels
	Height   int     `json:"height"`
	Interval float64 `json:"interval"` // seconds from one tile to the next
	Count    int     `json:"count"`    // of tiles; the last image may have fewer than fit
	Largest  int64   `json:"-"`        // bytes of the largest image
	Prefix   string  `json:"-"`        // begins the storage keys of the images, see Key
}

// Images is how many images there are.
func (t *Thumbnails) Images() int {
	each := max(t.Columns*t.Rows, 1)
	return (t.Count + each - 1) / each
}

// Key is the storage key of an image, from 0.
func (t *Thumbnails) Key(image int) string { return t.Prefix + strconv.Itoa(image) + ".jpg" }

// Keys are the storage keys of all images.
func (t *Thumbnails) Keys() []string {
	if t == nil {
		return nil
	}
	keys := make([]string, t.Images())
	for i := range keys {
		keys[i] = t.Key(i)
	}
	return keys
}

// thumbnailsOf begins the storage keys of an asset's thumbnails.
func thumbnailsOf(assetID string) string { return prefixOf(assetID) + "thumbnails/" }

// NewThumbnailsPrefix is a Prefix that nothing has yet, below that of the asset.
func NewThumbnailsPrefix(assetID string) string { return thumbnailsOf(assetID) + NewID() + "-" }

package record

import "github.com/streamgate/streamgate/metadata"

// caption is a metadata.Caption with its key, which the public JSON leaves out.
type caption struct {
	Language string `json:"language"`
	Label    string `json:"label"`
	Kind     string `json:"kind"`
	Default  bool   `json:"default"`
	Forced   bool   `json:"forced"`
	Key      string `json:"key"`
	Size     int64  `json:"size,omitempty"`
}

// rendition is a metadata.Rendition with what the public JSON leaves out.
type rendition struct {
	Name     string         `json:"name"`
	State    metadata.State `json:"state"`
	Width    int            `json:"width,omitempty"`
	Height   int            `json:"height,omitempty"`
	Codec    string         `json:"codec,omitempty"`
	Bitrate  int64          `json:"bitrate,omitempty"`
	Size     int64          `json:"size,omitempty"`
	Error    string         `json:"error,omitempty"`
	Source   string         `json:"source,omitempty"`
	Index    string         `json:"index,omitempty"`
	SHA256   string         `json:"sha256,omitempty"`
	Revision string         `json:"revision,omitempty"`

	Settling metadata.Settling `json:"settling,omitzero"`

	Growth string `json:"growth,omitempty"`
}

// thumbnails is a metadata.Thumbnails with what the public JSON leaves out.
type thumbnails struct {
	Columns  int     `json:"columns"`
	Rows     int     `json:"rows"`
	Width    int     `json:"width"`
	Height   int     `json:"height"`
	Interval float64 `json:"interval"`
	Count    int     `json:"count"`
	Largest  int64   `json:"largest"`
	Prefix   string  `json:"prefix"`
}

// Lists are what an asset holds several of, or nested, as JSON: nil for nil, else
// a string.
type Lists struct {
	Tags, Tracks, Renditions, Captions, Thumbnails any
	Settling                                       any   // nil for the zero value, which nearly all have
	RenditionBytes                                 int64 // of captions and of a poster that was sent, too
}

// AssetLists encodes those of a.
func AssetLists(a *metadata.Asset) (Lists, error) {
	var captions []caption
	if a.Captions != nil {
		captions = make([]caption, len(a.Captions))
	}
	bytes := a.PosterSent()
	for i, c := range a.Captions {
		captions[i] = caption(c)
		bytes += c.Size
	}
	var renditions []rendition
	if a.Renditions != nil {
		renditions = make([]rendition, len(a.Renditions))
	}
	for i, r := range a.Renditions {
		renditions[i] = rendition(r)
		bytes += r.Size
	}
	var settling *metadata.Settling
	if a.Settling != (metadata.Settling{}) {
		settling = &a.Settling
	}
	all, err := Encode(a.Tags, a.Tracks, renditions, captions, (*thumbnails)(a.Thumbnails), settling)
	if err != nil {
		return Lists{}, err
	}
	return Lists{all[0], all[1], all[2], all[3], all[4], all[5], bytes}, nil
}

// Captions scans those of a.
func Captions(a *metadata.Asset) Column {
	return Column{func(text []byte) error {
		list, err := decode[[]caption](text)
		if list != nil {
			a.Captions = make([]metadata.Caption, len(list))
		}
		for i, c := range list {
			a.Captions[i] = metadata.Caption(c)
		}
		return err
	}}
}

// Renditions scans those of a.
func Renditions(a *metadata.Asset) Column {
	return Column{func(text []byte) error {
		list, err := decode[[]rendition](text)
		if list != nil {
			a.Renditions = make([]metadata.Rendition, len(list))
		}
		for i, r := range list {
			a.Renditions[i] = metadata.Rendition(r)
		}
		return err
	}}
}

// Thumbnails scans those of a.
func Thumbnails(a *metadata.Asset) Column {
	return Column{func(text []byte) error {
		t, err := decode[*thumbnails](text)
		a.Thumbnails = (*metadata.Thumbnails)(t)
		return err
	}}
}

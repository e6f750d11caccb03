package hls

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/streamgate/streamgate/media"
)

// How many pictures of a track are looked at for closed captions, and in how many
// segments, evenly spread: all of some 20 seconds, or so many. Those who write
// captions do so in every picture, or in some pictures of every sentence. Each
// segment costs a block of the index, and in some of a film somebody speaks.
const (
	maxCaptionLooks    = 512
	maxCaptionSegments = 64
)

// findClosedCaptions looks for closed captions in the pictures of a track. What
// they say is in the segments anyway; that they are there has to be told.
func (t *prepared) findClosedCaptions(ctx context.Context, src, blocks io.ReaderAt) error {
	step := max(1, (len(t.Segments)+maxCaptionSegments-1)/maxCaptionSegments)
	visits := (len(t.Segments) + step - 1) / step
	var found media.ClosedCaptions
	var samples []media.Sample
	for n := 0; n < len(t.Segments); n += step {
		var err error
		if samples, err = t.file.index.Samples(samples[:0], blocks, t.at, n); err != nil {
			return fmt.Errorf("%w: %w", errIndex, err)
		}
		every := max(1, (len(samples)*visits+maxCaptionLooks-1)/maxCaptionLooks)
		for i := 0; i < len(samples); i += every {
			from, sample := whole(src, t.Prefix, samples[i])
			in, looked, err := media.FindClosedCaptions(from, t.Entries[t.Segments[n].Entry], sample)
			if err != nil || !looked {
				return err
			}
			found.Add(in)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	t.captions = &found
	return nil
}

// closedCaptions is what a presentation says of closed captions: nothing (nil),
// where it is not known of all its pictures, or the channels, which may be none.
type closedCaptions struct{ media.ClosedCaptions }

const captionGroup = "cc"

func (p *presentation) closedCaptions() *closedCaptions {
	videos := p.of(media.Video)
	if len(videos) == 0 {
		return nil
	}
	c := new(closedCaptions)
	for _, t := range videos {
		if t.captions == nil {
			return nil
		}
		c.Add(*t.captions)
	}
	if c.Channels != 0 {
		c.Services = 0 // the same in another form: no second choice
	}
	return c
}

// appendMedia appends an EXT-X-MEDIA tag for each channel (RFC 8216bis §4.4.6.1).
// In which language they are the pictures do not say.
func (c *closedCaptions) appendMedia(dst []byte) []byte {
	if c == nil {
		return dst
	}
	list := c.List()
	names := make([]string, len(list))
	for i := range names {
		names[i] = "Closed captions"
	}
	unique(names)
	for i, channel := range list {
		var a attributes
		a.enumerated("TYPE", "CLOSED-CAPTIONS")
		a.quoted("GROUP-ID", captionGroup)
		a.quoted("NAME", names[i])
		a.yes("DEFAULT", false)
		a.yes("AUTOSELECT", i == 0)
		a.quoted("INSTREAM-ID", channel)
		dst = append(append(append(dst, "#EXT-X-MEDIA:"...), a.text...), '\n')
	}
	return dst
}

// appendTo adds what a variant says of them, which is the same for all.
func (c *closedCaptions) appendTo(a *attributes) {
	switch {
	case c == nil:
	case c.Any():
		a.quoted("CLOSED-CAPTIONS", captionGroup)
	default:
		a.enumerated("CLOSED-CAPTIONS", "NONE")
	}
}

// accessibility says in a manifest what appendMedia says in a playlist (SCTE
// 214-1 §7.2).
func (c *closedCaptions) accessibility() *descriptor {
	if c == nil || !c.Any() {
		return nil
	}
	d := &descriptor{Scheme: "urn:scte:dash:cc:cea-608:2015"}
	language := "=und"
	if c.Channels == 0 {
		d.Scheme, language = "urn:scte:dash:cc:cea-708:2015", "=lang:und"
	}
	list := c.List()
	for i, channel := range list {
		list[i] = strings.TrimPrefix(channel, "SERVICE") + language
	}
	d.Value = strings.Join(list, ";")
	return d
}

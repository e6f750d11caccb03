package media

import "slices"

// videoRange is what a player has to be made for to show the video, by its
// transfer characteristics (ISO/IEC 23091-2 §8.2): "SDR", "PQ", "HLG", or ""
// where they are not among those that RFC 8216bis §4.4.6.2 names.
func videoRange(transfer uint16) string {
	switch transfer {
	case 16:
		return "PQ"
	case 18:
		return "HLG"
	case 1, 6, 13, 14, 15:
		return "SDR"
	}
	return ""
}

// colors is the range that takes most of a player among those of all sample
// entries (RFC 8216bis §4.4.6.2).
func (c *choice) colors() string {
	for _, most := range []string{"PQ", "HLG", "SDR"} {
		if slices.ContainsFunc(c.entries, func(e entry) bool { return e.colors == most }) {
			return most
		}
	}
	return ""
}

package media

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

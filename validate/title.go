package validate

// The limits of what people write about a thing, in characters (Unicode code
// points) unless said otherwise.
const (
	MaxTitle = 200
	MaxTags  = 50 // tags
	MaxTag   = 64
)

// Title accepts one line of at most MaxTitle characters, or nothing.
func Title(field, s string) error { return Line(field, s, MaxTitle) }

// Tag accepts one line of 1 to MaxTag characters.
func Tag(field, s string) error {
	if s == "" {
		return invalid(field, "is missing")
	}
	return Line(field, s, MaxTag)
}

// Tags accepts at most MaxTags tags. The error names the first that is wrong.
func Tags(field string, tags []string) error {
	if err := Count(field, len(tags), MaxTags); err != nil {
		return err
	}
	for _, tag := range tags {
		if err := Tag(field, tag); err != nil {
			return err
		}
	}
	return nil
}

package hls

import "slices"

const roleScheme = "urn:mpeg:dash:role:2011"

// textSets are the AdaptationSets of subtitles: of each a file of WebVTT, which
// all players read (ISO/IEC 23009-1 §5.3.9.1). Where the source is no file of the
// operating system those within it are left out: to make one of them takes a
// request for each cue.
func (p *presentation) textSets(sidecars []*subtitle) []adaptationSet {
	return textSets(p.texts().with(sidecars))
}

// localTexts are those that a manifest names.
func localTexts(list []*subtitle) []*subtitle {
	return slices.DeleteFunc(slices.Clone(list), func(s *subtitle) bool { return s.file != nil && !s.file.isLocal })
}

func textSets(list []*subtitle) []adaptationSet {
	list = localTexts(list)
	names := subtitleNames(list)
	var sets []adaptationSet
	for i, s := range list {
		set := adaptationSet{
			ContentType: "text", MimeType: subtitleType, Lang: languageTag(s.Language), Role: &descriptor{roleScheme, "subtitle"},
			Representations: []representation{{
				ID: s.name, Bandwidth: s.rate, BaseURL: s.revision + "/" + s.name + "/" + subtitleFileName,
			}},
		}
		switch {
		case s.Forced:
			set.Role.Value = "forced-subtitle"
		case s.describesSounds():
			set.Role.Value = "caption"
		}
		if displayName(s.Label) != "" {
			set.Label = names[i]
		}
		sets = append(sets, set)
	}
	return sets
}

package hls

import (
	"encoding/base64"
	"reflect"
)

const (
	cencNamespace   = "urn:mpeg:cenc:2013"
	dashifNamespace = "https://dashif.org/CPS"
)

// The schemes of ContentProtection: ISO/IEC 23009-1 §5.8.5.2, and ClearKey as
// DASH-IF lists it.
const (
	protectionScheme = "urn:mpeg:dash:mp4protection:2011"
	clearKeySystem   = "e2719d58-a985-b3c9-781a-b030af78d30e"
)

// protectedBy is a ContentProtection element.
type protectedBy struct {
	Scheme     string `xml:"schemeIdUri,attr"`
	Value      string `xml:"value,attr,omitempty"`
	DefaultKID string `xml:"cenc:default_KID,attr,omitempty"`
	PSSH       string `xml:"cenc:pssh,omitempty"`
	LicenseURL string `xml:"dashif:Laurl,omitempty"`
}

// protections says how a track is encrypted, and by which systems its key is to
// be had.
func (p *presentation) protections(t *prepared) []protectedBy {
	how := t.file.protection
	if how == nil {
		return nil
	}
	key := how.keyOf(t.Track, 0)
	list := []protectedBy{{Scheme: protectionScheme, Value: "cbcs", DefaultKID: key.ID.UUID()}}
	if !how.NoDelivery {
		own := protectedBy{
			Scheme: "urn:uuid:" + clearKeySystem, Value: "ClearKey1.0",
			PSSH: base64.StdEncoding.EncodeToString(how.commonBox()),
		}
		if how.LicenseURL != nil {
			own.LicenseURL = how.LicenseURL(how.asset)
		}
		list = append(list, own)
	}
	for _, s := range key.Systems {
		by := protectedBy{Scheme: "urn:uuid:" + s.ID.UUID(), Value: s.Name, LicenseURL: s.LicenseURL}
		if len(s.PSSH) > 0 {
			by.PSSH = base64.StdEncoding.EncodeToString(s.PSSH)
		}
		list = append(list, by)
	}
	return list
}

// shareProtection says of a set what is true of all of its representations, as
// ISO/IEC 23009-1 §5.8.4.1 wants it: players look for it there.
func (s *adaptationSet) shareProtection() {
	for i := range s.Representations {
		if !reflect.DeepEqual(s.Representations[i].Protections, s.Representations[0].Protections) {
			return
		}
	}
	s.Protections = s.Representations[0].Protections
	for i := range s.Representations {
		s.Representations[i].Protections = nil
	}
}

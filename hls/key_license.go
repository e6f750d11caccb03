package hls

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/streamgate/streamgate/internal/endpoint"
	"github.com/streamgate/streamgate/internal/problem"
)

const (
	licenseName = "license"
	// maxLicenseRequest is how long a request may be, in bytes: for more keys than
	// a presentation has.
	maxLicenseRequest = 64 << 10
)

// licenseRequest and license are the formats of W3C EME §9.1.3 and §9.1.4.
type licenseRequest struct {
	KeyIDs []string `json:"kids"`
	Type   string   `json:"type"`
}

type license struct {
	Keys []jsonWebKey `json:"keys"`
	Type string       `json:"type"`
}

// jsonWebKey is a symmetric key of RFC 7517, for whom it is encoded on purpose.
type jsonWebKey struct {
	Type string `json:"kty"`
	ID   string `json:"kid"`
	Key  string `json:"k"`
}

// serveLicense answers what is not asked of a presentation, before begin does:
// it reports whether r is about a licence.
func (s *Server) serveLicense(w http.ResponseWriter, r *http.Request) bool {
	if s.encryption == nil || s.encryption.NoDelivery {
		return false
	}
	id, t, ok := splitPath(r.URL.EscapedPath())
	if !ok || t.what != keyLicense || !isAssetID(id) {
		return false
	}
	s.crossOrigin(w.Header(), r)
	w.Header()["Cache-Control"] = neverStored
	switch r.Method {
	case http.MethodPost:
		if err := s.playAsset(w, r, id, t); err != nil {
			s.fail(w, r, err)
		}
	case http.MethodOptions:
		s.optionsFor(w, r, "POST, OPTIONS")
	default:
		problem.Method(w, r, http.MethodPost, http.MethodOptions)
	}
	return true
}

// sendLicense answers a ClearKey licence request with those of the wanted keys
// that the asset has.
func (s *Server) sendLicense(w http.ResponseWriter, r *http.Request, a *row, of *presentation) error {
	want, err := readLicenseRequest(w, r)
	if err != nil {
		return err
	}
	keys := of.keysOf(want.KeyIDs)
	if len(keys) == 0 {
		return problem.Errorf(ErrNotFound, "the asset has none of these keys, or no more; load %s again", manifestName)
	}
	if err := s.served(r.Context(), a, keys...); err != nil {
		return err
	}
	answer := license{Type: "temporary"}
	for _, k := range keys {
		answer.Keys = append(answer.Keys, jsonWebKey{"oct", base64.RawURLEncoding.EncodeToString(k.ID[:]), base64.RawURLEncoding.EncodeToString(k.Key[:])})
	}
	body, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	to := w.Header()
	to["Content-Type"], to["X-Content-Type-Options"] = []string{"application/json"}, nosniff
	to["Content-Length"] = []string{strconv.Itoa(len(body))}
	_, _ = w.Write(body) // a client that is gone needs no answer
	return nil
}

func readLicenseRequest(w http.ResponseWriter, r *http.Request) (*licenseRequest, error) {
	body, err := endpoint.Body(w, r, maxLicenseRequest)
	if err != nil {
		return nil, err
	}
	var want licenseRequest
	if err := json.Unmarshal(body, &want); err != nil || len(want.KeyIDs) == 0 {
		return nil, problem.Because(problem.ErrBadRequest, err, `a licence request is JSON such as {"kids":["LwVHf8JLtPrv2GUXFW2v_A"],"type":"temporary"}`)
	}
	if want.Type != "" && want.Type != "temporary" {
		return nil, problem.Errorf(problem.ErrBadRequest, "there are temporary licences alone")
	}
	return &want, nil
}

// keysOf returns the keys with these ids, in base64url without padding, each once
// and in the order in which they are asked for.
func (p *presentation) keysOf(ids []string) []*ContentKey {
	var list []*ContentKey
	seen := map[KeyID]bool{}
	for _, text := range ids {
		b, err := base64.RawURLEncoding.Strict().DecodeString(text)
		if err != nil || len(b) != len(KeyID{}) || seen[KeyID(b)] {
			continue
		}
		seen[KeyID(b)] = true
		if k, ok := p.source().protection.byID[KeyID(b)]; ok {
			list = append(list, k)
		}
	}
	return list
}

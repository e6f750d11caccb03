package upload

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/streamgate/streamgate/metadata"
)

// Resumable uploads of the IETF, draft-ietf-httpbis-resumable-upload. Clients
// that are out there speak one of its drafts and say which by its interop version.
const (
	ietfProtocol = "ietf" // metadata.Upload.Protocol
	ietfBody     = "application/partial-upload"

	completeField   = "Upload-Complete"
	incompleteField = "Upload-Incomplete" // in its place, in version 3
	offsetField     = "Upload-Offset"
	lengthField     = "Upload-Length"
	limitField      = "Upload-Limit"
	versionField    = "Upload-Draft-Interop-Version"
)

// What came, or went, with which interop version, and so with which draft.
const (
	oldestDraft        = 3 // draft -01
	progressFrom       = 5 // -03: 104 tells offsets
	partialUploadFrom  = 6 // -04: a type of its own for appends; problem types; Upload-Limit
	expiresUntil       = 6 // -06: max-age in its place
	createdUntil       = 6 // -06: an append that ends nothing is 204
	bareOffsetUntil    = 6 // -06: HEAD and DELETE may have the fields of an append
	completedTypeUntil = 7 // -09: no problem type for an append to a complete upload
	spoiltFrom         = 8 // -08: a body beyond the length ends the upload
	newestDraft        = 8 // -09 to -12, the newest there is
)

// A draft is the version that a request speaks: the one that it names, or the
// newest. A client of the RFC to come, or of a draft after all of these, names
// none that is known. It is served all the same, but without 104: the drafts
// want it so, lest a later protocol is taken for an earlier one.
type draft struct {
	version int
	named   bool
}

func draftOf(r *http.Request) draft {
	v, ok := fieldInteger(r.Header, versionField)
	if ok && v >= oldestDraft && v <= newestDraft {
		return draft{version: int(v), named: true}
	}
	return draft{version: newestDraft}
}

// complete says whether the request ends the file, where it tells.
func (d draft) complete(h http.Header) (complete, told bool) {
	if d.version == oldestDraft {
		incomplete, told := fieldBoolean(h, incompleteField)
		return !incomplete && told, told
	}
	return fieldBoolean(h, completeField)
}

// ietfCreates says whether a request begins an upload of this protocol: by the
// field alone, whose other values are as good as none.
func ietfCreates(r *http.Request) bool {
	_, told := draftOf(r).complete(r.Header)
	return told
}

// ietfAsks says whether a request to an upload is one of this protocol.
func ietfAsks(r *http.Request) bool {
	if r.Header.Get("Tus-Resumable") != "" {
		return false
	}
	return draftOf(r).named || ietfCreates(r) || contentType(r) == ietfBody
}

// answers names the version in the answer, as Apple's own server does.
func (d draft) answers(h http.Header) {
	if d.named {
		h.Set(versionField, strconv.Itoa(d.version))
	}
}

func (d draft) setComplete(h http.Header, complete bool) {
	name, value := completeField, complete
	if d.version == oldestDraft {
		name, value = incompleteField, !complete
	}
	if value {
		h.Set(name, "?1")
		return
	}
	h.Set(name, "?0")
}

// setState tells all of an upload, as the answer to who asks for the offset.
func (d draft) setState(h http.Header, up *Uploader, u *metadata.Upload) {
	h.Set(assetHeader, u.Asset)
	h.Set(offsetField, strconv.FormatInt(u.Offset, 10))
	if u.Size >= 0 {
		h.Set(lengthField, strconv.FormatInt(u.Size, 10))
	}
	d.setComplete(h, u.State == metadata.UploadComplete)
	d.setLimit(h, up, u)
}

// setLimit tells the limits of an upload; u may be nil.
func (d draft) setLimit(h http.Header, up *Uploader, u *metadata.Upload) {
	if d.version < partialUploadFrom {
		return
	}
	limits := up.limits()
	if u != nil && u.State == metadata.UploadOpen && !u.ExpiresAt.IsZero() {
		left := max(0, int64(time.Until(u.ExpiresAt)/time.Second))
		name := "max-age="
		if d.version <= expiresUntil {
			name = "expires="
		}
		limits = append(limits, name+strconv.FormatInt(left, 10))
	}
	h.Set(limitField, limitsText(limits))
}

func (up *Uploader) limits() []string {
	if up.o.MaxSize <= 0 {
		return nil
	}
	return []string{"max-size=" + strconv.FormatInt(up.o.MaxSize, 10)}
}

// limitsText is a Dictionary, which must not be empty.
func limitsText(limits []string) string {
	if len(limits) == 0 {
		return "min-size=0"
	}
	return strings.Join(limits, ", ")
}

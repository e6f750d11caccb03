package peers

// An intended is a difference that is meant, and why. Several may be said at
// once: any row, any step, any value, any status.
type intended struct {
	difference
	why string
}

const (
	anyRow   = "*"
	anyStep  = 0
	anyValue = "*"
)

func (m intended) covers(d difference) bool {
	is := func(want, got string) bool { return want == anyValue || want == got }
	return is(m.row, d.row) && (m.step == anyStep || m.step == d.step) && m.what == d.what &&
		is(m.ours, d.ours) && is(m.tusd, d.tusd) && is(m.status, d.status)
}

// meant are all differences, with their reasons. The first that covers one counts.
var meant = []intended{
	// In every answer, or in every one of a kind.
	{difference{anyRow, anyStep, "Cache-Control", "no-store", "", anyValue}, "no answer about an upload is for a cache; the protocol asks for it of HEAD alone"},
	{difference{anyRow, anyStep, "Upload-Expires", "a date", "", anyValue}, "tusd keeps unfinished uploads until somebody removes them"},
	{difference{anyRow, anyStep, "Tus-Version", "1.0.0", "", "412"}, "the protocol asks for it: a client is to learn what would do"},
	{difference{anyRow, anyStep, "Upload-Offset", anyValue, "", "409"}, "a client goes on from there without another HEAD"},
	{difference{anyRow, anyStep, "Upload-Offset", anyValue, "", "413"}, "the same"},
	{difference{anyRow, anyStep, "Upload-Offset", anyValue, "", "400"}, "the same"},

	// What there is.
	{difference{anyRow, anyStep, "Tus-Extension", extensions, "concatenation,creation,creation-defer-length,creation-with-upload,termination", anyValue}, "tusd checks no checksums, and keeps uploads until somebody removes them"},
	{difference{anyRow, anyStep, "Tus-Checksum-Algorithm", "sha1,sha256,crc32", "", anyValue}, "tusd checks no checksums"},
	{difference{"OPTIONS where uploads are created", 1, "status", "204", "200", anyValue}, "the protocol allows both; tusd has browsers of long ago in mind"},
	{difference{"OPTIONS with a version", 1, "status", "204", "200", anyValue}, "the same"},
	{difference{"OPTIONS with another version", 1, "status", "204", "200", anyValue}, "the same"},
	{difference{"OPTIONS of an upload", 2, "status", "204", "200", anyValue}, "the same"},

	// Versions.
	{difference{"HEAD with another version", 2, "status", "412", "200", anyValue}, "the protocol asks for it; tusd thinks of browsers, which send no version at all"},
	{difference{"creation without a version", 1, "status", "400", "412", anyValue}, "without a version it is a file as a plain body, and that one is empty"},
	{difference{"DELETE without a version", 2, "status", "204", "412", anyValue}, "uploads that began otherwise are cancelled the same way"},
	{difference{"DELETE without a version", 3, "status", "410", "200", anyValue}, "it is cancelled"},

	// What may be sent.
	{difference{"PATCH beyond the length, in chunks of HTTP", 4, "Upload-Offset", "60", "100", "200"}, "of a chunk that is too long nothing is taken: which of its bytes are right, nobody knows"},
	{difference{"PATCH beyond an upload that is complete", 3, "status", "413", "204", anyValue}, "bytes that are thrown away are not acknowledged"},
	{difference{"creation with too many bytes", 1, "Location", "an upload", "", "413"}, "the upload is there and may be sent again; tusd creates it too, and does not name it"},
	{difference{"creation with too many bytes, in chunks of HTTP", 1, "Location", "an upload", "", "413"}, "the same"},
	{difference{"creation with more bytes than are taken, length to come", 1, "Location", "an upload", "", "413"}, "its asset says what happened"},
	{difference{"creation of an empty file", 1, "status", "400", "201", anyValue}, "an empty file is no media"},
	{difference{"creation with no bytes and their type", 1, "Upload-Offset", "", "0", "201"}, "without a body it is a creation like any other"},

	// Types and numbers.
	{difference{"PATCH without a type", 2, "status", "415", "400", anyValue}, "the protocol asks for a 415"},
	{difference{"PATCH with another type", 2, "status", "415", "400", anyValue}, "the protocol asks for a 415"},
	{difference{"PATCH with a type in capitals", 2, "status", "204", "400", anyValue}, "media types have no case (RFC 9110, section 8.3.1)"},
	{difference{"PATCH with a type in capitals", 3, "Upload-Offset", "100", "0", "200"}, "it was taken"},
	{difference{"PATCH with a parameter to the type", 2, "status", "204", "400", anyValue}, "some HTTP clients add a charset by themselves"},
	{difference{"PATCH with a parameter to the type", 3, "Upload-Offset", "100", "0", "200"}, "it was taken"},
	{difference{"PATCH with the offset +0", 2, "status", "400", "204", anyValue}, "a number of the protocol is digits"},
	{difference{"PATCH with the offset +0", 3, "Upload-Offset", "0", "100", "200"}, "it was not taken"},
	{difference{"creation with the length +100", 1, "status", "400", "201", anyValue}, "a number of the protocol is digits"},

	// Lengths that come later, or twice.
	{difference{"PATCH with the length that is known", 2, "status", "204", "400", anyValue}, "a client that says it again may not have heard the answer"},
	{difference{"PATCH with the length that is known", 3, "Upload-Offset", "100", "0", "200"}, "it was taken"},
	{difference{"length twice, the same", 3, "status", "204", "400", anyValue}, "the same as with a length from the creation"},
	{difference{"length twice, the same", 4, "Upload-Offset", "60", "50", "200"}, "it was taken"},
	{difference{"length that is less than comes", 3, "Upload-Length", "", "50", "200"}, "a request that is refused changes nothing"},
	{difference{"length that is less than comes", 3, "Upload-Defer-Length", "1", "", "200"}, "the same"},
	{difference{"length that is too large", 2, "status", "413", "400", anyValue}, "as at the creation"},
	{difference{"length of nothing", 2, "status", "400", "204", anyValue}, "an empty file is no media"},
	{difference{"length of nothing", 3, "Upload-Length", "", "0", "200"}, "a request that is refused changes nothing"},
	{difference{"length of nothing", 3, "Upload-Defer-Length", "1", "", "200"}, "the same"},

	// Metadata: what the protocol does not allow is refused by name, where tusd
	// leaves away what it cannot read.
	{difference{"metadata with a comma at the end", 1, "status", "400", "201", anyValue}, "a pair without a key"},
	{difference{"metadata with two commas", 1, "status", "400", "201", anyValue}, "a pair without a key"},
	{difference{"metadata with no key", 1, "status", "400", "201", anyValue}, "a pair without a key"},
	{difference{"metadata with a key twice", 1, "status", "400", "201", anyValue}, "keys are unique: tusd takes the last"},
	{difference{"metadata with a value that is not base64", 1, "status", "400", "201", anyValue}, "the title would be gone without a word"},
	{difference{"metadata with a value without padding", 1, "status", "400", "201", anyValue}, "the same"},
	{difference{"metadata with a value in the alphabet of URLs", 1, "status", "400", "201", anyValue}, "the same"},
	{difference{"metadata with two spaces before the value", 1, "status", "400", "201", anyValue}, "the same"},
	{difference{"metadata with a value in two parts", 1, "status", "400", "201", anyValue}, "the same"},
	{difference{"metadata with a value that is not text", 1, "status", "400", "201", anyValue}, "it becomes a title or a name; tusd replaces what is not text"},
	{difference{"metadata with a key that is not ASCII", 1, "status", "400", "201", anyValue}, "the protocol allows ASCII alone"},
	{difference{"metadata with 9 KiB of it", 1, "status", "400", "201", anyValue}, "it is kept, and has a limit"},
	{difference{"metadata in two headers", 2, "Upload-Metadata", "colour cmVk,shape cm91bmQ=", "colour cmVk", "200"}, "a list may be sent as several headers (RFC 9110, section 5.3)"},

	// Termination.
	{difference{"DELETE before any bytes", anyStep, "status", "410", "404", anyValue}, "the protocol allows both: it was there, and the client need not doubt its address"},
	{difference{"DELETE in the middle", anyStep, "status", "410", "404", anyValue}, "the same"},
	{difference{"DELETE once it is complete", 3, "status", "409", "204", anyValue}, "the file belongs to an asset by then, which is deleted as an asset"},
	{difference{"DELETE once it is complete", 4, "status", "200", "404", anyValue}, "it is still there"},
}

// extensions are those that StreamGate has.
const extensions = "checksum,checksum-trailer,concatenation,creation,creation-defer-length,creation-with-upload,expiration,termination"

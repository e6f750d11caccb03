package peers

import (
	"fmt"
	"strings"
)

// creationRows are the extension Creation, but for Upload-Metadata.
func creationRows() []row {
	post := func(header ...string) step { return step{method: "POST", header: tus(header...)} }
	all := []row{
		one("creation", create(100), head()),
		one("creation of the largest file", create(maxSize), head()),
		one("creation of a file that is too large", create(maxSize+1)),
		one("creation of an empty file", create(0), head(), send(0, 0)),
		one("creation without a length", post()),
		one("creation with a length and none", post("Upload-Length: 100", "Upload-Defer-Length: 1")),
		one("creation with two lengths", post("Upload-Length: 100", "Upload-Length: 200")),
		one("creation with another version", step{method: "POST", header: "Tus-Resumable: 0.2.2\nUpload-Length: 100"}),
		one("creation with a list of versions", step{method: "POST", header: "Tus-Resumable: 1.0.0, 0.2.2\nUpload-Length: 100"}),
		one("creation without a version", step{method: "POST", header: "Upload-Length: 100"}),
		one("creation with an offset", post("Upload-Length: 100", "Upload-Offset: 5"), head()),
	}
	for _, length := range []string{"-1", "+100", "0100", "1e3", "0x10", "1.0", "ten", "100,200", "9223372036854775808"} {
		all = append(all, one("creation with the length "+length, post("Upload-Length: "+length)))
	}
	return all
}

// metadataRows are the forms of Upload-Metadata, and what HEAD makes of them.
func metadataRows() []row {
	var all []row
	for _, m := range []struct{ name, value string }{
		{"a name", "filename Y2xpcC5tcDQ="},
		{"two keys", "filename Y2xpcC5tcDQ=,colour cmVk"},
		{"spaces behind the comma", "filename Y2xpcC5tcDQ=,  colour cmVk"},
		{"a key without a value", "colour"},
		{"a key with an empty value", "colour ,shape cm91bmQ="},
		{"a comma at the end", "colour cmVk,"},
		{"two commas", "colour cmVk,,shape cm91bmQ="},
		{"no key", ",colour cmVk"},
		{"nothing", " "},
		{"a key twice", "colour cmVk,colour Ymx1ZQ=="},
		{"a value that is not base64", "colour !!!,shape cm91bmQ="},
		{"a value without padding", "colour Ymx1ZQ"},
		{"a value in the alphabet of URLs", "colour _-_-"},
		{"two spaces before the value", "colour  cmVk"},
		{"a value in two parts", "colour cm Vk,shape cm91bmQ="},
		{"a value that is not text", "colour /////w=="},
		{"a value with a line break", "colour cmVkCmJsdWU="},
		{"a path for a name", "filename Li4vLi4vZXRjL3Bhc3N3ZA=="},
		{"a key that is not ASCII", "cöl cmVk"},
		{"9 KiB of it", "colour " + strings.Repeat("cmVk", 9<<8)},
	} {
		all = append(all, one("metadata with "+m.name, create(100, "Upload-Metadata: "+m.value), head()))
	}
	return append(all, one("metadata in two headers", create(100, "Upload-Metadata: colour cmVk", "Upload-Metadata: shape cm91bmQ="), head()))
}

// with makes a creation bring n bytes along.
func with(n, length int, header ...string) step {
	s := create(length, append(header, "Content-Type: "+chunkType)...)
	s.body = send(0, n).body
	return s
}

// withUploadRows are the extension Creation With Upload.
func withUploadRows() []row {
	return []row{
		one("creation with all bytes", with(100, 100), head()),
		one("creation with all bytes, in chunks of HTTP", with(100, 100).streamed(), head()),
		one("creation with some bytes", with(60, 100), head(), send(60, 100), head()),
		one("creation with no bytes and their type", with(0, 100), head()),
		one("creation with too many bytes", with(120, 100), head()),
		one("creation with too many bytes, in chunks of HTTP", with(120, 100).streamed(), head()),
		one("creation with bytes of another type", with(60, 100).with(tus("Upload-Length: 100", "Content-Type: video/mp4")), head()),
		one("creation with bytes of no type", with(60, 100).with(tus("Upload-Length: 100")), head()),
		one("creation with bytes, length to come", step{method: "POST", body: content, header: tus("Upload-Defer-Length: 1", "Content-Type: "+chunkType)}, head()),
		one("creation with more bytes than are taken, length to come", step{
			method: "POST", body: content, length: maxSize + 1, header: tus("Upload-Defer-Length: 1", "Content-Type: "+chunkType),
		}, head()),
	}
}

// deferredRows are the extension Creation Defer Length.
func deferredRows() []row {
	open := func() step { return step{method: "POST", header: tus("Upload-Defer-Length: 1")} }
	all := []row{
		one("length to come", open(), head(), send(0, 50), head(), send(50, 100, "Upload-Length: 100"), head()),
		one("length with the first bytes", open(), send(0, 50, "Upload-Length: 100"), head(), send(50, 100), head()),
		one("length before any bytes", open(), send(0, 0, "Upload-Length: 100"), head()),
		one("length behind the last bytes", open(), send(0, 100), send(100, 100, "Upload-Length: 100"), head()),
		one("length that is less than there is", open(), send(0, 100), send(100, 100, "Upload-Length: 50"), head()),
		one("length that is less than comes", open(), send(0, 100, "Upload-Length: 50"), head()),
		one("length twice, the same", open(), send(0, 50, "Upload-Length: 100"), send(50, 60, "Upload-Length: 100"), head()),
		one("length twice, another", open(), send(0, 50, "Upload-Length: 100"), send(50, 60, "Upload-Length: 200"), head()),
		one("length that is too large", open(), send(0, 50, fmt.Sprintf("Upload-Length: %d", maxSize+1)), head()),
		one("length of nothing", open(), send(0, 0, "Upload-Length: 0"), head()),
		one("length that never comes", open(), send(0, 100), send(100, 100), head()),
		one("length that is a word", open(), send(0, 50, "Upload-Length: ten"), head()),
		one("length with the offset wrong", open(), send(50, 100, "Upload-Length: 100"), head()),
		one("length to come, again said so", open(), send(0, 50, "Upload-Defer-Length: 1"), head()),
	}
	for _, said := range []string{"0", "2", "true"} {
		all = append(all, one("Upload-Defer-Length that is "+said, step{method: "POST", header: tus("Upload-Defer-Length: " + said)}))
	}
	return all
}

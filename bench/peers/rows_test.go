package peers

import (
	"fmt"
	"slices"
	"strings"
)

// rows are all sequences that are played. They follow the sections of tus 1.0,
// https://tus.io/protocols/resumable-upload.
func rows() []row {
	return slices.Concat(coreRows(), patchRows(), creationRows(), metadataRows(), withUploadRows(), deferredRows(),
		terminationRows(), concatenationRows(), overrideRows())
}

// tus is the header of every request of the protocol, with others below it.
func tus(header ...string) string {
	return strings.Join(append([]string{"Tus-Resumable: 1.0.0"}, header...), "\n")
}

// content is the beginning of what is uploaded: media, or it would be refused
// for what it is.
var content = string(filmHead(100))

// create makes an upload of length bytes, which later steps call "it".
func create(length int, header ...string) step {
	return step{method: "POST", header: tus(append(header, fmt.Sprintf("Upload-Length: %d", length))...)}
}

// send appends the bytes from off on up to end.
func send(off, end int, header ...string) step {
	body := strings.Repeat("\x00", end)
	body = (content + body)[off:end]
	return step{method: "PATCH", to: "it", body: body, header: tus(append(header, "Content-Type: "+chunkType, fmt.Sprintf("Upload-Offset: %d", off))...)}
}

func head() step { return step{method: "HEAD", to: "it", header: tus()} }

func (s step) of(name string) step {
	if s.method == "POST" {
		s.as = name
	} else {
		s.to = name
	}
	return s
}

func (s step) streamed() step { s.stream = true; return s }

func (s step) with(header string) step { s.header = header; return s }

func one(name string, steps ...step) row { return row{name: name, steps: steps} }

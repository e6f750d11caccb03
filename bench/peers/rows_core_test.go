package peers

// coreRows are the protocol's core, but for PATCH.
func coreRows() []row {
	lost := step{method: "HEAD", to: "/aaaaaaaaaaaaaaaaaaaaaaaaaa", header: tus()}
	return []row{
		one("OPTIONS where uploads are created", step{method: "OPTIONS"}),
		one("OPTIONS with a version", step{method: "OPTIONS", header: tus()}),
		one("OPTIONS with another version", step{method: "OPTIONS", header: "Tus-Resumable: 0.2.2"}),
		one("OPTIONS of an upload", create(100), step{method: "OPTIONS", to: "it"}),

		one("HEAD before, between and after the bytes", create(100), head(), send(0, 60), head(), send(60, 100), head()),
		one("HEAD without a version", create(100), step{method: "HEAD", to: "it"}),
		one("HEAD with another version", create(100), step{method: "HEAD", to: "it", header: "Tus-Resumable: 0.2.2"}),
		one("HEAD of what was never there", lost),
		one("HEAD of what is no id", step{method: "HEAD", to: "/no-id-at-all", header: tus()}),
		one("HEAD of an id with dots", step{method: "HEAD", to: "/..%2f..%2fetc", header: tus()}),
		one("HEAD where uploads are created", step{method: "HEAD", header: tus()}),

		one("POST to an upload", create(100), step{method: "POST", to: "it", header: tus("Upload-Length: 5")}),
		one("PUT to an upload", create(100), step{method: "PUT", to: "it", header: tus()}),
		one("PATCH where uploads are created", step{method: "PATCH", header: tus("Upload-Offset: 0", "Content-Type: "+chunkType)}),
		one("DELETE where uploads are created", step{method: "DELETE", header: tus()}),
	}
}

// patchRows are the ways to append.
func patchRows() []row {
	all := []row{
		one("PATCH of everything", create(100), send(0, 100), head()),
		one("PATCH of everything, in chunks of HTTP", create(100), send(0, 100).streamed(), head()),
		one("PATCH of nothing at the beginning", create(100), send(0, 0), head()),
		one("PATCH of nothing in the middle", create(100), send(0, 50), send(50, 50), head()),
		one("PATCH of nothing at the end", create(100), send(0, 100), send(100, 100), head()),
		one("PATCH byte by byte", create(42), send(0, 1), send(1, 2), send(2, 40), send(40, 41), send(41, 42), head()),

		one("PATCH ahead of the end", create(100), send(0, 50), send(60, 100), head()),
		one("PATCH behind the end", create(100), send(0, 50), send(40, 100), head()),
		one("PATCH again, once it is complete", create(100), send(0, 100), send(0, 100), head()),
		one("PATCH beyond an upload that is complete", create(100), send(0, 100), send(100, 120), head()),
		one("PATCH beyond the length", create(100), send(0, 120), head()),
		one("PATCH beyond the length, in the second chunk", create(100), send(0, 60), send(60, 120), head(), send(60, 100), head()),
		one("PATCH beyond the length, in chunks of HTTP", create(100), send(0, 60), send(60, 120).streamed(), head()),

		one("PATCH without a version", create(100), send(0, 100).with("Upload-Offset: 0\nContent-Type: "+chunkType), head()),
		one("PATCH with another version", create(100), send(0, 100).with("Tus-Resumable: 0.2.2\nUpload-Offset: 0\nContent-Type: "+chunkType), head()),
		one("PATCH with a list of versions", create(100), send(0, 100).with("Tus-Resumable: 1.0.0, 0.2.2\nUpload-Offset: 0\nContent-Type: "+chunkType), head()),
		one("PATCH without an offset", create(100), send(0, 100).with(tus("Content-Type: "+chunkType)), head()),
		one("PATCH with two offsets", create(100), send(0, 100).with(tus("Content-Type: "+chunkType, "Upload-Offset: 0", "Upload-Offset: 50")), head()),
		one("PATCH without a type", create(100), send(0, 100).with(tus("Upload-Offset: 0")), head()),
		one("PATCH with another type", create(100), send(0, 100).with(tus("Upload-Offset: 0", "Content-Type: video/mp4")), head()),
		one("PATCH with a type in capitals", create(100), send(0, 100).with(tus("Upload-Offset: 0", "Content-Type: Application/Offset+Octet-Stream")), head()),
		one("PATCH with a parameter to the type", create(100), send(0, 100).with(tus("Upload-Offset: 0", "Content-Type: "+chunkType+"; charset=utf-8")), head()),
		one("PATCH with the length that is known", create(100), send(0, 100, "Upload-Length: 100"), head()),
		one("PATCH with another length", create(100), send(0, 100, "Upload-Length: 200"), head()),
		one("PATCH of what was never there", send(0, 100)),
	}
	for _, offset := range []string{"-1", "+0", "00", "0.0", "0x0", "1e0", "ten", "9223372036854775808"} {
		s := send(0, 100).with(tus("Content-Type: "+chunkType, "Upload-Offset: "+offset))
		all = append(all, one("PATCH with the offset "+offset, create(100), s, head()))
	}
	return all
}

// terminationRows are the extension Termination.
func terminationRows() []row {
	end := step{method: "DELETE", to: "it", header: tus()}
	return []row{
		one("DELETE before any bytes", create(100), end, head(), send(0, 100), end),
		one("DELETE in the middle", create(100), send(0, 50), end, head(), send(50, 100)),
		one("DELETE once it is complete", create(100), send(0, 100), end, head()),
		one("DELETE without a version", create(100), step{method: "DELETE", to: "it"}, head()),
		one("DELETE with another version", create(100), step{method: "DELETE", to: "it", header: "Tus-Resumable: 0.2.2"}, head()),
		one("DELETE of what was never there", end),
	}
}

// overrideRows are X-HTTP-Method-Override.
func overrideRows() []row {
	as := func(method string, s step) step {
		s.header += "\nX-HTTP-Method-Override: " + s.method
		s.method = method
		return s
	}
	end := step{method: "DELETE", to: "it", header: tus()}
	return []row{
		one("POST that is a PATCH", create(100), as("POST", send(0, 100)), head()),
		one("POST that is a PATCH elsewhere", create(100), as("POST", send(50, 100)), head()),
		one("POST that is a DELETE", create(100), as("POST", end), head()),
		one("POST that is a HEAD", create(100), as("POST", head())),
		one("POST that is a POST", as("POST", create(100)), head()),
		one("POST that is nothing known", create(100), step{method: "POST", to: "it", header: tus("X-HTTP-Method-Override: BREW")}, head()),
		one("POST that is a PATCH, in small letters", create(100), send(0, 100).overridden("patch"), head()),
		one("PUT that would be a PATCH", create(100), as("PUT", send(0, 100)), head()),
		one("PATCH that would be a DELETE", create(100), as("PATCH", end), head()),
		one("HEAD that would be a DELETE", create(100), as("HEAD", end), head()),
	}
}

func (s step) overridden(method string) step {
	s.method, s.header = "POST", s.header+"\nX-HTTP-Method-Override: "+method
	return s
}

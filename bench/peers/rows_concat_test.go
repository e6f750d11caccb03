package peers

// concatenationRows are the extension Concatenation.
func concatenationRows() []row {
	part := func(name string) step { return create(50, "Upload-Concat: partial").of(name) }
	first, second := send(0, 50).of("first"), send(50, 100).of("second").with(tus("Content-Type: "+chunkType, "Upload-Offset: 0"))
	final := func(parts string, header ...string) step {
		return step{method: "POST", header: tus(append(header, "Upload-Concat: final;"+parts)...)}
	}
	halves := func(steps ...step) []step {
		return append([]step{part("first"), part("second"), first, second}, steps...)
	}
	both := "{url of first} {url of second}"
	return []row{
		{name: "a part, and HEAD of it", steps: []step{part("first"), head().of("first"), first, head().of("first")}},
		{name: "two parts, one file", steps: halves(final(both), head(), send(0, 100), head())},
		{name: "two parts by their paths", steps: halves(final("{path of first} {path of second}"), head())},
		{name: "two parts with metadata", steps: halves(final(both, "Upload-Metadata: colour cmVk"), head())},
		{name: "one part twice", steps: halves(final("{url of first} {url of first}"), head())},
		{name: "one part alone", steps: halves(final("{url of first}"), head())},
		{name: "the parts again, for a second file", steps: halves(final(both), final(both).of("again"), head().of("again"))},
		{name: "a part that is not complete", steps: []step{part("first"), part("second"), first, final(both)}},
		{name: "a part that was never there", steps: halves(final("{url of first} /v1/uploads/aaaaaaaaaaaaaaaaaaaaaaaaaa"))},
		{name: "a part of another server", steps: halves(final("{url of first} http://example.com/elsewhere/1"))},
		{name: "an upload that is no part", steps: []step{create(100).of("first"), send(0, 100).of("first"), final("{url of first}"), head()}},
		{name: "no parts", steps: []step{final("")}},
		{name: "no parts, and no semicolon", steps: []step{{method: "POST", header: tus("Upload-Concat: final")}}},
		{name: "Upload-Concat of another kind", steps: []step{create(100, "Upload-Concat: half")}},
		{name: "Upload-Concat in capitals", steps: []step{create(100, "Upload-Concat: Partial")}},
		{name: "parts and a length", steps: halves(final(both, "Upload-Length: 100"), head())},
		{name: "parts and another length", steps: halves(final(both, "Upload-Length: 99"), head())},
		{name: "parts and a body", steps: halves(step{
			method: "POST", body: content,
			header: tus("Content-Type: "+chunkType, "Upload-Concat: final;"+both),
		})},
		{name: "spaces between the parts", steps: halves(final(" {url of first}   {url of second} "), head())},
		{name: "a part that comes with its creation", steps: []step{with(50, 50, "Upload-Concat: partial").of("first"), final("{url of first}"), head()}},
		{name: "a part, length to come", steps: []step{
			step{method: "POST", header: tus("Upload-Defer-Length: 1", "Upload-Concat: partial")}.of("first"),
			first, final("{url of first}"), send(50, 50, "Upload-Length: 50").of("first"), final("{url of first}"), head(),
		}},
		{name: "a part without bytes", steps: []step{create(0, "Upload-Concat: partial").of("first"), head().of("first"), final("{url of first}")}},
		{name: "a part that was deleted", steps: halves(step{method: "DELETE", to: "first", header: tus()}, final(both))},
		{name: "a file whose part is deleted", steps: halves(final(both), step{method: "DELETE", to: "first", header: tus()}, head())},
		{name: "a final file that is deleted", steps: halves(final(both), step{method: "DELETE", to: "it", header: tus()}, head())},
	}
}

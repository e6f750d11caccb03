// Package upload takes video and audio files in: by plain bodies, by forms, by
// tus 1.0 and by the IETF's resumable uploads, over one resumable writer. An
// Uploader is an http.Handler that an application mounts anywhere, behind its own
// sessions:
//
//	up, err := upload.New(files, meta, &upload.Options{MaxSize: 4 << 30})
//	mux.Handle("/uploads/", sessions(http.StripPrefix("/uploads", up)))
//
// where sessions is a handler around it that says who is asking, such as
// auth.Middleware. Without one everybody is nobody and every request is a 401.
//
// # Routes
//
// Relative to the mount, with and without a slash at its end:
//
//	POST    /                a new upload: tus (header Tus-Resumable), also in
//	                         parts (Upload-Concat); a form (multipart/form-data,
//	                         part "file"); the IETF's (header Upload-Complete);
//	                         or a body that is the file, whatever its Content-Type
//	OPTIONS /                what of tus is spoken, and the limits
//	HEAD    /{id}            how far it is
//	PATCH   /{id}            append (tus, with Upload-Checksum if the client likes;
//	                         IETF, with Content-Digest if it likes)
//	GET     /{id}            its status as JSON
//	DELETE  /{id}            cancel
//	POST    /{id}/complete   end an upload of unknown length; the body may be
//	                         {"sha256": "…"}, which is compared first
//
// All of these work:
//
//	curl --data-binary @clip.mp4 'https://example.com/uploads/?filename=clip.mp4'
//	curl -F title='A film' -F file=@clip.mp4 https://example.com/uploads/
//	new tus.Upload(file, {endpoint: 'https://example.com/uploads/'})
//
// A POST of tus to /{id} may name PATCH, DELETE or HEAD in X-HTTP-Method-Override.
//
// Every creation answers with a Location, relative to the request's own URL, and
// with the header StreamGate-Asset, but for parts, which have no asset. A body or
// form that is whole answers 201 with upload_id, asset_id, state, size and
// sha256, and with asset and playback where Options give the paths. What a client
// may tell of a file are filename, title, description, tags (with commas between
// them), asset_id and rendition, as tus metadata, form fields or query parameters.
// With asset_id the file goes to an asset of the same owner that exists; one that
// plays goes on playing until the new file does. With rendition, too, it plays
// beside the source of that asset under this name, see package rendition.
//
// A file whose moov box comes first, or that is in fragments, makes its asset
// playable before it is complete; Options.NoEarlyPlay says where it does not.
//
// The uploads of a client that went away stay open for Options.Expiry and are
// resumed by tus or the IETF's protocol, however they began.
//
// # Resumable uploads of the IETF
//
// draft-ietf-httpbis-resumable-upload in its interop versions 3 to 8. The upload
// tasks of Apple's URLSession speak it without being asked to, in version 3 since
// iOS 17 and in later ones since. A client that names none of these versions is
// served by the newest draft, without 104. An http.Handler around the Uploader
// has to let WriteHeader(104) through, as those of net/http do.
//
// # Parts
//
// Parts (tus 1.0, Concatenation) lie below metadata.PartPrefix in storage. The
// creation of a final upload copies them one after the other to an upload like
// any other, and is answered when that is complete. It may be repeated: the id of
// the final upload follows from its parts (metadata.DerivedID). The bytes of
// parts that were joined, cancelled or have expired are removed by the outbox,
// see metadata.RemoveFiles; what is known of a joined part stays until it
// expires.
//
// # What is refused
//
// Errors are application/problem+json. 415: not audio or video by content, which
// shows in the first 4096 bytes; 413: larger than Options.MaxSize; 400: empty.
// These end the upload: the asset is failed with the reason, the bytes are
// removed. 422: a form with a field that is no good, or a file that Inspect found
// broken while its asset has another: that ends the upload alone. 409: a chunk
// that does not begin where the upload ends, or a wrong checksum; 400: lengths
// that do not agree, or content that does not have its digest; 460: a chunk that
// does not have its checksum, whatever else it is; 423: another request is
// writing; 403: bytes for an upload that is made of parts; 408 (tus 409, IETF 503)
// and 400: the body stood still or was cut; 507 and 503: no room, no
// disk, no database, or shutting down. After these nothing is lost: HEAD tells
// where to go on, as it does after 429 and 413 for an owner who has too much. 403:
// the application does not want it, see Options.BeforeCreate. 410: the upload is
// over. 404: there is none, or it is another's.
//
// # Durability
//
// An offset is acknowledged, by an answer or by HEAD, after the bytes before it
// were synced and their number was written down, with the state of the SHA-256
// over them. What a crash left beyond it is cut off, because nothing vouches for
// it; so a resume neither reads nor hashes anything again. On a long request
// this happens every ten seconds. A complete upload is committed first; then one
// transaction completes it, makes the asset processing and writes the event
// upload.completed to the outbox. Recover finishes what a crash cut off between
// the two.
//
// One request at a time writes to an upload. It holds the right to in memory:
// one process, or a load balancer that keeps an upload on one, serves a store.
// A writer that has been silent for 50 ms makes room for the next one, with its
// bytes kept, and writes nothing any more once that has begun; one that sends
// keeps its place, and the newcomer is a 423. HEAD and GET put nobody out: they
// have a writer write down what it has, and tell that. HEAD and PATCH of an IETF
// client do: they end a writer, which by its rules it has given up.
package upload

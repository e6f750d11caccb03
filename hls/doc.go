// Package hls plays video and audio files as HTTP Live Streaming, and as DASH
// from the same segments, just in time: nothing is transcoded, nothing is
// written, and the first viewer waits for no more than the reading of the file's
// sample tables.
//
// A folder of files is one line, like http.FileServer:
//
//	http.Handle("/videos/", http.StripPrefix("/videos", hls.Dir("./videos")))
//
// and /videos/clip.mp4/master.m3u8 plays. Assets with owners, out of a store,
// are played by a Server:
//
//	play, err := hls.New(files, meta, nil)
//	mux.Handle("/watch/", http.StripPrefix("/watch", sessions(play)))
//
// where sessions is a handler around it that says who is asking, such as
// auth.Middleware; /watch/{asset}/master.m3u8 plays for the owner, and for whom
// else Options.Authorizer lets in.
//
// # What plays
//
// MP4 and MOV files, progressive or fragmented, Matroska and WebM, with H.264,
// HEVC, AV1 or VP9 video and AAC, AC-3, E-AC-3, Opus, FLAC, ALAC or MP3 audio, each
// as HLS carries it in fragmented MP4 (CMAF). Samples are sent as they are in the
// file. Audio and video are separate renditions, so that every audio track can be
// chosen with every video track. Edit lists, encoder delay, composition offsets and
// rotation are resolved. What HLS cannot carry is a 415 that says why.
//
// Subtitles, those of an asset (metadata.Caption) and those within a file
// (media.Text), are renditions of WebVTT, cut where the picture is. A cue that goes
// on is in each segment in which it is shown. Closed captions in the pictures are
// announced.
//
// What is still being uploaded, or recorded into a folder that was told so
// (DirOptions.Recording), plays from what is there: playlists are EVENTs until it
// is complete.
//
// # URIs
//
// Playback begins at {presentation}/master.m3u8, for players of DASH (ISO/IEC
// 23009-1) at {presentation}/manifest.mpd, and everything else follows from the
// relative URIs in them, to the same segments:
//
//	{presentation}/{revision}/v1/index.m3u8    media playlist of the video track with ID 1
//	{presentation}/{revision}/v1/init.mp4      its init segment; init-1.mp4 that of the second key
//	{presentation}/{revision}/v1/0.m4s         its first segment
//	{presentation}/{revision}/v1/iframes.m3u8  its I-frames, where they decode alone
//	{presentation}/{revision}/v1/iframe-0.m4s  that of its first segment
//	{presentation}/{revision}/a2/…             the audio track with ID 2
//	{presentation}/{its own}/s1/index.m3u8     media playlist of the first of the asset's captions
//	{presentation}/{its own}/s1/0.vtt          its first segment
//	{presentation}/{its own}/s1/all.vtt        all of it, for players of DASH
//	{presentation}/{revision}/t3/…             subtitles within the file, of its track with ID 3
//	{presentation}/{its own}/p1/index.m3u8     playlist of the asset's thumbnails
//	{presentation}/{its own}/p1/0.jpg          the first image of them
//	{presentation}/{its own}/poster.jpg        the asset's poster, also before it plays; poster.png
//
// Each file of an asset, its source and the renditions of that, has a revision of
// its own. {asset}/clip/{from}-{to}/master.m3u8 plays what lies between two moments,
// in milliseconds, and Options.Compose says what else plays under an id.
//
// Where Options.MPEGTS is set, {presentation}/ts.m3u8 plays the same as MPEG-2
// transport streams: {presentation}/{revision}/v1/index-ts.m3u8 and 0.ts have the
// default audio in them.
//
// Where Options.Downloads is set, {presentation}/download redirects to the file as
// it came, {presentation}/{revision}/source; or to {presentation}/{revision}/settled
// where a settled asset has not kept that.
//
// Where Options.Encryption is set, keys are at {presentation}/{revision}/keys/{id}
// and, by a ClearKey licence, at {presentation}/license.
//
// The revision names the content, the cuts and the version of the packager: what
// a URI below it answers never changes, but for the playlists of what still grows.
// A replaced file gets another revision, and the old one is 404. Subtitles beside
// the file and thumbnails have revisions of their own, so that nothing else moves
// when they change. Playlists name no host and no path above them, so that any
// prefix, proxy or CDN may stand in front. Only this one spelling of each URI is
// answered.
//
// # Caching
//
// Answers below a revision are immutable for a year, but for the playlists of what
// still grows; these, master.m3u8 and manifest.mpd are to be revalidated each time.
// Keys are never kept (no-store). Everything else has a strong ETag. All of it is
// private to the viewer's own cache, unless Options.Public lets a CDN keep it. In
// memory, playlists, init segments and the tables of segments are kept in a Cache
// of 32 MiB; segments are always sent from the file, on cleartext HTTP/1.1 by
// sendfile, else in large blocks. That way stays open through handlers around this
// one whose ResponseWriter keeps io.ReaderFrom. Encrypted segments and transport
// streams are made byte by byte.
//
// # Other origins
//
// Pages of every origin may play (Access-Control-Allow-Origin: *), without
// cookies. For players that send cookies across origins, set NoCORS and let the
// application's own CORS handler decide.
//
// # Errors
//
// Refusals are application/problem+json (RFC 9457). Should the file fail in the
// middle of a segment, the connection is broken: no answer that looks whole is
// short.
package hls

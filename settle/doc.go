// Package settle rewrites what was published, so that playing it costs less.
//
// An asset plays at once from the file as it came, in which pictures and sound
// mostly lie side by side: a segment is then some hundred short runs of bytes. A
// [Settler] makes of it, in the background, one MP4 whose chunks are cut where the
// segments are. A segment of a track is then one run: one sendfile, or one request
// to an object storage. Addresses, playlists, segments and ETags stay what they
// are, bit by bit, and whoever is watching sees nothing of it.
//
// A file is compared with its source sample by sample, as an index made anew has
// them, subtitles within it included, before anything is served from it. One that
// does not come out the same is not settled and plays on as it came; Asset.Settling
// says why. Renditions beside the source are settled after it, each by itself and in
// the same way.
//
// The original is kept, unless [Options.Originals] says otherwise. What is not
// presented goes with it: timecode and data within the file, tracks that HLS cannot
// carry, further video tracks, what edit lists cut away, where it was recorded.
//
// Nothing is lost when the process is killed at any moment. A new file is written
// and compared under a key that nothing refers to, and one transaction makes the
// asset one of it. What a crash leaves is removed when the asset is settled the
// next time, at the next Start at the latest.
//
// A Settler has a queue in memory ([Settler.Start], [Settler.Queue]). Who has one that
// survives, and several processes, calls [Settler.Once] for each asset in its place,
// with what [Settler.Recover] finds at a start: a Gate does, by package jobs.
package settle

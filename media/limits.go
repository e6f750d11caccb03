package media

// What a file may ask of this package, so that a hostile one costs no more than
// a large honest one. Six hours of 60 frames a second with audio stay below them, two where each frame
// is a fragment.
const (
	maxSmallBox   = 1 << 20   // bytes of a box that is read whole: headers, sample entries
	maxMoof       = 8 << 20   // bytes of a movie fragment's description
	maxBoxes      = 1 << 21   // boxes at the top level
	maxChildren   = 1 << 16   // boxes within one
	maxTracks     = 256       // tracks in a file
	maxPresented  = 32        // tracks that are presented
	maxEntries    = 64        // sample entries of a track
	maxEdits      = 1024      // entries of an edit list
	maxFragments  = 1 << 18   // fragments of a file, and track fragments
	maxSamples    = 8 << 20   // samples of a track
	maxHidden     = 1 << 14   // samples decoded for an edit and not shown
	maxBlockBytes = 40 << 20  // of an index in memory
	maxInSegment  = 1 << 16   // samples of a segment
	maxSegments   = 1 << 17   // segments of a track
	maxTicks      = 1 << 56   // a time, in ticks of any timescale
	maxLead       = 60        // seconds of decoding before anything shows
	maxDuration   = 7 * 86400 // seconds of a presentation
)

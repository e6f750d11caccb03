package events

// The events of transcodes.
const (
	TranscodeSubmitted Type = "transcode.submitted" // Data has the id of the "transcode"; so of all these
	TranscodeDone      Type = "transcode.done"      // and how many "seconds" it took
	TranscodeFailed    Type = "transcode.failed"    // and the "error"; so of the next
	TranscodeCanceled  Type = "transcode.canceled"
	TranscodeProgress  Type = "transcode.progress" // live: how far a "part" is, in "percent" (-1: nobody knows), and its "speed"
)

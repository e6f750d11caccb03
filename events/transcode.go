package events

// The events of transcodes.
const (
	TranscodeSubmitted Type = "transcode.submitted" // Data has the id of the "transcode"; so of all these
	TranscodeDone      Type = "transcode.done"      // and how many "seconds" it took
	TranscodeFailed    Type = "transcode.failed"    // and the "error"; so of the next
	TranscodeCanceled  Type = "transcode.canceled"
	TranscodeProgress  Type = "transcode.progress" // live: how far all of it is, in "percent", its "speed", and the "seconds_left"; the "reason" while it waits
)

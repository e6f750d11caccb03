package transcode

import (
	"errors"
	"strings"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// maxReason keeps what is told of hostile files short, in bytes.
const maxReason = 500

// reason is an error in words for whoever sent the file. What ffmpeg says of the file is
// told, and what this project has a sentence for; all else names files and keys of the
// server, and is for its operator, who has it in the log and at the job.
func reason(err error) string {
	text := plain(err)
	text = strings.ReplaceAll(text[:min(len(text), maxReason)], "\x00", "")
	return strings.ToValidUTF8(text, "") // what is cut within a rune could not be kept
}

func plain(err error) string {
	for _, s := range ofStorage {
		if errors.Is(err, s.kind) {
			return s.says
		}
	}
	if run, ok := errors.AsType[*ffmpeg.RunError](err); ok {
		return run.Reason
	}
	if told, ok := errors.AsType[*problem.Error](err); ok && told.Detail != "" {
		return told.Detail
	}
	if lacks, ok := errors.AsType[*ffmpeg.IncompleteError](err); ok {
		return lacks.Error()
	}
	if missing, ok := errors.AsType[*ffmpeg.MissingError](err); ok {
		return missing.Error()
	}
	if errors.Is(err, ffmpeg.ErrType) {
		return "files of this type are not transcoded"
	}
	return "something went wrong on the server, whose log has more"
}

// ofStorage are sentences in place of those of storage, which name keys.
var ofStorage = []struct {
	kind error
	says string
}{
	{errOtherBytes, errOtherBytes.Error()},
	{storage.ErrFull, "there is no room left in storage"},
	{metadata.ErrFull, "there is no room left for the database"},
	{storage.ErrUnavailable, "storage does not answer as it should"},
	{storage.ErrChanged, "the imported file has changed, or what was written down of it is damaged"},
	{storage.ErrNotFound, "a file that is needed is not there any more"},
	{storage.ErrExists, "storage refuses to keep what was made"},
	{storage.ErrInvalidKey, "storage refuses to keep what was made"},
	{storage.ErrBusy, "another worker is still at it"},
}

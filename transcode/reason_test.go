package transcode

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/streamgate/streamgate/internal/problem"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

func TestReasonsAreForWhoSentTheFile(t *testing.T) {
	const path = "/srv/video/assets/a/source"
	for name, c := range map[string]struct {
		err  error
		says string
	}{
		"what ffmpeg says":        {fmt.Errorf("x: %w", &ffmpeg.RunError{Reason: "the file cannot be read"}), "the file cannot be read"},
		"a sentence of ours":      {fmt.Errorf("x: %w", problem.Errorf(ErrSource, "there is neither")), "there is neither"},
		"what a build lacks":      {&ffmpeg.IncompleteError{Version: "4.4", Install: "get it"}, " (version 4.4) has no : get it"},
		"a type that is not read": {fmt.Errorf("%s: %w", path, ffmpeg.ErrType), "files of this type are not transcoded"},
		"what the disk says":      {fmt.Errorf("x: %w", &fs.PathError{Op: "open", Path: path, Err: errors.New("input/output error")}), "something went wrong on the server, whose log has more"},
		"what storage says":       {fmt.Errorf("x: %w", problem.Errorf(storage.ErrNotFound, "%s was deleted", path)), "a file that is needed is not there any more"},
		"a full storage":          {problem.Because(storage.ErrFull, errors.New(path), "no room for %s", path), "there is no room left in storage"},
		"a full database":         {problem.Because(metadata.ErrFull, errors.New(path), "there is no room left for the database"), "there is no room left for the database"},
		"something cut off":       {problem.Errorf(ErrSource, "%s", strings.Repeat("ä", 400)), strings.Repeat("ä", 250)},
		"a NUL":                   {problem.Errorf(ErrSource, "a\x00b"), "ab"},
	} {
		if got := reason(c.err); got != c.says {
			t.Errorf("%s: %q, want %q", name, got, c.says)
		}
	}
}

package transcode

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/streamgate/streamgate/media"
	"github.com/streamgate/streamgate/transcode/ffmpeg"
)

// frameOfAMR is how long one frame of AMR lasts (3GPP TS 26.071).
const frameOfAMR = 20 * time.Millisecond

// bundles are the streams of AMR whose packets have several frames each, as phones wrote
// 3GP files: a second of them. ffmpeg 5.1 decodes the first, and the rest would be silence.
func (t *Transcoder) bundles(ctx context.Context, in ffmpeg.Input, s *ffmpeg.Source) ([]bundle, error) {
	var list []bundle
	for _, a := range s.Audio {
		if a.Codec != "amr_nb" && a.Codec != "amr_wb" || !strings.Contains(s.Format, "mov") {
			continue
		}
		times, err := t.Programs.Times(ctx, in, a.Index)
		if err != nil {
			return nil, err
		}
		if n := times.Pictures; n > 0 && (times.End-a.Start)/time.Duration(n) > frameOfAMR*3/2 {
			list = append(list, bundle{a.Index, max(a.Start-s.Start, 0)})
		}
	}
	return list, nil
}

// A bundle is such a stream.
type bundle struct {
	stream int
	start  time.Duration // from the beginning of the source
}

// splitCommand writes streams of AMR into files of their own: there frames stand one
// behind the other, and are read one by one.
func splitCommand(in ffmpeg.Input, bundled []bundle) *ffmpeg.Command {
	cmd := &ffmpeg.Command{Inputs: []ffmpeg.Input{in}}
	for _, b := range bundled {
		cmd.Outputs = append(cmd.Outputs, ffmpeg.Output{Name: splitFile(b.stream), Args: []string{"-map", streamOf(b.stream), "-c", "copy", "-f", "amr"}})
	}
	return cmd
}

func splitFile(stream int) string { return fmt.Sprintf("split-%d.amr", stream) }

// unbundleCommand is StraightCommand with such streams from the files of splitCommand in
// dir, decoded: no container has a frame of them in a packet.
func unbundleCommand(in ffmpeg.Input, s *Source, bundled []bundle, dir string) *ffmpeg.Command {
	cmd := StraightCommand(in, s)
	args, n := cmd.Outputs[0].Args, 0
	for _, a := range s.Audio {
		if a.Channels < 1 {
			continue
		}
		if i := slices.IndexFunc(bundled, func(b bundle) bool { return b.stream == a.Stream }); i >= 0 {
			args[slices.Index(args, streamOf(a.Stream))] = fmt.Sprintf("%d:0", len(cmd.Inputs))
			args = append(args, fmt.Sprintf("-c:a:%d", n), "pcm_s16le", fmt.Sprintf("-map_metadata:s:a:%d", n), fmt.Sprintf("0:s:%d", a.Stream))
			cmd.Inputs = append(cmd.Inputs, ffmpeg.Input{Path: filepath.Join(dir, splitFile(a.Stream)), Type: media.TypeAMR, Args: []string{"-itsoffset", stamp(bundled[i].start)}})
		}
		n++
	}
	cmd.Outputs[0].Args = args
	return cmd
}

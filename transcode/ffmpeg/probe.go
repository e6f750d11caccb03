package ffmpeg

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/streamgate/streamgate/media"
)

const (
	// longestReport is what ffprobe may print: some tags are pictures.
	longestReport = 8 << 20
	// probeBytes and probeTime are how far it reads for streams that set in late.
	probeBytes = 32 << 20
	probeTime  = 30 * time.Second
)

// Probe asks ffprobe what is in a file. Errors are those of Run; a file without a
// stream is broken.
func (r *Runner) Probe(ctx context.Context, in Input) (*Source, error) {
	report, err := r.describe(ctx, in, probeLimits, "-show_format", "-show_streams")
	if err != nil {
		return nil, err
	}
	var programs programMap
	if in.Type == media.TypeMPEGTS {
		programs = programsOf(in)
	}
	s, err := parseSource(report, programs)
	if err != nil {
		return nil, &RunError{Program: "ffprobe", Class: Failed, Reason: "what it says cannot be read: " + err.Error(), Cause: err}
	}
	if len(s.Video)+len(s.Audio)+len(s.Subtitles)+len(s.Pictures)+s.Others == 0 {
		return nil, &RunError{Program: "ffprobe", Class: BrokenInput, Reason: "there is neither picture nor sound in it"}
	}
	return s, r.refine(ctx, in, s)
}

// refine decodes a picture of each video where the container and the headers say
// too little: mastering metadata may stand in SEI messages alone.
func (r *Runner) refine(ctx context.Context, in Input, s *Source) error {
	for i := range s.Video {
		v := &s.Video[i]
		if !v.vague() {
			continue
		}
		report, err := r.describe(ctx, in, probeLimits, "-select_streams", strconv.Itoa(v.Index), "-read_intervals", "%+#1", "-show_frames")
		if ctx.Err() != nil {
			return err
		}
		if err != nil {
			continue // what is known is worth more than what is not
		}
		refineVideo(v, report)
	}
	return nil
}

// describe runs ffprobe, and returns what it prints.
func (r *Runner) describe(ctx context.Context, in Input, limits Limits, what ...string) ([]byte, error) {
	out := &report{most: longestReport}
	args := slices.Concat([]string{"-print_format", "json", "-probesize", strconv.Itoa(probeBytes), "-analyzeduration", strconv.FormatInt(probeTime.Microseconds(), 10)}, what)
	err := r.probe(ctx, in, limits, args, func(p *process) { p.stdout = out })
	if err != nil {
		return nil, err
	}
	if out.cut {
		return nil, &RunError{Program: "ffprobe", Class: BrokenInput, Reason: fmt.Sprintf("there is more to be said of it than %s", size(longestReport))}
	}
	return out.buf.Bytes(), nil
}

// probe runs ffprobe in a directory of its own, which has nothing in it.
func (r *Runner) probe(ctx context.Context, in Input, limits Limits, args []string, with func(*process)) error {
	if in.Graph != "" {
		return fmt.Errorf("ffmpeg: there is nothing to probe in a graph: %w", ErrCommand)
	}
	if err := in.check(); err != nil {
		return err
	}
	ctx, leave, err := r.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	tools, err := r.Tools(ctx)
	if err != nil {
		return err
	}
	l := limits.or(r.o.Limits).within(r.o.Limits)
	p := &process{
		program: "ffprobe", path: tools.FFprobe, inputs: []Input{in}, limits: l,
		args: func(opened []string) []string {
			return slices.Concat([]string{"-hide_banner", "-loglevel", "level+warning", "-threads", strconv.Itoa(r.o.Threads)},
				in.Args, args, guards(in, l), []string{"-i", opened[0]})
		},
	}
	with(p)
	dir, err := r.scratch.take()
	if err != nil {
		return err
	}
	_, err = r.execute(ctx, p, dir)
	return failed(err, dir)
}

// A report keeps what is printed up to a limit.
type report struct {
	buf  bytes.Buffer
	most int
	cut  bool
}

func (r *report) Write(p []byte) (int, error) {
	if r.buf.Len()+len(p) > r.most {
		r.cut = true
		return len(p), nil
	}
	return r.buf.Write(p)
}

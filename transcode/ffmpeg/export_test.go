package ffmpeg

import (
	"bytes"
	"context"
)

// Bare runs any program as Run runs ffmpeg, with arguments that nothing is added to:
// what the sandbox stops, without help from the command line. Arguments that are
// "INPUT" are the first input. It returns what the program printed, and its log.
func Bare(ctx context.Context, r *Runner, path string, inputs []Input, args ...string) (string, string, error) {
	dir, err := r.scratch.take()
	if err != nil {
		return "", "", err
	}
	var out bytes.Buffer
	o, err := r.execute(ctx, &process{
		program: "bare", path: path, inputs: inputs, limits: r.o.Limits, stdout: &out,
		args: func(opened []string) []string {
			var all []string
			for _, a := range args {
				if a == "INPUT" {
					a = opened[0]
				}
				all = append(all, a)
			}
			return all
		},
	}, dir)
	log := ""
	if o != nil {
		log = o.log
	}
	return out.String(), log, failed(err, dir)
}

// WithoutSandbox switches off what the kernel guards, as where it guards nothing.
func WithoutSandbox(r *Runner) *Runner {
	r.box.state = Sandbox{Rlimits: true, Missing: "all of it"}
	return r
}

// Demuxers are the types that are read, and by what.
var Demuxers = demuxers

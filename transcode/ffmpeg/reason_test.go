package ffmpeg

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// The logs are those of ffmpeg 5.1, and lines of 7 where they differ.
func TestALogBecomesAReason(t *testing.T) {
	for _, c := range []struct {
		name, log string
		class     Class
		words     string
	}{
		{"a file that is cut off", "[mov,mp4,m4a,3gp,3g2,mj2 @ 0x559b7ffcb8c0] [error] moov atom not found\n[error] file:/proc/self/fd/3: Invalid data found when processing input\n", BrokenInput, "the file cannot be read: moov atom not found"},
		{"a file in which nothing is found", "[error] file:/proc/self/fd/3: Invalid data found when processing input\n", BrokenInput, "the file cannot be read: it is damaged, or cut off near its beginning"},
		{"a file that ends at once", "[error] file:/proc/self/fd/3: End of file\n", BrokenInput, "the file cannot be read: it is damaged, or cut off near its beginning"},
		{"one of another type", "[hls @ 0x55ba41a66980] [error] Format not on whitelist 'mov'\n[error] file:/proc/self/fd/3: Invalid argument\n", BrokenInput, "Format not on whitelist 'mov'"},
		{"noise", "[mp3 @ 0x1] [error] Failed to read frame size: Could not seek to 31023.\n", BrokenInput, "Failed to read frame size"},
		{"a codec that nobody knows", "[mov @ 0x1] [warning] Could not find codec parameters for stream 0 (Audio: none (ac-4 / 0x342D6361)): unknown codec\nConsider increasing the value for the 'analyzeduration'\n[error] Decoder (codec none) not found for input stream #0:0\n", Unsupported, "Decoder (codec none) not found"},
		{"an encoder that the build lacks", "[fatal] Unknown encoder 'libx264'\n", Unsupported, "cannot do that: Unknown encoder 'libx264'"},
		{"a filter that it lacks", "[AVFilterGraph @ 0x1] [error] No such filter: 'zscale'\n[error] Error reinitializing filters!\n[error] Failed to inject frame into filter network: Invalid argument\n[fatal] Error while processing the decoded data for stream #0:0\n", Unsupported, "No such filter: 'zscale'"},
		{"a full disk, which comes with other errors", "[error] av_interleaved_write_frame(): No space left on device\n[error] Error writing trailer of file:out.mp4: Invalid argument\n[error] the input: Invalid data found\n", DiskFull, "no room left on the disk"},
		{"no memory", "[libx264 @ 0x1] [error] malloc of size 12441600 failed\n[error] Error initializing output stream 0:0 -- Error while opening encoder\n", Memory, "not enough memory: malloc of size 12441600 failed"},
		{"a picture that is too large", "[h264 @ 0x1] [IMGUTILS @ 0x2] [error] Picture size 60000x60000 exceeds specified max pixel count 35651584, see the documentation if you wish to increase it\n", BrokenInput, "Picture size 60000x60000 exceeds"},
		{"warnings alone", "[warning] deprecated pixel format used\n", Failed, "deprecated pixel format used"},
		{"words that nobody knows", "[error] something else\n", Failed, "something else"},
		{"nothing", "", Failed, "without a word"},
		{"lines that say nothing", "[error] \nConversion failed!\n", Failed, "without a word"},
	} {
		t.Run(c.name, func(t *testing.T) {
			class, reason := because(severe(complaints(c.log)))
			if class != c.class || !strings.Contains(reason, c.words) {
				t.Errorf("it is %q: %q", class, reason)
			}
		})
	}
}

func TestTheLastLinesThatSaySomethingAreKept(t *testing.T) {
	log := "[warning] first\n"
	for range 100 {
		log += "[h264 @ 0x1] [error] no frame!\n[h264 @ 0x2] [error] decode_slice_header error\n"
	}
	log += "[error] last\x1b[31m \x00line\xff\n[fatal] Error while processing the decoded data for stream #0:0\n"
	want := []string{"no frame!", "decode_slice_header error", "last[31m line"}
	if diff := cmp.Diff(want, severe(complaints(log))); diff != "" {
		t.Errorf("other lines (-want +got):\n%s", diff)
	}
}

func TestAFailureIsToldApart(t *testing.T) {
	r := &Runner{}
	l := Limits{CPU: time.Minute, Memory: 1 << 30, Output: 1 << 20}
	for _, c := range []struct {
		name  string
		out   outcome
		cause error
		class Class
		words string
		retry bool
	}{
		{"by what was watched", outcome{log: "[error] moov atom not found\n", signal: "killed"}, &limitError{Stuck, "it made no progress for 2m0s"}, Stuck, "no progress", true},
		{"by who gave up", outcome{signal: "killed"}, context.Canceled, Cancelled, "cancelled", false},
		{"by the kernel's limit on CPU time", outcome{signal: "killed", usage: usage{cpu: time.Minute}}, nil, TimeLimit, "more than 1m0s of CPU time", true},
		{"by its limit on files", outcome{signal: "file size limit exceeded"}, nil, OutputLimit, "more than 1024 KiB", false},
		{"by a crash for want of memory", outcome{signal: "aborted", peak: 1 << 30}, nil, Memory, "1024 MiB of address space", true},
		{"by an encoder that does not say why", outcome{log: "[error] maybe incorrect parameters\n", exit: 1, peak: 900 << 20}, nil, Memory, "most likely had too little memory (900 MiB", true},
		{"by the file, where there was memory", outcome{log: "[mov @ 0x1] [error] moov atom not found\n", exit: 1, peak: 300 << 20}, nil, BrokenInput, "moov atom", false},
		{"by a full disk", outcome{log: "[error] No space left on device\n", exit: 1, peak: 1 << 30}, nil, DiskFull, "no room", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := r.verdict(&process{program: "ffmpeg", limits: l}, &c.out, c.cause)
			if e.Class != c.class || !strings.Contains(e.Error(), c.words) || e.Retry() != c.retry {
				t.Errorf("it is %q: %q, tried again: %v", e.Class, e.Error(), e.Retry())
			}
			if _, ok := errors.AsType[*limitError](c.cause); c.cause != nil && !ok && !errors.Is(e, c.cause) {
				t.Errorf("it is not %v", c.cause)
			}
		})
	}
}

func FuzzReason(f *testing.F) {
	for _, seed := range []string{"[mov @ 0x1] [error] moov atom not found\n", "[error] \xff\x00\n", "[a @ b] [c @ d] [fatal] x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, log string) {
		lines := severe(complaints(log))
		class, reason := because(lines)
		if class == "" || reason == "" || !utf8.ValidString(reason) || len(reason) > 2*longestLine || len(lines) > mostLines {
			t.Errorf("%q: %q of %d lines", class, reason, len(lines))
		}
		if strings.ContainsFunc(reason, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("the reason has what is not printed: %q", reason)
		}
	})
}

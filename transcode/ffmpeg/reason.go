package ffmpeg

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// mostLines is how many lines of a log a reason has.
const mostLines = 8

// A complaint is a line of the log at the level of a warning or above.
type complaint struct {
	level string
	text  string
}

// logLine is what -loglevel level+… writes: "[mov @ 0x55…] [error] moov atom not found".
var logLine = regexp.MustCompile(`^((?:\[[^\]]* @ [^\]]*\] )*)\[(panic|fatal|error|warning|info|verbose|debug)\] ?(.*)$`)

// complaints reads a log. A line without a level goes on with the one before it.
func complaints(log string) []complaint {
	var all []complaint
	for line := range strings.Lines(log) {
		m := logLine.FindStringSubmatch(clean(line))
		if m == nil || strings.TrimSpace(m[3]) == "" {
			continue
		}
		text := strings.TrimSpace(m[3])
		if len(text) > longestLine {
			text = strings.ToValidUTF8(text[:longestLine], "") + "…"
		}
		all = append(all, complaint{m[2], text})
	}
	return all
}

// clean takes from a line what could alter a terminal or a page of logs: the file
// has a say in what the program writes. Names of ours are of no use to a reader.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	return descriptor.ReplaceAllString(s, "the input")
}

var descriptor = regexp.MustCompile(`file:/proc/self/fd/[0-9]+`)

// severe are the lines that say why: errors, or warnings where there are none.
func severe(all []complaint) []string {
	if lines := grave(all); lines != nil {
		return lines
	}
	return last(all, "warning")
}

// grave are the errors.
func grave(all []complaint) []string { return last(all, "panic", "fatal", "error") }

// last are the last lines of these levels, each once, and none that only says that
// something was wrong.
func last(all []complaint, levels ...string) (lines []string) {
	for _, c := range all {
		if slices.Contains(levels, c.level) && !empty.MatchString(c.text) {
			lines = slices.DeleteFunc(lines, func(l string) bool { return l == c.text })
			lines = append(lines, c.text)
		}
	}
	return lines[max(0, len(lines)-mostLines):]
}

// empty are lines that repeat that there was an error.
var empty = regexp.MustCompile(`^(Conversion failed!|Error (reinitializing|initializing) (filters|complex filters)!?|` +
	`Error initializing output stream \d+:\d+ -- ?|Error (while )?(processing|opening|closing|submitting|writing|muxing) .*: (Invalid argument|Invalid data found when processing input|Conversion failed!)|` +
	`Error while processing the decoded data for stream .*|Failed to inject frame into filter network: .*|` +
	`Error (closing file|writing trailer of) .*|Nothing was written into output file.*|` +
	`Consider increasing the value.*|Terminating thread with return code.*|Task finished with error code.*|` +
	`(Codec AVOption|Trailing option).* has not been used for any stream.*|Guessed Channel Layout.*)$`)

// causes are what lines stand for, the strongest first: a full disk makes a file
// look broken, and a file that breaks off makes an encoder fail.
var causes = []struct {
	class Class
	words string
	lines *regexp.Regexp
}{
	{DiskFull, "there is no room left on the disk", regexp.MustCompile(`No space left on device|Disk quota exceeded`)},
	{OutputLimit, "the output is larger than it may be", regexp.MustCompile(`File too large`)},
	{Memory, "there was not enough memory", regexp.MustCompile(`Cannot allocate memory|[Oo]ut of memory|malloc of size \d+ failed|Failed to allocate|std::bad_alloc|Resource temporarily unavailable.*thread|pthread_create`)},
	{Unsupported, "this build of ffmpeg cannot do that", regexp.MustCompile(`Unknown (encoder|decoder)|No such filter|Encoder .* not found|Decoder .* not found|Decoder not found|Unable to find a suitable output format|Unknown format|unknown codec|Unsupported codec|not implemented|Not yet implemented|is not supported|[Uu]nsupported |codec not currently supported in container|Cannot load lib|patches welcome|[Rr]equested output format .* is not`)},
	{BrokenInput, "the file cannot be read", regexp.MustCompile(`exceeds specified max pixel count|max_streams|moov atom not found|Invalid data found|Format not on whitelist|the input: |Error opening input|Invalid NAL|Could not find codec parameters|Failed to read frame size|Error splitting|End of file|[Ee]rror while decoding|matches no streams|does not contain any stream|EBML header parsing failed|partial file|Truncat|truncat|corrupt`)},
}

// meaningless is what is said of a file in which nothing was found.
var meaningless = regexp.MustCompile(`^the input: (Invalid data found when processing input|End of file)$`)

// because says what a log means for a run that failed for no reason of ours.
func because(lines []string) (Class, string) {
	for _, c := range causes {
		found := ""
		for _, l := range slices.Backward(lines) {
			if !c.lines.MatchString(l) {
				continue
			}
			if found = l; !strings.HasPrefix(l, "the input: ") {
				break // what comes after it only says that the input was not read
			}
		}
		if meaningless.MatchString(found) {
			return c.class, c.words + ": it is damaged, or cut off near its beginning"
		}
		if found != "" {
			return c.class, c.words + ": " + found
		}
	}
	if len(lines) > 0 {
		return Failed, lines[len(lines)-1]
	}
	return Failed, "it ended without a word"
}

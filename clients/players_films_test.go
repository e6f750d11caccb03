package clients_test

import "strconv"

func itoa(n int) string { return strconv.Itoa(n) }

const (
	avc = "-c:v libx264 -preset veryfast -pix_fmt yuv420p -g 60 "
	aac = "-c:a aac -b:a 96k "
)

// priming is by how much sound is late of files that do not tell how much silence an
// encoder of AAC begins with: one packet.
const priming = 1024.0 / beepRate

// films are of the containers, codecs and shapes that differ most in how players
// have to place them in time.
var films = []film{
	{name: "H.264 with B-frames, moov at the end", file: "bframes.mp4", rate: [2]int{30, 1}, encode: avc + "-bf 3 " + aac, short: true},
	{name: "23.976 frames a second, moov in front", file: "film.mp4", rate: [2]int{24000, 1001}, encode: avc + aac + "-movflags +faststart", short: true},
	{name: "AV1 and Opus in WebM", file: "av1.webm", rate: [2]int{25, 1}, encode: "-c:v libsvtav1 -preset 12 -g 50 -c:a libopus", short: true},
	{name: "begins within a GOP", file: "cut.mp4", rate: [2]int{30, 1}, encode: avc + "-bf 3 " + aac, then: "-ss 2.7 -i $IN -c copy", picture: -2.7, sound: -2.7, short: true},
	{name: "29.97 frames a second", file: "ntsc.mp4", rate: [2]int{30000, 1001}, encode: avc + aac},
	{name: "60 frames a second", file: "sixty.mp4", rate: [2]int{60, 1}, encode: avc + aac},
	{name: "10 frames a second", file: "ten.mp4", rate: [2]int{10, 1}, encode: avc + aac},
	{name: "a variable rate", file: "vfr.mp4", rate: [2]int{30, 1}, encode: `-vf select='not(mod(n\,3)*gt(n\,60)*lt(n\,200))' -fps_mode vfr ` + avc + aac, sparse: 3},
	{name: "baseline, without B-frames", file: "baseline.mp4", rate: [2]int{25, 1}, encode: avc + "-profile:v baseline " + aac},
	{name: "one long GOP", file: "long.mp4", rate: [2]int{25, 1}, encode: "-c:v libx264 -preset veryfast -pix_fmt yuv420p -g 1000 " + aac},
	{name: "short GOPs", file: "short.mp4", rate: [2]int{25, 1}, encode: "-c:v libx264 -preset veryfast -pix_fmt yuv420p -g 10 " + aac},
	{name: "fragments after an edit list", file: "edited.mp4", rate: [2]int{30, 1}, encode: avc + "-bf 3 " + aac + "-movflags +frag_keyframe+delay_moov+default_base_moof"},
	{name: "fragmented at key frames", file: "frag.mp4", rate: [2]int{30, 1}, encode: avc + aac + "-movflags +frag_keyframe+empty_moov", picture: 2.0 / 30, sound: priming, known: map[string]string{transportEngine: silence}},
	{name: "fragments of a second, default-base-moof", file: "cmaf.mp4", rate: [2]int{25, 1}, encode: avc + aac + "-frag_duration 1000000 -movflags +empty_moov+default_base_moof", picture: 2.0 / 25, sound: priming, known: map[string]string{transportEngine: silence}},
	{name: "negative composition offsets", file: "negative.mp4", rate: [2]int{25, 1}, encode: avc + "-bf 3 " + aac + "-movflags +negative_cts_offsets"},
	{name: "VP9 and Opus in WebM", file: "vp9.webm", rate: [2]int{25, 1}, encode: "-c:v libvpx-vp9 -cpu-used 8 -deadline realtime -g 50 -c:a libopus"},
	{name: "VP9 and AAC in MP4", file: "vp9.mp4", rate: [2]int{30, 1}, encode: "-c:v libvpx-vp9 -cpu-used 5 -deadline good -auto-alt-ref 1 -lag-in-frames 16 -g 60 " + aac},
	{name: "H.264 and AAC in Matroska", file: "avc.mkv", rate: [2]int{30000, 1001}, encode: avc + "-bf 3 " + aac, picture: 0.021, sound: priming},
	{name: "H.264 and Opus in Matroska", file: "opus.mkv", rate: [2]int{25, 1}, encode: avc + "-c:a libopus"},
	{name: "AV1 and AAC in MP4", file: "av1.mp4", rate: [2]int{30, 1}, encode: "-c:v libsvtav1 -preset 12 -g 60 " + aac},
	{name: "Opus in MP4", file: "opus.mp4", rate: [2]int{25, 1}, encode: avc + "-c:a libopus"},
	{name: "FLAC in MP4", file: "flac.mp4", rate: [2]int{25, 1}, encode: avc + "-c:a flac -strict -2"},
	{name: "QuickTime, AAC of 44.1 kHz in one channel", file: "quick.mov", rate: [2]int{25, 1}, encode: avc + "-c:a aac -ar 44100 -ac 1"},
	{name: "picture 0.7 s late", file: "late.mp4", rate: [2]int{25, 1}, encode: avc + aac, then: "-itsoffset 0.7 -i $IN -i $IN -map 0:v -map 1:a -c copy", picture: 0.7},
	{name: "sound 0.7 s late", file: "silent.mp4", rate: [2]int{25, 1}, encode: avc + aac, then: "-i $IN -itsoffset 0.7 -i $IN -t 12 -map 0:v -map 1:a -c copy", sound: 0.7, lasts: filmSeconds, known: map[string]string{"Shaka HLS": atOnce, "native": atOnce}},
	{name: "two languages", file: "two.mp4", rate: [2]int{25, 1}, encode: "-map 0:v -map 1:a -map 1:a -metadata:s:a:0 language=eng -metadata:s:a:1 language=deu " + avc + aac},
	{name: "pixels that are not square", file: "sar.mp4", rate: [2]int{50, 1}, encode: "-vf setsar=4/3 " + avc + aac},
	{name: "open groups of pictures", file: "open.mp4", rate: [2]int{30, 1}, encode: avc + "-bf 3 -x264-params open-gop=1:b-pyramid=none:scenecut=0 " + aac},
	{name: "open groups of pictures that give up references", file: "unmarks.mp4", rate: [2]int{30, 1}, encode: avc + "-bf 3 -x264-params open-gop=1:scenecut=0 " + aac, known: inBrowser(unmarks)},
	{name: "turned by 90 degrees", file: "turned.mp4", rate: [2]int{25, 1}, encode: "-vf transpose=cclock " + avc + aac, turned: true, known: map[string]string{transportEngine: "a transport stream has nothing that says so"}},
}

// Why players do what they do.
const (
	// atOnce is of Shaka Player 5.2 (timestampOffset is the playlist's time less the
	// first decode time) and Chromium 156. Shaka is right by DASH, Chromium by the file.
	atOnce = "it begins the first segment of each playlist with the presentation, and the sound has nothing that could be shown earlier"
	// silence is of what ffmpeg writes with empty_moov: a packet of priming, and then
	// nothing until the picture begins. The browser plays on without a pause, and is
	// early by it, by the file itself, too, which is what others are held against.
	silence = "it puts silence where the file has none, and is right by that"
	// unmarks is of Chromium's software decoder, which fails where FFmpeg's does with
	// AV_EF_EXPLODE: `ffmpeg -err_detect explode -ss 10.8 -i unmarks.mp4` says "mmco:
	// unref short failure". Chromium plays the file itself no better. Decoders in
	// hardware, and ffmpeg, pass over it, as Rec. ITU-T H.264 §D.2.8 has it.
	unmarks = "its decoder gives up after a seek, where pictures unmark references from before the recovery point"
)

// inBrowser is a reason that holds for all players in the browser.
func inBrowser(why string) map[string]string {
	known := map[string]string{}
	for _, engine := range engines {
		known[engine] = why
	}
	return known
}

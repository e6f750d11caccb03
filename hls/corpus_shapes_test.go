package hls_test

// fixtures are the shapes of files that are made for TestFixtures.
func fixtures() []fixture {
	var all []fixture
	for _, some := range [][]fixture{videoShapes, audioShapes, containerShapes, fragmentShapes, timeShapes, trackShapes, matroskaShapes, inputShapes} {
		all = append(all, some...)
	}
	return all
}

// What a file has apart stays so: nothing is made up to fill it.
var (
	lateStart = map[string]string{"same-start": "one track sets in later"}
	earlyEnd  = map[string]string{"same-end": "one track goes on alone"}
)

var videoShapes = []fixture{
	{name: "H.264 with B-frames and AAC with priming", steps: "$BASE -c copy out.mp4"},
	{name: "H.264 with open GOPs", steps: "$V $A -c:v libx264 -x264-params open-gop=1:keyint=50:min-keyint=50:bframes=3 -c:a aac out.mp4"},
	{name: "H.264 with GOPs of 5 frames", steps: "$V -c:v libx264 -g 5 out.mp4"},
	{name: "H.264 with one GOP", steps: "$V $A -c:v libx264 -g 9999 -sc_threshold 0 -c:a aac out.mp4"},
	{name: "H.264 of sync samples only", steps: "$V -c:v libx264 -g 1 out.mp4"},
	{name: "H.264 with intra refresh", steps: "$V -c:v libx264 -intra-refresh 1 -g 50 out.mp4", exception: "after a jump the picture builds up over a second: the file has no whole picture but its first"},
	{name: "H.264 baseline", steps: "$V " + x264 + " -profile:v baseline -bf 0 out.mp4"},
	{name: "H.264 4:4:4 with odd dimensions", steps: "$V -vf scale=161:91 -pix_fmt yuv444p " + x264 + " out.mp4"},
	{name: "H.264 10 bit", steps: "$V -pix_fmt yuv420p10le " + x264 + " out.mp4"},
	{name: "H.264 interlaced", steps: "$V -vf scale=160:96 " + x264 + " -flags +ilme+ildct -x264-params tff=1 out.mp4"},
	{name: "H.264 with pixels of 4:3", steps: "$V -vf setsar=4/3 " + x264 + " out.mp4"},
	{name: "H.264 with pixels of 8:9 and rotation", steps: "$V -vf setsar=8/9 " + x264 + " out.mp4", patch: turn(0, one, 0, -one, 0, 0, 90*one, 0)},
	{name: "H.264 of one frame", steps: "$V -frames:v 1 " + x264 + " out.mp4"},
	{name: "H.264 of one frame with sound", steps: "$V $A -vf select=eq(n\\,0) -fps_mode vfr " + x264 + " -c:a aac out.mp4", breaks: earlyEnd},
	{name: "H.264 at 59.94 frames a second", steps: "$V -r 60000/1001 " + x264 + " out.mp4"},
	{name: "H.264 at 1 frame in 3 seconds", steps: "$V $A -r 1/3 " + x264 + " -c:a aac out.mp4"},
	{name: "H.264 with parameter sets in the stream", steps: "$V " + x264 + " -x264-params repeat-headers=1 out.mp4"},
	{name: "rotated by 90", steps: "$BASE -c copy out.mp4", patch: turn(0, one, 0, -one, 0, 0, 90*one, 0)},
	{name: "rotated by 180", steps: "$BASE -c copy out.mp4", patch: turn(-one, 0, 0, 0, -one, 0, 160*one, 90*one)},
	{name: "rotated by 270", steps: "$BASE -c copy out.mp4", patch: turn(0, -one, 0, one, 0, 0, 0, 160*one)},
	{name: "mirrored", steps: "$BASE -c copy out.mp4", patch: turn(-one, 0, 0, 0, one, 0, 160*one, 0)},
	{name: "HEVC hvc1", steps: "$V $A -c:v libx265 -preset ultrafast -x265-params log-level=none:keyint=50:bframes=3 -tag:v hvc1 -c:a aac out.mp4"},
	{name: "HEVC hev1 with open GOPs", steps: "$V -c:v libx265 -preset ultrafast -x265-params log-level=none:keyint=50:open-gop=1:bframes=4:b-adapt=0 -tag:v hev1 out.mp4"},
	{name: "HEVC 10 bit PQ", steps: "$V -c:v libx265 -preset ultrafast -pix_fmt yuv420p10le -color_primaries bt2020 -color_trc smpte2084 -colorspace bt2020nc -x265-params log-level=none:keyint=50 -tag:v hvc1 out.mp4"},
	{name: "HEVC fragmented", steps: "$V -c:v libx265 -preset ultrafast -x265-params log-level=none:keyint=50 -tag:v hvc1 -movflags frag_keyframe+empty_moov out.mp4"},
	{name: "AV1 by SVT-AV1", steps: "$V $A -c:v libsvtav1 -preset 12 -g 50 -c:a libopus out.mp4"},
	{name: "AV1 by libaom 10 bit", steps: "$V -t 4 -c:v libaom-av1 -cpu-used 8 -usage realtime -pix_fmt yuv420p10le -g 25 out.mp4"},
	{name: "MPEG-4 part 2", steps: "$V -c:v mpeg4 out.mp4", class: classTranscode},
	{name: "ProRes", steps: "$V -t 1 -c:v prores out.mov", class: classTranscode},
	{name: "VP9", steps: "$V $A -t 3 -c:v libvpx-vp9 -cpu-used 8 -deadline realtime -g 25 -c:a libopus out.mp4"},
	{name: "VP9 of 10 bit in PQ, fragmented", steps: "$V -t 2 -c:v libvpx-vp9 -cpu-used 8 -deadline realtime -g 25 -pix_fmt yuv420p10le -color_primaries bt2020 -color_trc smpte2084 -colorspace bt2020nc -movflags frag_keyframe+empty_moov out.mp4"},
}

var audioShapes = []fixture{
	{name: "AAC", steps: "$A -c:a aac out.mp4"},
	{name: "AAC mono at 8 kHz", steps: "$A -ac 1 -ar 8000 -c:a aac out.mp4"},
	{name: "AAC at 96 kHz", steps: "$A -ar 96000 -c:a aac out.mp4"},
	{name: "AAC 5.1", steps: "$A -ac 6 -c:a aac out.mp4"},
	{name: "AAC 7.1", steps: "$A -ac 8 -c:a aac out.mp4"},
	{name: "AC-3", steps: "$V $A " + x264 + " -c:a ac3 out.mp4"},
	{name: "E-AC-3 5.1", steps: "$V $A " + x264 + " -ac 6 -c:a eac3 out.mp4"},
	{name: "Opus", steps: "$V $A " + x264 + " -c:a libopus out.mp4"},
	{name: "Opus 5.1", steps: "$A -ac 6 -c:a libopus -mapping_family 1 out.mp4"},
	{name: "FLAC", steps: "$V $A " + x264 + " -c:a flac -strict -2 out.mp4"},
	{name: "FLAC of 24 bits at 96 kHz", steps: "$A -ar 96000 -c:a flac -sample_fmt s32 -strict -2 out.mp4"},
	{name: "MP3", steps: "$V $A " + x264 + " -c:a libmp3lame out.mp4"},
	{name: "MP3 at 22.05 kHz", steps: "$A -ar 22050 -c:a libmp3lame out.mp4"},
	{name: "ALAC", steps: "$V $A " + x264 + " -c:a alac out.mp4"},
	{name: "AAC fragmented", steps: "$A -c:a aac -movflags frag_keyframe+empty_moov -frag_duration 1000000 out.mp4"},
	{name: "PCM", steps: "$A -c:a pcm_s16le out.mov", class: classTranscode},
	{name: "Vorbis", steps: "$A -c:a libvorbis out.mp4", class: classTranscode},
}

var containerShapes = []fixture{
	{name: "faststart", steps: "$BASE -c copy -movflags faststart out.mp4"},
	{name: "mdat with a 64-bit size", steps: "$BASE -c copy out.mp4", patch: largeMdat},
	{name: "mdat to the end of the file", steps: "$BASE -c copy -movflags faststart out.mp4", patch: openEnded},
	{name: "chunk offsets of 64 bits", steps: "$BASE -c copy out.mp4", patch: retable("stco", "co64", wide)},
	{name: "sizes of 16 bits", steps: "$BASE -c copy out.mp4", patch: retable("stsz", "stz2", compact)},
	{name: "two sample descriptions", steps: "$BASE -c copy out.mp4", patch: twice},
	{name: "a first frame that is not marked as sync", steps: "$V " + x264 + " out.mp4", patch: unmarked},
	{name: "QuickTime with AAC", steps: "$BASE -c copy out.mov"},
	{name: "QuickTime with ALAC", steps: "$V $A " + x264 + " -c:a alac out.mov"},
	{name: "QuickTime with MP3", steps: "$A -c:a libmp3lame out.mov"},
	{name: "QuickTime with AC-3", steps: "$A -c:a ac3 out.mov"},
	{name: "QuickTime with a time code track", steps: "$BASE -c copy -timecode 01:00:00:00 out.mov"},
	{name: "hint tracks", steps: "$BASE -c copy -movflags rtphint out.mp4"},
	{name: "all of the picture before all of the sound", steps: "$V " + x264 + " out.mp4\n$A -c:a aac sound.mp4\n$V " + x264 + " out.mp4", patch: apart},
	{name: "chunks of one frame", steps: "$BASE -c copy -max_interleave_delta 1 out.mp4"},
	{name: "no edit lists", steps: "$BASE -c copy -use_editlist 0 out.mp4"},
	{name: "negative composition offsets", steps: "$BASE -c copy -movflags negative_cts_offsets out.mp4"},
	{name: "timescale of 10 million", steps: "$BASE -c copy -video_track_timescale 10000000 out.mp4"},
	{name: "timescale of 600", steps: "$BASE -c copy -video_track_timescale 600 out.mp4"},
	{name: "timescale of 1000 at 29.97 frames", steps: "$V -r 30000/1001 " + x264 + " -video_track_timescale 1000 out.mp4"},
}

var fragmentShapes = []fixture{
	{name: "fragments", steps: "$BASE -c copy -movflags frag_keyframe+empty_moov out.mp4"},
	{name: "fragments with default-base-is-moof", steps: "$BASE -c copy -movflags frag_keyframe+empty_moov+default_base_moof out.mp4"},
	{name: "fragments of one track each", steps: "$BASE -c copy -movflags frag_keyframe+empty_moov+separate_moof out.mp4"},
	{name: "fragments of one frame", steps: "$BASE -map 0:v -c copy -movflags frag_every_frame+empty_moov+default_base_moof out.mp4"},
	{name: "fragments without base offsets", steps: "$BASE -c copy -movflags frag_keyframe+empty_moov+omit_tfhd_offset out.mp4"},
	{name: "fragments with delayed moov", steps: "$BASE -c copy -movflags frag_keyframe+delay_moov out.mp4"},
	{name: "fragments with a moov that has samples", steps: "$BASE -c copy -movflags frag_keyframe out.mp4"},
	{name: "fragments with one sidx", steps: "$BASE -c copy -movflags dash+frag_keyframe+delay_moov+global_sidx out.mp4"},
	{name: "fragments for DASH", steps: "$BASE -c copy -movflags dash+frag_keyframe+delay_moov out.mp4"},
	{name: "fragments as CMAF", steps: "$BASE -map 0:v -c copy -movflags cmaf+frag_keyframe+delay_moov out.mp4"},
	{name: "fragments as CMAF with negative composition offsets", steps: "$BASE -map 0:v -c copy -movflags cmaf+frag_keyframe+empty_moov+negative_cts_offsets out.mp4"},
	{name: "fragments cut by time", steps: "$BASE -c copy -movflags empty_moov -frag_duration 700000 out.mp4"},
	{name: "fragments without mfra", steps: "$BASE -c copy -movflags frag_keyframe+empty_moov+skip_trailer out.mp4"},
	{name: "fragments of HEVC and Opus for DASH", steps: "$V $A -c:v libx265 -preset ultrafast -x265-params log-level=none:keyint=50 -tag:v hvc1 -c:a libopus -movflags dash+frag_keyframe+delay_moov out.mp4"},
	{name: "fragments of AV1 and FLAC", steps: "$V $A -c:v libsvtav1 -preset 12 -g 50 -c:a flac -strict -2 -movflags frag_keyframe+empty_moov+default_base_moof out.mp4"},
	{name: "fragments of AC-3", steps: "$A -c:a ac3 -movflags delay_moov+default_base_moof -frag_duration 2000000 out.mp4"},
	{name: "fragments of MP3", steps: "$A -c:a libmp3lame -movflags empty_moov+default_base_moof -frag_duration 2000000 out.mp4"},
	{name: "fragments of a QuickTime file", steps: "$BASE -c copy -movflags frag_keyframe+empty_moov out.mov"},
	{name: "fragments that begin at 20 s", steps: "$BASE -c copy -output_ts_offset 20 -movflags frag_keyframe+delay_moov+frag_discont -use_editlist 0 out.mp4"},
}

var timeShapes = []fixture{
	{name: "variable frame rate", steps: "$V $A -vf select=not(between(mod(n\\,10)\\,3\\,5)) -fps_mode vfr " + x264 + " -c:a aac out.mp4"},
	{name: "a picture that stands for 9 seconds", steps: "$V $A -vf select=lt(n\\,50)+gt(n\\,275) -fps_mode vfr " + x264 + " -c:a aac out.mp4"},
	{name: "begins within a GOP", steps: "-ss 3.3 $BASE -c copy out.mp4"},
	{name: "begins within an open GOP", steps: "$V $A -c:v libx264 -x264-params open-gop=1:keyint=50:bframes=3 -c:a aac whole.mp4\n-ss 3.3 -i whole.mp4 -c copy out.mp4"},
	{name: "begins and ends within a GOP", steps: "-ss 3.3 -t 7.1 $BASE -c copy out.mp4"},
	{name: "begins within a GOP, fragmented", steps: "-ss 3.3 $BASE -c copy -movflags frag_keyframe+delay_moov out.mp4"},
	{name: "sound 0.5 s late", steps: "$BASE -itsoffset 0.5 $BASE -map 0:v -map 1:a -c copy out.mp4", breaks: lateStart},
	{name: "sound 10 s late", steps: "$BASE -itsoffset 10 $BASE -map 0:v -map 1:a -c copy out.mp4", breaks: lateStart},
	{name: "picture 0.7 s late", steps: "-itsoffset 0.7 $BASE $BASE -map 0:v -map 1:a -c copy out.mp4"},
	{name: "sound late, fragmented", steps: "$BASE -itsoffset 0.5 $BASE -map 0:v -map 1:a -c copy -movflags frag_keyframe+delay_moov out.mp4", breaks: lateStart},
	{name: "sound longer than the picture", steps: "-t 4 $BASE $BASE -map 0:v -map 1:a -c copy out.mp4", breaks: earlyEnd},
	{name: "picture longer than the sound", steps: "$BASE -t 4 $BASE -map 0:v -map 1:a -c copy out.mp4", breaks: earlyEnd},
	{name: "two edits that follow on each other", steps: "$V " + x264 + " -bf 0 -use_editlist 1 -video_track_timescale 12800 out.mp4", patch: edits(edit{4, 0, one}, edit{10, 4 * 12800, one})},
	{name: "an edit that begins at a keyframe", steps: "$V " + x264 + " -bf 0 -video_track_timescale 12800 out.mp4", patch: edits(edit{10, 4 * 12800, one})},
	{name: "an edit of 0 seconds: to the end", steps: "$V " + x264 + " -bf 0 -video_track_timescale 12800 out.mp4", patch: edits(edit{0, 0, one}), exception: "ffprobe shows nothing of it; shown is the whole, as by other players"},
	{name: "an empty edit of 2 seconds", steps: "$V " + x264 + " -bf 0 -video_track_timescale 12800 out.mp4", patch: edits(edit{2, -1, one}, edit{14, 0, one})},
	{name: "an edit that leaves out the middle", steps: "$V " + x264 + " -bf 0 -video_track_timescale 12800 out.mp4", patch: edits(edit{4, 0, one}, edit{6, 8 * 12800, one})},
	{name: "an edit that shows the same twice", steps: "$V " + x264 + " -bf 0 -video_track_timescale 12800 out.mp4", patch: edits(edit{4, 0, one}, edit{4, 0, one})},
	{name: "an edit at half speed", steps: "$V " + x264 + " -bf 0 -video_track_timescale 12800 out.mp4", patch: edits(edit{14, 0, one / 2})},
}

var trackShapes = []fixture{
	{name: "picture only", steps: "$BASE -map 0:v -c copy out.mp4"},
	{name: "sound only", steps: "$BASE -map 0:a -c copy out.mp4"},
	{name: "two languages", steps: "$BASE $A -map 0:v -map 0:a -map 1:a -c:v copy -c:a aac -af:a:1 volume=0.5 -metadata:s:a:0 language=eng -metadata:s:a:1 language=deu out.mp4"},
	{name: "AAC and AC-3", steps: "$BASE $A -map 0:v -map 0:a -map 1:a -c:v copy -c:a:0 aac -c:a:1 ac3 -ac:a:1 6 out.mp4"},
	{name: "stereo and surround of two languages", steps: "$BASE $A $A $A -map 0:v -map 0:a -map 1:a -map 2:a -map 3:a -c:v copy -c:a aac -aac_pns 0 -ac:a:1 6 -ac:a:3 6 -af:a:2 volume=0.5 -af:a:3 volume=0.6 -metadata:s:a:0 language=eng -metadata:s:a:1 language=eng -metadata:s:a:2 language=deu -metadata:s:a:3 language=deu out.mp4"},
	{name: "AAC of two languages and AC-3 of one, with names", steps: "$BASE $A $A -map 0:v -map 0:a -map 1:a -map 2:a -c:v copy -c:a:0 aac -c:a:1 ac3 -ac:a:1 6 -c:a:2 aac -aac_pns 0 -af:a:2 volume=0.5 -metadata:s:a:0 language=eng -metadata:s:a:1 language=eng -metadata:s:a:2 language=fra -metadata:s:a:0 title=Stereo -metadata:s:a:1 title=Stereo -metadata:s:a:2 title=Musique out.mp4"},
	{name: "a picture and a smaller one", steps: "$BASE $BASE -map 0:v -map 0:a -map 1:v -c copy -c:v:1 libx264 -s:v:1 80x46 out.mp4", exception: "one picture is presented: the first"},
	{name: "chapters and subtitles", steps: "$BASE -f srt -i subs.srt -f ffmetadata -i chapters.txt -map 0 -map 1 -map_metadata 2 -c copy -c:s mov_text out.mp4"},
	{name: "a cover picture", steps: "-f lavfi -i color=red:s=64x64 -frames:v 1 cover.png\n$BASE -i cover.png -map 0 -map 1 -c copy -disposition:v:1 attached_pic out.mp4"},
	{name: "sound that HLS cannot carry", steps: "$V $A " + x264 + " -c:a libvorbis out.mp4", class: classTranscode},
}
